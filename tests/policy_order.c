/* SPDX-License-Identifier: MIT */
/* Property tests of a policy: ticks, and the order of turns. */
#include "tests/policy_test.h"

#include "common/sync.h"

/* Skip the running test unless it is so. */
static void
need(bool claim, const char *what)
{
	if (claim)
		return;
	print_message("skipped: the policy %s %s\n", gil_variant.policy, what);
	skip();
}

static uint64_t
forced_yields_of(const struct thread *thread)
{
	return thread->gil->counters.forced_yields;
}

/* ---- ticks -------------------------------------------------------------- */

struct race {
	atomic_bool has_run;
	atomic_bool may_end;
};

/* Compute, with safepoints, until told to end. */
static void
poll_until_told(struct worker *self)
{
	struct race *race = self->shared;

	atm_store(&race->has_run, true, relaxed);
	while (!atm_load(&race->may_end, relaxed))
		thread_poll(&self->thread);
}

/* Nothing but safepoints: it is a tick that makes the holder yield. */
void
test_a_tick_reaches_the_holder(void **state)
{
	struct race race = {0};
	struct worker worker;

	(void)state;
	need(gil_variant.tick != 0, "has no ticks");
	need(tick_promise() != TICK_KEEPS, "does not yield at ticks");
	start_worker(&worker, 0, poll_until_told, 0, &race);
	while (forced_yields_of(&main_thread) < 3)
		thread_poll(&main_thread);
	atm_store(&race.may_end, true, relaxed);
	join_workers(&worker, 1, NULL);
	check_counters(&main_thread.gil->counters);
}

static void
run_once(struct worker *self)
{
	atm_store(&((struct race *)self->shared)->has_run, true, relaxed);
}

void
test_a_tick_forces_a_switch(void **state)
{
	struct race race = {0};
	struct worker worker;

	(void)state;
	need(tick_promise() >= TICK_LETS_IN, "lets the yielder win again");
	start_worker(&worker, 0, run_once, 0, &race);
	while (!atm_load(&race.has_run, relaxed))
		thread_poll(&main_thread);
	CHECK(main_thread.gil->counters.forced_switches > 0);
	check_counters(&main_thread.gil->counters);
	join_workers(&worker, 1, NULL);
}

/* The holder looks late, so that the waiter that asked sleeps again by then. */
void
test_every_tick_forces_a_switch(void **state)
{
	struct gil_counters *counters = &main_thread.gil->counters;
	struct race race = {0};
	struct worker worker;

	(void)state;
	need(tick_promise() == TICK_SWITCHES, "lets the yielder win again");
	start_worker(&worker, 0, poll_until_told, 0, &race);
	while (counters->forced_yields < 5) {
		clock_sleep_until_ns(clock_now_ns() + NS_PER_MS / 5);
		thread_poll(&main_thread);
	}
	CHECK(counters->forced_switches == counters->forced_yields);
	atm_store(&race.may_end, true, relaxed);
	join_workers(&worker, 1, NULL);
}

/* A tick that comes when the hold is over must not end the next one. */
void
test_a_late_tick_ends_no_hold(void **state)
{
	struct gil_thread *me = main_thread.gil;

	(void)state;
	region_begin(&main_thread);
	atm_fetch_or(&me->flags, GIL_FLAG_TIMER, relaxed);
	region_end(&main_thread);
	CHECK(!(atm_load(&me->flags, relaxed) & GIL_FLAG_TIMER));
}

static bool
timer_sleeps(struct gil *gil)
{
	return atm_load(&gil->tick.state, relaxed) == TICK_IDLE;
}

struct rounds {
	atomic_uint asked; /* rounds that main has begun */
	atomic_uint done;  /* rounds in which the worker had the GIL */
};

static void
come_when_asked(struct worker *self)
{
	struct rounds *rounds = self->shared;

	for (unsigned i = 1; i <= (unsigned)self->rounds; i++) {
		region_begin(&self->thread);
		while (atm_load(&rounds->asked, relaxed) < i)
			os_yield();
		region_end(&self->thread);
		atm_store(&rounds->done, i, relaxed);
	}
}

/*
 * T2: the timer goes to sleep when nobody waits, and the next waiter finds it
 * asleep and wakes it, every time: else the waiter would wait for ever.
 */
void
test_the_timer_sleeps_while_nobody_waits(void **state)
{
	struct gil *gil = main_thread.gil->gil;
	struct rounds rounds = {0};
	struct worker worker;
	unsigned count = 10;

	(void)state;
	need(gil_variant.tick == 2, "has another tick source than T2");
	need_threads(2);
	start_worker(&worker, 0, come_when_asked, (int)count, &rounds);
	for (unsigned i = 1; i <= count; i++) {
		uint64_t requests;

		while (!timer_sleeps(gil))
			thread_pass(&main_thread);
		requests = atm_load(&gil->tick.requests, relaxed);
		atm_store(&rounds.asked, i, relaxed);
		while (atm_load(&gil->tick.requests, relaxed) == requests)
			os_yield(); /* no safepoint: somebody waits */
		region_begin(&main_thread);
		while (atm_load(&rounds.done, relaxed) < i)
			os_yield();
		region_end(&main_thread);
	}
	join_workers(&worker, 1, NULL);
	while (!timer_sleeps(gil))
		os_yield();
}

/* ---- ends --------------------------------------------------------------- */

/* Whoever asked for the GIL, gets it and ends, has not stopped the holder. */
void
test_a_waiter_that_ends_does_not_hang_the_holder(void **state)
{
	(void)state;
	need_threads(2);
	for (int i = 0; i < few_or_many(5, 20); i++) {
		struct race race = {0};
		struct worker worker;

		start_worker(&worker, i, run_once, 0, &race);
		while (tick_promise() == TICK_SWITCHES &&
			!atm_load(&race.has_run, relaxed))
			thread_poll(&main_thread);
		join_workers(&worker, 1, NULL); /* or it runs here */
	}
}

/* Hold on until a tick has come, and end without looking at it. */
static void
end_when_asked(struct worker *self)
{
	struct gil_thread *me = self->thread.gil;

	run_once(self);
	while (!(atm_load(&me->flags, relaxed) & GIL_FLAG_TIMER))
		os_yield();
}

void
test_a_holder_that_ends_leaves_no_request(void **state)
{
	(void)state;
	need(ticks_set_flags(), "has no tick source that sets flags");
	need_threads(2);
	for (int i = 0; i < 10; i++) {
		struct race race = {0};
		struct worker worker;

		start_worker(&worker, i, end_when_asked, 0, &race);
		region_begin(&main_thread);
		wait_for_flag(&race.has_run);
		region_end(&main_thread); /* waits, and asks */
		join_workers(&worker, 1, NULL);
		/* A request left over would make us wait for a taker. */
		thread_poll(&main_thread);
		region_begin(&main_thread);
		region_end(&main_thread);
	}
}

/* ---- order -------------------------------------------------------------- */

#ifdef HANDOFF_FREE /* the policy's header is policy_handoff.h */

#	define NTURNS 3

struct turns {
	struct worker workers[NTURNS + 1];
	int order[64]; /* worker numbers, in the order of holds */
	int length;
	atomic_bool latecomer_is_outside;
	atomic_bool latecomer_may_come;
};

/* The count of waiters rises before one enqueues: look at the queue itself. */
static void
wait_until_queued(struct worker *worker)
{
	struct gil *gil = main_thread.gil->gil;
	uintptr_t me = (uintptr_t)gil_waiter_of(worker->thread.gil);

	while (atm_load(&gil_policy(gil)->arrivals, relaxed) != me)
		os_yield();
}

static void
note_turn(struct worker *self)
{
	struct turns *turns = self->shared;

	turns->order[turns->length++] = self->index;
}

static void
come_late(struct worker *self)
{
	struct turns *turns = self->shared;

	region_begin(&self->thread);
	atm_store(&turns->latecomer_is_outside, true, relaxed);
	wait_for_flag(&turns->latecomer_may_come);
	region_end(&self->thread);
	note_turn(self);
}

/* The first in the queue holds on until the latecomer stands in it. */
static void
note_turn_and_let_come(struct worker *self)
{
	struct turns *turns = self->shared;

	note_turn(self);
	if (self->index != 0)
		return;
	atm_store(&turns->latecomer_may_come, true, relaxed);
	wait_until_queued(&turns->workers[NTURNS]);
}

/* First come, first served, also when the first yields behind the others. */
void
test_turns_come_in_the_order_of_arrival(void **state)
{
	struct turns turns = {0};
	struct worker *latecomer = &turns.workers[NTURNS];

	(void)state;
	start_worker(latecomer, NTURNS, come_late, 0, &turns);
	region_begin(&main_thread);
	wait_for_flag(&turns.latecomer_is_outside);
	region_end(&main_thread);
	for (int i = 0; i < NTURNS; i++) {
		start_worker(&turns.workers[i], i, note_turn_and_let_come, 0,
			&turns);
		wait_until_queued(&turns.workers[i]);
	}
	thread_pass(&main_thread); /* behind them, before the latecomer */
	CHECK(turns.length == NTURNS);
	join_workers(turns.workers, NTURNS + 1, NULL);
	CHECK(turns.length == NTURNS + 1);
	for (int i = 0; i <= NTURNS; i++)
		CHECK(turns.order[i] == i);
}

static void
note_turns_and_pass(struct worker *self)
{
	for (int i = 0; i < self->rounds; i++) {
		note_turn(self);
		thread_pass(&self->thread);
	}
}

/* Run length 1: nobody has a second turn before all others had theirs. */
void
test_yielders_take_turns(void **state)
{
	struct turns turns = {0};
	int rounds = 10;

	(void)state;
	for (int i = 0; i < NTURNS; i++) {
		start_worker(&turns.workers[i], i, note_turns_and_pass, rounds,
			&turns);
		wait_until_queued(&turns.workers[i]);
	}
	join_workers(turns.workers, NTURNS, NULL);
	CHECK(turns.length == NTURNS * rounds);
	for (int i = 0; i < turns.length; i++)
		CHECK(turns.order[i] == i % NTURNS);
}

#else

void
test_turns_come_in_the_order_of_arrival(void **state)
{
	(void)state;
	need(false, "promises no order");
}

void
test_yielders_take_turns(void **state)
{
	(void)state;
	need(false, "promises no order");
}

#endif
