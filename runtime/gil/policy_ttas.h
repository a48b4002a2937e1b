/* SPDX-License-Identifier: MIT */
/*
 * ttas: test and test-and-set, with exponential back-off.
 *
 * Stands for the simplest spin lock of the literature (policy A5).
 *
 * State        word = 0 free, 1 held.
 * Transitions  acquire: read until 0, then exchange 1; a failed exchange
 *              doubles the back-off, up to 1,024 pauses.  release: store 0.
 *              yield, if somebody waits: release, pause until another thread
 *              has taken it or a limit is reached, acquire.
 * Who writes   anybody.
 * Ordering     TTAS-1  the store of 0 (release) pairs with the exchange that
 *              sees it (acquire).
 * Promises     nothing about order.
 * Pathology    has: unfair; collapses when threads outnumber CPUs, since a
 *              waiter burns the CPU that the holder needs; on one CPU it calls
 *              sched_yield(2) instead of pausing.
 *              avoids: the wake-up latency, and the coherence traffic of a
 *              naive exchange loop.
 * Source       Anderson, IEEE TPDS 1(1), 1990; Rudolph and Segall, ISCA 1984.
 */
#ifndef RUNTIME_GIL_POLICY_TTAS_H
#define RUNTIME_GIL_POLICY_TTAS_H

#include <stdio.h>

#include "common/sync.h"

#define POLICY_MAX_THREADS 0
#define POLICY_SPINS       1
#define POLICY_TICK_NS     0
#define POLICY_OPTIONS

#define TTAS_MAX_BACKOFF_PAUSES 1024
/* A yielder's patience: about 100 us, then it takes the GIL back. */
#define TTAS_YIELD_PAUSES 4096

struct policy {
	atomic_uint word; /* [A] 0 free, 1 held */
};

struct policy_waiter {
	char unused;
};

static inline void
policy_init(struct policy *policy)
{
	atm_store(&policy->word, 0, relaxed);
}

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	waiter->unused = 0;
}

static inline bool
ttas_try(struct policy *policy)
{
	return atm_load(&policy->word, relaxed) == 0 &&
	       atm_exchange(&policy->word, 1, acquire) == 0; /* TTAS-1 */
}

static inline void
ttas_pause(struct gil *gil, int pauses)
{
	if (gil->usable_cpus == 1) {
		os_yield();
		return;
	}
	for (int i = 0; i < pauses; i++)
		cpu_relax();
}

static NOINLINE UNUSED bool
ttas_acquire_slow(struct policy *policy, struct gil_thread *self)
{
	struct gil *gil = gil_of(policy);
	int backoff_pauses = 1;

	gil_wait_begin(gil, self);
	for (;;) {
		while (atm_load(&policy->word, relaxed) != 0)
			ttas_pause(gil, 1);
		if (atm_exchange(&policy->word, 1, acquire) == 0) /* TTAS-1 */
			break;
		self->counters.failed_acquisitions++;
		ttas_pause(gil, backoff_pauses);
		if (backoff_pauses < TTAS_MAX_BACKOFF_PAUSES)
			backoff_pauses *= 2;
	}
	gil_wait_end(gil);
	/* Not at the release: who releases and barges in again all day would
	 * put the tick off for ever. */
	if (gil_has_waiters(gil))
		tick_contended_release(gil);
	return true;
}

static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	if (unlikely(!ttas_try(policy)))
		return ttas_acquire_slow(policy, self);
	if (gil_has_waiters(gil_of(policy)))
		self->counters.barges++;
	return false;
}

static inline void
policy_release(
	struct policy *policy, struct gil_thread *self, enum gil_reason reason)
{
	(void)self;
	(void)reason;                         /* every release is alike here */
	atm_store(&policy->word, 0, release); /* TTAS-1 */
}

static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	struct gil *gil = gil_of(policy);

	if (!gil_has_waiters(gil))
		return false;
	gil_giving_up(self);
	atm_store(&policy->word, 0, release); /* TTAS-1 */
	for (int i = 0; i < TTAS_YIELD_PAUSES; i++) {
		if (atm_load(&policy->word, relaxed) != 0)
			break;
		ttas_pause(gil, 1);
	}
	(void)policy_acquire(policy, self); /* it waited or barged: counted */
	return true;
}

static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	(void)self;
	atm_store(&policy->word, 1, relaxed); /* one thread */
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
	snprintf(text, (size_t)capacity, "word=%u",
		atm_load(&policy->word, relaxed));
}

static inline void
policy_bare_pair(atomic_uint *word)
{
	(void)atm_exchange(word, 1, acquire); /* as policy_acquire */
	atm_store(word, 0, release);          /* as policy_release */
}

#endif
