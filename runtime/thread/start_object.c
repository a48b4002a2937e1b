/* SPDX-License-Identifier: MIT */
/*
 * The start protocol `object`: Ruby 1.9.0, January 2008.
 *
 * The thread's object carries all that a start needs, so that the parent does
 * not wait and any number of starts may be under way:
 *   thread_s_new, thread_alloc, thread_initialize, thread_create_core,
 *   block_proc, native_thread_create; in the new thread thread_start_func_1
 *   (the platform's part) and thread_start_func_2 (GIL, block, joiners,
 *   clean-up).
 *
 * Source  Ruby 1.9.0 thread.c, thread_pthread.c, vm.c.
 */
#include <errno.h>
#include <stdlib.h>

#include "runtime/thread/block.h"
#include "runtime/thread/proc.h"
#include "runtime/thread/runtime.h"

/* ---- in the new thread -------------------------------------------------- */

static void
thread_start_func_2(struct thread *self)
{
	struct departure departure;

	trace(TRACE_START_FUNC_2, self->number);
	gil_attach(self->gil);
	trace(TRACE_GIL_ACQUIRED, self->number);
	thread_run_body(self, self->body, self->arg);
	if (self->proc != NULL)
		proc_free(self->proc);
	self->proc = NULL;
	thread_end(self, &departure);
	trace(TRACE_GIL_RELEASED, self->number);
	thread_depart(self, &departure);
}

/* The platform's part: where the thread finds itself. */
static void *
thread_start_func_1(void *arg)
{
	struct thread *self = arg;
	uint64_t number = self->number;

	thread_set_current(self);
	trace(TRACE_START_FUNC_1, number);
	thread_start_func_2(self);
	/* *self may be gone: the GIL has been released. */
	trace(TRACE_FUNC_1_ENDS, number);
	return NULL;
}

/* ---- in its creator ----------------------------------------------------- */

static int
native_thread_create(struct thread *thread)
{
	return thread_start_native(thread, thread_start_func_1, thread);
}

/* On failure the thread is as thread_describe() left it. */
static int
thread_create_core(struct thread *self, struct thread *thread)
{
	int rc;

	trace(TRACE_THREAD_CREATE_CORE, self->number);
	thread->gil->priority = self->gil->priority;
	rc = thread_prepare_roots(thread);
	if (rc != 0)
		return rc;
	thread_link(thread);
	rc = native_thread_create(thread);
	if (rc != 0)
		thread_unlink(thread);
	return rc;
}

int
start_by_object(struct thread *self, struct thread *thread, const char *name,
	void (*body)(struct thread *self, void *arg), void *arg)
{
	int rc = thread_describe(self->runtime, thread, name);

	if (rc != 0)
		return rc;
	trace(TRACE_THREAD_ALLOC, self->number);
	thread->body = body;
	thread->arg = arg;
	rc = thread_create_core(self, thread);
	if (rc != 0)
		thread_undescribe(thread);
	return rc;
}

/* ---- with a block ------------------------------------------------------- */

struct thread *
thread_alloc(struct thread *self, const char *name)
{
	struct thread *thread = calloc(1, sizeof(*thread));

	trace(TRACE_THREAD_ALLOC, self->number);
	if (thread == NULL)
		return NULL;
	if (thread_describe(self->runtime, thread, name) != 0) {
		free(thread);
		return NULL;
	}
	return thread;
}

static void
call_proc(struct thread *self, void *arg)
{
	proc_call(self->proc, self, arg);
}

int
thread_initialize(struct thread *self, struct thread *thread,
	const struct block *block, void *arg)
{
	int rc;

	trace(TRACE_THREAD_INITIALIZE, self->number);
	if (block == NULL || block->code == NULL)
		return thread_refuse(self, -EINVAL,
			"thread_initialize: must be called with a block");
	if (thread->status != THREAD_NEW)
		return thread_refuse(self, -EALREADY,
			"thread_initialize: already initialized thread");
	if (!self->runtime->system_working)
		return thread_refuse(self, -ESHUTDOWN,
			"thread_initialize: no thread starts after "
			"runtime_stop() has begun");
	thread->proc = block_proc(block);
	if (thread->proc == NULL)
		return -ENOMEM;
	thread->body = call_proc;
	thread->arg = arg;
	rc = thread_create_core(self, thread);
	if (rc != 0) {
		proc_free(thread->proc);
		thread->proc = NULL;
	}
	return rc;
}

int
thread_s_new(struct thread *self, const char *name, const struct block *block,
	void *arg, struct thread **thread)
{
	struct thread *made = thread_alloc(self, name);
	int rc;

	if (made == NULL)
		return -ENOMEM;
	rc = thread_initialize(self, made, block, arg);
	if (rc != 0)
		thread_free(self, made);
	else
		*thread = made;
	return rc;
}

void
thread_free(struct thread *self, struct thread *thread)
{
	if (thread->status != THREAD_NEW)
		thread_join(self, thread);
	thread_retire(thread);
	free(thread);
}

void
thread_detach(struct thread *thread)
{
	struct runtime *runtime = thread->runtime;

	thread->frees_itself = true;
	if (thread->status == THREAD_KILLED)
		thread_list_add(&runtime->dead, thread); /* freed by reaping */
}
