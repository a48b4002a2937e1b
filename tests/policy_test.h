/* SPDX-License-Identifier: MIT */
/*
 * The property tests that every policy must pass, compiled once per policy and
 * waiting mode.
 *
 *   policy_test.c     the list; mutual exclusion, wake-ups, regions, events
 *   policy_order.c    ticks, and the order of turns where one is promised
 *   policy_life.c     creation, failures, options, fork, system calls
 *   policy_fixture.c  the runtime round each test, and the watchdog
 *
 * A property that fails ends the program at once, with the state of the lock:
 * threads that hold or want a broken lock cannot be tidied away.  So does a
 * test that hangs.  Nothing here asserts a time.
 */
#ifndef TESTS_POLICY_TEST_H
#define TESTS_POLICY_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "common/atomic.h"
#include "common/compiler.h"
#include "harness/prng.h"
#include "runtime/gil/fast.h"
#include "runtime/thread/region.h"
#include "runtime/thread/thread.h"

#define CHECK(claim)                                                           \
	(likely(claim) ? (void)0 : policy_failed(__FILE__, __LINE__, #claim))

_Noreturn void policy_failed(const char *file, int line, const char *claim);

/* The thread that runs the tests; it holds the GIL between them. */
extern struct thread main_thread;

/*
 * Start and end the runtime and the watchdog round one test.  The first pair is
 * cmocka's setup and teardown; the second is for tests that start the runtime
 * themselves, with event rings or another slice than the variant's own (0).
 */
int set_up(void **state);
int tear_down(void **state);
void begin_runtime(uint64_t ring_events, int64_t slice_ns);
void end_runtime(void);

/* The same without a runtime: for tests that expect it not to start. */
void watchdog_begin(void);
void watchdog_end(void);

/* What a tick does for those who wait, from the least to the most. */
enum tick_promise {
	TICK_KEEPS,   /* nothing: there is no tick, or a yield keeps the GIL */
	TICK_YIELDS,  /* the holder gives it up, and may win it again at once */
	TICK_LETS_IN, /* others have it before long */
	TICK_SWITCHES /* another thread has it before the yielder */
};
enum tick_promise tick_promise(void);

/* Whether ticks come as bits in the holder's flag word. */
bool ticks_set_flags(void);

/* Skip the running test, by name, where the policy runs fewer threads. */
void need_threads(int count);
/* ... where a fork of a process with threads is not supported: under TSan. */
void need_fork(void);

/* Until further notice pthread_create() fails with this error; 0: it works. */
void fail_thread_creation(int err);

/*
 * Run function in a forked child and wait for it.  The child has no watchdog
 * until the function begins one.  Returns the wait status; the child's exit
 * status is what the function returns.
 */
int run_in_child(int (*function)(void *arg), void *arg);

/* A thread of a test. */
struct worker {
	struct thread thread;
	int index;
	int rounds; /* to do; a worker may say how many it did */
	struct prng prng;
	void (*work)(struct worker *self); /* GIL held, and again on return */
	void *shared;
};

/* Start worker number index; the caller is the main thread, GIL held. */
void start_worker(struct worker *worker, int index,
	void (*work)(struct worker *self), int rounds, void *shared);

/* Join workers, add their counters to *total if it is not NULL, retire them */
void join_workers(
	struct worker *workers, int count, struct gil_counters *total);

/* Wait, without a safepoint, until it is so; the caller may hold the GIL. */
void wait_for_flag(atomic_bool *flag);
void wait_for_waiters(int count);

/* What every thread's counters must be, whatever has happened. */
void check_counters(const struct gil_counters *counters);

/*
 * Repetitions: few where waiters spin, since more threads than CPUs then cost
 * a time slice of the kernel per turn.
 */
int few_or_many(int few, int many);

/* What the GIL protects in the tests. */
struct ledger {
	uint64_t count;                 /* not atomic: a lost update shows */
	_Atomic(struct worker *) owner; /* relaxed: orders nothing by itself */
};

/* Be the only one for a moment.  Caller holds the GIL. */
void write_ledger(struct worker *self, struct ledger *ledger);

void test_threads_exclude_each_other(void **state);
void test_threads_exclude_each_other_at_a_free_gil(void **state);
void test_no_wakeup_is_lost(void **state);
void test_every_hold_is_stamped_once(void **state);
void test_a_region_runs_beside_the_holder(void **state);
void test_every_option_keeps_the_promises(void **state);

void test_a_tick_reaches_the_holder(void **state);
void test_a_tick_forces_a_switch(void **state);
void test_every_tick_forces_a_switch(void **state);
void test_a_late_tick_ends_no_hold(void **state);
void test_the_timer_sleeps_while_nobody_waits(void **state);
void test_a_waiter_that_ends_does_not_hang_the_holder(void **state);
void test_a_holder_that_ends_leaves_no_request(void **state);
void test_turns_come_in_the_order_of_arrival(void **state);
void test_yielders_take_turns(void **state);

void test_a_second_gil_is_refused(void **state);
void test_a_thread_that_cannot_start(void **state);
void test_a_timer_that_cannot_start(void **state);
void test_descriptors_are_used_again(void **state);
void test_a_dump_fits(void **state);
void test_options_are_checked(void **state);
void test_errno_survives_a_region(void **state);
void test_yield_without_waiters_makes_no_system_call(void **state);
void test_the_child_of_a_fork_owns_the_gil(void **state);

#endif
