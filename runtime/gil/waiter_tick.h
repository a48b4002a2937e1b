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
	uint64_t hold_seq;
	int64_t deadline_ns;
};

static inline struct patience
patience_begin(struct gil *gil)
{
	int64_t slice_ns = gil->tick.slice_ns;

	return (struct patience){
		/* Relaxed: only compared, never followed. */
		.holder = atm_load(&gil->holder, relaxed),
		.hold_seq = atm_load(&gil->hold_seq, relaxed),
		.deadline_ns = slice_ns == 0 ? FUTEX_COND_NO_DEADLINE
					     : clock_now_ns() + slice_ns,
	};
}

/*
 * The deadline has passed.  A yielder begins to wait as the last holder: the
 * next hold is the one that it waits for.
 */
static inline void
patience_end(struct gil *gil, struct gil_thread *self, struct patience patience)
{
	uint64_t holds = atm_load(&gil->hold_seq, relaxed) - patience.hold_seq;

	if (patience.holder == self
			? holds <= 1
			: atm_load(&gil->holder, relaxed) == patience.holder)
		tick_request(gil);
}

/* Each returns whether it was woken (or woke up for no reason). */
static inline bool
waiter_futex_wait(struct gil_thread *self, atomic_uint *word, unsigned expected)
{
	struct gil *gil = self->gil;
	struct patience patience = patience_begin(gil);
	bool is_woken = futex_wait_until(word, expected, patience.deadline_ns);

	if (!is_woken)
		patience_end(gil, self, patience);
	return is_woken;
}

static inline bool
waiter_cond_wait(
	struct gil_thread *self, struct cond *cond, struct mutex *mutex)
{
	struct gil *gil = self->gil;
	struct patience patience = patience_begin(gil);
	bool is_woken = cond_wait_until(cond, mutex, patience.deadline_ns);

	if (!is_woken)
		patience_end(gil, self, patience);
	return is_woken;
}

static inline bool
waiter_futex_cond_wait(struct gil_thread *self, struct futex_cond *cond,
	struct futex_cond_waiter *waiter, struct mutex *mutex)
{
	struct gil *gil = self->gil;
	struct patience patience = patience_begin(gil);
	bool is_woken = futex_cond_wait_until(
		cond, waiter, mutex, patience.deadline_ns);

	if (!is_woken)
		patience_end(gil, self, patience);
	return is_woken;
}

#else

static inline bool
waiter_futex_wait(struct gil_thread *self, atomic_uint *word, unsigned expected)
{
	(void)self;
	futex_wait(word, expected);
	return true;
}

static inline bool
waiter_cond_wait(
	struct gil_thread *self, struct cond *cond, struct mutex *mutex)
{
	(void)self;
	cond_wait(cond, mutex);
	return true;
}

static inline bool
waiter_futex_cond_wait(struct gil_thread *self, struct futex_cond *cond,
	struct futex_cond_waiter *waiter, struct mutex *mutex)
{
	(void)self;
	return futex_cond_wait_until(
		cond, waiter, mutex, FUTEX_COND_NO_DEADLINE);
}

#endif
#endif
