/* SPDX-License-Identifier: MIT */
/*
 * pypy2011: a mutex, and a yielder that sleeps until somebody has taken it.
 *
 * Stands for PyPy from September 2011 to the fast GIL of 2014 (policy B2).
 *
 * State        mutex    is the GIL
 *              cond     signalled by whoever has just got it
 *              pending  threads on their way to the mutex: from before they
 *                       ask for it until they have it, yielders included
 * Transitions  acquire: pending++, lock, pending--, signal cond.
 *              release: unlock.
 *              yield, unless pending = 0: pending++, wait on cond (which lets
 *              the mutex go and takes it again), pending--, signal cond.
 * Who writes   pending: anybody; has_sleeper: under the mutex.
 * Ordering     the mutex's.  pending is relaxed: a yielder that misses a
 *              newcomer only keeps the GIL; one that it sees is certain to
 *              come, to lock the mutex and to signal.
 * Promises     at least one other thread has the GIL during a yield: the
 *              yielder sleeps until that thread signals.  At most one yielder
 *              sleeps unsignalled, because the next one must lock the mutex
 *              first, and signals then.  Nothing about order.
 * Pathology    has: every yield costs two wake-ups, one of them with the GIL
 *              idle; a woken yielder must still compete for the mutex, and a
 *              holder that only leaves and re-enters (blocking regions)
 *              barges past it.
 *              avoids: the yielder that wins its own race.
 *              A lost signal (glibc bug 25847) would be a hang.
 * Source       PyPy translator/c/src/thread_pthread.h, 165556325fc; the
 *              check interval was raised to 10000 with it.
 */
#ifndef RUNTIME_GIL_POLICY_PYPY2011_H
#define RUNTIME_GIL_POLICY_PYPY2011_H

#include <stdio.h>

#include "runtime/gil/barging_mutex.h"

#define POLICY_MAX_THREADS 0
#define POLICY_SPINS       0
#define POLICY_TICK_NS     0
#define POLICY_OPTIONS

struct policy {
	struct mutex mutex;
	struct cond cond; /* the mutex has been taken */
	bool has_sleeper; /* [L:mutex] a yielder has not been signalled yet */
	atomic_int pending CACHELINE_ALIGNED; /* [A] see State */
};

struct policy_waiter {
	char unused;
};

static inline void
policy_init(struct policy *policy)
{
	mutex_init(&policy->mutex);
	cond_init(&policy->cond);
	policy->has_sleeper = false;
	atm_store(&policy->pending, 0, relaxed);
}

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	waiter->unused = 0;
}

/* The second half of acquire and of yield.  Caller has just got the mutex. */
static inline void
pypy2011_arrive(struct policy *policy, struct gil_thread *self)
{
	atm_fetch_sub(&policy->pending, 1, relaxed);
	cond_signal(&policy->cond);
	if (policy->has_sleeper) {
		policy->has_sleeper = false;
		self->counters.wake_calls++;
	}
}

static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	bool waited;

	atm_fetch_add(&policy->pending, 1, relaxed);
	waited = barging_mutex_acquire(&policy->mutex, self);
	pypy2011_arrive(policy, self);
	return waited;
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
	if (atm_load(&policy->pending, relaxed) == 0)
		return false;
	gil_giving_up(self);
	atm_fetch_add(&policy->pending, 1, relaxed);
	gil_wait_begin(self->gil, self);
	policy->has_sleeper = true;
	self->counters.wake_calls++; /* the mutex's sleeper */
	/* Not in a loop, as in PyPy: a spurious wake-up makes one switch less
	 * forced. */
	cond_wait(&policy->cond, &policy->mutex);
	gil_wait_end(self->gil);
	pypy2011_arrive(policy, self);
	return true;
}

static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	policy_init(policy);
	(void)policy_acquire(policy, self); /* it is free */
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
	snprintf(text, (size_t)capacity, "mutex=%s pending=%d",
		barging_mutex_is_held(&policy->mutex) ? "held" : "free",
		atm_load(&policy->pending, relaxed));
}

/* Acquire counts itself in and out round the lock. */
static inline void
policy_bare_pair(atomic_uint *word)
{
	unsigned expected = 0;

	(void)atm_fetch_add(&word[1], 1, relaxed);
	(void)atm_cas(word, &expected, 1, acquire); /* as glibc's trylock */
	(void)atm_fetch_sub(&word[1], 1, relaxed);
	(void)atm_exchange(word, 0, release); /* as glibc's unlock */
}

#endif
