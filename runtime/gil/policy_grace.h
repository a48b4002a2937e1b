/* SPDX-License-Identifier: MIT */
/*
 * grace: who enters a blocking region keeps the GIL for a moment, in case it
 * comes back at once.
 *
 * Stands for the proposals against the convoy of short I/O, bpo-45819 (do not
 * let go for a call that does not block) and Go's sysmon, which takes the
 * processor from a thread in a system call only when it stays away (policy D5).
 *
 * State        word   0 free; HELD by a thread; AWAY: left by a thread for the
 *                     n-th time, which may have it back
 *              queue  waiters by arrival; the first is the monitor
 * Transitions  region: HELD -> AWAY, one store, and nobody is woken.
 *              acquire: AWAY by me -> HELD by me, or free -> HELD, one compare
 *              and swap.  If a tick came while it was away, and somebody
 *              waits, it passes the GIL on and lines up.  If somebody else
 *              has it, it lines up.
 *              monitor: looks every grace period; a word that was AWAY, by the
 *              same thread and for the same time, one whole period ago, it
 *              makes HELD by itself.
 *              exit: HELD -> HELD by the first of the queue, or free.
 *              yield, if somebody waits: line up, HELD -> HELD by the first.
 *              Whoever becomes the first is woken, to be the monitor.
 * Who writes   word: the holder; who finds it free or AWAY, by compare and
 *              swap.  queue: under `mutex`; only a holder takes others out.
 * Ordering     GRACE-1  a store of the word (release) pairs with the compare
 *              and swap, or the load of who was granted it (acquire).
 * Promises     a region shorter than the grace period is not a switch; a longer
 *              one costs the waiters one to two periods; FIFO among waiters; a
 *              slice counts what a thread is away, so nobody starves.
 * Pathology    has: the GIL idle for the grace period when the call does block;
 *              a waiter's wake-ups, one per period.
 *              avoids: the convoy (bpo-7946) for calls of microseconds.
 *              The number in AWAY is what tells two calls of one thread apart:
 *              without it the monitor would rob who has just left.
 *              A region does not restart the slice, a steal does.
 * Source       bpo-45819; Go runtime/proc.go, retake(): 20 us.
 */
#ifndef RUNTIME_GIL_POLICY_GRACE_H
#define RUNTIME_GIL_POLICY_GRACE_H

#include <stdio.h>

#include "common/sync.h"
#include "runtime/gil/fifo.h"
#include "runtime/gil/option_value.h"
#include "runtime/gil/parker.h"
#include "runtime/gil/poll_tick.h"

#define POLICY_MAX_THREADS 0
#define POLICY_SPINS       0
#define POLICY_TICK_NS     0
#define POLICY_OPTIONS                                                         \
	{"grace", "20us,50us,100us,200us,500us,1ms", "20us",                   \
		"who is away longer may lose the GIL, 20us to 1ms"},

/* Bit 0: AWAY; 1 to 31: 1 + number of the thread; 32 to 63: which time. */
#define GRACE_FREE UINT64_C(0)
#define GRACE_AWAY UINT64_C(1)

struct policy {
	atomic_uint_least64_t word CACHELINE_ALIGNED; /* [A] see State */
	int64_t grace_ns;                             /* [C] */
	struct mutex mutex CACHELINE_ALIGNED;
	struct fifo queue; /* [L:mutex] of struct policy_waiter */
};

struct policy_waiter {
	struct fifo_node node; /* [L:mutex] */
	struct parker parker;
	atomic_bool is_monitor; /* [L:mutex], and read by its owner */
	uint32_t times_away;    /* [O] */
	uint64_t own_word;      /* [O] the word that it may have back */
};

static inline void
policy_init(struct policy *policy)
{
	atm_store(&policy->word, GRACE_FREE, relaxed);
	mutex_init(&policy->mutex);
	fifo_init(&policy->queue);
	policy->grace_ns = 20 * NS_PER_US;
}

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	parker_init(&waiter->parker);
	atm_store(&waiter->is_monitor, false, relaxed);
	waiter->times_away = 0;
	waiter->own_word = GRACE_FREE;
}

static inline uint64_t
grace_held_by(const struct gil_thread *thread)
{
	return ((uint64_t)thread->id + 1) << 1;
}

/*
 * The first of the queue becomes the monitor.  Caller holds the mutex.  Returns
 * who has to be woken for it, or NULL.
 */
static inline struct policy_waiter *
grace_appoint_monitor(struct policy *policy)
{
	struct fifo_node *first = fifo_first(&policy->queue);
	struct policy_waiter *monitor;

	if (first == NULL)
		return NULL;
	monitor = CONTAINER_OF(first, struct policy_waiter, node);
	if (atm_load(&monitor->is_monitor, relaxed))
		return NULL;
	atm_store(&monitor->is_monitor, true, relaxed);
	return monitor;
}

static inline void
grace_wake(struct policy_waiter *waiter, struct gil_thread *self)
{
	if (waiter != NULL && parker_wake(&waiter->parker))
		self->counters.wake_calls++;
}

/*
 * Pass the GIL to the first of the queue.  Caller holds the mutex and the GIL.
 * Returns the new owner, to be woken, or NULL if nobody waits.
 */
static inline struct policy_waiter *
grace_grant_first(struct policy *policy, struct gil_thread *self)
{
	struct fifo_node *first = fifo_pop(&policy->queue);
	struct policy_waiter *heir;

	if (first == NULL)
		return NULL;
	heir = CONTAINER_OF(first, struct policy_waiter, node);
	atm_store(&heir->is_monitor, false, relaxed);
	self->counters.handoffs++;
	/* Release: GRACE-1. */
	atm_store(&policy->word, grace_held_by(gil_thread_of(heir)), release);
	return heir;
}

/* I have stolen the GIL: leave the queue, whose next must watch. */
static inline void
grace_leave_queue(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);
	struct policy_waiter *monitor;

	mutex_lock(&policy->mutex);
	fifo_remove(&me->node);
	atm_store(&me->is_monitor, false, relaxed);
	monitor = grace_appoint_monitor(policy);
	mutex_unlock(&policy->mutex);
	grace_wake(monitor, self);
	if (monitor != NULL)
		tick_contended_release(gil_of(policy));
}

/* What the monitor saw when it looked last. */
struct grace_watch {
	uint64_t seen;    /* the word, if it was AWAY */
	int64_t steal_ns; /* when it may be stolen */
	struct poll_tick tick;
};

/*
 * The monitor finds word, which is not its own.  Returns whether it has the
 * GIL now; else it has slept for a while.
 */
static inline bool
grace_watch(struct policy *policy, struct gil_thread *self, uint64_t word,
	struct grace_watch *watch)
{
	struct policy_waiter *me = gil_waiter_of(self);
	int64_t now_ns = clock_now_ns();
	bool is_away = word & GRACE_AWAY;

	if (word == GRACE_FREE ||
		(is_away && word == watch->seen && now_ns >= watch->steal_ns)) {
		/* Acquire: GRACE-1. */
		return atm_cas(
			&policy->word, &word, grace_held_by(self), acquire);
	}
	if (!is_away || word != watch->seen) {
		watch->seen = is_away ? word : GRACE_FREE;
		watch->steal_ns = now_ns + policy->grace_ns;
	}
	/* A wake is no more than a reason to look: the caller loops. */
	(void)parker_wait_until(&me->parker, watch->steal_ns);
	poll_tick_look(self, &watch->tick);
	return false;
}

/* The caller is in the queue, and without the mutex; it returns as holder. */
static inline void
grace_wait(struct policy *policy, struct gil_thread *self)
{
	const uint64_t mine = grace_held_by(self);
	struct policy_waiter *me = gil_waiter_of(self);
	struct grace_watch watch = {
		.seen = GRACE_FREE, .tick = poll_tick_begin(self)};

	for (;;) {
		/* Acquire: GRACE-1. */
		uint64_t word = atm_load(&policy->word, acquire);

		if (word == mine)
			return;
		if (!atm_load(&me->is_monitor, relaxed)) {
			(void)parker_wait_until(&me->parker, PARKER_FOREVER);
			continue;
		}
		if (grace_watch(policy, self, word, &watch)) {
			grace_leave_queue(policy, self);
			return;
		}
	}
}

static NOINLINE UNUSED void
grace_line_up(struct policy *policy, struct gil_thread *self)
{
	struct gil *gil = gil_of(policy);
	struct policy_waiter *me = gil_waiter_of(self);

	gil_wait_begin(gil, self);
	mutex_lock(&policy->mutex);
	fifo_append(&policy->queue, &me->node);
	(void)grace_appoint_monitor(policy); /* if it is not me, it is awake */
	mutex_unlock(&policy->mutex);
	grace_wait(policy, self);
	gil_wait_end(gil);
}

/*
 * Pass the GIL to the first who waits, and line up behind the others.  Caller
 * holds the GIL, and again on return.  Returns false if nobody waits; stamps:
 * the release is to be stamped.
 */
static NOINLINE UNUSED bool
grace_go_behind(struct policy *policy, struct gil_thread *self, bool stamps)
{
	struct gil *gil = gil_of(policy);
	struct policy_waiter *me = gil_waiter_of(self);
	struct policy_waiter *heir, *monitor;

	mutex_lock(&policy->mutex);
	if (fifo_is_empty(&policy->queue)) {
		mutex_unlock(&policy->mutex);
		return false;
	}
	if (stamps)
		gil_giving_up(self);
	gil_wait_begin(gil, self);
	fifo_append(&policy->queue, &me->node);
	heir = grace_grant_first(policy, self);
	monitor = grace_appoint_monitor(policy);
	mutex_unlock(&policy->mutex);
	grace_wake(heir, self);
	if (monitor != me)
		grace_wake(monitor, self);
	grace_wait(policy, self);
	gil_wait_end(gil);
	return true;
}

/* I have my GIL back, and others wait: did the slice end while I was away? */
static NOINLINE UNUSED bool
grace_return_contended(struct policy *policy, struct gil_thread *self)
{
	/* Relaxed: a hint, as in gil_poll(). */
	if ((atm_load(&self->flags, relaxed) & GIL_FLAG_TIMER) &&
		grace_go_behind(policy, self, false))
		return true;
	self->counters.barges++;
	return false;
}

static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);
	uint64_t word = me->own_word;

	/* Acquire: GRACE-1. */
	if (unlikely(!atm_cas(
		    &policy->word, &word, grace_held_by(self), acquire))) {
		grace_line_up(policy, self);
		return true;
	}
	if (unlikely(gil_has_waiters(gil_of(policy))))
		return grace_return_contended(policy, self);
	return false;
}

/* The thread ends: nobody will come back for the GIL. */
static NOINLINE UNUSED void
grace_exit(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);
	struct policy_waiter *heir, *monitor;

	me->own_word = GRACE_FREE; /* for the next thread that is me */
	mutex_lock(&policy->mutex);
	heir = grace_grant_first(policy, self);
	monitor = grace_appoint_monitor(policy);
	if (heir == NULL)
		atm_store(&policy->word, GRACE_FREE, release); /* GRACE-1 */
	mutex_unlock(&policy->mutex);
	if (monitor != NULL)
		tick_contended_release(gil_of(policy));
	grace_wake(heir, self);
	grace_wake(monitor, self);
}

static inline void
policy_release(
	struct policy *policy, struct gil_thread *self, enum gil_reason reason)
{
	struct policy_waiter *me = gil_waiter_of(self);

	if (unlikely(reason == GIL_REASON_EXIT)) {
		grace_exit(policy, self);
		return;
	}
	me->times_away++;
	me->own_word = (uint64_t)me->times_away << 32 | grace_held_by(self) |
		       GRACE_AWAY;
	atm_store(&policy->word, me->own_word, release); /* GRACE-1 */
}

static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	if (!gil_has_waiters(gil_of(policy)))
		return false;
	return grace_go_behind(policy, self, true);
}

static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	policy_waiter_init(gil_waiter_of(self));
	mutex_init(&policy->mutex);
	fifo_init(&policy->queue);
	/* Relaxed: one thread. */
	atm_store(&policy->word, grace_held_by(self), relaxed);
}

static inline const char *
policy_set_option(struct policy *policy, const char *name, const char *value)
{
	if (strcmp(name, "grace") != 0)
		return "the policy has no such option";
	return option_duration(value, 20 * NS_PER_US, NS_PER_MS,
		"is not between 20us and 1ms", &policy->grace_ns);
}

static inline void
policy_dump(struct policy *policy, char *text, int capacity)
{
	uint64_t word = atm_load(&policy->word, relaxed);

	snprintf(text, (size_t)capacity, "word=%s owner=%d",
		word == GRACE_FREE    ? "free"
		: (word & GRACE_AWAY) ? "away"
				      : "held",
		(int)((word & UINT32_MAX) >> 1) - 1);
}

static inline void
policy_bare_pair(atomic_uint *word)
{
	unsigned expected = 0;

	(void)atm_cas(word, &expected, 1, acquire); /* as policy_acquire */
	atm_store(word, 0, release);                /* as policy_release */
}

#endif
