/* SPDX-License-Identifier: MIT */
/*
 * Tick sources T1 and T2: the timer thread.  tick.h tells the protocol.
 *
 * Ordering labels
 *   TICK-1  a waiter counts itself, then looks whether the timer sleeps; the
 *           timer says that it sleeps, then counts the waiters.  Each stores
 *           one word and then loads the other's, so both sides need seq_cst:
 *           at least one of them sees the other, and no waiter waits without
 *           a timer.
 *   HOLD-1  a new holder publishes its descriptor (release, gil_took() in
 *           fast.h); the tick source loads it (acquire), so that it sees an
 *           initialised flag word.
 */
#include "runtime/gil/tick.h"

#include <signal.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/sync.h"
#include "runtime/gil/bugs.h"
#include "runtime/gil/gil.h"

/* Set a bit in the flag word of the holder.  Returns whether there is one. */
static bool
flag_holder(struct gil *gil, unsigned flag)
{
	/* Acquire: HOLD-1. */
	struct gil_thread *holder = atm_load(&gil->holder, acquire);

	if (holder == NULL)
		return false;
	/* Relaxed: a hint, see gil_poll(). */
	if (BUG_PLAIN_FLAG_OR)
		atm_store(&holder->flags,
			atm_load(&holder->flags, relaxed) | flag, relaxed);
	else
		atm_fetch_or(&holder->flags, flag, relaxed);
	gil_tell(gil, holder, GIL_EVENT_REQUEST, flag);
	return true;
}

void
tick_request(struct gil *gil)
{
	if (flag_holder(gil, GIL_FLAG_TIMER))
		atm_fetch_add(&gil->tick.requests, 1, relaxed);
}

void
tick_ask_switch(struct gil *gil)
{
	(void)flag_holder(gil, GIL_FLAG_SWITCH); /* nobody: it is free */
}

static bool
is_stopping(struct tick *tick)
{
	/* Relaxed: pthread_join() orders what follows the end. */
	return atm_load(&tick->state, relaxed) == TICK_STOPPING;
}

/* T1: sleep one slice, flag the holder, whether or not anybody waits. */
static void
run_always(struct gil *gil)
{
	struct tick *tick = &gil->tick;
	const struct timespec period = clock_timespec(tick->period_ns);

	while (!is_stopping(tick)) {
		/* An interrupted sleep only makes one slice shorter. */
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &period, NULL);
		tick_request(gil);
	}
}

/* T2: sleep while nobody waits, else until the slice is over. */
static void
run_on_demand(struct gil *gil)
{
	struct tick *tick = &gil->tick;

	while (!is_stopping(tick)) {
		unsigned running = TICK_RUNNING;
		int64_t due_ns;

		if (atm_load(&gil->nwaiters, relaxed) == 0) {
			/* TICK-1: say so, then look again. */
			if (!atm_cas(
				    &tick->state, &running, TICK_IDLE, seq_cst))
				continue;
			if (atm_load(&gil->nwaiters, seq_cst) == 0)
				futex_wait(&tick->state, TICK_IDLE);
			running = TICK_IDLE;
			(void)atm_cas(&tick->state, &running, TICK_RUNNING,
				relaxed); /* a waiter may have done it */
			continue;
		}
		due_ns = atm_load(&tick->slice_start_ns, relaxed) +
			 tick->period_ns;
		if (clock_now_ns() < due_ns) {
			(void)futex_wait_until(
				&tick->state, TICK_RUNNING, due_ns);
			continue;
		}
		atm_store(&tick->slice_start_ns, clock_now_ns(), relaxed);
		tick_request(gil);
	}
}

void
tick_arm(struct gil *gil)
{
	struct tick *tick = &gil->tick;
	unsigned idle = TICK_IDLE;

	atm_store(&tick->slice_start_ns, clock_now_ns(), relaxed);
	/* TICK-1: the caller has counted itself in gil->nwaiters. */
	if (atm_load(&tick->state, seq_cst) == TICK_IDLE &&
		atm_cas(&tick->state, &idle, TICK_RUNNING, relaxed))
		(void)futex_wake(&tick->state, 1);
}

void
tick_restart_slice(struct gil *gil)
{
	atm_store(&gil->tick.slice_start_ns, clock_now_ns(), relaxed);
}

static void *
timer_thread(void *arg)
{
	struct gil *gil = arg;

	if (gil->tick.source == 1)
		run_always(gil);
	else
		run_on_demand(gil);
	return NULL;
}

/* Signals are for the threads of the program, never for the timer. */
static int
create_thread(struct gil *gil)
{
	struct tick *tick = &gil->tick;
	sigset_t all, old;
	int err, created;

	sigfillset(&all);
	err = pthread_sigmask(SIG_SETMASK, &all, &old);
	if (err != 0)
		DIE_ERRNO(err, "pthread_sigmask");
	created = pthread_create(&tick->thread, NULL, timer_thread, gil);
	tick->has_thread = created == 0;
	err = pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err != 0)
		DIE_ERRNO(err, "pthread_sigmask");
	return -created;
}

void
tick_init(struct gil *gil, int source, int64_t slice_ns, int64_t period_ns)
{
	struct tick *tick = &gil->tick;

	tick->source = source;
	tick->slice_ns = slice_ns;
	tick->period_ns = period_ns;
	tick->has_thread = false;
	atm_store(&tick->state, TICK_RUNNING, relaxed);
	atm_store(&tick->slice_start_ns, clock_now_ns(), relaxed);
	atm_store(&tick->requests, 0, relaxed);
}

int
tick_ensure(struct gil *gil)
{
	struct tick *tick = &gil->tick;
	bool wants_thread = tick->source == 1 || tick->source == 2;

	if (tick->has_thread || tick->slice_ns == 0 || !wants_thread)
		return 0;
	atm_store(&tick->slice_start_ns, clock_now_ns(), relaxed);
	return create_thread(gil);
}

void
tick_stop(struct gil *gil)
{
	struct tick *tick = &gil->tick;
	int err;

	if (!tick->has_thread)
		return;
	atm_store(&tick->state, TICK_STOPPING, relaxed);
	(void)futex_wake(&tick->state, 1);
	err = pthread_join(tick->thread, NULL);
	if (err != 0)
		DIE_ERRNO(err, "pthread_join of the timer thread");
	tick->has_thread = false;
}

void
tick_atfork_child(struct gil *gil)
{
	struct tick *tick = &gil->tick;

	tick->has_thread = false;
	atm_store(&tick->state, TICK_RUNNING, relaxed); /* one thread */
	atm_store(&tick->slice_start_ns, clock_now_ns(), relaxed);
	atm_store(&tick->requests, 0, relaxed);
}
