/* SPDX-License-Identifier: MIT */
/*
 * eventual: barging at first, direct handoff to who has waited too long.
 *
 * Stands for CPython 3.13's PyMutex and WebKit's WTF::Lock, used as a GIL
 * (policy D1).
 *
 * State        word    LOCKED | PARKED: held; somebody is parked, or about to
 *              parked  waiters by arrival, each with the time at which it began
 *                      to wait
 * Transitions  acquire: 0 -> LOCKED.  Else begin to wait: while nobody is
 *              parked call sched_yield(2) up to 40 times; set PARKED; join the
 *              queue unless the word has changed meanwhile; sleep.  Who is
 *              woken either owns the GIL or tries again; it keeps its time.
 *              release: LOCKED -> 0.  With PARKED: take the first of the queue
 *              out; if it has waited for the fairness deadline, leave LOCKED
 *              set for it (handoff), else clear LOCKED; keep PARKED if others
 *              are parked; wake it.
 *              yield, if somebody waits: release, acquire.  With fair_yield the
 *              deadline of this release is 0.
 * Who writes   the word: anybody by compare and swap while PARKED is not set;
 *              LOCKED | PARKED changes only under `bucket`, with the queue.
 * Ordering     EVEN-1  release of the word (release) pairs with acquire
 *              (acquire).  A handoff is PARKER-1 (parker.h): what the releaser
 *              wrote before it woke the new owner is visible there.
 * Promises     who is parked is overtaken for no longer than the deadline plus
 *              one hold; with the deadline 0, not at all.
 * Pathology    has: barging below the deadline.  Before it parks a waiter calls
 *              sched_yield(2), and where other threads want its CPU each call
 *              takes one of their time slices: on a busy machine, or on one
 *              CPU, it waits long before its deadline begins to help (option
 *              spin; CPython spins in its free-threaded build only).
 *              avoids: the wake-up latency on each short contention, and
 *              starvation ("never" brings it back).
 *              The slice restarts when the GIL has gone to a waiter, not at the
 *              release: the same thread may take it again.
 * Source       CPython 3.13 Python/lock.c, Python/parking_lot.c.
 */
#ifndef RUNTIME_GIL_POLICY_EVENTUAL_H
#define RUNTIME_GIL_POLICY_EVENTUAL_H

#include <stdio.h>

#include "common/sync.h"
#include "runtime/gil/fifo.h"
#include "runtime/gil/option_value.h"
#include "runtime/gil/parker.h"
#include "runtime/gil/poll_tick.h"

#if GIL_TICK == 4
#	error "eventual's waiters are alike: none of them is T4's designated one"
#endif

#define POLICY_MAX_THREADS 0
#define POLICY_SPINS       0
#define POLICY_TICK_NS     0
#define POLICY_OPTIONS                                                         \
	{"fairness", "0,50us,1ms,never", "1ms",                                \
		"a waiter is handed the GIL after so long; 0: always"},        \
		{"fair_yield", "on,off", "off",                                \
			"a yield always hands the GIL to the first waiter"},   \
		{"spin", "on,off", "on",                                       \
			"call sched_yield(2) up to 40 times before parking"},

#define EVENTUAL_LOCKED     1u
#define EVENTUAL_PARKED     2u
#define EVENTUAL_SPINS      40 /* MAX_SPIN_COUNT */
#define EVENTUAL_NEVER_FAIR INT64_MAX

struct policy {
	atomic_uint word CACHELINE_ALIGNED; /* [A] see State */
	int64_t fairness_ns;                /* [C] */
	bool yields_fairly;                 /* [C] */
	int spins;                          /* [C] EVENTUAL_SPINS or 0 */
	struct mutex bucket CACHELINE_ALIGNED;
	struct fifo parked; /* [L:bucket] of struct policy_waiter */
};

struct policy_waiter {
	struct fifo_node node; /* [L:bucket] */
	struct parker parker;
	int64_t since_ns;   /* [O] until it parks, then [L:bucket] */
	bool is_handed_off; /* [L:bucket]; the owner reads it when woken */
};

static inline void
policy_init(struct policy *policy)
{
	atm_store(&policy->word, 0, relaxed);
	mutex_init(&policy->bucket);
	fifo_init(&policy->parked);
	policy->fairness_ns = NS_PER_MS;
	policy->yields_fairly = false;
	policy->spins = EVENTUAL_SPINS;
}

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	parker_init(&waiter->parker);
}

static inline void
eventual_sleep(struct policy_waiter *me, struct gil_thread *self)
{
	struct poll_tick tick = poll_tick_begin(self);

	while (!parker_wait_until(&me->parker, tick.deadline_ns))
		poll_tick_look(self, &tick);
}

/* Returns whether it was parked and woken; false: the word has changed. */
static inline bool
eventual_park(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);
	bool is_valid;

	mutex_lock(&policy->bucket);
	/* Relaxed: this value changes under the bucket's lock only. */
	is_valid = atm_load(&policy->word, relaxed) ==
		   (EVENTUAL_LOCKED | EVENTUAL_PARKED);
	if (is_valid) {
		me->is_handed_off = false;
		fifo_append(&policy->parked, &me->node);
	}
	mutex_unlock(&policy->bucket);
	if (is_valid)
		eventual_sleep(me, self);
	return is_valid;
}

/* _PyMutex_LockTimed(), after it has found the GIL taken. */
static inline void
eventual_wait(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);
	bool was_woken = false;
	int spins = 0;

	me->since_ns = clock_now_ns();
	for (;;) {
		unsigned word = atm_load(&policy->word, relaxed);

		if (!(word & EVENTUAL_LOCKED)) {
			/* Acquire: EVEN-1. */
			if (atm_cas(&policy->word, &word,
				    word | EVENTUAL_LOCKED, acquire))
				return;
			continue;
		}
		if (was_woken)
			self->counters.failed_acquisitions++;
		was_woken = false;
		if (!(word & EVENTUAL_PARKED) && spins++ < policy->spins) {
			os_yield();
			continue;
		}
		/* Relaxed: the queue is published by the bucket's lock. */
		if (!(word & EVENTUAL_PARKED) &&
			!atm_cas(&policy->word, &word, word | EVENTUAL_PARKED,
				relaxed))
			continue;
		was_woken = eventual_park(policy, self);
		if (was_woken && me->is_handed_off)
			return;
	}
}

static NOINLINE UNUSED bool
eventual_acquire_slow(struct policy *policy, struct gil_thread *self)
{
	struct gil *gil = gil_of(policy);
	unsigned word = atm_load(&policy->word, relaxed);

	/* Free, though somebody is parked: past all of them.  Acquire: EVEN-1. */
	if (!(word & EVENTUAL_LOCKED) &&
		atm_cas(&policy->word, &word, word | EVENTUAL_LOCKED,
			acquire)) {
		self->counters.barges++;
		return false;
	}
	gil_wait_begin(gil, self);
	eventual_wait(policy, self);
	gil_wait_end(gil);
	if (gil_has_waiters(gil))
		tick_contended_release(gil);
	return true;
}

/* PyMutex_Lock() */
static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	unsigned free = 0;

	/* Acquire: EVEN-1. */
	if (unlikely(!atm_cas(&policy->word, &free, EVENTUAL_LOCKED, acquire)))
		return eventual_acquire_slow(policy, self);
	if (gil_has_waiters(gil_of(policy)))
		self->counters.barges++;
	return false;
}

/* mutex_unpark(): whether the waiter has waited for so long. */
static inline bool
eventual_is_due(const struct policy_waiter *waiter, int64_t fairness_ns)
{
	return fairness_ns != EVENTUAL_NEVER_FAIR &&
	       clock_now_ns() - waiter->since_ns >= fairness_ns;
}

/* Somebody is parked, or about to: who that is finds the word changed. */
static NOINLINE UNUSED void
eventual_unpark(
	struct policy *policy, struct gil_thread *self, int64_t fairness_ns)
{
	struct policy_waiter *heir = NULL;
	struct fifo_node *first;
	unsigned word = 0;

	mutex_lock(&policy->bucket);
	first = fifo_pop(&policy->parked);
	if (first != NULL) {
		heir = CONTAINER_OF(first, struct policy_waiter, node);
		heir->is_handed_off = eventual_is_due(heir, fairness_ns);
		if (heir->is_handed_off) {
			word |= EVENTUAL_LOCKED;
			self->counters.handoffs++;
		}
	}
	if (!fifo_is_empty(&policy->parked))
		word |= EVENTUAL_PARKED;
	atm_store(&policy->word, word, release); /* EVEN-1 */
	mutex_unlock(&policy->bucket);
	if (heir != NULL && parker_wake(&heir->parker))
		self->counters.wake_calls++;
}

/* PyMutex_Unlock() */
static inline void
eventual_release(
	struct policy *policy, struct gil_thread *self, int64_t fairness_ns)
{
	unsigned held = EVENTUAL_LOCKED;

	/* Release: EVEN-1. */
	if (unlikely(!atm_cas(&policy->word, &held, 0, release)))
		eventual_unpark(policy, self, fairness_ns);
}

static inline void
policy_release(
	struct policy *policy, struct gil_thread *self, enum gil_reason reason)
{
	(void)reason; /* every release is alike here */
	eventual_release(policy, self, policy->fairness_ns);
}

static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	if (!gil_has_waiters(gil_of(policy)))
		return false;
	gil_giving_up(self);
	eventual_release(
		policy, self, policy->yields_fairly ? 0 : policy->fairness_ns);
	(void)policy_acquire(policy, self); /* it waited or barged: counted */
	return true;
}

static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	policy_waiter_init(gil_waiter_of(self));
	mutex_init(&policy->bucket);
	fifo_init(&policy->parked);
	atm_store(&policy->word, EVENTUAL_LOCKED, relaxed); /* one thread */
}

static inline const char *
eventual_set_fairness(struct policy *policy, const char *value)
{
	if (strcmp(value, "never") == 0)
		policy->fairness_ns = EVENTUAL_NEVER_FAIR;
	else if (strcmp(value, "0") == 0)
		policy->fairness_ns = 0;
	else
		return option_duration(value, 1, 10 * NS_PER_S,
			"is longer than 10s", &policy->fairness_ns);
	return NULL;
}

static inline const char *
eventual_set_spin(struct policy *policy, const char *value)
{
	bool is_on = false;
	const char *reason = option_on_or_off(value, &is_on);

	if (reason == NULL)
		policy->spins = is_on ? EVENTUAL_SPINS : 0;
	return reason;
}

static inline const char *
policy_set_option(struct policy *policy, const char *name, const char *value)
{
	if (strcmp(name, "fairness") == 0)
		return eventual_set_fairness(policy, value);
	if (strcmp(name, "fair_yield") == 0)
		return option_on_or_off(value, &policy->yields_fairly);
	if (strcmp(name, "spin") == 0)
		return eventual_set_spin(policy, value);
	return "the policy has no such option";
}

static inline void
policy_dump(struct policy *policy, char *text, int capacity)
{
	unsigned word = atm_load(&policy->word, relaxed);

	snprintf(text, (size_t)capacity, "locked=%d parked=%d",
		(word & EVENTUAL_LOCKED) != 0, (word & EVENTUAL_PARKED) != 0);
}

static inline void
policy_bare_pair(atomic_uint *word)
{
	unsigned expected = 0;

	(void)atm_cas(word, &expected, 1, acquire); /* as policy_acquire */
	expected = 1;
	(void)atm_cas(word, &expected, 0, release); /* as policy_release */
}

#endif
