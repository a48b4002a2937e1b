/* SPDX-License-Identifier: MIT */
/*
 * What the start protocols share, and the shortest of them, `linked`.
 *
 * linked (OCaml 4's Thread.create): the descriptor is linked into the list of
 * threads with the GIL held, before the native thread exists; the child takes
 * the GIL and runs its closure; at its end it wakes who waits for it, unlinks
 * itself, and releases the GIL.  Nobody waits for anybody.
 *
 * Source  OCaml 4 otherlibs/systhreads/st_stubs.c.
 */
#include <errno.h>
#include <signal.h>

#include "common/die.h"
#include "runtime/thread/runtime.h"

/* Returns -EAGAIN or what else pthread_create() says. */
static int
create_native(struct thread *thread, void *(*routine)(void *arg), void *arg)
{
	pthread_attr_t attr;
	size_t bytes;
	void *memory = stack_memory(thread->stack, &bytes);
	int created;
	int err = pthread_attr_init(&attr);

	if (err == 0)
		err = pthread_attr_setstack(&attr, memory, bytes);
	if (err != 0)
		DIE_ERRNO(err, "attributes of a thread");
	created = pthread_create(&thread->native, &attr, routine, arg);
	err = pthread_attr_destroy(&attr);
	if (err != 0)
		DIE_ERRNO(err, "pthread_attr_destroy");
	return -created;
}

int
thread_start_native(
	struct thread *thread, void *(*routine)(void *arg), void *arg)
{
	struct runtime *runtime = thread->runtime;
	int rc = gil_start_ticks(runtime->gil);

	if (rc != 0)
		return rc;
	thread_reap(runtime, false);
	thread->stack = stack_take(runtime->config.stack_bytes);
	if (thread->stack == NULL)
		return -ENOMEM;
	trace(TRACE_NATIVE_START, thread->number);
	rc = create_native(thread, routine, arg);
	if (rc != 0) {
		stack_give_back(thread->stack);
		thread->stack = NULL;
	}
	return rc;
}

int
thread_prepare_roots(struct thread *thread)
{
	struct heap *heap = &thread->runtime->heap;
	int rc = gc_thread_prepare(heap);

	trace(TRACE_GC_PREPARE, thread->number);
	if (rc == 0)
		thread->fresh = gc_fresh_detach(heap);
	return rc;
}

void
thread_unprepare_roots(struct thread *thread)
{
	if (thread->fresh != NULL)
		gc_fresh_attach(&thread->runtime->heap, thread->fresh);
	thread->fresh = NULL;
}

/* ---- linked ------------------------------------------------------------- */

static void *
run_linked(void *arg)
{
	struct thread *self = arg;
	struct departure departure;

	thread_set_current(self);
	gil_attach(self->gil);
	thread_run_body(self, self->body, self->arg);
	thread_end(self, &departure);
	trace(TRACE_UNLINKED, self->number);
	trace(TRACE_GIL_RELEASED, self->number);
	thread_depart(self, &departure);
	return NULL;
}

int
start_by_link(struct thread *self, struct thread *thread, const char *name,
	void (*body)(struct thread *self, void *arg), void *arg)
{
	struct runtime *runtime = self->runtime;
	int rc = thread_describe(runtime, thread, name);

	if (rc != 0)
		return rc;
	thread->body = body;
	thread->arg = arg;
	thread->gil->priority = self->gil->priority;
	rc = thread_prepare_roots(thread);
	if (rc == 0) {
		thread_link(thread);
		trace(TRACE_LINKED, thread->number);
		rc = thread_start_native(thread, run_linked, thread);
		if (rc != 0)
			thread_unlink(thread);
	}
	if (rc != 0)
		thread_undescribe(thread);
	return rc;
}
