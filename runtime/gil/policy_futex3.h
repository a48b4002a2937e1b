/* SPDX-License-Identifier: MIT */
/*
 * futex3: one word with three states, asleep in the kernel.
 *
 * Stands for the mutex of Drepper's paper ("mutex 2") and, but for details,
 * for glibc's (policy A4): the least that a lock which sleeps can be.
 *
 * State        word = FREE, HELD, or CONTENDED (held, and somebody may sleep).
 * Transitions  acquire  FREE -> HELD; else, until it finds FREE, exchange
 *                       CONTENDED and sleep while it is
 *              release  exchange FREE, and wake one sleeper if it was
 *                       CONTENDED
 *              yield, if somebody waits: release, acquire (option: with a
 *              sched_yield(2) in between)
 *              Option spin: look for FREE so many times, with a pause each,
 *              before the first exchange; not on one CPU.
 * Who writes   anybody.
 * Ordering     FTX-1  release's exchange (release) pairs with the exchange or
 *                     compare-and-swap that finds FREE (acquire).
 * Promises     nothing about order.
 *              No wake-up is lost: who sleeps has seen CONTENDED, in the
 *              kernel, and who gets the lock after a sleep leaves it
 *              CONTENDED, since there may be more sleepers.
 * Pathology    has: barging, as ruby19; one needless wake call after the last
 *              waiter has had the lock.
 *              avoids: any system call while nobody waits.
 * Source       Drepper, "Futexes Are Tricky", 2011, section 5.
 */
#ifndef RUNTIME_GIL_POLICY_FUTEX3_H
#define RUNTIME_GIL_POLICY_FUTEX3_H

#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "runtime/gil/option_value.h"
#include "runtime/gil/waiter_tick.h"

#define POLICY_MAX_THREADS 0
#define POLICY_SPINS       0
#define POLICY_TICK_NS     0
#define POLICY_OPTIONS                                                         \
	{"spin", "0,40,400,4000", "0",                                         \
		"pauses before a waiter sleeps (any number to 1000000)"},      \
		{"sched_yield", "off,on", "off",                               \
			"call sched_yield(2) between the halves of a yield"},

#define FUTEX3_FREE      0u
#define FUTEX3_HELD      1u
#define FUTEX3_CONTENDED 2u

#define FUTEX3_MAX_SPIN_PAUSES 1000000

struct policy {
	atomic_uint word;                  /* [A] see State; the futex word */
	int spin_pauses CACHELINE_ALIGNED; /* [C] */
	bool calls_sched_yield;            /* [C] */
};

struct policy_waiter {
	char unused;
};

static inline void
policy_init(struct policy *policy)
{
	atm_store(&policy->word, FUTEX3_FREE, relaxed);
	policy->spin_pauses = 0;
	policy->calls_sched_yield = false;
}

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	waiter->unused = 0;
}

static inline bool
futex3_try(struct policy *policy)
{
	unsigned free = FUTEX3_FREE;

	return atm_cas(&policy->word, &free, FUTEX3_HELD, acquire); /* FTX-1 */
}

/* Returns whether it got the lock before its patience ended. */
static inline bool
futex3_spin(struct policy *policy, struct gil *gil)
{
	int pauses = gil->usable_cpus == 1 ? 0 : policy->spin_pauses;

	for (int i = 0; i < pauses; i++) {
		if (atm_load(&policy->word, relaxed) == FUTEX3_FREE &&
			futex3_try(policy))
			return true;
		cpu_relax();
	}
	return false;
}

/* Sleep until an exchange finds FREE. */
static inline void
futex3_sleep(struct policy *policy, struct gil_thread *self)
{
	bool is_woken = false;

	/* Acquire: FTX-1. */
	while (atm_exchange(&policy->word, FUTEX3_CONTENDED, acquire) !=
		FUTEX3_FREE) {
		if (is_woken)
			self->counters.failed_acquisitions++;
		is_woken = waiter_futex_wait(
			self, &policy->word, FUTEX3_CONTENDED);
	}
}

static NOINLINE UNUSED void
futex3_wait(struct policy *policy, struct gil_thread *self)
{
	gil_wait_begin(self->gil, self);
	if (!futex3_spin(policy, self->gil))
		futex3_sleep(policy, self);
	gil_wait_end(self->gil);
}

static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	if (unlikely(!futex3_try(policy))) {
		futex3_wait(policy, self);
		return true;
	}
	if (gil_has_waiters(self->gil))
		self->counters.barges++;
	return false;
}

/* Returns whether it was contended. */
static inline bool
futex3_release(struct policy *policy, struct gil_thread *self)
{
	/* Release: FTX-1. */
	unsigned word = atm_exchange(&policy->word, FUTEX3_FREE, release);

	if (likely(word != FUTEX3_CONTENDED))
		return false;
	(void)futex_wake(&policy->word, 1); /* 0: nobody sleeps any more */
	self->counters.wake_calls++;
	return true;
}

static inline void
policy_release(
	struct policy *policy, struct gil_thread *self, enum gil_reason reason)
{
	(void)reason; /* every release is alike here */
	if (futex3_release(policy, self))
		tick_contended_release(self->gil);
}

static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	if (!gil_has_waiters(self->gil))
		return false;
	gil_giving_up(self);
	(void)futex3_release(policy, self); /* woken or on its way */
	if (policy->calls_sched_yield)
		os_yield();
	(void)policy_acquire(policy, self); /* it waited or barged: counted */
	return true;
}

static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	(void)self;
	atm_store(&policy->word, FUTEX3_HELD, relaxed); /* one thread */
}

static inline const char *
policy_set_option(struct policy *policy, const char *name, const char *value)
{
	int64_t pauses;
	const char *reason;

	if (strcmp(name, "spin") == 0) {
		reason = parse_count(value, 0, FUTEX3_MAX_SPIN_PAUSES, &pauses);
		if (reason == NULL)
			policy->spin_pauses = (int)pauses;
		return reason;
	}
	if (strcmp(name, "sched_yield") != 0)
		return "the policy has no such option";
	return option_on_or_off(value, &policy->calls_sched_yield);
}

static inline void
policy_dump(struct policy *policy, char *text, int capacity)
{
	unsigned word = atm_load(&policy->word, relaxed);

	snprintf(text, (size_t)capacity, "word=%s",
		word == FUTEX3_FREE   ? "free"
		: word == FUTEX3_HELD ? "held"
				      : "contended");
}

static inline void
policy_bare_pair(atomic_uint *word)
{
	unsigned free = FUTEX3_FREE;

	(void)atm_cas(word, &free, FUTEX3_HELD, acquire); /* as acquire */
	(void)atm_exchange(word, FUTEX3_FREE, release);   /* as release */
}

#endif
