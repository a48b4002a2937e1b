/* SPDX-License-Identifier: MIT */
/* The runtime's start and stop; what a thread says of itself. */
#include "runtime/thread/thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/die.h"
#include "runtime/thread/fork.h"
#include "runtime/thread/runtime.h"

struct runtime the_runtime;

const char *const start_protocol_names[] = {
	"object", "bootstrapper", "linked", NULL};
const char *const error_rule_names[] = {"queue", "slot", NULL};
const char *const end_rule_names[] = {"kill", "leave", NULL};
const char *const mutex_rule_names[] = {"heir", "direct", NULL};

/* ---- start -------------------------------------------------------------- */

static void
set_defaults(struct runtime_config *config)
{
	if (config->stack_bytes == 0)
		config->stack_bytes = THREAD_STACK_BYTES;
}

/* The main thread's descriptor, and its root stack.  Returns 0 or -ENOMEM. */
static int
begin_main(struct runtime *runtime, struct thread *main)
{
	int rc = heap_init(&runtime->heap, &runtime->gil->above,
		runtime->config.root_entries);

	if (rc != 0)
		return rc;
	rc = gc_thread_prepare(&runtime->heap);
	if (rc == 0)
		rc = thread_describe(runtime, main, "main");
	if (rc != 0)
		heap_destroy(&runtime->heap);
	return rc;
}

/* Main gives up all it has, the GIL last. */
static void
end_main(struct runtime *runtime, struct thread *main)
{
	signals_set_main(NULL);
	main->status = THREAD_KILLED;
	gil_detach(main->gil);
	thread_retire(main);
	thread_set_current(NULL);
	heap_destroy(&runtime->heap);
}

/*
 * Ruby's Init_Thread: the main thread takes the GIL and keeps it; then ticks
 * begin.  Returns 0, or -errno if the timer thread cannot be created.
 */
static int
init_thread(struct runtime *runtime, struct thread *main)
{
	int rc;

	runtime->gil->calls.switched = thread_switched;
	runtime->gil->calls.interrupted = thread_interrupted;
	hooks_start(runtime->gil);
	bootstrapper_init(&runtime->bootstrapper);
	runtime->main = main;
	runtime->pid = getpid();
	main->native = pthread_self();
	thread_set_current(main);
	thread_link(main);
	signals_set_main(main);
	gil_attach(main->gil);
	trace(TRACE_INIT_GIL, main->number);
	rc = gil_start_ticks(runtime->gil);
	if (rc != 0)
		return rc;
	trace(TRACE_INIT_TIMER, main->number);
	runtime->system_working = true;
	return 0;
}

int
runtime_start(const struct runtime_config *config, struct thread *main)
{
	struct runtime *runtime = &the_runtime;
	struct gil *gil;
	int rc = gil_create(&gil, config->usable_cpus, config->slice_ns);

	if (rc != 0)
		return rc;
	memset(runtime, 0, sizeof(*runtime));
	runtime->config = *config;
	set_defaults(&runtime->config);
	runtime->gil = gil;
	rc = begin_main(runtime, main);
	if (rc == 0) {
		rc = init_thread(runtime, main);
		if (rc != 0)
			end_main(runtime, main);
	}
	if (rc != 0) {
		runtime->gil = NULL;
		gil_destroy(gil);
	}
	return rc;
}

/* ---- stop --------------------------------------------------------------- */

/* Kill a thread whatever it has put off, and whatever else it was sent. */
static void
kill_firmly(struct thread *main, struct thread *thread)
{
	int rc;

	thread->npending = 0;
	thread->mask = (struct error_mask){0, 0};
	rc = thread_kill(main, thread);
	if (rc != 0)
		DIE_ERRNO(-rc, "runtime_stop: cannot kill a thread");
}

static void
kill_all(struct runtime *runtime, struct thread *main)
{
	for (;;) {
		struct thread *thread = runtime->living;

		while (thread != NULL && thread == main)
			thread = thread->next;
		if (thread == NULL)
			return;
		kill_firmly(main, thread);
		thread_join(main, thread);
	}
}

/* The GIL is never released, so whoever wants it waits for ever. */
static void
leave_the_others(struct runtime *runtime)
{
	resender_stop();
	tick_stop(runtime->gil);
	trace(TRACE_TIMER_JOINED, 0);
	thread_set_current(NULL);
}

void
runtime_stop(struct thread *main)
{
	struct runtime *runtime = &the_runtime;
	struct gil *gil = runtime->gil;

	if (gil == NULL || main != runtime->main)
		thread_misuse(main, "runtime_stop",
			"the main thread stops the runtime, once");
	if (main->activity != THREAD_RUNS)
		thread_misuse(main, "runtime_stop", "the GIL must be held");
	if (runtime->pid != getpid())
		thread_atfork_child(main); /* a fork that nobody told us of */
	main->held_flags = GIL_FLAGS_ABOVE;
	runtime->system_working = false;
	trace(TRACE_SYSTEM_WORKING_FALLS, main->number);
	signals_stop();
	if (runtime->config.end_rule == END_LEAVE && runtime->nliving > 1) {
		leave_the_others(runtime);
		return;
	}
	kill_all(runtime, main);
	thread_reap(runtime, true);
	resender_stop();
	stack_pool_drop();
	end_main(runtime, main);
	runtime->gil = NULL;
	gil_destroy(gil);
	trace(TRACE_TIMER_JOINED, 0);
}

int
thread_start(struct thread *self, struct thread *thread, const char *name,
	void (*body)(struct thread *self, void *arg), void *arg)
{
	struct runtime *runtime = &the_runtime;

	if (!runtime->system_working)
		return thread_refuse(self, -ESHUTDOWN,
			"thread_start: no thread starts after runtime_stop() "
			"has begun");
	switch (runtime->config.start_protocol) {
	case START_BOOTSTRAPPER:
		return start_by_bootstrapper(self, thread, name, body, arg);
	case START_LINKED:
		return start_by_link(self, thread, name, body, arg);
	case START_OBJECT:
	case START_PROTOCOLS:
		break;
	}
	return start_by_object(self, thread, name, body, arg);
}

/* ---- what a thread says of itself --------------------------------------- */

const char *
thread_status_name(const struct thread *thread)
{
	static const char *const activities[] = {
		[THREAD_RUNS] = "run",
		[THREAD_IN_REGION] = "in region",
		[THREAD_SLEEPS] = "sleep",
		[THREAD_SLEEPS_FOREVER] = "sleep forever",
	};

	switch (thread->status) {
	case THREAD_NEW:
		return "new";
	case THREAD_KILLED:
		return "dead";
	case THREAD_TO_KILL:
		return "aborting";
	case THREAD_ALIVE:
		break;
	}
	return activities[thread->activity];
}

void
thread_report(const struct runtime *runtime, char *text, size_t capacity)
{
	size_t length = 0;

	text[0] = '\0';
	for (struct thread *thread = runtime->living;
		thread != NULL && length < capacity; thread = thread->next) {
		int written = snprintf(text + length, capacity - length,
			"  thread %llu %s: %s\n",
			(unsigned long long)thread->number, thread->name,
			thread_status_name(thread));

		length += (size_t)written;
	}
}

int
thread_set_priority(struct thread *thread, int priority)
{
	if (priority < -3 || priority > 3)
		return thread_refuse(thread_current(), -ERANGE,
			"thread_set_priority: a priority is -3 to 3");
	thread->gil->priority = priority;
	thread->gil->above = NULL; /* its switches count slices now */
	return 0;
}

int
thread_local_new(void (*destructor)(void *value))
{
	struct runtime *runtime = &the_runtime;

	if (runtime->nlocals == THREAD_LOCALS)
		return thread_refuse(thread_current(), -EAGAIN,
			"thread_local_new: all keys are in use");
	runtime->destructors[runtime->nlocals] = destructor;
	return runtime->nlocals++;
}

void
thread_local_set(struct thread *self, int key, void *value)
{
	if (key < 0 || key >= self->runtime->nlocals)
		thread_misuse(self, "thread_local_set", "no such key");
	self->locals[key] = value;
}

void *
thread_local_get(const struct thread *self, int key)
{
	if (key < 0 || key >= self->runtime->nlocals)
		thread_misuse(self, "thread_local_get", "no such key");
	return self->locals[key];
}

struct thread *
runtime_running_thread(struct thread *self)
{
	return atm_load(&self->runtime->gil->holder, relaxed)->owner;
}

int
runtime_living(const struct thread *self)
{
	return self->runtime->nliving;
}

struct heap *
runtime_heap(const struct thread *self)
{
	return &self->runtime->heap;
}
