/* SPDX-License-Identifier: MIT */
/*
 * The part of the contract that every policy on a busy_lock fulfils alike.
 *
 * Such a policy differs from the others in its yield alone.  It includes this
 * file after its struct policy, which has a `struct busy_lock lock`, and adds
 * POLICY_OPTIONS, policy_init, policy_yield and policy_set_option.
 */
#ifndef RUNTIME_GIL_BUSY_POLICY_H
#define RUNTIME_GIL_BUSY_POLICY_H

#include "runtime/gil/busy_lock.h"

#define POLICY_MAX_THREADS 0
#define POLICY_SPINS       0
#define POLICY_TICK_NS     0

struct policy_waiter {
	struct futex_cond_waiter cond;
};

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	futex_cond_waiter_init(&waiter->cond);
}

static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);

	return busy_lock_acquire(&policy->lock, &me->cond, self);
}

static inline void
policy_release(
	struct policy *policy, struct gil_thread *self, enum gil_reason reason)
{
	(void)reason; /* every release is alike here */
	if (busy_lock_release(&policy->lock, self))
		tick_contended_release(self->gil);
}

static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	(void)self; /* the lock does not know who has it */
	busy_lock_atfork_child(&policy->lock);
}

static inline void
policy_dump(struct policy *policy, char *text, int capacity)
{
	busy_lock_dump(&policy->lock, text, capacity);
}

static inline void
policy_bare_pair(atomic_uint *word)
{
	busy_lock_bare_pair(word);
}

#endif
