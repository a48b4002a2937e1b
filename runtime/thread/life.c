/* SPDX-License-Identifier: MIT */
/*
 * A thread's life between its start protocol and its join: descriptor, lists,
 * body, end.
 *
 * The end, with the GIL held up to its release: the uncaught error is kept,
 * destructors run, mutexes are given up, joiners woken, the root stack goes
 * (gc_thread_die), and the thread moves from the living to the dead.  The
 * release of the GIL is its last act on shared state, except that it says so
 * (is_out), for the joiner must not take its descriptor before.  The kernel's
 * wake-up of joiners comes after that: they find the GIL free.  Its machine
 * stack is a zombie until its native thread has been joined, at the next start
 * or at the end (thread_reap()): a join need not wait for the kernel twice.
 *
 * Ordering  JOIN-1  the store of is_out (release) pairs with the joiner's load
 *           (acquire): its descriptor and counters are at rest.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/thread/runtime.h"

/* The thread that executes this code. */
static _Thread_local struct thread *current;

struct thread *
thread_current(void)
{
	return current;
}

void
thread_set_current(struct thread *self)
{
	current = self;
}

/* ---- lists -------------------------------------------------------------- */

void
thread_list_add(struct thread **list, struct thread *thread)
{
	thread->previous = NULL;
	thread->next = *list;
	if (*list != NULL)
		(*list)->previous = thread;
	*list = thread;
}

void
thread_list_remove(struct thread **list, struct thread *thread)
{
	if (thread->previous != NULL)
		thread->previous->next = thread->next;
	else
		*list = thread->next;
	if (thread->next != NULL)
		thread->next->previous = thread->previous;
	thread->next = NULL;
	thread->previous = NULL;
}

void
thread_link(struct thread *thread)
{
	struct runtime *runtime = thread->runtime;

	thread->status = THREAD_ALIVE;
	thread_list_add(&runtime->living, thread);
	runtime->nliving++;
	hook_tell(thread, HOOK_STARTED, 0);
}

void
thread_unlink(struct thread *thread)
{
	struct runtime *runtime = thread->runtime;

	thread_list_remove(&runtime->living, thread);
	runtime->nliving--;
	thread_unprepare_roots(thread);
	thread->status = THREAD_NEW;
}

/* ---- descriptor --------------------------------------------------------- */

int
thread_describe(
	struct runtime *runtime, struct thread *thread, const char *name)
{
	struct gil_thread *gil =
		gil_thread_new(runtime->gil, runtime->config.ring_events);
	char copy[sizeof(thread->name)];

	snprintf(copy, sizeof(copy), "%s", name); /* may be thread->name */
	memset(thread, 0, sizeof(*thread));
	memcpy(thread->name, copy, sizeof(copy));
	if (gil == NULL)
		return -ENOMEM;
	thread->gil = gil;
	gil->owner = thread;
	thread->runtime = runtime;
	thread->number = ++runtime->last_number;
	mutex_init(&thread->interrupt_lock);
	return 0;
}

void
thread_undescribe(struct thread *thread)
{
	thread_retire(thread);
	thread->status = THREAD_NEW;
}

void
thread_retire(struct thread *thread)
{
	if (thread->gil == NULL)
		thread_misuse(thread, "thread_retire",
			"a thread is retired once, after its join");
	thread->gil->owner = NULL;
	gil_thread_retire(thread->gil);
	thread->gil = NULL;
	mutex_destroy(&thread->interrupt_lock);
}

/* ---- switches ----------------------------------------------------------- */

void
thread_switched(struct gil_thread *gil)
{
	struct thread *self = gil->owner;
	struct heap *heap = &the_runtime.heap;

	if (unlikely(self->fresh != NULL)) {
		gc_fresh_attach(heap, self->fresh);
		self->fresh = NULL;
	}
	gc_thread_run(heap, self->number);
	gil->ticks_served = 0; /* its slice begins */
	trace(TRACE_GC_RUN, self->number);
	/* From now on a switch to it only installs that stack again, unless
	 * there is more to do: a slice to count, a step to trace. */
	if (gil->priority == 0 && !atm_load(&trace_is_on, relaxed))
		gil->above = *heap->current;
}

void
runtime_uncache_stacks(void)
{
	struct thread *thread = the_runtime.living;

	for (; thread != NULL; thread = thread->next)
		if (thread->gil != NULL)
			thread->gil->above = NULL;
}

/* ---- body and end ------------------------------------------------------- */

static void
run_destructors(struct thread *self)
{
	struct runtime *runtime = self->runtime;

	for (int key = 0; key < runtime->nlocals; key++) {
		void *value = self->locals[key];

		self->locals[key] = NULL;
		if (value != NULL && runtime->destructors[key] != NULL)
			runtime->destructors[key](value);
	}
}

struct call {
	void (*body)(struct thread *self, void *arg);
	void *arg;
};

/* One that was killed before it ran never runs. */
static void
call_body(struct thread *self, void *arg)
{
	const struct call *call = arg;

	thread_check_interrupts(self, false);
	trace(TRACE_CALLABLE, self->number);
	call->body(self, call->arg);
}

void
thread_run_body(struct thread *self,
	void (*body)(struct thread *self, void *arg), void *arg)
{
	struct thread_error error = {.kind = ERROR_NONE};
	struct call call = {body, arg};

	if (!thread_protect(self, call_body, &call, &error))
		self->error = error;
	if (self->activity != THREAD_RUNS)
		thread_misuse(self, "thread_start",
			"a thread's body must not return inside a blocking "
			"region");
}

/* Grant the joiners what they wait for; the kernel wakes them later. */
static void
release_joiners(struct thread *self, struct departure *departure)
{
	departure->count = 0;
	while (!BUG_JOINERS_FORGOTTEN &&
		departure->count < (int)ARRAY_LEN(departure->parks)) {
		struct thread *joiner = wait_grant_quietly(&self->joiners);

		if (joiner == NULL)
			break;
		departure->parks[departure->count++] = &joiner->park;
	}
	while (!BUG_JOINERS_FORGOTTEN &&
		wait_grant_first(&self->joiners) != NULL)
		continue;
	trace(TRACE_JOINERS_WOKEN, self->number);
}

void
thread_end(struct thread *self, struct departure *departure)
{
	struct runtime *runtime = self->runtime;

	self->held_flags = GIL_FLAGS_ABOVE; /* nobody can stop it now */
	run_destructors(self);
	thread_abandon_mutexes(self);
	self->status = THREAD_KILLED;
	hook_tell(self, HOOK_EXITED, 0);
	release_joiners(self, departure);
	trace(TRACE_GC_DIE, self->number);
	self->gil->above = NULL; /* the stack is about to go */
	gc_thread_die(&runtime->heap, self->number);
	thread_list_remove(&runtime->living, self);
	runtime->nliving--;
	if (self->frees_itself)
		thread_list_add(&runtime->dead, self);
	stack_bury(self->stack, self->native, &runtime->zombies);
	self->stack = NULL;
	deadlock_check(runtime);
}

void
thread_depart(struct thread *self, const struct departure *departure)
{
	gil_detach(self->gil);
	atm_store(&self->is_out, true, release); /* JOIN-1 */
	/* *self may be gone, and the joiners too: a wake-up for nobody. */
	for (int i = 0; i < departure->count; i++)
		(void)futex_wake(departure->parks[i], 1);
}

/* ---- reaping and join --------------------------------------------------- */

/* It has ended; wait until it has released the GIL, which it does not need. */
static void
wait_until_out(struct thread *thread)
{
	while (!atm_load(&thread->is_out, acquire)) /* JOIN-1 */
		os_yield();
}

void
thread_reap(struct runtime *runtime, bool all)
{
	struct thread *thread = runtime->dead;

	while (thread != NULL) {
		struct thread *next = thread->next;

		if (all)
			wait_until_out(thread);
		if (atm_load(&thread->is_out, acquire)) { /* JOIN-1 */
			thread_list_remove(&runtime->dead, thread);
			thread_retire(thread);
			free(thread);
		}
		thread = next;
	}
	stack_reap(&runtime->zombies, all);
}

int
thread_join_until(
	struct thread *self, struct thread *thread, int64_t deadline_ns)
{
	if (thread == self)
		return thread_refuse(self, -EDEADLK,
			"thread_join: a thread cannot join itself");
	if (thread->status == THREAD_NEW)
		return thread_refuse(self, -EINVAL,
			"thread_join: the thread was not started");
	while (thread->status != THREAD_KILLED) {
		struct waiter waiter;
		int rc;

		wait_enlist(&thread->joiners, &waiter, self, false);
		rc = wait_for_grant(
			self, &thread->joiners, &waiter, deadline_ns, true);
		if (thread->status == THREAD_KILLED)
			break;
		thread_check_interrupts(self, true);
		if (rc == -ETIMEDOUT)
			return rc;
	}
	wait_until_out(thread);
	thread_check_interrupts(self, true);
	return 0;
}

void
thread_join(struct thread *self, struct thread *thread)
{
	if (thread_join_until(self, thread, WAIT_FOREVER) != 0)
		thread_misuse(self, "thread_join", thread_refusal(self));
}
