/* SPDX-License-Identifier: MIT */
/*
 * ruby33: the releaser passes the GIL to the first of a queue, and a slice is
 * made of ticks.
 *
 * Stands for Ruby 3.3 and later, its thread_sched (policy C3).
 *
 * State        running  who owns the GIL, or NULL; it may still be asleep
 *              readyq   waiters by arrival, each with its own condition
 *                       variable
 *              recent   who ran last
 *              running_time  per thread: what its ticks add up to since it was
 *                       switched in
 * Transitions  acquire: running = me if NULL, else join the queue and wait
 *              until running is me.
 *              release: running = the first of the queue or NULL; signal it.
 *              tick: running_time grows by the time between two ticks; below
 *              the slice the GIL is kept.
 *              yield: a queue that is empty keeps the GIL; else join the queue,
 *              running = the first, signal it, wait until running is me.
 *              running_time restarts at 0 when the thread is switched in after
 *              another, and in each yield.
 * Who writes   running, readyq, recent: under `mutex`; running_time: its owner
 *              while it holds the GIL.
 * Ordering     the mutex's.
 * Promises     FIFO by arrival at the mutex; nobody can barge, since running is
 *              never NULL while somebody waits; run length 1.
 * Pathology    has: the GIL belongs to a thread that does not run yet for one
 *              wake-up latency per switch; the convoy, at a slice of 100 ms.
 *              A slice is a whole number of ticks: 12 ms become 20.  The ticks
 *              go on whoever runs: a voluntary release does not restart them,
 *              so the slice after one may be short by up to a tick.
 *              avoids: barging, starvation.
 *              Bug #21007 (option bug_21007): running_time is never restarted,
 *              so each slice but the first is one tick.
 * Compile-time RUBY33_TICK_NS is the time between two ticks; 0: the slice.
 * Source       Ruby 3.3 thread_pthread.c (thread_sched_*), thread.c
 *              (rb_threadptr_execute_interrupts); Bug #21007, PR 12094, 12521.
 */
#ifndef RUNTIME_GIL_POLICY_RUBY33_H
#define RUNTIME_GIL_POLICY_RUBY33_H

#include <stdio.h>

#include "common/sync.h"
#include "runtime/gil/bare_mutex.h"
#include "runtime/gil/fifo.h"
#include "runtime/gil/option_value.h"
#include "runtime/gil/waiter_tick.h"

#ifndef RUBY33_TICK_NS
#	define RUBY33_TICK_NS (10 * NS_PER_MS)
#endif

#define POLICY_MAX_THREADS 0
#define POLICY_SPINS       0
#define POLICY_TICK_NS     RUBY33_TICK_NS
#define POLICY_OPTIONS                                                         \
	{"accounting", "on,off", "on",                                         \
		"add ticks up until the slice is over; off: yield at each"},   \
		{"bug_21007", "on,off", "off",                                 \
			"never restart the sum of ticks (Ruby Bug #21007)"},

struct policy_waiter {
	struct fifo_node node;   /* [L:mutex] */
	struct cond cond;        /* running is me */
	int64_t running_time_ns; /* [H] */
};

struct policy {
	struct mutex mutex;
	struct policy_waiter *running; /* [L:mutex] */
	struct fifo readyq;            /* [L:mutex] of struct policy_waiter */
	struct policy_waiter *recent;  /* [L:mutex] */
	bool adds_ticks;               /* [C] */
	bool has_bug_21007;            /* [C] */
};

static inline void
policy_init(struct policy *policy)
{
	mutex_init(&policy->mutex);
	policy->running = NULL;
	fifo_init(&policy->readyq);
	policy->recent = NULL;
	policy->adds_ticks = true;
	policy->has_bug_21007 = false;
}

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	cond_init(&waiter->cond);
	waiter->running_time_ns = 0;
}

static inline void
ruby33_restart_time(struct policy *policy, struct policy_waiter *me)
{
	if (!policy->has_bug_21007)
		me->running_time_ns = 0;
}

/* rb_ractor_thread_switch(): the caller holds the mutex and is running. */
static inline void
ruby33_switched_in(struct policy *policy, struct policy_waiter *me)
{
	if (policy->recent == me)
		return;
	policy->recent = me;
	ruby33_restart_time(policy, me);
}

/*
 * thread_sched_wait_running_turn(): the caller is in the queue, or has just
 * been taken out of it by who made it running.  It holds the mutex, and again
 * on return.
 */
static NOINLINE UNUSED void
ruby33_wait_turn(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);

	while (policy->running != me) {
		bool is_woken =
			waiter_cond_wait(self, &me->cond, &policy->mutex);

		if (is_woken && policy->running != me)
			self->counters.failed_acquisitions++;
	}
}

static NOINLINE UNUSED void
ruby33_queue_up(struct policy *policy, struct gil_thread *self)
{
	struct gil *gil = gil_of(policy);
	struct policy_waiter *me = gil_waiter_of(self);

	gil_wait_begin(gil, self);
	fifo_append(&policy->readyq, &me->node);
	ruby33_wait_turn(policy, self);
	gil_wait_end(gil);
}

/* thread_sched_to_running() */
static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);
	bool must_wait;

	mutex_lock(&policy->mutex);
	must_wait = policy->running != NULL;
	if (unlikely(must_wait))
		ruby33_queue_up(policy, self);
	else
		policy->running = me;
	ruby33_switched_in(policy, me);
	mutex_unlock(&policy->mutex);
	return must_wait;
}

/* thread_sched_wakeup_next_thread(): the caller holds the mutex and the GIL. */
static inline void
ruby33_pass_on(struct policy *policy, struct gil_thread *self)
{
	struct fifo_node *first = fifo_pop(&policy->readyq);

	if (first == NULL) {
		policy->running = NULL;
		return;
	}
	policy->running = CONTAINER_OF(first, struct policy_waiter, node);
	cond_signal(&policy->running->cond);
	self->counters.handoffs++;
	self->counters.wake_calls++;
}

/* thread_sched_to_waiting() */
static inline void
policy_release(
	struct policy *policy, struct gil_thread *self, enum gil_reason reason)
{
	struct policy_waiter *me = gil_waiter_of(self);

	if (reason == GIL_REASON_EXIT)
		me->running_time_ns = 0; /* for the next thread that is me */
	mutex_lock(&policy->mutex);
	ruby33_pass_on(policy, self);
	mutex_unlock(&policy->mutex);
}

/*
 * The timer interrupt of rb_threadptr_execute_interrupts(): whether the slice
 * is over.  Only the ticks of a timer thread have a length: where the holder
 * counts or a waiter times it out, each is a slice.
 */
static inline bool
ruby33_slice_is_over(struct policy *policy, struct policy_waiter *me)
{
	const struct tick *tick = &gil_of(policy)->tick;

	if (!policy->adds_ticks || !tick->has_thread)
		return true;
	me->running_time_ns += tick->period_ns;
	return me->running_time_ns >= tick->slice_ns;
}

/* thread_sched_yield() */
static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);
	bool has_waiters;

	if (self->reason == GIL_REASON_FORCED &&
		!ruby33_slice_is_over(policy, me))
		return false;
	ruby33_restart_time(policy, me);
	if (!gil_has_waiters(gil_of(policy)))
		return false;
	mutex_lock(&policy->mutex);
	has_waiters = !fifo_is_empty(&policy->readyq);
	if (has_waiters) {
		gil_giving_up(self);
		gil_wait_begin(gil_of(policy), self);
		fifo_append(&policy->readyq, &me->node);
		ruby33_pass_on(policy, self);
		ruby33_wait_turn(policy, self);
		gil_wait_end(gil_of(policy));
		ruby33_switched_in(policy, me);
	}
	mutex_unlock(&policy->mutex);
	return has_waiters;
}

static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);
	bool adds_ticks = policy->adds_ticks;
	bool has_bug_21007 = policy->has_bug_21007;

	policy_init(policy);
	policy_waiter_init(me);
	policy->adds_ticks = adds_ticks;
	policy->has_bug_21007 = has_bug_21007;
	policy->running = me; /* one thread */
	policy->recent = me;
}

static inline const char *
policy_set_option(struct policy *policy, const char *name, const char *value)
{
	if (strcmp(name, "accounting") == 0)
		return option_on_or_off(value, &policy->adds_ticks);
	if (strcmp(name, "bug_21007") == 0)
		return option_on_or_off(value, &policy->has_bug_21007);
	return "the policy has no such option";
}

static inline void
policy_dump(struct policy *policy, char *text, int capacity)
{
	if (!mutex_trylock(&policy->mutex)) {
		snprintf(text, (size_t)capacity, "mutex=held");
		return;
	}
	snprintf(text, (size_t)capacity, "running=%d readyq=%s",
		policy->running == NULL
			? -1
			: (int)gil_thread_of(policy->running)->id,
		fifo_is_empty(&policy->readyq) ? "empty" : "waiting");
	mutex_unlock(&policy->mutex);
}

/* The mutex is locked and unlocked by acquire, and again by release. */
static inline void
policy_bare_pair(atomic_uint *word)
{
	bare_mutex_pairs(word, 2);
}

#endif
