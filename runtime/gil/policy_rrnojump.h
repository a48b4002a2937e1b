/* SPDX-License-Identifier: MIT */
/*
 * rrnojump: round robin in which nobody jumps the queue.
 *
 * Stands for K. Jonsson's round-robin GIL, proposed for CPython 2.7 (bpo-8299,
 * policy C9): the control that says what strict order alone brings.
 *
 * State        turns (turns.h): held or not, and the queue.
 * Transitions  acquire, release: those of turns.h.
 *              yield, if somebody waits: in one critical section join the queue
 *              at its tail and release; then wait for the next turn.
 * Who writes   everything under the mutex of turns.
 * Ordering     the mutex's.
 * Promises     FIFO by arrival; the yielder's place is taken before it lets go,
 *              so nobody who comes later is before it; run length 1.
 * Pathology    has: the GIL idle for one wake-up latency per switch; the
 *              convoy: a thread back from I/O waits for all who compute.
 *              avoids: barging, starvation.
 * Source       bpo-8299 (April 2010), as far as its discussion tells.
 */
#ifndef RUNTIME_GIL_POLICY_RRNOJUMP_H
#define RUNTIME_GIL_POLICY_RRNOJUMP_H

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

/* Releases and re-takes the GIL; caller holds the mutex, somebody waits. */
static NOINLINE UNUSED void
rrnojump_go_behind(
	struct turns *turns, struct turn *me, struct gil_thread *self)
{
	gil_giving_up(self);
	gil_wait_begin(self->gil, self);
	fifo_append(&turns->queue, &me->node);
	(void)turns_drop(turns, self); /* somebody waits, at least this one */
	turns_wait(turns, me, self);
	turns->is_held = true;
	gil_wait_end(self->gil);
}

static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	struct turns *turns = &policy->turns;
	struct policy_waiter *me = gil_waiter_of(self);
	bool has_waiters;

	if (!gil_has_waiters(gil_of(policy)))
		return false;
	mutex_lock(&turns->mutex);
	has_waiters = !fifo_is_empty(&turns->queue);
	if (has_waiters)
		rrnojump_go_behind(turns, &me->turn, self);
	mutex_unlock(&turns->mutex);
	return has_waiters;
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
