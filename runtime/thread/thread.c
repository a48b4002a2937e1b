/* SPDX-License-Identifier: MIT */
/* Threads of the runtime: start, exit, join.  Compiled once for all policies */
#include "runtime/thread/thread.h"

#include <errno.h>
#include <stdio.h>

#include "common/die.h"

static uint64_t ring_events; /* [C] since runtime_start() */

int
runtime_start(const struct runtime_config *config, struct thread *main)
{
	struct gil *gil;
	int rc = gil_create(&gil, config->usable_cpus, config->slice_ns);

	if (rc != 0)
		return rc;
	ring_events = config->ring_events;
	main->gil = gil_thread_new(gil, ring_events);
	if (main->gil == NULL) {
		gil_destroy(gil);
		return -ENOMEM;
	}
	snprintf(main->name, sizeof(main->name), "main");
	gil_attach(main->gil);
	return 0;
}

void
runtime_stop(struct thread *main)
{
	struct gil *gil = main->gil->gil;

	gil_detach(main->gil);
	gil_thread_retire(main->gil);
	main->gil = NULL;
	gil_destroy(gil);
}

static void *
run_thread(void *arg)
{
	struct thread *self = arg;

	gil_attach(self->gil);
	self->body(self, self->arg);
	/* The last act on shared state; the joiner does the rest. */
	gil_detach(self->gil);
	return NULL;
}

int
thread_start(struct thread *self, struct thread *thread, const char *name,
	void (*body)(struct thread *self, void *arg), void *arg)
{
	int err;

	thread->gil = gil_thread_new(self->gil->gil, ring_events);
	if (thread->gil == NULL)
		return -ENOMEM;
	thread->body = body;
	thread->arg = arg;
	snprintf(thread->name, sizeof(thread->name), "%s", name);
	err = pthread_create(&thread->native, NULL, run_thread, thread);
	if (err != 0) {
		gil_thread_retire(thread->gil);
		thread->gil = NULL;
	}
	return -err;
}

void
thread_leave_gil(struct thread *self)
{
	gil_drop(self->gil, GIL_REASON_REGION);
}

void
thread_take_gil(struct thread *self)
{
	gil_take(self->gil);
}

void
thread_join(struct thread *self, struct thread *thread)
{
	int err;

	thread_leave_gil(self);
	err = pthread_join(thread->native, NULL);
	if (err != 0)
		DIE_ERRNO(err, "pthread_join");
	thread_take_gil(self);
}

void
thread_retire(struct thread *thread)
{
	gil_thread_retire(thread->gil);
	thread->gil = NULL;
}
