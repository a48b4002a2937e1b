/* SPDX-License-Identifier: MIT */
/*
 * T3 for any policy: a waiter that sleeps too long asks the holder to stop.
 *
 * A policy calls these instead of futex_wait() and cond_wait().  With another
 * tick source than T3 they are the same.  With T3 the wait ends after a slice;
 * if the GIL has the same holder as at its beginning, the waiter sets the
 * holder's flag.  If it has another, somebody had a turn meanwhile, and the
 * waiter is patient for one more slice, as in CPython: so k waiters do not
 * make slices k times shorter.
 *
 * The callers loop, since a wait may end for no reason at all.
 */
#ifndef RUNTIME_GIL_WAITER_TICK_H
#define RUNTIME_GIL_WAITER_TICK_H

#include "common/clock.h"
#include "common/sync.h"
#include "runtime/gil/futex_cond.h"

#if GIL_TICK == 4
#	error "T4 is for a policy that designates one of its waiters"
#endif

#if GIL_TICK == 3

/* For whom a waiter waits, and for how long. */
struct patience {
	struct gil_thread *holder;
	int64_t deadline_ns;
};

static inline struct patience
patience_begin(struct gil *gil)
{
	int64_t slice_ns = gil->tick.slice_ns;

	return (struct patience){
		/* Relaxed: only compared, never followed. */
		.holder = atm_load(&gil->holder, relaxed),
		.deadline_ns = slice_ns == 0 ? FUTEX_COND_NO_DEADLINE
					     : clock_now_ns() + slice_ns,
	};
}

/* The deadline has passed. */
static inline void
patience_end(struct gil *gil, struct patience patience)
{
	if (atm_load(&gil->holder, relaxed) == patience.holder)
		tick_request(gil);
}

static inline void
waiter_futex_wait(struct gil *gil, atomic_uint *word, unsigned expected)
{
	struct patience patience = patience_begin(gil);

	if (!futex_wait_until(word, expected, patience.deadline_ns))
		patience_end(gil, patience);
}

/* Return whether it was woken, on a condition variable of glibc's. */
static inline bool
waiter_cond_wait(struct gil *gil, struct cond *cond, struct mutex *mutex)
{
	struct patience patience = patience_begin(gil);
	bool is_woken = cond_wait_until(cond, mutex, patience.deadline_ns);

	if (!is_woken)
		patience_end(gil, patience);
	return is_woken;
}

/* ... and on one of ours. */
static inline bool
waiter_futex_cond_wait(struct gil *gil, struct futex_cond *cond,
	struct futex_cond_waiter *waiter, struct mutex *mutex)
{
	struct patience patience = patience_begin(gil);
	bool is_woken = futex_cond_wait_until(
		cond, waiter, mutex, patience.deadline_ns);

	if (!is_woken)
		patience_end(gil, patience);
	return is_woken;
}

#else

static inline void
waiter_futex_wait(struct gil *gil, atomic_uint *word, unsigned expected)
{
	(void)gil;
	futex_wait(word, expected);
}

static inline bool
waiter_cond_wait(struct gil *gil, struct cond *cond, struct mutex *mutex)
{
	(void)gil;
	cond_wait(cond, mutex);
	return true;
}

static inline bool
waiter_futex_cond_wait(struct gil *gil, struct futex_cond *cond,
	struct futex_cond_waiter *waiter, struct mutex *mutex)
{
	(void)gil;
	return futex_cond_wait_until(
		cond, waiter, mutex, FUTEX_COND_NO_DEADLINE);
}

#endif
#endif
