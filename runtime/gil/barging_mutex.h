/* SPDX-License-Identifier: MIT */
/*
 * A glibc mutex that is the GIL itself: whoever locks it, has it.
 *
 * Used by policies whose yield is all that they add.  The mutex keeps neither
 * count nor order of its sleepers, so the counting is done here.
 *
 * Ordering     the mutex's.
 * Limits       glibc wakes sleepers inside pthread_mutex_unlock(); which of
 *              them failed to get the mutex, or how often the kernel was
 *              called, cannot be seen from outside: failed acquisitions are
 *              not counted, and a release with waiters counts as one wake.
 *              A thread in pthread_mutex_lock() cannot play the tick source.
 */
#ifndef RUNTIME_GIL_BARGING_MUTEX_H
#define RUNTIME_GIL_BARGING_MUTEX_H

#include "common/atomic.h"
#include "common/sync.h"

#if GIL_TICK == 3 || GIL_TICK == 4
#	error "a waiter in pthread_mutex_lock() times nobody out: not T3, T4"
#endif

static NOINLINE UNUSED void
barging_mutex_acquire_slow(struct mutex *mutex, struct gil_thread *self)
{
	gil_wait_begin(self->gil, self);
	mutex_lock(mutex);
	gil_wait_end(self->gil);
}

/* Returns whether it had to wait. */
static inline bool
barging_mutex_acquire(struct mutex *mutex, struct gil_thread *self)
{
	if (unlikely(!mutex_trylock(mutex))) {
		barging_mutex_acquire_slow(mutex, self);
		return true;
	}
	if (gil_has_waiters(self->gil))
		self->counters.barges++;
	return false;
}

/* Returns whether somebody waits. */
static inline bool
barging_mutex_release(struct mutex *mutex, struct gil_thread *self)
{
	bool has_waiters = gil_has_waiters(self->gil);

	if (has_waiters)
		self->counters.wake_calls++;
	mutex_unlock(mutex);
	return has_waiters;
}

/* For dumps: it may change at once. */
static inline bool
barging_mutex_is_held(struct mutex *mutex)
{
	bool is_free = mutex_trylock(mutex);

	if (is_free)
		mutex_unlock(mutex);
	return !is_free;
}

#endif
