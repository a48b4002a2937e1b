/* SPDX-License-Identifier: MIT */
/*
 * Where a yielder waits until a waiter has taken the GIL, as in Ruby 1.9.3 to
 * 3.2: without it the yielder, already running, would win again.
 *
 * State        is_needed  a yielder has let go and insists on a waiter
 *              is_inside  a yielder is between that and its own next acquire
 *              both under the policy's mutex
 * Transitions  pass   the first yielder sets both and sleeps until a waiter
 *                     clears is_needed, then clears is_inside; further ones
 *                     sleep until is_inside falls; where nobody waits, the
 *                     yielder lets other threads run for a moment instead
 *              taken  a waiter that has got the GIL clears is_needed
 * Who writes   is_needed is set by the yielder and cleared by a waiter, never
 *              by a newcomer that found the GIL free: it takes a turn without
 *              ending the yielder's wait.
 * Promises     a yielder that found somebody waiting in acquire does not come
 *              back before one of them has had the GIL.
 * Needs        is_needed only while somebody waits in acquire, which holds
 *              since waiters leave as owners only; fork resets all.
 * Source       Ruby thread_pthread.c, gvl_yield(), 14 June 2011 to 3.2.
 */
#ifndef RUNTIME_GIL_YIELD_GATE_H
#define RUNTIME_GIL_YIELD_GATE_H

#include "common/sync.h"

/* All under the policy's mutex. */
struct yield_gate {
	struct cond switch_cond;      /* is_needed has fallen */
	struct cond switch_wait_cond; /* is_inside has fallen */
	bool is_needed;               /* need_yield */
	bool is_inside;               /* wait_yield */
	int kept_outside;             /* yielders on switch_wait_cond */
};

static inline void
yield_gate_init(struct yield_gate *gate)
{
	cond_init(&gate->switch_cond);
	cond_init(&gate->switch_wait_cond);
	gate->is_needed = false;
	gate->is_inside = false;
	gate->kept_outside = 0;
}

/* A waiter has got the GIL.  Caller holds the mutex and is that waiter. */
static inline void
yield_gate_taken(struct yield_gate *gate, struct gil_thread *self)
{
	if (!gate->is_needed)
		return;
	gate->is_needed = false;
	cond_signal(&gate->switch_cond);
	self->counters.wake_calls++;
}

/* Let other threads run for a moment.  Releases and re-takes the mutex. */
static inline void
yield_gate_step_aside(struct mutex *mutex)
{
	mutex_unlock(mutex);
	os_yield();
	mutex_lock(mutex);
}

/*
 * The caller has let the GIL go in a yield: wait until a waiter has had it.
 * Caller holds the mutex, and again on return; has_waiters: somebody waits in
 * acquire.
 */
static inline void
yield_gate_pass(struct yield_gate *gate, struct mutex *mutex,
	struct gil_thread *self, bool has_waiters)
{
	if (gate->is_inside) {
		gate->kept_outside++;
		while (gate->is_inside)
			cond_wait(&gate->switch_wait_cond, mutex);
		gate->kept_outside--;
		return;
	}
	if (has_waiters) {
		gate->is_needed = true;
		gate->is_inside = true;
		while (gate->is_needed)
			cond_wait(&gate->switch_cond, mutex);
		gate->is_inside = false;
	} else {
		yield_gate_step_aside(mutex);
	}
	cond_broadcast(&gate->switch_wait_cond);
	if (gate->kept_outside > 0)
		self->counters.wake_calls++;
}

#endif
