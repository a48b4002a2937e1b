/* SPDX-License-Identifier: MIT */
/* Property tests of a policy: mutual exclusion, wake-ups, regions, events. */
#include "tests/policy_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/affinity.h"
#include "common/sync.h"

#define MOST_WORKERS 4

/* ---- mutual exclusion --------------------------------------------------- */

static void
pause_for(uint64_t pauses)
{
	while (pauses-- > 0)
		cpu_relax();
}

/* All ways to give the GIL up, in random order. */
static void
mix(struct worker *self)
{
	for (int i = 0; i < self->rounds; i++) {
		write_ledger(self, self->shared);
		switch (prng_below(&self->prng, 4)) {
		case 0:
			thread_pass(&self->thread);
			break;
		case 1:
			region_begin(&self->thread);
			pause_for(prng_below(&self->prng, 100));
			region_end(&self->thread);
			break;
		default: /* ticks end these holds */
			for (int poll = 0; poll < 20; poll++) {
				pause_for(20);
				thread_poll(&self->thread);
			}
		}
	}
}

/* Run workers that write one ledger; the sums must come out. */
static void
check_exclusion(int count, int rounds, void (*work)(struct worker *self))
{
	static struct worker workers[MOST_WORKERS];
	struct gil_counters total = {0};
	struct gil *gil = main_thread.gil->gil;
	struct ledger ledger = {0};
	uint64_t written = 0;

	for (int i = 0; i < count; i++)
		start_worker(&workers[i], i, work, rounds, &ledger);
	wait_for_waiters(count); /* they begin together */
	join_workers(workers, count, &total);
	for (int i = 0; i < count; i++)
		written += (uint64_t)workers[i].rounds;
	CHECK(ledger.count == written);
	/* Each hold was counted by one thread: hold_seq is not atomic. */
	total.acquisitions += main_thread.gil->counters.acquisitions;
	CHECK(atm_load(&gil->hold_seq, relaxed) == total.acquisitions);
	CHECK(atm_load(&gil->nwaiters, relaxed) == 0);
	CHECK(atm_load(&gil->living, relaxed) == 1);
}

void
test_threads_exclude_each_other(void **state)
{
	(void)state;
	need_threads(2);
	for (int count = 2; count <= MOST_WORKERS; count++) {
		check_exclusion(count, few_or_many(20, 1000), mix);
		end_runtime();
		begin_runtime(0, 0);
	}
}

/* How often anybody came to the meeting, and whether it was the last one. */
static atomic_uint arrivals;
#define LAST_MEETING 0x80000000u

/* Wait outside the GIL until both are there.  Returns whether to go on. */
static bool
meet_the_other(bool is_last)
{
	unsigned seen = atm_fetch_add(
		&arrivals, is_last ? LAST_MEETING + 1 : 1, relaxed);
	unsigned before = seen & ~LAST_MEETING;
	unsigned both = before - before % 2 + 2;

	for (int i = 1; (seen & ~LAST_MEETING) < both; i++) {
		cpu_relax();
		if (i % 1000 == 0)
			os_yield();
		seen = atm_load(&arrivals, relaxed);
	}
	/* More than both: the other is at the next meeting already. */
	return seen != (both | LAST_MEETING);
}

/*
 * Two on two CPUs come to a free GIL at the same moment, again and again: often
 * where that is quick, and for a while where the machine is busy.
 */
static void
race_for_it(struct worker *self)
{
	static _Thread_local int cpus[CPU_SETSIZE];
	int ncpus = affinity_cpus(cpus, CPU_SETSIZE), rounds = 0;
	int64_t end_ns = clock_now_ns() + 300 * NS_PER_MS;
	bool goes_on;

	CHECK(affinity_pin(cpus[self->index % ncpus]) == 0);
	do {
		bool is_last =
			self->index == 0 && (rounds + 1 == self->rounds ||
						    clock_now_ns() >= end_ns);

		region_begin(&self->thread);
		goes_on = meet_the_other(is_last);
		pause_for(prng_below(&self->prng, 4));
		region_end(&self->thread);
		write_ledger(self, self->shared);
		rounds++;
	} while (goes_on);
	self->rounds = rounds;
}

void
test_threads_exclude_each_other_at_a_free_gil(void **state)
{
	(void)state;
	need_threads(2);
	atm_store(&arrivals, 0, relaxed);
	check_exclusion(2, 20000, race_for_it);
}

/* Nothing but the hand-over, so that its windows meet each other. */
static void
give_and_take(struct worker *self)
{
	for (int i = 0; i < self->rounds; i++) {
		region_begin(&self->thread);
		region_end(&self->thread);
		thread_pass(&self->thread);
	}
}

/*
 * The test ends: every acquire that was begun has returned.  No tick helps,
 * except T1's, which come whether or not anybody needs them.
 */
void
test_no_wakeup_is_lost(void **state)
{
	struct worker workers[3];
	struct gil_counters total = {0};

	(void)state;
	need_threads(2);
	begin_runtime(0, gil_variant.tick == 1 ? 0 : 3600 * NS_PER_S);
	for (int i = 0; i < 3; i++)
		start_worker(&workers[i], i, give_and_take,
			few_or_many(20, 3000), NULL);
	wait_for_waiters(3);
	join_workers(workers, 3, &total);
	if (strcmp(gil_variant.policy, "handoff") == 0)
		CHECK(total.handoffs > 0);
	end_runtime();
}

/* ---- events ------------------------------------------------------------- */

/* What the rings say of one hold. */
struct hold {
	int acquired; /* stamps found */
	int released;
	int thread;
	int64_t acquired_ns;
	int64_t released_ns;
};

static void
read_ring(
	const struct ring *ring, int thread, struct hold *holds, uint64_t count)
{
	CHECK(ring_lost(ring) == 0);
	for (uint64_t i = 0; i < ring_kept(ring); i++) {
		const struct ring_event *event = ring_at(ring, i);
		struct hold *hold = &holds[event->hold_seq];

		CHECK(event->hold_seq <= count);
		if (event->kind == RING_ACQUIRED) {
			hold->acquired++;
			hold->thread = thread;
			hold->acquired_ns = event->at_ns;
		} else if (event->kind == RING_RELEASE) {
			hold->released++;
			hold->released_ns = event->at_ns;
			CHECK(hold->acquired == 1 && hold->thread == thread);
		}
	}
}

/* Returns how often the holder changed. */
static uint64_t
check_holds(const struct hold *holds, uint64_t count)
{
	uint64_t switches = 1; /* the first hold follows nobody's */

	for (uint64_t seq = 1; seq <= count; seq++) {
		CHECK(holds[seq].acquired == 1);
		/* Main still has the last one. */
		CHECK(holds[seq].released == (seq < count ? 1 : 0));
		if (seq == 1)
			continue;
		CHECK(holds[seq].acquired_ns >= holds[seq - 1].released_ns);
		switches += holds[seq].thread != holds[seq - 1].thread;
	}
	return switches;
}

void
test_every_hold_is_stamped_once(void **state)
{
	static struct worker workers[3];
	int count = gil_max_threads() == 1 ? 0 : 3;
	struct ledger ledger = {0};
	uint64_t holds_count, switches;
	struct hold *holds;

	(void)state;
	begin_runtime(UINT64_C(1) << 14, 0);
	for (int i = 0; i < count; i++)
		start_worker(
			&workers[i], i, mix, few_or_many(10, 300), &ledger);
	for (int i = 0; i < count; i++)
		thread_join(&main_thread, &workers[i].thread);
	for (int i = 0; i < 5; i++) {
		region_begin(&main_thread);
		region_end(&main_thread);
	}
	holds_count = atm_load(&main_thread.gil->gil->hold_seq, relaxed);
	holds = calloc(holds_count + 1, sizeof(*holds));
	CHECK(holds != NULL);
	read_ring(&main_thread.gil->ring, -1, holds, holds_count);
	switches = main_thread.gil->counters.switches;
	for (int i = 0; i < count; i++) {
		read_ring(&workers[i].thread.gil->ring, i, holds, holds_count);
		switches += workers[i].thread.gil->counters.switches;
		thread_retire(&workers[i].thread);
	}
	CHECK(check_holds(holds, holds_count) == switches);
	free(holds);
	end_runtime();
}

/* ---- blocking regions --------------------------------------------------- */

struct handshake {
	atomic_bool is_outside; /* the worker is in its region */
	atomic_uint turn;       /* even: the holder's; odd: the worker's */
	atomic_bool may_end;
};

#define HANDSHAKES 20

static void
answer_from_outside(struct worker *self)
{
	struct handshake *hands = self->shared;

	region_begin(&self->thread);
	atm_store(&hands->is_outside, true, relaxed);
	for (unsigned i = 0; i < HANDSHAKES; i++) {
		while (atm_load(&hands->turn, relaxed) != 2 * i + 1)
			os_yield();
		atm_store(&hands->turn, 2 * i + 2, relaxed);
	}
	wait_for_flag(&hands->may_end);
	region_end(&self->thread);
}

/*
 * While one thread holds the GIL and never looks up, another that is in a
 * region answers it, again and again.
 */
void
test_a_region_runs_beside_the_holder(void **state)
{
	struct handshake hands = {0};
	struct worker worker;
	uint64_t hold;

	(void)state;
	need_threads(2);
	start_worker(&worker, 0, answer_from_outside, 0, &hands);
	region_begin(&main_thread);
	wait_for_flag(&hands.is_outside);
	region_end(&main_thread);
	hold = atm_load(&main_thread.gil->gil->hold_seq, relaxed);
	for (unsigned i = 0; i < HANDSHAKES; i++) {
		atm_store(&hands.turn, 2 * i + 1, relaxed);
		while (atm_load(&hands.turn, relaxed) != 2 * i + 2)
			os_yield();
	}
	/* It was one hold from the first handshake to the last. */
	CHECK(atm_load(&main_thread.gil->gil->hold_seq, relaxed) == hold);
	CHECK(atm_load(&main_thread.gil->gil->holder, relaxed) ==
		main_thread.gil);
	atm_store(&hands.may_end, true, relaxed);
	join_workers(&worker, 1, NULL);
}

/* ---- options ------------------------------------------------------------ */

/* Each word of its comma-separated values, in a runtime of its own. */
static void
check_option(const struct gil_option *option)
{
	char values[128], *rest = values, *value;

	snprintf(values, sizeof(values), "%s", option->values);
	while ((value = strsep(&rest, ",")) != NULL) {
		begin_runtime(0, 0);
		CHECK(gil_set_option(main_thread.gil->gil, option->name,
			      value) == NULL);
		check_exclusion(3, few_or_many(10, 300), mix);
		end_runtime();
	}
}

void
test_every_option_keeps_the_promises(void **state)
{
	const struct gil_option *option = gil_options();

	(void)state;
	need_threads(3);
	for (; option->name != NULL; option++)
		check_option(option);
}

/* ---- all of them -------------------------------------------------------- */

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_threads_exclude_each_other),
		TEST(test_threads_exclude_each_other_at_a_free_gil),
		cmocka_unit_test(test_no_wakeup_is_lost),
		cmocka_unit_test(test_every_hold_is_stamped_once),
		TEST(test_a_region_runs_beside_the_holder),
		TEST(test_errno_survives_a_region),
		TEST(test_options_are_checked),
		cmocka_unit_test(test_every_option_keeps_the_promises),
		TEST(test_a_tick_reaches_the_holder),
		TEST(test_a_tick_forces_a_switch),
		TEST(test_every_tick_forces_a_switch),
		TEST(test_a_late_tick_ends_no_hold),
		TEST(test_the_timer_sleeps_while_nobody_waits),
		TEST(test_a_waiter_that_ends_does_not_hang_the_holder),
		TEST(test_a_holder_that_ends_leaves_no_request),
		TEST(test_turns_come_in_the_order_of_arrival),
		TEST(test_yielders_take_turns),
		TEST(test_a_second_gil_is_refused),
		TEST(test_a_thread_that_cannot_start),
		cmocka_unit_test(test_a_timer_that_cannot_start),
		TEST(test_descriptors_are_used_again),
		TEST(test_a_dump_fits),
		cmocka_unit_test(
			test_yield_without_waiters_makes_no_system_call),
		TEST(test_the_child_of_a_fork_owns_the_gil),
	};

	return cmocka_run_group_tests_name(gil_variant.name, tests, NULL, NULL);
}
