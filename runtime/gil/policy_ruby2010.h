/* SPDX-License-Identifier: MIT */
/*
 * ruby2010: a queue of condition variables; free, but reserved for the first.
 *
 * Stands for Ruby 1.9.2-dev of November 2010, the answer to Bug #2359 (policy
 * C1).
 *
 * State        turns (turns.h): held or not, and the queue.
 * Transitions  acquire, release: those of turns.h.
 *              yield, if somebody waits: release, sched_yield(2), acquire.
 *              The head of the queue takes itself out of it, and only when it
 *              has the GIL: so the yielder finds a queue, or the GIL held, and
 *              lines up behind.
 * Who writes   everything under the mutex of turns.
 * Ordering     the mutex's.
 * Promises     FIFO by arrival in the queue; a yielder has its next turn after
 *              all who waited when it let go.
 * Pathology    has: the GIL idle for one wake-up latency per switch; the
 *              convoy of direct handoff.  A yielder lines up only after its
 *              sched_yield(2): where that takes a time slice, as on a busy
 *              machine, others come and go before it (barges).
 *              avoids: one thread keeping the GIL for ever (Ruby Bug #2359).
 *              Interrupts that come with the switch do not nest: the safepoint
 *              (gil.c) yields once, whatever comes meanwhile.
 * Source       Ruby thread_pthread.c, commit 450463d5fb (27 November 2010).
 *              It asks whether other threads are alive, not whether any waits;
 *              here a yield is free where nobody waits.
 */
#ifndef RUNTIME_GIL_POLICY_RUBY2010_H
#define RUNTIME_GIL_POLICY_RUBY2010_H

#include "runtime/gil/turns.h"

#define POLICY_MAX_THREADS 0
#define POLICY_SPINS       0
#define POLICY_TICK_NS     0
#define POLICY_OPTIONS

struct policy {
	struct turns turns;
};

struct policy_waiter {
	struct turn turn;
};

static inline void
policy_init(struct policy *policy)
{
	turns_init(&policy->turns);
}

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	turn_init(&waiter->turn);
}

static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);

	return turns_acquire(&policy->turns, &me->turn, self);
}

static inline void
policy_release(
	struct policy *policy, struct gil_thread *self, enum gil_reason reason)
{
	(void)reason; /* every release is alike here */
	if (turns_release(&policy->turns, self))
		tick_contended_release(gil_of(policy));
}

static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	struct gil *gil = gil_of(policy);
	struct policy_waiter *me = gil_waiter_of(self);

	if (!gil_has_waiters(gil))
		return false;
	gil_giving_up(self);
	/* It waits from here on, though not yet in the queue: the next holder's
	 * yield must not find that nobody does. */
	gil_wait_begin(gil, self);
	(void)turns_release(&policy->turns, self); /* they have been told */
	os_yield();
	mutex_lock(&policy->turns.mutex);
	turns_take(&policy->turns, &me->turn, self);
	gil_wait_end(gil);
	mutex_unlock(&policy->turns.mutex);
	return true;
}

static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);

	turns_atfork_child(&policy->turns, &me->turn);
}

static inline const char *
policy_set_option(struct policy *policy, const char *name, const char *value)
{
	(void)policy;
	(void)name;
	(void)value;
	return "the policy has no options";
}

static inline void
policy_dump(struct policy *policy, char *text, int capacity)
{
	turns_dump(&policy->turns, text, capacity);
}

static inline void
policy_bare_pair(atomic_uint *word)
{
	turns_bare_pair(word);
}

#endif
