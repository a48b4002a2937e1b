/* SPDX-License-Identifier: MIT */
/*
 * cpython: waiters time the holder out, and a forced release waits for a taker.
 *
 * Stands for CPython 3.2 to 3.12, the "new GIL" (policy B1).
 *
 * State        locked           whether somebody holds the GIL
 *              switch_number    how often the holder has changed
 *              last_holder      who had it last
 *              is_requested     a waiter has asked the holder to drop it
 * Transitions  acquire: while locked, wait on `cond` for one interval; if it
 *              timed out and no switch happened meanwhile, request a drop.
 *              Then locked = 1, announce the switch on `switch_cond`, clear
 *              the request.
 *              drop (release and yield): locked = 0, signal `cond`; if a drop
 *              was requested, wait on `switch_cond` until another thread has
 *              taken it ("forced switching"): otherwise the dropper, already
 *              running, would win again.
 * Who writes   everything under `mutex`, except that last_holder and
 *              switch_number change under both mutexes, so that either
 *              protects a read; is_requested and locked are atomics because
 *              they are also looked at without one.
 * Ordering     the mutexes'.
 * Promises     a forced drop lets at least one other thread in; not FIFO: the
 *              signalled waiter may be overtaken by a newcomer.
 * Pathology    has: the convoy; a thread back from I/O waits one interval per
 *              blocking region while another computes (bpo-7946).
 *              avoids: the battle of the old GIL.
 *              A requester that ends before its request is honoured must take
 *              it back, or the dropper waits for ever (gh-96387): the exit
 *              release clears the request and never waits for a taker.
 * Source       CPython Python/ceval_gil.h, 3.2 to 3.12.
 */
#ifndef RUNTIME_GIL_POLICY_CPYTHON_H
#define RUNTIME_GIL_POLICY_CPYTHON_H

#include <stdio.h>
#include <string.h>

#include "common/sync.h"

#if GIL_TICK != 3
#	error "cpython's waiters time the holder out: its tick source is T3"
#endif

#define POLICY_MAX_THREADS 0
#define POLICY_SPINS       0
#define POLICY_TICK_NS     0
#define POLICY_OPTIONS                                                         \
	{"force_switching", "on,off", "on",                                    \
		"a requested drop waits until another thread has the GIL"},    \
		{"force_on_block", "on,off", "on",                             \
			"... also when the drop begins a blocking region"},

struct policy {
	struct mutex mutex; /* protects the four fields of State */
	struct cond cond;   /* the GIL has been dropped */
	atomic_bool locked;
	atomic_bool is_requested;
	uint64_t switch_number;
	struct gil_thread *last_holder;
	struct mutex switch_mutex CACHELINE_ALIGNED;
	struct cond switch_cond; /* the GIL has been taken */
	bool forces_switching;   /* [C] */
	bool forces_on_block;    /* [C] */
};

struct policy_waiter {
	char unused;
};

static inline void
policy_init(struct policy *policy)
{
	mutex_init(&policy->mutex);
	cond_init(&policy->cond);
	mutex_init(&policy->switch_mutex);
	cond_init(&policy->switch_cond);
	atm_store(&policy->locked, false, relaxed);
	atm_store(&policy->is_requested, false, relaxed);
	policy->switch_number = 0;
	policy->last_holder = NULL;
	policy->forces_switching = true;
	policy->forces_on_block = true;
}

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	waiter->unused = 0;
}

/* Wait until the GIL is free.  Caller holds policy->mutex, and on return. */
static NOINLINE UNUSED void
cpython_wait_until_free(struct policy *policy, struct gil_thread *self)
{
	struct gil *gil = gil_of(policy);

	gil_wait_begin(gil, self);
	while (atm_load(&policy->locked, relaxed)) {
		uint64_t seen = policy->switch_number;
		int64_t deadline_ns = clock_now_ns() + gil->tick.slice_ns;
		bool woken = cond_wait_until(
			&policy->cond, &policy->mutex, deadline_ns);

		if (!atm_load(&policy->locked, relaxed))
			break;
		if (woken) {
			self->counters.failed_acquisitions++;
		} else if (policy->switch_number == seen) {
			atm_store(&policy->is_requested, true, relaxed);
			tick_request(gil);
		}
	}
	gil_wait_end(gil);
}

/* take_gil() */
static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	bool waited = false;

	mutex_lock(&policy->mutex);
	if (unlikely(atm_load(&policy->locked, relaxed))) {
		cpython_wait_until_free(policy, self);
		waited = true;
	} else if (gil_has_waiters(gil_of(policy))) {
		self->counters.barges++;
	}
	mutex_lock(&policy->switch_mutex);
	atm_store(&policy->locked, true, relaxed);
	if (policy->last_holder != self) {
		policy->last_holder = self;
		policy->switch_number++;
	}
	cond_signal(&policy->switch_cond);
	mutex_unlock(&policy->switch_mutex);
	atm_store(&policy->is_requested, false, relaxed);
	mutex_unlock(&policy->mutex);
	return waited;
}

/* The second half of a requested drop: wait until somebody else has it. */
static NOINLINE UNUSED void
cpython_wait_for_taker(struct policy *policy, struct gil_thread *self)
{
	mutex_lock(&policy->switch_mutex);
	if (policy->last_holder == self) {
		atm_store(&policy->is_requested, false, relaxed);
		/* Untimed and not in a loop, as in CPython: a spurious wake-up
		 * makes one switch less forced. */
		cond_wait(&policy->switch_cond, &policy->switch_mutex);
	}
	mutex_unlock(&policy->switch_mutex);
}

static inline bool
cpython_must_wait_for_taker(struct policy *policy, enum gil_reason reason)
{
	if (!policy->forces_switching || reason == GIL_REASON_EXIT)
		return false;
	if (reason == GIL_REASON_REGION && !policy->forces_on_block)
		return false;
	return atm_load(&policy->is_requested, relaxed);
}

/* drop_gil() */
static inline void
policy_release(
	struct policy *policy, struct gil_thread *self, enum gil_reason reason)
{
	bool has_waiters;

	mutex_lock(&policy->mutex);
	/* last_holder is self already; writing it again, under this mutex
	 * alone, would race with cpython_wait_for_taker(). */
	atm_store(&policy->locked, false, relaxed);
	if (reason == GIL_REASON_EXIT)
		atm_store(&policy->is_requested, false, relaxed);
	has_waiters = gil_has_waiters(gil_of(policy));
	cond_signal(&policy->cond);
	mutex_unlock(&policy->mutex);
	if (has_waiters)
		self->counters.wake_calls++;
	if (unlikely(cpython_must_wait_for_taker(policy, reason)))
		cpython_wait_for_taker(policy, self);
}

/*
 * CPython drops only on request; a request means that a waiter was there.
 * A thread that yields by itself (time.sleep(0)) drops unconditionally.
 */
static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	if (!gil_has_waiters(gil_of(policy)))
		return false;
	gil_giving_up(self);
	policy_release(policy, self, self->reason);
	(void)policy_acquire(policy, self); /* it waited or barged: counted */
	return true;
}

static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	bool forces_switching = policy->forces_switching;
	bool forces_on_block = policy->forces_on_block;

	policy_init(policy);
	policy->forces_switching = forces_switching;
	policy->forces_on_block = forces_on_block;
	(void)policy_acquire(policy, self);
}

static inline const char *
policy_set_option(struct policy *policy, const char *name, const char *value)
{
	bool is_on = strcmp(value, "on") == 0;

	if (!is_on && strcmp(value, "off") != 0)
		return "is neither on nor off";
	if (strcmp(name, "force_switching") == 0)
		policy->forces_switching = is_on;
	else if (strcmp(name, "force_on_block") == 0)
		policy->forces_on_block = is_on;
	else
		return "the policy has no such option";
	return NULL;
}

static inline void
policy_dump(struct policy *policy, char *text, int capacity)
{
	snprintf(text, (size_t)capacity, "locked=%d requested=%d",
		atm_load(&policy->locked, relaxed),
		atm_load(&policy->is_requested, relaxed));
}

/* Three mutexes are locked and unlocked per uncontended take and drop. */
static inline void
policy_bare_pair(atomic_uint *word)
{
	for (int i = 0; i < 3; i++) {
		unsigned expected = 0;

		/* as glibc's lock and unlock */
		(void)atm_cas(&word[i], &expected, 1, acquire);
		(void)atm_exchange(&word[i], 0, release);
	}
}

#endif
