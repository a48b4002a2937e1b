/* SPDX-License-Identifier: MIT */
/*
 * ocaml409: a flag under a mutex; a yielder sleeps at least once.
 *
 * Stands for OCaml 4.09 and later, and for each domain of OCaml 5 (policy B3).
 *
 * State        busy_lock.h: is_busy under a mutex, a condition variable, and
 *              the number of waiters.
 * Transitions  acquire and release: busy_lock.h.  yield, if somebody waits,
 *              all in one critical section: busy = 0, count oneself as a
 *              waiter, signal, wait at least once and then while busy;
 *              busy = 1.
 * Who writes   everything under the mutex.
 * Ordering     the mutex's.
 * Promises     the yielder's signal goes to another thread: it waits only
 *              afterwards, and POSIX pairs no signal with a later wait.  With
 *              the option cond=fifo two threads that yield alternate strictly,
 *              and n threads take turns unless a newcomer barges.
 * Pathology    has: a newcomer may barge between busy = 0 and the waiter's
 *              wake-up, which then fails; a spurious wake-up may give the lock
 *              back to the yielder.  With a LIFO condition variable (NetBSD's;
 *              cond=lifo) two threads of four hand the GIL to and fro and the
 *              others starve (OCaml #10067, #12415).
 *              avoids: the yielder that wins its own race, tens of thousands
 *              of times in a row before 4.09 (#2112).
 *              A lost signal (glibc bug 25847) would be a hang; cond=fifo
 *              does without glibc.
 * Source       OCaml 4.09 otherlibs/systhreads/st_posix.h (7a27cd56b1); the
 *              signal moved before the unlock in OCaml 5: signal=before.
 */
#ifndef RUNTIME_GIL_POLICY_OCAML409_H
#define RUNTIME_GIL_POLICY_OCAML409_H

#include "runtime/gil/busy_lock.h"

#define POLICY_OPTIONS BUSY_LOCK_OPTIONS

struct policy {
	struct busy_lock lock;
};

#include "runtime/gil/busy_policy.h"

static inline void
policy_init(struct policy *policy)
{
	busy_lock_init(&policy->lock);
}

/* Caller holds the mutex and the GIL, and again on return. */
static inline void
ocaml409_let_another_in(struct busy_lock *lock, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);

	gil_giving_up(self);
	atm_store(&lock->is_busy, false, relaxed);
	gil_wait_begin(self->gil, self);
	busy_lock_signal(lock, self, true);
	do
		busy_lock_wait(lock, &me->cond, self);
	while (atm_load(&lock->is_busy, relaxed));
	atm_store(&lock->is_busy, true, relaxed);
	gil_wait_end(self->gil);
}

static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	struct busy_lock *lock = &policy->lock;
	bool has_waiters;

	if (!gil_has_waiters(self->gil))
		return false;
	mutex_lock(&lock->mutex);
	has_waiters = gil_has_waiters(self->gil); /* now it is certain */
	if (has_waiters)
		ocaml409_let_another_in(lock, self);
	mutex_unlock(&lock->mutex);
	return has_waiters;
}

static inline const char *
policy_set_option(struct policy *policy, const char *name, const char *value)
{
	return busy_lock_set_option(&policy->lock, name, value);
}

#endif
