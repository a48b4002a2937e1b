/* SPDX-License-Identifier: MIT */
/*
 * A lock whose waiters take turns: free, but reserved for the first in line.
 *
 * State        is_held  whether somebody holds it
 *              queue    those who wait, in order of arrival; each has its own
 *                       condition variable
 * Transitions  acquire  walk in if nobody holds it and nobody waits; else join
 *                       the queue, wait until free and first, leave the queue
 *              release  is_held = 0, signal the first
 *              A yield is the policy's own: it drops and takes again, or joins
 *              the queue before it drops.
 * Who writes   everything under `mutex`; only its owner takes a waiter out of
 *              the queue, and only when it acquires.
 * Ordering     the mutex's.
 * Promises     FIFO by arrival at the mutex: while a waiter is on its way, the
 *              lock is free but a newcomer finds the queue not empty.
 * Pathology    has: the lock lies idle for one wake-up latency per switch.
 *              avoids: barging, and the thundering herd.
 */
#ifndef RUNTIME_GIL_TURNS_H
#define RUNTIME_GIL_TURNS_H

#include <stdio.h>

#include "common/sync.h"
#include "runtime/gil/bare_mutex.h"
#include "runtime/gil/fifo.h"
#include "runtime/gil/waiter_tick.h"

/* One per thread. */
struct turn {
	struct fifo_node node; /* [L:mutex] */
	struct cond cond;      /* it may be this thread's turn */
};

struct turns {
	struct mutex mutex;
	bool is_held;      /* [L:mutex] */
	struct fifo queue; /* [L:mutex] of struct turn */
};

static inline void
turns_init(struct turns *turns)
{
	mutex_init(&turns->mutex);
	turns->is_held = false;
	fifo_init(&turns->queue);
}

static inline void
turn_init(struct turn *turn)
{
	cond_init(&turn->cond);
}

/* In the child of a fork: the caller holds it, nobody waits. */
static inline void
turns_atfork_child(struct turns *turns, struct turn *me)
{
	turns_init(turns);
	turn_init(me);
	turns->is_held = true; /* one thread */
}

/* Whether a newcomer has to wait.  Caller holds the mutex. */
static inline bool
turns_are_awaited(const struct turns *turns)
{
	return turns->is_held || !fifo_is_empty(&turns->queue);
}

/*
 * Sleep until it is my turn, and leave the queue, in which I am.  Caller holds
 * the mutex, and again on return.
 */
static NOINLINE UNUSED void
turns_wait(struct turns *turns, struct turn *me, struct gil_thread *self)
{
	while (turns->is_held || fifo_first(&turns->queue) != &me->node) {
		bool is_woken =
			waiter_cond_wait(self, &me->cond, &turns->mutex);

		if (is_woken && (turns->is_held ||
					fifo_first(&turns->queue) != &me->node))
			self->counters.failed_acquisitions++;
	}
	fifo_remove(&me->node);
}

/* Take it, at once or when it is my turn.  Caller holds the mutex. */
static inline void
turns_take(struct turns *turns, struct turn *me, struct gil_thread *self)
{
	if (turns_are_awaited(turns)) {
		fifo_append(&turns->queue, &me->node);
		turns_wait(turns, me, self);
	}
	turns->is_held = true;
}

/* Returns whether it had to wait. */
static inline bool
turns_acquire(struct turns *turns, struct turn *me, struct gil_thread *self)
{
	bool must_wait;

	mutex_lock(&turns->mutex);
	must_wait = turns_are_awaited(turns);
	if (unlikely(must_wait)) {
		gil_wait_begin(self->gil, self);
		turns_take(turns, me, self);
		gil_wait_end(self->gil);
	} else {
		if (gil_has_waiters(self->gil)) /* one not yet in the queue */
			self->counters.barges++;
		turns->is_held = true;
	}
	mutex_unlock(&turns->mutex);
	return must_wait;
}

/* Caller holds the mutex and the lock.  Returns whether somebody waits. */
static inline bool
turns_drop(struct turns *turns, struct gil_thread *self)
{
	struct fifo_node *first = fifo_first(&turns->queue);

	turns->is_held = false;
	if (first == NULL)
		return false;
	cond_signal(&CONTAINER_OF(first, struct turn, node)->cond);
	self->counters.wake_calls++;
	return true;
}

/* Returns whether somebody waits. */
static inline bool
turns_release(struct turns *turns, struct gil_thread *self)
{
	bool has_waiters;

	mutex_lock(&turns->mutex);
	has_waiters = turns_drop(turns, self);
	mutex_unlock(&turns->mutex);
	return has_waiters;
}

static inline void
turns_dump(struct turns *turns, char *text, int capacity)
{
	if (!mutex_trylock(&turns->mutex)) {
		snprintf(text, (size_t)capacity, "mutex=held");
		return;
	}
	snprintf(text, (size_t)capacity, "held=%d queue=%s", turns->is_held,
		fifo_is_empty(&turns->queue) ? "empty" : "waiting");
	mutex_unlock(&turns->mutex);
}

/* The mutex is locked and unlocked by acquire, and again by release. */
static inline void
turns_bare_pair(atomic_uint *word)
{
	bare_mutex_pairs(word, 2);
}

#endif
