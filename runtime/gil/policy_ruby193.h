/* SPDX-License-Identifier: MIT */
/*
 * ruby193: a condition variable, and a yield that insists on a waiter.
 *
 * Stands for Ruby 1.9.3 to 2.5 (policy B4).  With -DRUBY193_13JUN=1 it is the
 * first version of that protocol, of 13 June 2011, which live-locks.
 *
 * State        is_acquired  whether somebody holds the GIL
 *              waiting      threads asleep on `cond`, until they own the GIL
 *              gate         of yielders (yield_gate.h)
 * Transitions  acquire: while acquired, wait on `cond`; who waited opens the
 *              gate for the yielder, a newcomer that finds the GIL free does
 *              not; acquired = 1.
 *              release: acquired = 0; signal `cond` if somebody waits.
 *              yield, if somebody waits: release; pass the gate, that is wait
 *              until a waiter has had the GIL; acquire.
 * Who writes   everything under `mutex`.
 * Ordering     the mutex's.
 * Promises     a yield that finds a waiter lets at least one in; no order: whom
 *              the signal wakes is glibc's choice, and a newcomer may be
 *              faster.
 * Pathology    has: barging by newcomers; the convoy, at a slice of 100 ms.
 *              Threads that do nothing but yield meet at the gate, not in the
 *              queue, and then let each other in by sched_yield(2) alone.
 *              avoids: the yielder that wins again (Ruby Bug #2359).
 *              A voluntary release does not restart the slice: Ruby's timer
 *              thread knows nothing of releases, and a thread that releases
 *              and barges all day could else put the tick off for ever.
 *              13 June 2011: one flag, and a yielder that finds it set keeps
 *              the GIL.  A newcomer that barged in has left it set, so nothing
 *              can ever make that thread yield.
 * Source       Ruby thread_pthread.c, commit bcfc22b10e (13 June 2011), and
 *              from 14 June 2011 to 2.5.
 */
#ifndef RUNTIME_GIL_POLICY_RUBY193_H
#define RUNTIME_GIL_POLICY_RUBY193_H

#include <stdio.h>

#include "common/sync.h"
#include "runtime/gil/bare_mutex.h"
#include "runtime/gil/waiter_tick.h"
#include "runtime/gil/yield_gate.h"

#ifndef RUBY193_13JUN
#	define RUBY193_13JUN 0
#endif

#define POLICY_MAX_THREADS 0
#define POLICY_SPINS       0
#define POLICY_TICK_NS     0
#define POLICY_OPTIONS

struct policy {
	struct mutex mutex;
	struct cond cond;       /* the GIL has been released */
	bool is_acquired;       /* [L:mutex] */
	int waiting;            /* [L:mutex] */
	struct yield_gate gate; /* [L:mutex] */
};

struct policy_waiter {
	char unused;
};

static inline void
policy_init(struct policy *policy)
{
	mutex_init(&policy->mutex);
	cond_init(&policy->cond);
	policy->is_acquired = false;
	policy->waiting = 0;
	yield_gate_init(&policy->gate);
}

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	waiter->unused = 0;
}

/*
 * Take the GIL, which is free; others: how many wait for it.  Caller holds the
 * mutex.
 */
static inline void
ruby193_walk_in(struct policy *policy, struct gil_thread *self, int others)
{
	if (others > 0)
		self->counters.barges++;
	policy->is_acquired = true;
}

/*
 * Wait until the GIL is free and take it.  Caller holds the mutex, and again on
 * return, and is in gil->nwaiters.
 */
static NOINLINE UNUSED void
ruby193_wait_and_take(struct policy *policy, struct gil_thread *self)
{
	policy->waiting++;
	do {
		bool is_woken =
			waiter_cond_wait(self, &policy->cond, &policy->mutex);

		if (is_woken && policy->is_acquired)
			self->counters.failed_acquisitions++;
	} while (policy->is_acquired);
	policy->waiting--;
	yield_gate_taken(&policy->gate, self);
	policy->is_acquired = true;
}

/* gvl_acquire() */
static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	struct gil *gil = gil_of(policy);
	bool must_wait;

	mutex_lock(&policy->mutex);
	must_wait = policy->is_acquired;
	if (unlikely(must_wait)) {
		gil_wait_begin(gil, self);
		ruby193_wait_and_take(policy, self);
		gil_wait_end(gil);
	} else {
		ruby193_walk_in(
			policy, self, atm_load(&gil->nwaiters, relaxed));
	}
	mutex_unlock(&policy->mutex);
	return must_wait;
}

/* Caller holds the mutex and the GIL, and gives the latter up. */
static inline void
ruby193_drop(struct policy *policy, struct gil_thread *self)
{
	policy->is_acquired = false;
	if (policy->waiting == 0)
		return;
	cond_signal(&policy->cond);
	self->counters.wake_calls++;
}

/* gvl_release() */
static inline void
policy_release(
	struct policy *policy, struct gil_thread *self, enum gil_reason reason)
{
	(void)reason; /* every release is alike here */
	mutex_lock(&policy->mutex);
	ruby193_drop(policy, self);
	mutex_unlock(&policy->mutex);
}

#if RUBY193_13JUN

/* Whether a yielder gives the GIL up.  Caller holds the mutex. */
static inline bool
ruby193_may_yield(struct policy *policy)
{
	return !policy->gate.is_needed;
}

/* Drop the GIL and wait for a taker, once and not in a loop. */
static inline void
ruby193_drop_and_pass(struct policy *policy, struct gil_thread *self)
{
	if (policy->waiting > 0)
		policy->gate.is_needed = true;
	ruby193_drop(policy, self);
	if (policy->gate.is_needed)
		cond_wait(&policy->gate.switch_cond, &policy->mutex);
	else
		yield_gate_step_aside(&policy->mutex);
}

#else

static inline bool
ruby193_may_yield(struct policy *policy)
{
	(void)policy;
	return true;
}

/* Drop the GIL and wait until a waiter has had it.  Caller holds the mutex. */
static inline void
ruby193_drop_and_pass(struct policy *policy, struct gil_thread *self)
{
	ruby193_drop(policy, self);
	yield_gate_pass(
		&policy->gate, &policy->mutex, self, policy->waiting > 0);
}

#endif

/* gvl_yield() */
static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	struct gil *gil = gil_of(policy);
	bool gives_up;

	if (!gil_has_waiters(gil))
		return false;
	mutex_lock(&policy->mutex);
	gives_up = ruby193_may_yield(policy);
	if (gives_up) {
		gil_giving_up(self);
		/* At the gate it waits too: the next holder's yield must find
		 * that somebody does. */
		gil_wait_begin(gil, self);
		ruby193_drop_and_pass(policy, self);
		if (policy->is_acquired)
			ruby193_wait_and_take(policy, self);
		else
			ruby193_walk_in(policy, self,
				atm_load(&gil->nwaiters, relaxed) - 1);
		gil_wait_end(gil);
	}
	mutex_unlock(&policy->mutex);
	return gives_up;
}

/* A gate left as it was in the parent would never open (Ruby Bug #7693). */
static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	(void)self;
	policy_init(policy);
	policy->is_acquired = true; /* one thread */
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
	if (!mutex_trylock(&policy->mutex)) {
		snprintf(text, (size_t)capacity, "mutex=held");
		return;
	}
	snprintf(text, (size_t)capacity,
		"acquired=%d waiting=%d need_yield=%d wait_yield=%d",
		policy->is_acquired, policy->waiting, policy->gate.is_needed,
		policy->gate.is_inside);
	mutex_unlock(&policy->mutex);
}

/* The mutex is locked and unlocked by acquire, and again by release. */
static inline void
policy_bare_pair(atomic_uint *word)
{
	bare_mutex_pairs(word, 2);
}

#endif
