/* SPDX-License-Identifier: MIT */
/*
 * A flag under a mutex, and a condition variable for those who wait for it:
 * the lock that old CPython falls back to, and that OCaml has always had.
 *
 * State        is_busy  whether somebody holds the lock
 *              waiters  gil->nwaiters: changes under the mutex only
 * Transitions  acquire: lock; while busy, wait; busy = 1; unlock.
 *              release: lock; busy = 0; unlock; signal (or signal; unlock).
 * Who writes   both under `mutex`; is_busy is atomic for dumps only.
 * Ordering     the mutex's.
 * Promises     nothing about order: whoever finds it free, has it.
 * Pathology    has: barging.  The woken waiter must first get on a CPU and lock
 *              the mutex; a releaser that comes back at once is faster.
 *              Signalled inside the mutex, the waiter may wake only to sleep
 *              again, on the mutex.
 * Options      signal  after the unlock (CPython, OCaml 4) or before it (5)
 *              cond    glibc's condition variable, or our own (futex_cond.h)
 *                      with the order FIFO or LIFO
 * Source       CPython 2.7 Python/thread_pthread.h; OCaml 4.02
 *              otherlibs/systhreads/st_posix.h.
 */
#ifndef RUNTIME_GIL_BUSY_LOCK_H
#define RUNTIME_GIL_BUSY_LOCK_H

#include <stdio.h>
#include <string.h>

#include "common/sync.h"
#include "runtime/gil/bare_mutex.h"
#include "runtime/gil/futex_cond.h"
#include "runtime/gil/waiter_tick.h"

#define BUSY_LOCK_OPTIONS                                                      \
	{"signal", "after,before", "after",                                    \
		"a release signals after or before it unlocks the mutex"},     \
		{"cond", "glibc,fifo,lifo", "glibc",                           \
			"condition variable: glibc's, or ours in that order"},

struct busy_lock {
	struct mutex mutex;
	atomic_bool is_busy;        /* [L:mutex] */
	bool signals_before;        /* [C] in a release, before unlocking */
	bool has_own_cond;          /* [C] waiters use own_cond, not cond */
	struct cond cond;           /* the lock is free */
	struct futex_cond own_cond; /* the same */
};

static inline void
busy_lock_init(struct busy_lock *lock)
{
	mutex_init(&lock->mutex);
	cond_init(&lock->cond);
	futex_cond_init(&lock->own_cond, FUTEX_COND_FIFO);
	atm_store(&lock->is_busy, false, relaxed);
	lock->signals_before = false;
	lock->has_own_cond = false;
}

/* In the child of a fork: the caller has the lock, the options stay. */
static inline void
busy_lock_atfork_child(struct busy_lock *lock)
{
	mutex_init(&lock->mutex);
	cond_init(&lock->cond);
	futex_cond_init(&lock->own_cond, lock->own_cond.order);
	atm_store(&lock->is_busy, true, relaxed);
}

/*
 * Wait once until somebody signals that the lock is free; count it if it is
 * not.  Caller holds the mutex, and again on return, and is in gil->nwaiters.
 */
static inline void
busy_lock_wait(struct busy_lock *lock, struct futex_cond_waiter *me,
	struct gil_thread *self)
{
	bool is_woken =
		lock->has_own_cond
			? waiter_futex_cond_wait(
				  self, &lock->own_cond, me, &lock->mutex)
			: waiter_cond_wait(self, &lock->cond, &lock->mutex);

	if (is_woken && atm_load(&lock->is_busy, relaxed))
		self->counters.failed_acquisitions++;
}

/* Wake a waiter; had_waiters: there were some under the mutex. */
static inline void
busy_lock_signal(
	struct busy_lock *lock, struct gil_thread *self, bool had_waiters)
{
	if (lock->has_own_cond) {
		if (futex_cond_signal(&lock->own_cond))
			self->counters.wake_calls++;
		return;
	}
	cond_signal(&lock->cond);
	/* What glibc does in there cannot be seen: it counts as a wake. */
	if (had_waiters)
		self->counters.wake_calls++;
}

/* Caller holds the mutex, and again on return, when the lock is free. */
static NOINLINE UNUSED void
busy_lock_wait_until_free(struct busy_lock *lock, struct futex_cond_waiter *me,
	struct gil_thread *self)
{
	gil_wait_begin(self->gil, self);
	while (atm_load(&lock->is_busy, relaxed))
		busy_lock_wait(lock, me, self);
	gil_wait_end(self->gil);
}

/* Returns whether it had to wait. */
static inline bool
busy_lock_acquire(struct busy_lock *lock, struct futex_cond_waiter *me,
	struct gil_thread *self)
{
	bool must_wait;

	mutex_lock(&lock->mutex);
	must_wait = atm_load(&lock->is_busy, relaxed);
	if (unlikely(must_wait))
		busy_lock_wait_until_free(lock, me, self);
	else if (gil_has_waiters(self->gil))
		self->counters.barges++;
	atm_store(&lock->is_busy, true, relaxed);
	mutex_unlock(&lock->mutex);
	return must_wait;
}

/* Returns whether somebody waits. */
static inline bool
busy_lock_release(struct busy_lock *lock, struct gil_thread *self)
{
	bool has_waiters, signals_before = lock->signals_before;

	mutex_lock(&lock->mutex);
	atm_store(&lock->is_busy, false, relaxed);
	has_waiters = gil_has_waiters(self->gil);
	if (signals_before)
		busy_lock_signal(lock, self, has_waiters);
	mutex_unlock(&lock->mutex);
	if (!signals_before)
		busy_lock_signal(lock, self, has_waiters);
	return has_waiters;
}

static inline const char *
busy_lock_set_signal(struct busy_lock *lock, const char *value)
{
	if (strcmp(value, "after") == 0)
		lock->signals_before = false;
	else if (strcmp(value, "before") == 0)
		lock->signals_before = true;
	else
		return "is neither after nor before";
	return NULL;
}

static inline const char *
busy_lock_set_cond(struct busy_lock *lock, const char *value)
{
	bool is_fifo = strcmp(value, "fifo") == 0;

	if (is_fifo || strcmp(value, "lifo") == 0) {
		lock->has_own_cond = true;
		lock->own_cond.order =
			is_fifo ? FUTEX_COND_FIFO : FUTEX_COND_LIFO;
		return NULL;
	}
	if (strcmp(value, "glibc") != 0)
		return "is none of glibc, fifo and lifo";
	lock->has_own_cond = false;
	return NULL;
}

/* NULL, or why not; as policy_set_option(). */
static inline const char *
busy_lock_set_option(
	struct busy_lock *lock, const char *name, const char *value)
{
	if (strcmp(name, "signal") == 0)
		return busy_lock_set_signal(lock, value);
	if (strcmp(name, "cond") == 0)
		return busy_lock_set_cond(lock, value);
	return "the policy has no such option";
}

static inline void
busy_lock_dump(struct busy_lock *lock, char *text, int capacity)
{
	snprintf(text, (size_t)capacity, "busy=%d",
		atm_load(&lock->is_busy, relaxed));
}

/* Acquire locks and unlocks the mutex, and so does release. */
static inline void
busy_lock_bare_pair(atomic_uint *word)
{
	bare_mutex_pairs(word, 2);
}

#endif
