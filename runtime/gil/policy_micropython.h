/* SPDX-License-Identifier: MIT */
/*
 * micropython: a plain mutex; yield is unlock, lock.
 *
 * Stands for MicroPython's GIL (policy D7): every 32 jumps back the virtual
 * machine lets the mutex go and takes it again.
 *
 * State        mutex (glibc's: free, held, held with sleepers).
 * Transitions  acquire locks, release unlocks; yield does both, with nothing
 *              in between, if somebody waits.  (MicroPython does not ask; when
 *              nobody waits, the two cancel out.)
 * Who writes   glibc alone.
 * Ordering     the mutex's own.
 * Promises     nothing about order.
 * Pathology    has: barging, as ruby19, without even the sched_yield(2) that
 *              lets threads alternate on one CPU; and since the slice is 32
 *              safepoints long, most of the time goes into waking threads that
 *              come too late.
 * Source       MicroPython py/vm.c (MICROPY_PY_THREAD_GIL_VM_DIVISOR) and
 *              ports/unix/mpthreadport.c.
 */
#ifndef RUNTIME_GIL_POLICY_MICROPYTHON_H
#define RUNTIME_GIL_POLICY_MICROPYTHON_H

#include <stdio.h>

#include "runtime/gil/bare_mutex.h"
#include "runtime/gil/barging_mutex.h"

#define POLICY_MAX_THREADS 0
#define POLICY_SPINS       0
#define POLICY_TICK_NS     0
#define POLICY_OPTIONS

struct policy {
	struct mutex mutex;
};

struct policy_waiter {
	char unused;
};

static inline void
policy_init(struct policy *policy)
{
	mutex_init(&policy->mutex);
}

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	waiter->unused = 0;
}

static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	return barging_mutex_acquire(&policy->mutex, self);
}

static inline void
policy_release(
	struct policy *policy, struct gil_thread *self, enum gil_reason reason)
{
	(void)reason; /* every release is alike here */
	if (barging_mutex_release(&policy->mutex, self))
		tick_contended_release(self->gil);
}

static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	if (!gil_has_waiters(self->gil))
		return false;
	gil_giving_up(self);
	(void)barging_mutex_release(&policy->mutex, self); /* somebody does */
	(void)barging_mutex_acquire(&policy->mutex, self); /* or it barged */
	return true;
}

static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	policy_init(policy);
	(void)barging_mutex_acquire(&policy->mutex, self); /* it is free */
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
	snprintf(text, (size_t)capacity, "mutex=%s",
		barging_mutex_is_held(&policy->mutex) ? "held" : "free");
}

static inline void
policy_bare_pair(atomic_uint *word)
{
	bare_mutex_pairs(word, 1);
}

#endif
