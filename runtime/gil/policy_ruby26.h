/* SPDX-License-Identifier: MIT */
/*
 * ruby26: a queue of waiters, of whom one plays the timer thread.
 *
 * Stands for Ruby 2.6 to 3.2 (policy C2).
 *
 * State        owner     who holds the GIL, or NULL
 *              queue     waiters by arrival, each with its own condition
 *                        variable
 *              timer     the waiter that plays timer, or NULL
 *              deadline  end of the current slice; kept when the timer is
 *                        woken early, so that the next one goes on with it;
 *                        is_expired says that a new slice begins
 *              gate      of yielders (yield_gate.h)
 * Transitions  acquire: while there is an owner, wait; who finds no timer
 *              becomes it: waits until the deadline, then sets the owner's
 *              flag.  Leave the queue, open the gate for the yielder, take the
 *              GIL, and if the timer's place is now free, signal the last of
 *              the queue to take it: that one will stay longest.
 *              A newcomer that finds no owner takes the GIL past the queue,
 *              and begins a new slice.
 *              release: owner = NULL, signal the first.
 *              yield, if somebody waits: release; pass the gate, that is wait
 *              until a waiter has had the GIL; acquire.
 * Who writes   everything under `mutex`.
 * Ordering     the mutex's.
 * Promises     a yield that finds a waiter lets at least one in; the first of
 *              the queue is the one that is told, but a newcomer, or a timer
 *              that happens to be awake, may be faster.
 * Pathology    has: barging while the signalled head wakes.  When the head was
 *              the timer and finds the GIL taken, it sets the new owner's flag
 *              at once, as Ruby does (option tick_on_wake): a barger keeps the
 *              GIL for about one wake-up latency.  The convoy, at 100 ms.
 *              avoids: a timer thread, and its wake-ups while nobody waits.
 * Source       Ruby thread_pthread.c, 2.6 to 3.2: gvl_acquire_common(),
 *              do_gvl_timer(), designate_timer_gvl_waiter(), gvl_yield().
 */
#ifndef RUNTIME_GIL_POLICY_RUBY26_H
#define RUNTIME_GIL_POLICY_RUBY26_H

#include <stdio.h>

#include "common/sync.h"
#include "runtime/gil/bare_mutex.h"
#include "runtime/gil/fifo.h"
#include "runtime/gil/option_value.h"
#include "runtime/gil/yield_gate.h"

#define POLICY_MAX_THREADS 0
#define POLICY_SPINS       0
#define POLICY_TICK_NS     0
#define POLICY_OPTIONS                                                         \
	{"tick_on_wake", "on,off", "on",                                       \
		"the timer that is woken early sets the flag of a barger"},

struct policy_waiter {
	struct fifo_node node; /* [L:mutex] */
	struct cond cond;      /* gvlq: my turn, or the timer's place is free */
};

struct policy {
	struct mutex mutex;
	struct gil_thread *owner;    /* [L:mutex] */
	struct fifo queue;           /* [L:mutex] of struct policy_waiter */
	struct policy_waiter *timer; /* [L:mutex] */
	int64_t deadline_ns;         /* [L:mutex] */
	bool is_expired;             /* [L:mutex] timer_err == ETIMEDOUT */
	bool ticks_on_wake;          /* [C] */
	struct yield_gate gate;      /* [L:mutex] */
};

static inline void
policy_init(struct policy *policy)
{
	mutex_init(&policy->mutex);
	policy->owner = NULL;
	fifo_init(&policy->queue);
	policy->timer = NULL;
	policy->deadline_ns = 0;
	policy->is_expired = true;
	policy->ticks_on_wake = true;
	yield_gate_init(&policy->gate);
}

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	cond_init(&waiter->cond);
}

#if GIL_TICK == 4

/*
 * do_gvl_timer(): sleep until the slice is over, then set the owner's flag.
 * Caller holds the mutex, and again on return.  Returns whether it was woken.
 */
static inline bool
ruby26_play_timer(
	struct policy *policy, struct policy_waiter *me, struct gil *gil)
{
	bool is_woken;

	policy->timer = me;
	if (policy->is_expired)
		policy->deadline_ns = clock_now_ns() + gil->tick.slice_ns;
	is_woken =
		cond_wait_until(&me->cond, &policy->mutex, policy->deadline_ns);
	policy->is_expired = !is_woken;
	if (policy->owner != NULL && (!is_woken || policy->ticks_on_wake))
		tick_request(gil);
	policy->timer = NULL;
	return is_woken;
}

static inline bool
ruby26_wait(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);
	struct gil *gil = gil_of(policy);

	if (policy->timer == NULL && gil->tick.slice_ns != 0)
		return ruby26_play_timer(policy, me, gil);
	cond_wait(&me->cond, &policy->mutex);
	return true;
}

/* designate_timer_gvl_waiter().  Caller holds the mutex. */
static inline void
ruby26_designate_timer(struct policy *policy, struct gil_thread *self)
{
	struct fifo_node *last = fifo_last(&policy->queue);

	if (policy->timer != NULL || last == NULL)
		return;
	cond_signal(&CONTAINER_OF(last, struct policy_waiter, node)->cond);
	self->counters.wake_calls++;
}

#else /* another tick source than the system's own: nobody plays timer */

#	include "runtime/gil/waiter_tick.h"

static inline bool
ruby26_wait(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);

	return waiter_cond_wait(self, &me->cond, &policy->mutex);
}

static inline void
ruby26_designate_timer(struct policy *policy, struct gil_thread *self)
{
	(void)policy;
	(void)self;
}

#endif

/* Caller holds the mutex, and again on return, when there is no owner. */
static NOINLINE UNUSED void
ruby26_wait_for_turn(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);

	fifo_append(&policy->queue, &me->node);
	do {
		bool is_woken = ruby26_wait(policy, self);

		if (is_woken && policy->owner != NULL)
			self->counters.failed_acquisitions++;
	} while (policy->owner != NULL);
	fifo_remove(&me->node);
	yield_gate_taken(&policy->gate, self);
}

/*
 * gvl_acquire_common().  Caller holds the mutex, and again on return; counted:
 * 1 if it is in gil->nwaiters, as it must be if there is an owner.
 */
static inline void
ruby26_take(struct policy *policy, struct gil_thread *self, int counted)
{
	if (policy->owner != NULL) {
		ruby26_wait_for_turn(policy, self);
	} else {
		if (atm_load(&gil_of(policy)->nwaiters, relaxed) > counted)
			self->counters.barges++;
		policy->is_expired = true; /* uncontended: a new slice */
	}
	policy->owner = self;
	ruby26_designate_timer(policy, self);
}

static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	struct gil *gil = gil_of(policy);
	bool must_wait;

	mutex_lock(&policy->mutex);
	must_wait = policy->owner != NULL;
	if (unlikely(must_wait)) {
		gil_wait_begin(gil, self);
		ruby26_take(policy, self, 1);
		gil_wait_end(gil);
	} else {
		ruby26_take(policy, self, 0);
	}
	mutex_unlock(&policy->mutex);
	return must_wait;
}

/*
 * gvl_release_common().  Caller holds the mutex and the GIL, and gives the
 * latter up.  Returns whether somebody waits.
 */
static inline bool
ruby26_drop(struct policy *policy, struct gil_thread *self)
{
	struct fifo_node *first = fifo_first(&policy->queue);

	policy->owner = NULL;
	if (first == NULL)
		return false;
	cond_signal(&CONTAINER_OF(first, struct policy_waiter, node)->cond);
	self->counters.wake_calls++;
	return true;
}

static inline void
policy_release(
	struct policy *policy, struct gil_thread *self, enum gil_reason reason)
{
	(void)reason; /* every release is alike here */
	mutex_lock(&policy->mutex);
	(void)ruby26_drop(policy, self); /* the first has been told */
	mutex_unlock(&policy->mutex);
}

/* gvl_yield() */
static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	struct gil *gil = gil_of(policy);
	bool has_waiters;

	if (!gil_has_waiters(gil))
		return false;
	gil_giving_up(self);
	mutex_lock(&policy->mutex);
	/* At the gate it waits too: the next holder's yield must find that
	 * somebody does. */
	gil_wait_begin(gil, self);
	has_waiters = ruby26_drop(policy, self);
	yield_gate_pass(&policy->gate, &policy->mutex, self, has_waiters);
	ruby26_take(policy, self, 1);
	gil_wait_end(gil);
	mutex_unlock(&policy->mutex);
	return true;
}

static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	bool ticks_on_wake = policy->ticks_on_wake;

	policy_init(policy);
	policy_waiter_init(gil_waiter_of(self));
	policy->ticks_on_wake = ticks_on_wake;
	policy->owner = self; /* one thread */
}

static inline const char *
policy_set_option(struct policy *policy, const char *name, const char *value)
{
	if (strcmp(name, "tick_on_wake") != 0)
		return "the policy has no such option";
	return option_on_or_off(value, &policy->ticks_on_wake);
}

static inline void
policy_dump(struct policy *policy, char *text, int capacity)
{
	if (!mutex_trylock(&policy->mutex)) {
		snprintf(text, (size_t)capacity, "mutex=held");
		return;
	}
	snprintf(text, (size_t)capacity,
		"owner=%d queue=%s timer=%d need_yield=%d wait_yield=%d",
		policy->owner == NULL ? -1 : (int)policy->owner->id,
		fifo_is_empty(&policy->queue) ? "empty" : "waiting",
		policy->timer != NULL, policy->gate.is_needed,
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
