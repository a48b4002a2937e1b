/* SPDX-License-Identifier: MIT */
/*
 * pypy2008: a semaphore; yield is post, wait.
 *
 * Stands for PyPy's gc+thread branch of May 2008, the project's PyPy seed, and
 * for CPython up to 2.7 and 3.1 on Linux (policy A2).
 *
 * The semaphore is sem_t as glibc had it in 2008 and until 2.20, written on
 * common/atomic.h: so its failed wake-ups can be counted, ThreadSanitizer sees
 * it, and a checker can schedule it.  (2.21 put both words into one, with the
 * same transitions.)
 *
 * State        value    1 free, 0 held; the futex word
 *              waiters  gil->nwaiters: threads that sleep or are about to
 * Transitions  trywait  value 1 -> 0
 *              wait     trywait; else waiters++, and until a trywait succeeds
 *                       sleep while value = 0; waiters--
 *              post     value++, and wake one sleeper if there are waiters
 *              acquire waits, release posts; yield, if somebody waits, posts
 *              and waits.  (PyPy does not ask; when nobody waits, the two
 *              cancel out.)
 * Who writes   anybody.
 * Ordering     SEM-1  post's addition (release or stronger) pairs with the
 *                     trywait that sees it (acquire).
 *              SEM-2  a waiter counts itself, then sleeps if value = 0; post
 *                     changes value, then looks for waiters.  Each writes one
 *                     word and reads the other's, so all four are seq_cst
 *                     (the kernel's look at value among them): no waiter
 *                     sleeps unseen.
 * Promises     nothing about order.
 * Pathology    has: barging, and with it the "GIL battle" (Beazley, 2010): each
 *              yield asks the kernel to wake a waiter, which finds 0 and sleeps
 *              again.  Where the slice is shorter than a wake-up, many yields
 *              fall into one such failure.
 * Source       PyPy pypy/module/thread/gil.py and ll_thread.py (r55343);
 *              CPython 2.7 Python/thread_pthread.h; glibc 2.7 nptl sem_post.S,
 *              sem_wait.S.
 */
#ifndef RUNTIME_GIL_POLICY_PYPY2008_H
#define RUNTIME_GIL_POLICY_PYPY2008_H

#include <stdio.h>

#include "runtime/gil/waiter_tick.h"

#define POLICY_MAX_THREADS 0
#define POLICY_SPINS       0
#define POLICY_TICK_NS     0
#define POLICY_OPTIONS

struct policy {
	atomic_uint value; /* [A] 1 free, 0 held; the futex word */
};

struct policy_waiter {
	char unused;
};

static inline void
policy_init(struct policy *policy)
{
	atm_store(&policy->value, 1, relaxed);
}

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	waiter->unused = 0;
}

/* sem_trywait() */
static inline bool
pypy2008_try(atomic_uint *value)
{
	unsigned free = 1;

	return atm_load(value, relaxed) == 1 &&
	       atm_cas(value, &free, 0, acquire); /* SEM-1 */
}

/* The slow half of sem_wait(). */
static NOINLINE UNUSED void
pypy2008_wait(struct policy *policy, struct gil_thread *self)
{
	bool is_woken;

	gil_wait_begin(self->gil, self); /* SEM-2: seq_cst */
	for (;;) {
		is_woken = waiter_futex_wait(self, &policy->value, 0);
		if (pypy2008_try(&policy->value))
			break;
		if (is_woken)
			self->counters.failed_acquisitions++;
	}
	gil_wait_end(self->gil);
}

static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	if (unlikely(!pypy2008_try(&policy->value))) {
		pypy2008_wait(policy, self);
		return true;
	}
	if (gil_has_waiters(self->gil))
		self->counters.barges++;
	return false;
}

/* sem_post().  Returns whether somebody waits. */
static inline bool
pypy2008_post(struct policy *policy, struct gil_thread *self)
{
	atm_fetch_add(&policy->value, 1, seq_cst); /* SEM-1, SEM-2 */
	if (likely(atm_load(&self->gil->nwaiters, seq_cst) == 0)) /* SEM-2 */
		return false;
	(void)futex_wake(&policy->value, 1); /* 0: it is awake already */
	self->counters.wake_calls++;
	return true;
}

static inline void
policy_release(
	struct policy *policy, struct gil_thread *self, enum gil_reason reason)
{
	(void)reason; /* every release is alike here */
	if (pypy2008_post(policy, self))
		tick_contended_release(self->gil);
}

static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	if (!gil_has_waiters(self->gil))
		return false;
	gil_giving_up(self);
	(void)pypy2008_post(policy, self);  /* somebody waits */
	(void)policy_acquire(policy, self); /* it waited or barged: counted */
	return true;
}

static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	(void)self;
	atm_store(&policy->value, 0, relaxed); /* one thread */
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
	snprintf(text, (size_t)capacity, "value=%u",
		atm_load(&policy->value, relaxed));
}

static inline void
policy_bare_pair(atomic_uint *word)
{
	unsigned free = 0; /* the word begins as 0: here 0 stands for free */

	if (atm_load(word, relaxed) == 0)
		(void)atm_cas(word, &free, 1, acquire); /* as trywait */
	atm_fetch_sub(word, 1, seq_cst);                /* as post */
	(void)atm_load(&word[1], seq_cst); /* post looks for waiters */
}

#endif
