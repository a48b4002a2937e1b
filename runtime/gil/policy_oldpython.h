/* SPDX-License-Identifier: MIT */
/*
 * oldpython: a flag under a mutex; yield is release, acquire.
 *
 * Stands for the GIL of CPython up to 2.7 and 3.1 where it had no POSIX
 * semaphores (policy A3a), the one that Beazley took apart in 2010: every 100
 * "ticks" (bytecodes, more or less) the lock is let go and taken again.
 *
 * State        busy_lock.h: is_busy under a mutex, a condition variable.
 * Transitions  acquire and release: busy_lock.h.  yield, if somebody waits:
 *              release, then acquire at once.  (CPython does not ask; when
 *              nobody waits, the two cancel out.)
 * Who writes   everything under the mutex.
 * Ordering     the mutex's.
 * Promises     nothing about order.
 * Pathology    has: the "GIL battle".  With a second CPU each yield wakes a
 *              waiter that finds the lock taken again (a failed acquisition)
 *              and goes back to sleep; two computing threads take up to twice
 *              as long as one.  On one CPU it depends on the kernel: where a
 *              wake-up preempts the yielder, threads alternate; where not, it
 *              keeps the lock until the kernel's own slice is over.
 * Source       CPython 2.7 Python/thread_pthread.h and Python/ceval.c
 *              (_Py_CheckInterval).
 */
#ifndef RUNTIME_GIL_POLICY_OLDPYTHON_H
#define RUNTIME_GIL_POLICY_OLDPYTHON_H

#include "runtime/gil/busy_lock.h"

#define POLICY_OPTIONS BUSY_LOCK_OPTIONS

struct policy {
	struct busy_lock lock;
};

#include "runtime/gil/busy_policy.h"

static inline void
policy_init(struct policy *policy)
{
	busy_lock_init(&policy->lock);
}

static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	if (!gil_has_waiters(self->gil))
		return false;
	gil_giving_up(self);
	(void)busy_lock_release(&policy->lock, self); /* somebody waits */
	(void)policy_acquire(policy, self); /* it waited or barged: counted */
	return true;
}

static inline const char *
policy_set_option(struct policy *policy, const char *name, const char *value)
{
	return busy_lock_set_option(&policy->lock, name, value);
}

#endif
