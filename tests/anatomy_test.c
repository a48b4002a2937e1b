/* SPDX-License-Identifier: MIT */
/* Tests of workloads/anatomy.h on event rings written by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/compiler.h"
#include "tests/event_script.h"
#include "workloads/anatomy.h"

#define CHECK_SAMPLES(world, id, ...)                                          \
	check_samples(world, id, (const int64_t[]){__VA_ARGS__},               \
		ARRAY_LEN(((const int64_t[]){__VA_ARGS__})))
#define CHECK_NONE(world, id) check_samples(world, id, NULL, 0)

static void
measure(struct world *world)
{
	const struct ring *rings[NTHREADS];

	for (int i = 0; i < NTHREADS; i++)
		rings[i] = &world->rings[i];
	anatomy_measure(
		world->phase, rings, NTHREADS, GATE_NS + WALL_NS, SLICE_NS);
}

/* The histogram holds exactly these samples, all below 2,048 ns. */
static void
check_samples(const struct world *world, enum metric_id id,
	const int64_t *samples_ns, size_t count)
{
	const struct hist *hist = world->phase->hist[id];
	uint64_t found = 0;

	if (count == 0) {
		assert_true(hist == NULL || hist->count == 0);
		return;
	}
	assert_non_null(hist);
	assert_int_equal(hist->count, count);
	for (size_t i = 0; i < count; i++)
		found += hist->buckets[hist_bucket_of(samples_ns[i])] > 0;
	assert_int_equal(found, count);
}

static void
check_value(const struct world *world, enum metric_id id, double expected)
{
	assert_int_equal(world->phase->status_of[id], METRIC_OK);
	if (world->phase->value[id] != expected)
		fail_msg("%s is %g, not %g", metrics[id].name,
			world->phase->value[id], expected);
}

static void
test_a_switch_is_timed_from_release_to_acquired(void **state)
{
	struct world *world = *state;

	takes(world, A, 0, 1);
	drops(world, A, 100, 1, GIL_REASON_REGION);
	takes(world, B, 130, 2); /* a switch */
	drops(world, B, 200, 2, GIL_REASON_REGION);
	takes(world, B, 250, 3); /* none: the same thread */
	drops(world, B, 300, 3, GIL_REASON_REGION);
	takes(world, A, 400, 5); /* hold 4 was somebody else's */
	drops(world, A, 410, 5, GIL_REASON_EXIT);
	takes(world, C, 417, 6); /* a switch */
	measure(world);
	CHECK_SAMPLES(world, METRIC_ID_SWITCH_LATENCY, 30, 7);
	check_value(world, METRIC_ID_NEGATIVE, 0);
}

static void
test_the_number_of_a_hold_may_wrap(void **state)
{
	struct world *world = *state;

	takes(world, A, 0, UINT32_MAX - 1);
	drops(world, A, 100, UINT32_MAX - 1, GIL_REASON_REGION);
	takes(world, B, 130, UINT32_MAX);
	takes(world, C, 190, 0); /* stamped before the release by B */
	drops(world, B, 200, UINT32_MAX, GIL_REASON_REGION);
	drops(world, C, 300, 0, GIL_REASON_REGION);
	takes(world, A, 340, 1);
	measure(world);
	CHECK_SAMPLES(world, METRIC_ID_SWITCH_LATENCY, 30, 40);
	check_value(world, METRIC_ID_NEGATIVE, 1);
}

static void
test_a_free_gil_that_nobody_wants_is_not_dead(void **state)
{
	struct world *world = *state;

	takes(world, A, 0, 1);
	drops(world, A, 100, 1, GIL_REASON_REGION);
	takes(world, B, 150, 2);
	measure(world);
	check_value(world, METRIC_ID_DEAD_TIME, 0);
}

static void
test_dead_time_with_one_waiter(void **state)
{
	struct world *world = *state;

	takes(world, A, 0, 1);
	wants(world, B, 50);
	drops(world, A, 100, 1, GIL_REASON_REGION);
	takes(world, B, 130, 2); /* 30 dead */
	drops(world, B, 200, 2, GIL_REASON_REGION);
	wants(world, A, 220);
	takes(world, A, 225, 3); /* 5 dead: it came to a free GIL */
	measure(world);
	check_value(world, METRIC_ID_DEAD_TIME, 0.035);
}

static void
test_dead_time_with_two_waiters_counts_once(void **state)
{
	struct world *world = *state;

	takes(world, A, 0, 1);
	wants(world, B, 50);
	wants(world, C, 60);
	drops(world, A, 200, 1, GIL_REASON_REGION);
	takes(world, B, 210, 2); /* 10 dead */
	drops(world, B, 300, 2, GIL_REASON_REGION);
	takes(world, C, 350, 3); /* 50 dead */
	drops(world, C, 360, 3, GIL_REASON_REGION);
	measure(world);
	check_value(world, METRIC_ID_DEAD_TIME, 0.060);
}

static void
test_dead_time_runs_until_the_stop(void **state)
{
	struct world *world = *state;

	takes(world, A, 0, 1);
	wants(world, B, 50);
	drops(world, A, 900, 1, GIL_REASON_EXIT);
	takes(world, B, 1200, 2); /* after the stop */
	measure(world);
	check_value(world, METRIC_ID_DEAD_TIME, 0.1);
	CHECK_NONE(world, METRIC_ID_SWITCH_LATENCY);
}

static void
test_waits_of_yielders_are_kept_apart(void **state)
{
	struct world *world = *state;

	takes(world, A, 0, 1);
	wants(world, B, 50);
	drops(world, A, 100, 1, GIL_REASON_FORCED);
	takes(world, B, 110, 2); /* B waited 60 */
	wants(world, A, 120);    /* the yielder's slow path: the same wait */
	drops(world, B, 290, 2, GIL_REASON_REGION);
	takes(world, A, 300, 3); /* A was without it for 200 */
	drops(world, A, 400, 3, GIL_REASON_YIELD);
	takes(world, A, 405, 4); /* alone: 5 */
	measure(world);
	CHECK_SAMPLES(world, METRIC_ID_WAIT, 60);
	CHECK_SAMPLES(world, METRIC_ID_TURN_WAIT, 200, 5);
	check_value(world, METRIC_ID_WAIT_LONGEST, 200);
	check_value(world, METRIC_ID_WAIT_LONGEST_SLICES, 4);
	/* 10 + 10 + 5: free while the yielder itself waited, too. */
	check_value(world, METRIC_ID_DEAD_TIME, 0.025);
}

static void
test_a_wait_that_the_stop_cuts_off_is_no_sample(void **state)
{
	struct world *world = *state;

	takes(world, A, 0, 1);
	wants(world, B, 700);
	wants(world, C, 800);
	drops(world, A, 850, 1, GIL_REASON_EXIT);
	takes(world, C, 850, 2);
	takes(world, B, 1001, 3);
	measure(world);
	CHECK_SAMPLES(world, METRIC_ID_WAIT, 50); /* C's */
	check_value(world, METRIC_ID_WAIT_LONGEST, 300);
	check_value(world, METRIC_ID_WAIT_LONGEST_SLICES, 6);
}

static void
test_only_ticks_end_forced_holds(void **state)
{
	struct world *world = *state;

	drops(world, A, 5, 1, GIL_REASON_FORCED); /* begun before the gate */
	takes(world, B, 10, 2);
	drops(world, B, 52, 2, GIL_REASON_FORCED);
	takes(world, A, 60, 3);
	drops(world, A, 70, 3, GIL_REASON_YIELD);
	takes(world, B, 80, 4);
	drops(world, B, 100, 4, GIL_REASON_REGION);
	takes(world, A, 110, 5);
	drops(world, A, 147, 5, GIL_REASON_FORCED);
	measure(world);
	CHECK_SAMPLES(world, METRIC_ID_HOLD_FORCED, 42, 37);
	assert_int_equal(world->phase->status_of[METRIC_ID_SLICE_EFFECTIVE],
		METRIC_NO_SAMPLES);
}

/* A holds for 5, yields; B waits 6, takes at once, holds for 1. */
static void
take_turns(struct world *world, int count)
{
	for (int i = 0; i < count; i++) {
		int64_t at_ns = 10 * i;
		uint32_t seq = 2 * (uint32_t)i;

		takes(world, A, at_ns, seq);
		wants(world, B, at_ns + 1);
		drops(world, A, at_ns + 5, seq, GIL_REASON_FORCED);
		takes(world, B, at_ns + 7, seq + 1);
		drops(world, B, at_ns + 8, seq + 1, GIL_REASON_REGION);
	}
}

static void
test_the_effective_slice_is_the_median_of_forced_holds(void **state)
{
	struct world *world = *state;

	take_turns(world, 40);
	measure(world);
	check_value(world, METRIC_ID_SLICE_EFFECTIVE, 5);
	check_value(world, METRIC_ID_WAIT_MEDIAN_SLICES, 6.0 / 5.0);
}

static void
test_no_effective_slice_from_too_few_holds(void **state)
{
	struct world *world = *state;

	take_turns(world, 39);
	measure(world);
	assert_int_equal(world->phase->status_of[METRIC_ID_SLICE_EFFECTIVE],
		METRIC_NO_SAMPLES);
	assert_int_equal(world->phase->status_of[METRIC_ID_WAIT_MEDIAN_SLICES],
		METRIC_ABSENT);
}

static void
test_run_length_counts_yields_won_by_the_yielder(void **state)
{
	struct world *world = *state;
	uint32_t seq = 1;
	int64_t at_ns = 0;

	takes(world, A, at_ns, seq);
	wants(world, B, 5);
	for (int i = 0; i < 3; i++) { /* won three times */
		drops(world, A, at_ns += 10, seq, GIL_REASON_FORCED);
		takes(world, A, at_ns += 10, ++seq);
	}
	drops(world, A, at_ns += 10, seq, GIL_REASON_FORCED);
	takes(world, B, at_ns += 10, ++seq); /* B, at last */
	drops(world, B, at_ns += 10, seq, GIL_REASON_FORCED);
	takes(world, A, at_ns += 10, ++seq);
	drops(world, A, at_ns += 10, seq, GIL_REASON_FORCED);
	takes(world, A, at_ns += 10, ++seq); /* won once more */
	for (int i = 0; i < 4; i++) {        /* its own wish: no wins */
		drops(world, A, at_ns += 10, seq, GIL_REASON_YIELD);
		takes(world, A, at_ns += 10, ++seq);
	}
	measure(world);
	check_value(world, METRIC_ID_RUN_LENGTH_MAX, 3);
}

static void
test_stamps_in_the_wrong_order_are_counted(void **state)
{
	struct world *world = *state;

	takes(world, A, 0, 1);
	wants(world, B, 50);
	wants(world, C, 60);
	takes(world, B, 90, 2); /* stamped before the release by A */
	drops(world, A, 100, 1, GIL_REASON_REGION);
	drops(world, B, 500, 2, GIL_REASON_REGION);
	takes(world, C, 510, 3);
	measure(world);
	check_value(world, METRIC_ID_NEGATIVE, 1);
	CHECK_SAMPLES(world, METRIC_ID_SWITCH_LATENCY, 10);
	/* B held it from 90 on, whatever A's late stamp says. */
	check_value(world, METRIC_ID_DEAD_TIME, 0.010);
}

/* Whichever ring is read first. */
static void
test_equal_stamps_are_in_order(void **state)
{
	struct world *world = *state;

	takes(world, B, 0, 1);
	drops(world, B, 100, 1, GIL_REASON_REGION);
	takes(world, A, 100, 2);
	drops(world, A, 200, 2, GIL_REASON_REGION);
	takes(world, B, 200, 3);
	measure(world);
	check_value(world, METRIC_ID_NEGATIVE, 0);
	assert_int_equal(
		world->phase->hist[METRIC_ID_SWITCH_LATENCY]->buckets[0], 2);
}

/* C's ring keeps its last two events only; before them nothing is known. */
static void
test_lost_events_shorten_the_window(void **state)
{
	struct world *world = *state;

	ring_destroy(&world->rings[C]);
	assert_int_equal(ring_init(&world->rings[C], 2), 0);
	takes(world, C, 0, 1);
	drops(world, C, 10, 1, GIL_REASON_REGION);
	wants(world, B, 5);
	takes(world, A, 100, 2); /* 90 dead, and a switch: not seen */
	drops(world, A, 200, 2, GIL_REASON_FORCED);
	takes(world, B, 300, 3); /* B's wait, A's hold, 100 dead: neither */
	drops(world, B, 500, 3, GIL_REASON_REGION);
	takes(world, C, 500, 4); /* here it begins: 500 of 1,000 */
	wants(world, B, 600);
	drops(world, C, 700, 4, GIL_REASON_REGION);
	takes(world, B, 750, 5);
	assert_int_equal(ring_lost(&world->rings[C]), 2);
	measure(world);
	CHECK_SAMPLES(world, METRIC_ID_WAIT, 150);
	CHECK_NONE(world, METRIC_ID_HOLD_FORCED);
	/* B's release and C's acquisition both stand at the very beginning. */
	CHECK_SAMPLES(world, METRIC_ID_SWITCH_LATENCY, 0, 50);
	check_value(world, METRIC_ID_DEAD_TIME, 0.1);
}

static void
test_without_events_there_are_no_samples(void **state)
{
	struct world *world = *state;

	measure(world);
	CHECK_NONE(world, METRIC_ID_WAIT);
	CHECK_NONE(world, METRIC_ID_SWITCH_LATENCY);
	check_value(world, METRIC_ID_DEAD_TIME, 0);
	check_value(world, METRIC_ID_WAIT_LONGEST, 0);
}

/* Whatever the rings yield, a bare twin says disabled. */
static void
test_a_bare_twin_disables_the_same_metrics(void **state)
{
	struct world *world = *state;
	struct phase *bare = phase_add(&world->phases, "bare", 1);

	take_turns(world, 40);
	measure(world);
	anatomy_disable(bare);
	for (int i = 0; i < METRIC_ID_COUNT; i++)
		assert_int_equal(bare->status_of[i] == METRIC_DISABLED,
			world->phase->status_of[i] != METRIC_ABSENT);
}

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_switch_is_timed_from_release_to_acquired),
		TEST(test_the_number_of_a_hold_may_wrap),
		TEST(test_a_free_gil_that_nobody_wants_is_not_dead),
		TEST(test_dead_time_with_one_waiter),
		TEST(test_dead_time_with_two_waiters_counts_once),
		TEST(test_dead_time_runs_until_the_stop),
		TEST(test_waits_of_yielders_are_kept_apart),
		TEST(test_a_wait_that_the_stop_cuts_off_is_no_sample),
		TEST(test_only_ticks_end_forced_holds),
		TEST(test_the_effective_slice_is_the_median_of_forced_holds),
		TEST(test_no_effective_slice_from_too_few_holds),
		TEST(test_run_length_counts_yields_won_by_the_yielder),
		TEST(test_stamps_in_the_wrong_order_are_counted),
		TEST(test_equal_stamps_are_in_order),
		TEST(test_lost_events_shorten_the_window),
		TEST(test_without_events_there_are_no_samples),
		TEST(test_a_bare_twin_disables_the_same_metrics),
	};

	return cmocka_run_group_tests_name("anatomy", tests, NULL, NULL);
}
