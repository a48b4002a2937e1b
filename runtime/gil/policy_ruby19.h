/* SPDX-License-Identifier: MIT */
/*
 * ruby19: a plain mutex; yield is unlock, sched_yield, lock.
 *
 * Stands for Ruby 1.9.0 (January 2008), the project's Ruby seed: the function
 * rb_thread_schedule() is exactly policy_yield() below.
 *
 * State        mutex (glibc's: free, held, held with sleepers).
 * Transitions  acquire locks, release unlocks; yield does both with a
 *              sched_yield(2) in between, unless only one thread is alive
 *              (rb_thread_alone()): whether others wait is not asked.
 * Who writes   glibc alone.
 * Ordering     the mutex's own.
 * Promises     nothing about order.
 * Pathology    has: barging.  With a second CPU the yielder locks again long
 *              before a woken waiter runs, and keeps the GIL for tens to
 *              thousands of ticks (Ruby Bug #2359).  On one CPU sched_yield
 *              makes the threads alternate.
 * Source       Ruby 1.9.0 thread.c and thread_pthread.c; policy A1.
 */
#ifndef RUNTIME_GIL_POLICY_RUBY19_H
#define RUNTIME_GIL_POLICY_RUBY19_H

#include <stdio.h>
#include <string.h>

#include "common/sync.h"

#define POLICY_MAX_THREADS 0
#define POLICY_SPINS       0
#define POLICY_TICK_NS     0
#define POLICY_OPTIONS                                                         \
	{"sched_yield", "on,off", "on",                                        \
		"call sched_yield(2) between unlock and lock in a yield"},

struct policy {
	struct mutex mutex;
	bool calls_sched_yield; /* [C] */
};

struct policy_waiter {
	char unused;
};

static inline void
policy_init(struct policy *policy)
{
	mutex_init(&policy->mutex);
	policy->calls_sched_yield = true;
}

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	waiter->unused = 0;
}

static NOINLINE UNUSED bool
ruby19_acquire_slow(struct policy *policy, struct gil_thread *self)
{
	struct gil *gil = gil_of(policy);

	gil_wait_begin(gil, self);
	mutex_lock(&policy->mutex);
	gil_wait_end(gil);
	return true;
}

static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	if (unlikely(!mutex_trylock(&policy->mutex)))
		return ruby19_acquire_slow(policy, self);
	if (gil_has_waiters(gil_of(policy)))
		self->counters.barges++;
	return false;
}

static inline void
policy_release(
	struct policy *policy, struct gil_thread *self, enum gil_reason reason)
{
	(void)self;
	(void)reason; /* every release is alike here */
	/* glibc wakes a sleeper in here; how often cannot be seen from outside,
	 * so a release with waiters counts as a wake call. */
	if (gil_has_waiters(gil_of(policy)))
		self->counters.wake_calls++;
	mutex_unlock(&policy->mutex);
}

static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	if (atm_load(&gil_of(policy)->living, relaxed) <= 1)
		return false;
	gil_giving_up(self);
	policy_release(policy, self, self->reason);
	if (policy->calls_sched_yield)
		os_yield();
	(void)policy_acquire(policy, self); /* it waited or barged: counted */
	return true;
}

static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	bool calls_sched_yield = policy->calls_sched_yield;

	policy_init(policy);
	policy->calls_sched_yield = calls_sched_yield;
	(void)policy_acquire(policy, self);
}

static inline const char *
policy_set_option(struct policy *policy, const char *name, const char *value)
{
	if (strcmp(name, "sched_yield") != 0)
		return "the policy has no such option";
	if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
		return "is neither on nor off";
	policy->calls_sched_yield = strcmp(value, "on") == 0;
	return NULL;
}

static inline void
policy_dump(struct policy *policy, char *text, int capacity)
{
	bool is_free = mutex_trylock(&policy->mutex);

	if (is_free)
		mutex_unlock(&policy->mutex);
	snprintf(text, (size_t)capacity, "mutex=%s", is_free ? "free" : "held");
}

static inline void
policy_bare_pair(atomic_uint *word)
{
	unsigned expected = 0;

	(void)atm_cas(word, &expected, 1, acquire); /* as glibc's trylock */
	(void)atm_exchange(word, 0, release);       /* as glibc's unlock */
}

#endif
