/* SPDX-License-Identifier: MIT */
/*
 * Tick sources: who asks the holder to stop, and when.
 *
 *   T1  a timer thread that sleeps one slice with nanosleep(2), always, and
 *       then sets the flag of whoever holds the GIL (Ruby 1.9.0, OCaml).
 *   T2  a timer thread that sleeps on a futex while nobody waits, and else
 *       until the current slice is over (Ruby 1.9.3 and 3.3 in spirit).
 *   T3  the waiters' own timed waits (CPython 3.2 and later): no thread here;
 *       the policy calls tick_request().
 *   T4  the timed wait of one designated waiter (Ruby 2.6 to 3.2): as T3, but
 *       the policy chooses whose.
 *   T5  the holder counts its safepoints (old CPython, PyPy, MicroPython):
 *       gil_poll() in fast.h; nobody else asks.
 *   T7  the holder reads the clock at each safepoint.
 *
 * The tick path never takes a lock: it reads gil->holder and sets a bit in
 * that thread's flag word.  Who the holder is may change in between; a flag
 * that arrives at a thread that no longer holds the GIL is cleared when that
 * thread acquires it again (gil_took()), so no thread yields for a slice that
 * was not its own.
 *
 * What a T2 slice is counted from: the moment since when the current holder
 * keeps others waiting, that is the latest of: the first waiter's arrival
 * (tick_first_waiter), a voluntary release with waiters left
 * (tick_contended_release), the last request.
 */
#ifndef RUNTIME_GIL_TICK_H
#define RUNTIME_GIL_TICK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/atomic.h"
#include "common/compiler.h"

struct gil;

/* What the T2 thread does; the futex word of struct tick. */
enum tick_state {
	TICK_RUNNING, /* looks at the clock */
	TICK_IDLE,    /* sleeps until a waiter arrives */
	TICK_STOPPING /* ends at once */
};

struct tick {
	int64_t slice_ns;    /* [C] 0: no ticks, or counted */
	int64_t period_ns;   /* [C] between ticks of a timer thread, <= slice */
	int64_t slice_count; /* [C] in safepoints, T5; 0: by time */
	int source;          /* [C] 1 to 7; 0: none */
	bool has_thread;     /* [C], but for a fork and tick_ensure() */
	pthread_t thread;    /* [C] */
	atomic_uint state CACHELINE_ALIGNED; /* [A] enum tick_state */
	atomic_int_least64_t slice_start_ns; /* [A] see above; T2 only */
	atomic_uint_least64_t requests;      /* [A] flags set */
};

/* What the source will do: slices of slice_ns, ticks every period_ns. */
void tick_init(
	struct gil *gil, int source, int64_t slice_ns, int64_t period_ns);

/* End the timer thread, if there is one, and wait for it. */
void tick_stop(struct gil *gil);

/* In the child of a fork there is no timer thread; tick_ensure() starts one. */
void tick_atfork_child(struct gil *gil);

/*
 * Start the timer thread, if the source has one and it does not run.  Returns
 * 0, or -errno if it cannot be created.
 */
int tick_ensure(struct gil *gil);

/* Set GIL_FLAG_TIMER in the flag word of the holder.  Any thread. */
void tick_request(struct gil *gil);

/* Set GIL_FLAG_SWITCH instead: a waiter asks before the slice is over. */
void tick_ask_switch(struct gil *gil);

/* T2's hooks, called through the inline functions below. */
void tick_arm(struct gil *gil);
void tick_restart_slice(struct gil *gil);

#ifdef GIL_TICK /* compiled per policy */

/* Called by a thread that begins to wait while nobody else does. */
static inline void
tick_first_waiter(struct gil *gil)
{
#	if GIL_TICK == 2
	tick_arm(gil);
#	else
	(void)gil;
#	endif
}

/* Called when the GIL has changed hands, or is about to, and others wait. */
static inline void
tick_contended_release(struct gil *gil)
{
#	if GIL_TICK == 2
	tick_restart_slice(gil);
#	else
	(void)gil;
#	endif
}

#endif /* GIL_TICK */
#endif
