/* SPDX-License-Identifier: MIT */
/*
 * A condition variable of our own, whose wake order is chosen: FIFO or LIFO.
 *
 * POSIX leaves open whom a signal wakes; glibc's order is neither, NetBSD's
 * was LIFO, and glibc before 2.41 may lose a signal (bug 25847).  With this
 * one a policy's order is the policy's own.
 *
 * State        queue  of waiters, under a lock of its own, since a signal may
 *                     come from a thread that does not hold the mutex
 *              word   per waiter: ARMED, PARKED (about to sleep in the
 *                     kernel), SIGNALLED
 * Transitions  wait    ARMED and into the queue, then unlock the mutex; ARMED
 *                      -> PARKED and sleep until SIGNALLED; lock the mutex
 *              signal  the first of the queue leaves it, SIGNALLED; a futex
 *                      wake if it was PARKED
 *              late    a waiter whose deadline passes leaves by itself
 * Who writes   queue: under `lock`; a word: its owner while not queued, ARMED
 *              -> PARKED, and then whoever takes it out of the queue
 * Ordering     none of its own (all relaxed): waiters see what the mutex
 *              protects because they lock the mutex again.  signal looks at
 *              is_empty without the lock: a waiter that enqueued before the
 *              signaller's last critical section of the mutex is seen through
 *              the mutex, and a later one has seen what the signal is about.
 * Promises     the order; no wake-up without a signal or a deadline; a signal
 *              is never lost, nor taken by a thread that waits later.
 * Source       the word is a futex as in Drepper, "Futexes Are Tricky".
 */
#ifndef RUNTIME_GIL_FUTEX_COND_H
#define RUNTIME_GIL_FUTEX_COND_H

#include "common/atomic.h"
#include "common/compiler.h"
#include "common/sync.h"
#include "runtime/gil/fifo.h"

#define FUTEX_COND_NO_DEADLINE INT64_MAX

enum futex_cond_word {
	FUTEX_COND_ARMED,
	FUTEX_COND_PARKED,
	FUTEX_COND_SIGNALLED
};

enum futex_cond_order {
	FUTEX_COND_FIFO, /* who waits longest is woken first */
	FUTEX_COND_LIFO  /* who came last */
};

/*
 * One per thread.  Its memory must stay a waiter's after the wait: a wake that
 * comes late may touch the word, without harm.
 */
struct futex_cond_waiter {
	atomic_uint word;      /* [A] enum futex_cond_word; the futex word */
	struct fifo_node node; /* [L:lock] */
};

struct futex_cond {
	struct mutex lock;
	struct fifo queue;           /* [L:lock] who is woken first, first */
	atomic_bool is_empty;        /* [L:lock] the queue; see Ordering */
	enum futex_cond_order order; /* [C] */
};

static inline void
futex_cond_init(struct futex_cond *cond, enum futex_cond_order order)
{
	mutex_init(&cond->lock);
	fifo_init(&cond->queue);
	atm_store(&cond->is_empty, true, relaxed);
	cond->order = order;
}

static inline void
futex_cond_waiter_init(struct futex_cond_waiter *waiter)
{
	atm_store(&waiter->word, FUTEX_COND_ARMED, relaxed);
	waiter->node = (struct fifo_node){NULL, NULL};
}

static inline void
futex_cond_enqueue(struct futex_cond *cond, struct futex_cond_waiter *waiter)
{
	mutex_lock(&cond->lock);
	atm_store(&waiter->word, FUTEX_COND_ARMED, relaxed);
	if (cond->order == FUTEX_COND_LIFO)
		fifo_prepend(&cond->queue, &waiter->node);
	else
		fifo_append(&cond->queue, &waiter->node);
	atm_store(&cond->is_empty, false, relaxed);
	mutex_unlock(&cond->lock);
}

/* Caller holds cond->lock. */
static inline void
futex_cond_remove(struct futex_cond *cond, struct futex_cond_waiter *waiter)
{
	fifo_remove(&waiter->node);
	atm_store(&cond->is_empty, fifo_is_empty(&cond->queue), relaxed);
}

/* Returns false when the deadline passed. */
static inline bool
futex_cond_sleep(struct futex_cond_waiter *waiter, int64_t deadline_ns)
{
	unsigned word = FUTEX_COND_ARMED;

	(void)atm_cas(&waiter->word, &word, FUTEX_COND_PARKED,
		relaxed); /* or the signal was faster */
	while (atm_load(&waiter->word, relaxed) != FUTEX_COND_SIGNALLED) {
		if (deadline_ns == FUTEX_COND_NO_DEADLINE)
			futex_wait(&waiter->word, FUTEX_COND_PARKED);
		else if (!futex_wait_until(
				 &waiter->word, FUTEX_COND_PARKED, deadline_ns))
			return false;
	}
	return true;
}

/* Give up waiting.  Returns whether it came too late: a signal was faster. */
static inline bool
futex_cond_leave(struct futex_cond *cond, struct futex_cond_waiter *waiter)
{
	bool is_signalled;

	mutex_lock(&cond->lock);
	is_signalled = atm_load(&waiter->word, relaxed) == FUTEX_COND_SIGNALLED;
	if (!is_signalled)
		futex_cond_remove(cond, waiter);
	mutex_unlock(&cond->lock);
	return is_signalled;
}

/*
 * Wait for a signal until the deadline.  Caller holds mutex, and again on
 * return.  Returns false when the deadline passed, true when it was signalled.
 */
static inline bool
futex_cond_wait_until(struct futex_cond *cond, struct futex_cond_waiter *waiter,
	struct mutex *mutex, int64_t deadline_ns)
{
	bool is_signalled;

	futex_cond_enqueue(cond, waiter);
	mutex_unlock(mutex);
	is_signalled = futex_cond_sleep(waiter, deadline_ns) ||
		       futex_cond_leave(cond, waiter);
	mutex_lock(mutex);
	return is_signalled;
}

/*
 * Wake the next waiter, if there is one.  The caller holds the mutex or has
 * just unlocked it.  Returns whether the kernel was asked to wake somebody.
 */
static inline bool
futex_cond_signal(struct futex_cond *cond)
{
	struct futex_cond_waiter *waiter = NULL;
	struct fifo_node *first;
	bool is_parked = false;

	if (atm_load(&cond->is_empty, relaxed))
		return false;
	mutex_lock(&cond->lock);
	first = fifo_first(&cond->queue);
	if (first != NULL) { /* else another signal was faster */
		waiter = CONTAINER_OF(first, struct futex_cond_waiter, node);
		futex_cond_remove(cond, waiter);
		is_parked = atm_exchange(&waiter->word, FUTEX_COND_SIGNALLED,
				    relaxed) == FUTEX_COND_PARKED;
	}
	mutex_unlock(&cond->lock);
	if (is_parked)
		(void)futex_wake(&waiter->word, 1); /* 0: not asleep yet */
	return is_parked;
}

#endif
