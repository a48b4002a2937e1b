/* SPDX-License-Identifier: MIT */
/*
 * T3 and T4 for a policy in which one waiter looks again and again.
 *
 * That waiter is the designated one by its nature.  With T3 or T4 it asks the
 * holder to stop when a slice has passed in which the holder did not change;
 * with another tick source these functions do nothing.
 */
#ifndef RUNTIME_GIL_POLL_TICK_H
#define RUNTIME_GIL_POLL_TICK_H

#include "common/clock.h"

/* For whom the waiter has waited, and until when it does without asking. */
struct poll_tick {
	struct gil_thread *holder;
	uint64_t hold_seq;
	int64_t deadline_ns; /* INT64_MAX: for ever */
};

#if GIL_TICK == 3 || GIL_TICK == 4

static inline struct poll_tick
poll_tick_begin(struct gil_thread *self)
{
	struct gil *gil = self->gil;
	int64_t slice_ns = gil->tick.slice_ns;

	return (struct poll_tick){
		/* Relaxed: only compared, never followed. */
		.holder = atm_load(&gil->holder, relaxed),
		.hold_seq = atm_load(&gil->hold_seq, relaxed),
		.deadline_ns =
			slice_ns == 0 ? INT64_MAX : clock_now_ns() + slice_ns,
	};
}

/* A yielder begins to wait as the last holder: it waits for the next hold. */
static inline bool
poll_tick_is_same_hold(struct gil_thread *self, const struct poll_tick *tick)
{
	struct gil *gil = self->gil;

	if (tick->holder == self)
		return atm_load(&gil->hold_seq, relaxed) - tick->hold_seq <= 1;
	return atm_load(&gil->holder, relaxed) == tick->holder;
}

/* The waiter has looked, and the GIL is not its own yet. */
static inline void
poll_tick_look(struct gil_thread *self, struct poll_tick *tick)
{
	bool is_same = poll_tick_is_same_hold(self, tick);
	bool is_over = clock_now_ns() >= tick->deadline_ns;

	if (is_same && is_over)
		tick_request(self->gil);
	if (!is_same || is_over)
		*tick = poll_tick_begin(self);
}

#else

static inline struct poll_tick
poll_tick_begin(struct gil_thread *self)
{
	(void)self;
	return (struct poll_tick){.deadline_ns = INT64_MAX};
}

static inline void
poll_tick_look(struct gil_thread *self, struct poll_tick *tick)
{
	(void)self;
	(void)tick;
}

#endif
#endif
