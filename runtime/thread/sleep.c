/* SPDX-License-Identifier: MIT */
/*
 * Sleep: how a thread of this layer waits, and who wakes it.
 *
 * State        park      PARKED, WOKEN by a thread that holds the GIL, or
 *                        UNBLOCKED by an interrupt; a futex
 *              activity  SLEEPS or SLEEPS_FOREVER while the GIL is given up
 * Transitions  the sleeper sets PARKED before it becomes visible to wakers,
 *              installs ubf_cond_signal(), gives the GIL up, and waits until
 *              the word changes; then it takes the GIL back
 * Ordering     PARK-1  a waker's or unblocker's store (release) pairs with the
 *              sleeper's load (acquire).
 * Deadlock     threads in a deadly sleep are counted; when all who live sleep
 *              so, and none has been woken, main is told (an error that says
 *              what every thread does).
 * Source       Ruby 1.9.0 native_sleep(); rb_check_deadlock() of 1.9.1.
 */
#include "runtime/thread/sleep.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "runtime/thread/runtime.h"

/* ---- parking ------------------------------------------------------------ */

void
ubf_cond_signal(struct thread *thread, void *arg)
{
	unsigned parked = PARKED;

	(void)arg;
	/* Release: PARK-1. */
	if (atm_cas(&thread->park, &parked, PARK_UNBLOCKED, release))
		(void)futex_wake(&thread->park, 1); /* 0: not yet asleep */
}

void
thread_unpark(struct thread *thread)
{
	/* Release: PARK-1. */
	atm_store(&thread->park, PARK_WOKEN, release);
	if (thread->activity != THREAD_RUNS)
		(void)futex_wake(&thread->park, 1); /* 0: not yet asleep */
}

/* Install the unblock function, unless there is something to look at first. */
static bool
may_sleep(struct thread *self)
{
	bool may;

	mutex_lock(&self->interrupt_lock);
	may = thread_pending_flags(self) == 0;
	if (may)
		self->unblock = ubf_cond_signal;
	mutex_unlock(&self->interrupt_lock);
	return may;
}

static void
sleep_outside(struct thread *self, int64_t deadline_ns)
{
	if (deadline_ns < 0)
		deadline_ns = 0; /* the kernel knows no such times */
	gil_drop(self->gil, GIL_REASON_REGION);
	while (atm_load(&self->park, acquire) == PARKED) { /* PARK-1 */
		if (deadline_ns == WAIT_FOREVER)
			futex_wait(&self->park, PARKED);
		else if (!futex_wait_until(&self->park, PARKED, deadline_ns))
			break;
	}
	gil_take(self->gil);
	self->activity = THREAD_RUNS;
}

int
thread_park(struct thread *self, int64_t deadline_ns, bool is_deadly)
{
	struct runtime *runtime = self->runtime;
	bool is_forever = deadline_ns == WAIT_FOREVER;

	if (self->activity != THREAD_RUNS)
		thread_misuse(self, "thread_park",
			"a thread waits with the GIL held");
	if (!may_sleep(self))
		return -EINTR;
	if (BUG_PAST_DEADLINE_SPINS && deadline_ns <= clock_now_ns())
		return -ETIMEDOUT;
	self->activity = is_forever ? THREAD_SLEEPS_FOREVER : THREAD_SLEEPS;
	if (is_forever && is_deadly) {
		self->waker = WAKER_THREADS;
		runtime->nsleep_forever++;
		deadlock_check(runtime);
	} else {
		self->waker = WAKER_CLOCK;
	}
	sleep_outside(self, deadline_ns);
	mutex_lock(&self->interrupt_lock);
	self->unblock = NULL;
	mutex_unlock(&self->interrupt_lock);
	if (self->waker == WAKER_THREADS)
		runtime->nsleep_forever--;
	self->waker = WAKER_NONE;
	if (atm_load(&self->park, relaxed) == PARK_WOKEN) /* GIL held */
		return 0;
	return thread_pending_flags(self) != 0 ? -EINTR : -ETIMEDOUT;
}

/* ---- waiting in line ---------------------------------------------------- */

void
wait_enlist(struct wait_list *list, struct waiter *waiter, struct thread *self,
	bool in_front)
{
	waiter->thread = self;
	waiter->is_granted = false;
	waiter->next = in_front ? list->first : NULL;
	waiter->previous = in_front ? NULL : list->last;
	if (waiter->next != NULL)
		waiter->next->previous = waiter;
	else
		list->last = waiter;
	if (waiter->previous != NULL)
		waiter->previous->next = waiter;
	else
		list->first = waiter;
	self->waiter = waiter;
	self->waits_in = list;
}

static void
unlist(struct wait_list *list, struct waiter *waiter)
{
	if (waiter->next != NULL)
		waiter->next->previous = waiter->previous;
	else
		list->last = waiter->previous;
	if (waiter->previous != NULL)
		waiter->previous->next = waiter->next;
	else
		list->first = waiter->next;
	waiter->thread->waiter = NULL;
}

void
wait_give_up(struct thread *thread)
{
	if (thread->waiter != NULL)
		unlist(thread->waits_in, thread->waiter);
}

struct thread *
wait_grant_quietly(struct wait_list *list)
{
	struct waiter *waiter = list->first;

	if (waiter == NULL)
		return NULL;
	unlist(list, waiter);
	waiter->is_granted = true;
	/* Release: PARK-1. */
	atm_store(&waiter->thread->park, PARK_WOKEN, release);
	return waiter->thread;
}

struct thread *
wait_grant_first(struct wait_list *list)
{
	struct thread *thread = wait_grant_quietly(list);

	if (thread != NULL)
		thread_unpark(thread);
	return thread;
}

int
wait_for_grant(struct thread *self, struct wait_list *list,
	struct waiter *waiter, int64_t deadline_ns, bool is_deadly)
{
	int rc;

	do {
		/* Relaxed: no waker looks at it before the GIL is free. */
		atm_store(&self->park, PARKED, relaxed);
		rc = thread_park(self, deadline_ns, is_deadly);
	} while (rc == 0 && !waiter->is_granted); /* woken for nothing */
	if (waiter->is_granted)
		return 0;
	unlist(list, waiter);
	return rc;
}

/* ---- sleep, stop, wake-up ----------------------------------------------- */

/* Returns 0 after a wake-up, else -ETIMEDOUT. */
static int
sleep_in(struct thread *self, int64_t deadline_ns, bool is_deadly)
{
	for (;;) {
		int rc;

		thread_check_interrupts(self, true);
		atm_store(&self->park, PARKED, relaxed); /* as above */
		self->may_be_woken = true;
		rc = thread_park(self, deadline_ns, is_deadly);
		self->may_be_woken = false;
		if (rc == -EINTR)
			continue; /* and sleep on, to the same deadline */
		thread_check_interrupts(self, true);
		return rc;
	}
}

int
thread_sleep_until(struct thread *self, int64_t deadline_ns)
{
	return sleep_in(self, deadline_ns, false);
}

void
thread_sleep_forever(struct thread *self)
{
	(void)sleep_in(
		self, WAIT_FOREVER, false); /* woken: it cannot time out */
}

void
thread_stop(struct thread *self)
{
	(void)sleep_in(self, WAIT_FOREVER, true); /* as above */
}

int
thread_wakeup(struct thread *self, struct thread *thread)
{
	if (thread->status == THREAD_KILLED || thread->status == THREAD_NEW)
		return thread_refuse(self, -ESRCH,
			"thread_wakeup: the thread does not live");
	if (!thread->may_be_woken)
		return thread_refuse(self, -EAGAIN,
			"thread_wakeup: the thread does not sleep");
	thread->may_be_woken = false;
	thread_unpark(thread);
	return 0;
}

/* ---- deadlock ----------------------------------------------------------- */

/* Whether this thread will never do anything unless another one does. */
static bool
is_stuck(const struct thread *thread)
{
	return thread->waker == WAKER_THREADS &&
	       atm_load(&thread->park, relaxed) == PARKED &&
	       thread_pending_flags(thread) == 0;
}

void
deadlock_check(struct runtime *runtime)
{
	static char text[4096]; /* under the GIL; main reads it soon */
	struct thread_error error = {
		ERROR_FATAL, ERROR_CLASS_KILL, (void *)text};
	struct thread *main = runtime->main;
	size_t length;

	if (runtime->nsleep_forever < runtime->nliving ||
		runtime->nliving == 0 || !runtime->system_working)
		return;
	for (struct thread *thread = runtime->living; thread != NULL;
		thread = thread->next)
		if (!is_stuck(thread))
			return;
	length = (size_t)snprintf(
		text, sizeof(text), "deadlock: no thread will ever be woken\n");
	thread_report(runtime, text + length, sizeof(text) - length);
	if (thread_pend(main, error))
		thread_interrupt(main, GIL_FLAG_ASYNC);
}
