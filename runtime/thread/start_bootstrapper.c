/* SPDX-License-Identifier: MIT */
/*
 * The start protocol `bootstrapper`: PyPy, branch gc+thread, r55343.
 *
 * State        bootstrapper.lock    held from the parent's start-up data until
 *                                   the child has taken them
 *              thread, callable, arg  the one slot for start-up data
 *              heap.fresh           the one fresh root stack, likewise
 * Transitions  parent: lock; fill the slot; gc_thread_prepare; native start.
 *              child: the call-back's wrapper takes the GIL, and
 *              after_external_call() makes gc_thread_run() adopt the fresh
 *              stack; only then bootstrap() runs, takes the data, frees the
 *              lock, and calls the callable.
 * Pathology    a second start waits until the first child has had the GIL once:
 *              with computing threads beside it, that is a slice or more.
 *              Without the lock two starts would share one slot and one stack.
 * Source       pypy/module/thread/os_thread.py and gil.py, May 2008.
 */
#include <errno.h>

#include "runtime/thread/runtime.h"

void
bootstrapper_init(struct bootstrapper *bootstrapper)
{
	thread_semaphore_init(&bootstrapper->lock, 1);
	bootstrapper->thread = NULL;
}

/* The lock is a plain one: the child frees what the parent took. */
static void
acquire_lock(struct thread *self)
{
	if (!BUG_NO_BOOTSTRAPPER_LOCK)
		thread_semaphore_wait_firmly(
			self, &self->runtime->bootstrapper.lock);
	trace(TRACE_BOOTSTRAPPER_LOCK, self->number);
}

static void
release_lock(struct thread *self)
{
	trace(TRACE_BOOTSTRAPPER_UNLOCK, self->number);
	if (!BUG_NO_BOOTSTRAPPER_LOCK)
		thread_semaphore_post(&self->runtime->bootstrapper.lock);
}

/* Take the GIL; the switch calls gc_thread_run(). */
static void
after_external_call(struct thread *self)
{
	gil_attach(self->gil);
	trace(TRACE_AFTER_EXTERNAL_CALL, self->number);
}

static void
before_external_call(struct thread *self, const struct departure *departure)
{
	trace(TRACE_BEFORE_EXTERNAL_CALL, self->number);
	thread_depart(self, departure);
}

static void
bootstrap(struct thread *self, struct departure *departure)
{
	struct bootstrapper *bootstrapper = &self->runtime->bootstrapper;

	trace(TRACE_BOOTSTRAP, self->number);
	self->body = bootstrapper->callable;
	self->arg = bootstrapper->arg;
	bootstrapper->thread = NULL;
	trace(TRACE_DATA_TAKEN, self->number);
	release_lock(self);
	thread_run_body(self, self->body, self->arg);
	thread_end(self, departure);
}

/* What rffi generates round a call-back: the GIL is held inside. */
static void *
bootstrap_wrapper(void *arg)
{
	struct thread *self = arg;
	struct departure departure;

	thread_set_current(self);
	trace(TRACE_WRAPPER, self->number);
	after_external_call(self);
	bootstrap(self, &departure);
	before_external_call(self, &departure);
	return NULL;
}

/* translator/c/src/thread_pthread.h: the platform's part of a start. */
static int
RPyThreadStart(struct thread *thread)
{
	return thread_start_native(thread, bootstrap_wrapper, thread);
}

/* The lock is held.  On failure the caller frees it. */
static int
start_new_thread(struct thread *self, struct thread *thread, const char *name,
	void (*callable)(struct thread *self, void *arg), void *arg)
{
	struct bootstrapper *bootstrapper = &self->runtime->bootstrapper;
	int rc = thread_describe(self->runtime, thread, name);

	if (rc != 0)
		return rc;
	thread->gil->priority = self->gil->priority;
	bootstrapper->thread = thread;
	bootstrapper->callable = callable;
	bootstrapper->arg = arg;
	trace(TRACE_STARTUP_DATA, self->number);
	rc = BUG_MISSING_PREPARE ? 0 : gc_thread_prepare(&self->runtime->heap);
	trace(TRACE_GC_PREPARE, self->number);
	if (rc == 0) {
		thread_link(thread);
		rc = RPyThreadStart(thread);
		if (rc != 0)
			thread_unlink(thread);
	}
	if (rc != 0) {
		bootstrapper->thread = NULL;
		thread_undescribe(thread);
	}
	return rc;
}

int
start_by_bootstrapper(struct thread *self, struct thread *thread,
	const char *name, void (*body)(struct thread *self, void *arg),
	void *arg)
{
	int rc;

	acquire_lock(self);
	rc = self->runtime->system_working
		     ? start_new_thread(self, thread, name, body, arg)
		     : thread_refuse(self, -ESHUTDOWN,
			       "thread_start: no thread starts after "
			       "runtime_stop() has begun");
	if (rc != 0)
		release_lock(self);
	return rc;
}
