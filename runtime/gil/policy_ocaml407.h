/* SPDX-License-Identifier: MIT */
/*
 * ocaml407: a flag under a mutex; yield is release, sleep 1 ns, acquire.
 *
 * Stands for OCaml 4.07 and 4.08 on Linux (policy A3c): the shortest sleep
 * that there is gives the woken waiter the time to come first.
 *
 * State        busy_lock.h: is_busy under a mutex, a condition variable.
 * Transitions  acquire and release: busy_lock.h.  yield, if somebody waits:
 *              release, nanosleep(2) of 1 ns, acquire.
 * Who writes   everything under the mutex.
 * Ordering     the mutex's.
 * Promises     nothing; in practice every yield is a switch.
 * Pathology    has: 1 ns is 50 us and more, the timer slack of the kernel plus
 *              a wake-up, and the yielder then still competes; a waiter that
 *              takes longer than the slack to get on a CPU loses its turn.
 *              avoids: the yielder that wins its own race.
 * Source       OCaml 4.07 otherlibs/systhreads/st_posix.h (st_thread_yield);
 *              PR#7669, pull request 1533.
 */
#ifndef RUNTIME_GIL_POLICY_OCAML407_H
#define RUNTIME_GIL_POLICY_OCAML407_H

#include <time.h>

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

static NOINLINE UNUSED void
ocaml407_sleep_1ns(void)
{
	/* Relative: an absolute deadline would have passed on arrival. */
	const struct timespec shortest = {.tv_nsec = 1};

	/* An interrupted sleep is only shorter. */
	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &shortest, NULL);
}

static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	if (!gil_has_waiters(self->gil))
		return false;
	gil_giving_up(self);
	(void)busy_lock_release(&policy->lock, self); /* somebody waits */
	ocaml407_sleep_1ns();
	(void)policy_acquire(policy, self); /* it waited or barged: counted */
	return true;
}

static inline const char *
policy_set_option(struct policy *policy, const char *name, const char *value)
{
	return busy_lock_set_option(&policy->lock, name, value);
}

#endif
