/* SPDX-License-Identifier: MIT */
/*
 * ocaml406: a flag under a mutex; yield is release and acquire.
 *
 * Stands for OCaml up to 4.06 on Linux (policy A3b), whose Thread.yield and
 * whose tick every 50 ms did without sched_yield(2), since that call no longer
 * helped from Linux 2.6 on: nothing took its place, but the blocking section
 * round it stayed (docs/adr/0012-ocaml406-yields-by-barging.md).
 *
 * State        busy_lock.h: is_busy under a mutex, a condition variable.
 * Transitions  acquire and release: busy_lock.h.  yield, by the option:
 *              barge  if somebody waits, release, then acquire at once: the
 *                     blocking section that stood round the missing call
 *              noop   keep the lock, for a control
 * Who writes   everything under the mutex.
 * Ordering     the mutex's.
 * Promises     nothing: with noop a thread that never blocks keeps the GIL for
 *              ever, and the others starve.
 * Pathology    has: preemption that rarely happens (OCaml PR#7669): the woken
 *              waiter nearly always comes too late, at most 20 times a second,
 *              so that a turn lasts seconds to minutes.
 * Source       OCaml 4.02 otherlibs/systhreads/st_posix.h (st_thread_yield),
 *              st_stubs.c (caml_thread_yield); PR#2663, PR#7669.
 */
#ifndef RUNTIME_GIL_POLICY_OCAML406_H
#define RUNTIME_GIL_POLICY_OCAML406_H

#include "runtime/gil/busy_lock.h"

#define POLICY_OPTIONS                                                         \
	{"yield", "barge,noop", "barge",                                       \
		"a yield releases and acquires at once, or keeps the lock"},   \
		BUSY_LOCK_OPTIONS

struct policy {
	struct busy_lock lock;
	bool yield_barges; /* [C] */
};

#include "runtime/gil/busy_policy.h"

static inline void
policy_init(struct policy *policy)
{
	busy_lock_init(&policy->lock);
	policy->yield_barges = true;
}

static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	if (!policy->yield_barges || !gil_has_waiters(self->gil))
		return false;
	gil_giving_up(self);
	(void)busy_lock_release(&policy->lock, self); /* somebody waits */
	(void)policy_acquire(policy, self); /* it waited or barged: counted */
	return true;
}

static inline const char *
policy_set_option(struct policy *policy, const char *name, const char *value)
{
	if (strcmp(name, "yield") != 0)
		return busy_lock_set_option(&policy->lock, name, value);
	if (strcmp(value, "noop") != 0 && strcmp(value, "barge") != 0)
		return "is neither noop nor barge";
	policy->yield_barges = strcmp(value, "barge") == 0;
	return NULL;
}

#endif
