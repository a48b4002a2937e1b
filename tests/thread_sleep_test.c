/* SPDX-License-Identifier: MIT */
/* Sleep, wake-up, join, deadlock, priority, and variables of a thread. */
#include "tests/thread_test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* ---- sleep -------------------------------------------------------------- */

static void
test_a_deadline_in_the_past_ends_a_sleep(void **state)
{
	uint64_t before, after;

	(void)state;
	before = main_thread.gil->counters.acquisitions;
	CHECK(thread_sleep_until(&main_thread, 0) == -ETIMEDOUT);
	CHECK(thread_sleep_until(&main_thread, -1) == -ETIMEDOUT);
	CHECK(thread_sleep_until(&main_thread, clock_now_ns()) == -ETIMEDOUT);
	after = main_thread.gil->counters.acquisitions;
	/* Each gave the GIL up once: it neither spins nor keeps it. */
	CHECK(after == before + 3);
}

static void
test_a_sleep_lasts_until_its_deadline(void **state)
{
	int64_t deadline_ns = clock_now_ns() + 20 * NS_PER_MS;

	(void)state;
	CHECK(thread_sleep_until(&main_thread, deadline_ns) == -ETIMEDOUT);
	CHECK(clock_now_ns() >= deadline_ns);
}

static void
test_interrupts_do_not_shorten_a_sleep(void **state)
{
	int64_t deadline_ns = clock_now_ns() + 20 * NS_PER_MS;

	(void)state;
	atm_fetch_or(&main_thread.gil->flags, GIL_FLAG_INTERRUPT, relaxed);
	CHECK(thread_sleep_until(&main_thread, deadline_ns) == -ETIMEDOUT);
	CHECK(clock_now_ns() >= deadline_ns);
}

static void
sleep_and_note(struct thread *self, void *arg)
{
	int *woken = arg;

	thread_sleep_forever(self);
	++*woken;
	CHECK(thread_sleep_until(self, clock_now_ns() + 1000 * NS_PER_S) == 0);
	++*woken;
	thread_stop(self);
	++*woken;
}

static void
test_a_wakeup_ends_a_sleep(void **state)
{
	struct thread thread;
	int woken = 0;

	(void)state;
	start(&thread, sleep_and_note, &woken);
	/* It has not begun: a wake-up is not remembered. */
	CHECK(thread_wakeup(&main_thread, &thread) == -EAGAIN);
	CHECK(strstr(thread_refusal(&main_thread), "thread_wakeup") != NULL);
	for (int i = 1; i <= 3; i++) {
		pass_until_away(&thread);
		CHECK(strncmp(thread_status_name(&thread), "sleep", 5) == 0);
		CHECK(thread_wakeup(&main_thread, &thread) == 0);
		/* The second finds it awake. */
		CHECK(thread_wakeup(&main_thread, &thread) == -EAGAIN);
		while (woken < i) {
			region_begin(&main_thread);
			os_yield();
			region_end(&main_thread);
		}
	}
	thread_join(&main_thread, &thread);
	CHECK(thread_wakeup(&main_thread, &thread) == -ESRCH);
	CHECK(strcmp(thread_status_name(&thread), "dead") == 0);
	thread_retire(&thread);
}

/* Who waits for something else does not take a wake-up for it. */
static void
wait_for_event(struct thread *self, void *arg)
{
	struct thread_event *event = arg;

	CHECK(thread_event_wait(self, event, WAIT_FOREVER) == 0);
	CHECK(event->is_set);
}

static void
test_a_wakeup_is_for_sleepers_only(void **state)
{
	struct thread_event event;
	struct thread thread;

	(void)state;
	thread_event_init(&event);
	start(&thread, wait_for_event, &event);
	pass_until_away(&thread);
	CHECK(thread_wakeup(&main_thread, &thread) == -EAGAIN);
	thread_unpark(&thread); /* and a stray one is no event */
	region_begin(&main_thread);
	region_end(&main_thread);
	thread_event_set(&event);
	finish(&thread);
}

/* ---- join --------------------------------------------------------------- */

static void
test_join_with_a_limit(void **state)
{
	struct thread_event event;
	struct thread thread;
	int64_t deadline_ns = clock_now_ns() + 10 * NS_PER_MS;

	(void)state;
	thread_event_init(&event);
	start(&thread, wait_for_event, &event);
	CHECK(thread_join_until(&main_thread, &thread, 0) == -ETIMEDOUT);
	CHECK(thread_join_until(&main_thread, &thread, deadline_ns) ==
		-ETIMEDOUT);
	CHECK(clock_now_ns() >= deadline_ns);
	CHECK(wait_list_is_empty(&thread.joiners));
	CHECK(thread_join_until(&main_thread, &main_thread, 0) == -EDEADLK);
	thread_event_set(&event);
	CHECK(thread_join_until(&main_thread, &thread, WAIT_FOREVER) == 0);
	CHECK(thread_join_until(&main_thread, &thread, 0) == 0); /* again */
	CHECK(thread.stack == NULL);
	thread_retire(&thread);
}

static void
join_it(struct thread *self, void *arg)
{
	thread_join(self, arg);
}

static void
test_many_may_join_one(void **state)
{
	struct thread_event event;
	struct thread thread, joiners[5];

	(void)state;
	thread_event_init(&event);
	start(&thread, wait_for_event, &event);
	for (int i = 0; i < 5; i++)
		start(&joiners[i], join_it, &thread);
	for (int i = 0; i < 5; i++)
		pass_until_away(&joiners[i]);
	thread_event_set(&event);
	for (int i = 0; i < 5; i++)
		finish(&joiners[i]);
	finish(&thread);
}

/* ---- deadlock ----------------------------------------------------------- */

struct pair {
	struct thread_mutex mutexes[2];
	struct thread threads[2];
};

static void
lock_crosswise(struct thread *self, void *arg)
{
	struct pair *pair = arg;
	int mine = self == &pair->threads[1];

	CHECK(thread_mutex_lock(self, &pair->mutexes[mine], WAIT_FOREVER) == 0);
	while (pair->mutexes[!mine].owner == NULL) {
		region_begin(self);
		region_end(self);
	}
	(void)thread_mutex_lock(self, &pair->mutexes[!mine], WAIT_FOREVER);
}

static void
join_both(struct thread *self, void *arg)
{
	struct pair *pair = arg;

	for (int i = 0; i < 2; i++)
		CHECK(thread_start(self, &pair->threads[i],
			      i == 0 ? "left" : "right", lock_crosswise,
			      pair) == 0);
	for (int i = 0; i < 2; i++)
		thread_join(self, &pair->threads[i]);
}

static void
test_a_deadlock_is_reported(void **state)
{
	struct pair pair;
	struct thread_error error;

	(void)state;
	memset(&pair, 0, sizeof(pair));
	CHECK(!thread_protect(&main_thread, join_both, &pair, &error));
	CHECK(error.kind == ERROR_FATAL);
	CHECK(strstr(error.value, "deadlock") != NULL);
	CHECK(strstr(error.value, "left: sleep forever") != NULL);
	CHECK(strstr(error.value, "right: sleep forever") != NULL);
	CHECK(strstr(error.value, "main: ") != NULL);
	for (int i = 0; i < 2; i++)
		CHECK(thread_kill(&main_thread, &pair.threads[i]) == 0);
	for (int i = 0; i < 2; i++)
		finish(&pair.threads[i]);
}

/* The last one that was awake ends, and nobody is left. */
static void
end_soon(struct thread *self, void *arg)
{
	(void)arg;
	pass_until_away(&main_thread);
	(void)self;
}

static void
stop_beside(struct thread *self, void *arg)
{
	CHECK(thread_start(self, arg, "short", end_soon, NULL) == 0);
	thread_stop(self);
}

static void
test_the_last_ones_end_may_be_a_deadlock(void **state)
{
	struct thread_error error;
	struct thread thread;

	(void)state;
	CHECK(!thread_protect(&main_thread, stop_beside, &thread, &error));
	CHECK(error.kind == ERROR_FATAL);
	finish(&thread);
}

/* A deadline, a region, a wake-up under way: none of it is a deadlock. */
static void
sleep_a_while(struct thread *self, void *arg)
{
	struct thread_event *event = arg;

	CHECK(thread_sleep_until(self, clock_now_ns() + 5 * NS_PER_MS) ==
		-ETIMEDOUT);
	region_begin(self);
	clock_sleep_until_ns(clock_now_ns() + 5 * NS_PER_MS);
	region_end(self);
	thread_event_set(event);
	thread_event_clear(event);
	thread_stop(self);
}

static void
test_hope_is_no_deadlock(void **state)
{
	struct thread_event event;
	struct thread thread;

	(void)state;
	thread_event_init(&event);
	start(&thread, sleep_a_while, &event);
	/* Woken by an event that is no longer set: waits for nothing more. */
	CHECK(thread_event_wait(&main_thread, &event,
		      clock_now_ns() + 1000 * NS_PER_S) == 0);
	pass_until_away(&thread);
	CHECK(thread_wakeup(&main_thread, &thread) == 0);
	CHECK(thread_join_until(&main_thread, &thread, WAIT_FOREVER) == 0);
	thread_retire(&thread);
}

static int
deadlock_main(void *arg)
{
	struct runtime_config config = {.usable_cpus = 1};
	static struct thread main;

	(void)arg;
	CHECK(runtime_start(&config, &main) == 0);
	thread_stop(&main);
	return 0;
}

static void
test_an_uncaught_deadlock_ends_the_process(void **state)
{
	char text[4096];
	int status;

	(void)state;
	status = run_in_child(deadlock_main, NULL, text);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	CHECK(strstr(text, "deadlock: no thread will ever be woken") != NULL);
	CHECK(strstr(text, "thread 1 main: ") != NULL);
}

/* ---- priority ----------------------------------------------------------- */

struct race {
	atomic_bool has_begun;
	atomic_bool is_over;
};

static void
compute(struct thread *self, void *arg)
{
	struct race *race = arg;

	set(&race->has_begun);
	while (!is_set(&race->is_over))
		thread_poll(self);
}

/* Main counts the ticks that reach it, and its yields. */
static uint64_t
yields_per_tick(int priority, int ticks)
{
	struct race race = {false, false};
	struct thread thread;
	uint64_t before;

	CHECK(thread_set_priority(&main_thread, 0) == 0);
	start(&thread, compute, &race);
	while (!is_set(&race.has_begun))
		thread_pass(&main_thread);
	CHECK(thread_set_priority(&main_thread, priority) == 0);
	before = main_thread.gil->counters.forced_yields;
	for (int i = 0; i < ticks; i++) {
		while (atm_load(&the_runtime.gil->nwaiters, relaxed) == 0)
			os_yield();
		gil_schedule(main_thread.gil);
	}
	before = main_thread.gil->counters.forced_yields - before;
	CHECK(thread_set_priority(&main_thread, 0) == 0);
	set(&race.is_over);
	finish(&thread);
	return before;
}

static void
test_priorities_shift_the_slice(void **state)
{
	(void)state;
	CHECK(yields_per_tick(0, 16) == 16);
	CHECK(yields_per_tick(1, 16) == 8);
	CHECK(yields_per_tick(3, 16) == 2);
	CHECK(thread_set_priority(&main_thread, 4) == -ERANGE);
	CHECK(thread_set_priority(&main_thread, -4) == -ERANGE);
	if (strcmp(gil_variant.policy, "handoff") != 0)
		return; /* the other may not be back in line yet */
	CHECK(yields_per_tick(-1, 16) == 32);
	CHECK(yields_per_tick(-3, 4) == 32);
}

static void
note_priority(struct thread *self, void *arg)
{
	*(int *)arg = self->gil->priority;
}

static void
test_a_thread_inherits_its_creators_priority(void **state)
{
	struct thread thread;
	int priority = 0;

	(void)state;
	CHECK(thread_set_priority(&main_thread, 2) == 0);
	start(&thread, note_priority, &priority);
	finish(&thread);
	CHECK(priority == 2);
}

/* ---- variables of a thread ---------------------------------------------- */

static int destroyed;
static int keys[2];

static void
destroy(void *value)
{
	CHECK(value == &keys[1]);
	destroyed++;
}

static void
use_locals(struct thread *self, void *arg)
{
	(void)arg;
	CHECK(thread_local_get(self, keys[0]) == NULL);
	thread_local_set(self, keys[0], &keys[0]);
	thread_local_set(self, keys[1], &keys[1]);
	CHECK(thread_local_get(self, keys[0]) == &keys[0]);
}

static void
test_each_thread_has_its_own_variables(void **state)
{
	struct thread thread;

	(void)state;
	destroyed = 0;
	keys[0] = thread_local_new(NULL);
	keys[1] = thread_local_new(destroy);
	CHECK(keys[0] >= 0 && keys[1] >= 0);
	thread_local_set(&main_thread, keys[0], &main_thread);
	for (int i = 1; i <= 3; i++) {
		start(&thread, use_locals, NULL);
		finish(&thread);
		CHECK(destroyed == i);
	}
	CHECK(thread_local_get(&main_thread, keys[0]) == &main_thread);
	while (thread_local_new(NULL) >= 0)
		continue;
	CHECK(thread_local_new(NULL) == -EAGAIN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_deadline_in_the_past_ends_a_sleep),
		TEST(test_a_sleep_lasts_until_its_deadline),
		TEST(test_interrupts_do_not_shorten_a_sleep),
		TEST(test_a_wakeup_ends_a_sleep),
		TEST(test_a_wakeup_is_for_sleepers_only),
		TEST(test_join_with_a_limit),
		TEST(test_many_may_join_one),
		TEST(test_a_deadlock_is_reported),
		TEST(test_the_last_ones_end_may_be_a_deadlock),
		TEST(test_hope_is_no_deadlock),
		cmocka_unit_test(test_an_uncaught_deadlock_ends_the_process),
		TEST(test_priorities_shift_the_slice),
		TEST(test_a_thread_inherits_its_creators_priority),
		TEST(test_each_thread_has_its_own_variables),
	};

	return cmocka_run_group_tests_name(gil_variant.name, tests, NULL, NULL);
}
