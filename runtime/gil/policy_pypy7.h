/* SPDX-License-Identifier: MIT */
/*
 * pypy7: a release is one store and wakes nobody; a waiter comes to steal.
 *
 * Stands for PyPy 7.3, its "fastgil" (policy B5).
 *
 * State        word     0 free, else the holder
 *              inner    a flag under a mutex, locked all the time but for a
 *                       hand-over in a yield
 *              stealer  a mutex: its holder is the waiter that steals, all
 *                       other waiters sleep on it
 *              The GIL is held when the word is not 0 and inner is locked;
 *              never are both free.
 * Transitions  release: word = 0.  acquire: word 0 -> me.
 *              acquire that found it taken: look for 40 to 400 pauses whether
 *              the word becomes 0 (early poll; it ends when the number of
 *              waiters changes).  If that wins, unlock inner, that is hand the
 *              GIL to the stealer, and line up all the same.  Then lock
 *              stealer, and every 0.1 ms: word 0 -> me; or, if inner has been
 *              unlocked, lock it, word = me.
 *              yield, if somebody waits: unlock inner, signal the stealer,
 *              acquire.  The word stays not 0, so no newcomer slips in.
 * Who writes   word: who holds the GIL or finds it 0; inner: under its mutex
 * Ordering     FAST-1  word = 0 (release) pairs with the compare and swap that
 *              finds it (acquire).  A hand-over is ordered by inner's mutex.
 * Promises     a yield hands the GIL to a waiter; among waiters the order of
 *              the stealer mutex, which is nearly round robin.
 * Pathology    has: barging on each release: the stealer looks every 0.1 ms
 *              only, so bursts of short regions stay in one thread (PyPy
 *              #2858), and a waiter costs 10,000 wake-ups per second.  In a
 *              yield the thread counts as a waiter only after it has signalled
 *              the stealer: where that preempts it (on one CPU it does), the
 *              new holder sees nobody wait, and keeps the GIL until the kernel
 *              lets the yielder run.  And the stealer mutex is glibc's: with
 *              slices shorter than a wake-up the yielder is often the next
 *              stealer, and wins again.
 *              avoids: system calls round short regions; the sleep of all when
 *              locks are handed to and fro (#2341: the early poll).
 * Source       PyPy rpython/translator/c/src/thread_gil.c, thread_pthread.c.
 */
#ifndef RUNTIME_GIL_POLICY_PYPY7_H
#define RUNTIME_GIL_POLICY_PYPY7_H

#include <stdio.h>

#include "common/sync.h"
#include "runtime/gil/option_value.h"
#include "runtime/gil/poll_tick.h"

#define POLICY_MAX_THREADS 0
#define POLICY_SPINS       0
#define POLICY_TICK_NS     0
#define POLICY_OPTIONS                                                         \
	{"steal", "10us,100us,1ms,10ms", "100us",                              \
		"how often the stealer looks, 10us to 10ms"},                  \
		{"early_poll", "on,off", "on",                                 \
			"look for a moment before lining up"},                 \
		{"signal_on_release", "on,off", "off",                         \
			"a release with waiters wakes the stealer (Windows)"},

#ifndef PYPY7_POLL_MAX /* the checker explores shorter ones */
#	define PYPY7_POLL_MIN 40
#	define PYPY7_POLL_MAX 400
#endif

struct policy {
	/* The two that each release reads or writes share a line. */
	atomic_uintptr_t word CACHELINE_ALIGNED; /* [A] see State */
	bool signals_on_release;                 /* [C] */
	bool polls_early;                        /* [C] */
	int64_t steal_ns;                        /* [C] */
	struct mutex stealer CACHELINE_ALIGNED;
	struct mutex inner_mutex CACHELINE_ALIGNED;
	struct cond inner_cond; /* inner has been unlocked */
	bool is_inner_locked;   /* [L:inner_mutex] */
	atomic_int poll_length; /* [A] of the last early poll */
};

struct policy_waiter {
	char unused;
};

static inline void
pypy7_init_inner(struct policy *policy)
{
	mutex_init(&policy->stealer);
	mutex_init(&policy->inner_mutex);
	cond_init(&policy->inner_cond);
	policy->is_inner_locked = true;
}

static inline void
policy_init(struct policy *policy)
{
	atm_store(&policy->word, 0, relaxed);
	pypy7_init_inner(policy);
	atm_store(&policy->poll_length, 0, relaxed);
	policy->signals_on_release = false;
	policy->polls_early = true;
	policy->steal_ns = 100 * NS_PER_US;
}

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	waiter->unused = 0;
}

static inline bool
pypy7_try(struct policy *policy, struct gil_thread *self)
{
	uintptr_t free = 0;

	/* Acquire: FAST-1. */
	return atm_cas(&policy->word, &free, (uintptr_t)self, acquire);
}

/* mutex2_unlock(): whoever comes to steal has the GIL. */
static inline void
pypy7_unlock_inner(
	struct policy *policy, struct gil_thread *self, bool has_stealer)
{
	mutex_lock(&policy->inner_mutex);
	policy->is_inner_locked = false;
	mutex_unlock(&policy->inner_mutex);
	cond_signal(&policy->inner_cond);
	if (has_stealer) {
		self->counters.handoffs++;
		self->counters.wake_calls++;
	}
}

/* The next length of an early poll: spread, so that polls do not beat. */
static inline int
pypy7_next_poll_length(struct policy *policy)
{
	int length = 2 * atm_load(&policy->poll_length, relaxed) + 1;

	while (length >= PYPY7_POLL_MAX)
		length -= PYPY7_POLL_MAX - PYPY7_POLL_MIN;
	/* Relaxed: two that poll with the same length do no harm. */
	atm_store(&policy->poll_length, length, relaxed);
	return length;
}

/*
 * Where all share one CPU the holder cannot release while we pause: let it run
 * once, look once.
 */
static inline void
pypy7_poll_early(struct policy *policy, struct gil_thread *self)
{
	struct gil *gil = gil_of(policy);
	bool has_one_cpu = gil->usable_cpus == 1;
	int waiters = atm_load(&gil->nwaiters, relaxed);
	int left = has_one_cpu ? 0 : pypy7_next_poll_length(policy);

	for (; left >= 0; left--) {
		if (atm_load(&gil->nwaiters, relaxed) != waiters)
			return; /* one has got it, or comes to poll too */
		if (has_one_cpu)
			os_yield();
		else
			cpu_relax();
		if (atm_load(&policy->word, relaxed) == 0 &&
			pypy7_try(policy, self)) {
			pypy7_unlock_inner(policy, self, waiters > 1);
			return;
		}
	}
}

/* I am the stealer: come back with the GIL.  Caller holds inner_mutex. */
static inline void
pypy7_steal(struct policy *policy, struct gil_thread *self)
{
	struct poll_tick tick = poll_tick_begin(self);

	for (;;) {
		bool is_woken = false;

		if (atm_load(&policy->word, relaxed) == 0 &&
			pypy7_try(policy, self))
			return;
		/* Once and not in a loop, as in PyPy: a spurious wake-up is
		 * one more look. */
		if (policy->is_inner_locked)
			is_woken = cond_wait_until(&policy->inner_cond,
				&policy->inner_mutex,
				clock_now_ns() + policy->steal_ns);
		if (!policy->is_inner_locked)
			break;
		if (is_woken && atm_load(&policy->word, relaxed) != 0)
			self->counters.failed_acquisitions++;
		poll_tick_look(self, &tick);
	}
	policy->is_inner_locked = true;
	/* Relaxed: inner_mutex orders; the word was not 0 and nobody swaps. */
	atm_store(&policy->word, (uintptr_t)self, relaxed);
}

/* RPyGilAcquireSlowPath() */
static NOINLINE UNUSED bool
pypy7_acquire_slow(struct policy *policy, struct gil_thread *self)
{
	struct gil *gil = gil_of(policy);

	gil_wait_begin(gil, self);
	if (policy->polls_early)
		pypy7_poll_early(policy, self);
	mutex_lock(&policy->stealer);
	mutex_lock(&policy->inner_mutex);
	pypy7_steal(policy, self);
	gil_wait_end(gil);
	mutex_unlock(&policy->inner_mutex);
	mutex_unlock(&policy->stealer);
	return true;
}

/* RPyGilAcquire() */
static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	if (unlikely(!pypy7_try(policy, self)))
		return pypy7_acquire_slow(policy, self);
	if (unlikely(gil_has_waiters(gil_of(policy))))
		self->counters.barges++;
	return false;
}

/* The stealer looks at once, instead of up to one interval later. */
static NOINLINE UNUSED void
pypy7_signal_release(struct policy *policy, struct gil_thread *self)
{
	if (!gil_has_waiters(gil_of(policy)))
		return;
	cond_signal(&policy->inner_cond);
	self->counters.wake_calls++;
}

/*
 * RPyGilRelease().  It does not restart the slice: the same thread may be back
 * before anybody has noticed.
 */
static inline void
policy_release(
	struct policy *policy, struct gil_thread *self, enum gil_reason reason)
{
	(void)reason;                         /* every release is alike here */
	atm_store(&policy->word, 0, release); /* FAST-1 */
	if (unlikely(policy->signals_on_release))
		pypy7_signal_release(policy, self);
}

/* RPyGilYieldThread() */
static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	if (!gil_has_waiters(gil_of(policy)))
		return false;
	gil_giving_up(self);
	pypy7_unlock_inner(policy, self, true);
	(void)policy_acquire(policy, self); /* it waited or barged: counted */
	return true;
}

static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	pypy7_init_inner(policy);
	atm_store(&policy->word, (uintptr_t)self, relaxed); /* one thread */
}

static inline const char *
policy_set_option(struct policy *policy, const char *name, const char *value)
{
	if (strcmp(name, "steal") == 0)
		return option_duration(value, 10 * NS_PER_US, 10 * NS_PER_MS,
			"is not between 10us and 10ms", &policy->steal_ns);
	if (strcmp(name, "early_poll") == 0)
		return option_on_or_off(value, &policy->polls_early);
	if (strcmp(name, "signal_on_release") == 0)
		return option_on_or_off(value, &policy->signals_on_release);
	return "the policy has no such option";
}

static inline void
policy_dump(struct policy *policy, char *text, int capacity)
{
	bool is_known = mutex_trylock(&policy->inner_mutex);
	bool is_locked = !is_known || policy->is_inner_locked;

	if (is_known)
		mutex_unlock(&policy->inner_mutex);
	snprintf(text, (size_t)capacity, "word=%s inner=%s",
		atm_load(&policy->word, relaxed) == 0 ? "free" : "held",
		!is_known   ? "busy"
		: is_locked ? "locked"
			    : "handed over");
}

static inline void
policy_bare_pair(atomic_uint *word)
{
	unsigned expected = 0;

	(void)atm_cas(word, &expected, 1, acquire); /* as policy_acquire */
	atm_store(word, 0, release);                /* as policy_release */
}

#endif
