/* SPDX-License-Identifier: MIT */
/* Mutex, condition, semaphore, event and queue of the language. */
#include "tests/thread_test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WORKERS 4

static void
pause_outside(struct thread *self)
{
	region_begin(self);
	os_yield();
	region_end(self);
}

/* ---- mutex -------------------------------------------------------------- */

struct counted {
	struct thread_mutex mutex;
	int inside;
	int count;
};

static void
count_under_mutex(struct thread *self, void *arg)
{
	struct counted *counted = arg;

	for (int i = 0; i < 300; i++) {
		CHECK(thread_mutex_lock(self, &counted->mutex, WAIT_FOREVER) ==
			0);
		CHECK(counted->inside++ == 0);
		if (i % 3 == 0)
			pause_outside(self); /* others try meanwhile */
		thread_poll(self);
		CHECK(--counted->inside == 0);
		counted->count++;
		CHECK(thread_mutex_unlock(self, &counted->mutex) == 0);
		if (i % 7 == 0)
			thread_pass(self);
	}
}

static void
exclude_under(enum mutex_rule rule)
{
	struct thread threads[WORKERS];
	struct counted counted = {.count = 0};

	begin_runtime((struct runtime_config){.mutex_rule = rule});
	thread_mutex_init(&counted.mutex, false);
	for (int i = 0; i < WORKERS; i++)
		start(&threads[i], count_under_mutex, &counted);
	for (int i = 0; i < WORKERS; i++)
		finish(&threads[i]);
	CHECK(counted.count == WORKERS * 300);
	CHECK(counted.mutex.owner == NULL && counted.mutex.heir == NULL);
	CHECK(wait_list_is_empty(&counted.mutex.waiters));
	end_runtime();
}

static void
test_a_mutex_excludes(void **state)
{
	(void)state;
	exclude_under(MUTEX_HEIR);
	exclude_under(MUTEX_DIRECT);
}

static void
lock_once(struct thread *self, void *arg)
{
	struct counted *counted = arg;

	CHECK(thread_mutex_lock(self, &counted->mutex, WAIT_FOREVER) == 0);
	counted->count++;
	CHECK(thread_mutex_unlock(self, &counted->mutex) == 0);
}

/* What E22 counts: locks of the runner that had to wait for the woken one. */
static unsigned long
waits_of_runner(enum mutex_rule rule)
{
	struct counted counted = {.count = 0};
	struct thread thread;
	unsigned long waits;

	begin_runtime((struct runtime_config){.mutex_rule = rule});
	thread_mutex_init(&counted.mutex, false);
	CHECK(thread_mutex_lock(&main_thread, &counted.mutex, WAIT_FOREVER) ==
		0);
	start(&thread, lock_once, &counted);
	pass_until_away(&thread);
	CHECK(thread_mutex_unlock(&main_thread, &counted.mutex) == 0);
	for (int i = 0; i < 10; i++) {
		CHECK(thread_mutex_lock(
			      &main_thread, &counted.mutex, WAIT_FOREVER) == 0);
		CHECK(thread_mutex_unlock(&main_thread, &counted.mutex) == 0);
	}
	waits = counted.mutex.waits - 1;
	finish(&thread);
	CHECK(counted.count == 1);
	end_runtime();
	return waits;
}

static void
test_an_heir_competes_and_a_grantee_does_not(void **state)
{
	(void)state;
	CHECK(waits_of_runner(MUTEX_HEIR) == 0);
	CHECK(waits_of_runner(MUTEX_DIRECT) == 1);
}

static void
test_a_mutex_refuses(void **state)
{
	struct counted counted = {.count = 0};
	struct thread_mutex *mutex = &counted.mutex;

	(void)state;
	thread_mutex_init(mutex, false);
	CHECK(thread_mutex_unlock(&main_thread, mutex) == -EPERM);
	CHECK(strstr(thread_refusal(&main_thread),
		      "thread_mutex_unlock: only") != NULL);
	CHECK(thread_mutex_trylock(&main_thread, mutex) == 0);
	CHECK(thread_mutex_lock(&main_thread, mutex, WAIT_FOREVER) == -EDEADLK);
	CHECK(thread_mutex_trylock(&main_thread, mutex) == -EDEADLK);
	CHECK(thread_mutex_unlock(&main_thread, mutex) == 0);
	CHECK(thread_mutex_unlock(&main_thread, mutex) == -EPERM);
}

static void
be_a_stranger(struct thread *self, void *arg)
{
	struct thread_mutex *mutex = arg;

	CHECK(thread_mutex_unlock(self, mutex) == -EPERM);
	CHECK(thread_mutex_trylock(self, mutex) == -EBUSY);
	CHECK(thread_mutex_lock(self, mutex, 0) == -ETIMEDOUT);
	CHECK(thread_mutex_lock(self, mutex, clock_now_ns() + NS_PER_MS) ==
		-ETIMEDOUT);
	CHECK(wait_list_is_empty(&mutex->waiters));
}

static void
test_a_stranger_gets_nothing(void **state)
{
	struct thread_mutex mutex;
	struct thread thread;

	(void)state;
	thread_mutex_init(&mutex, true);
	for (int i = 0; i < 3; i++)
		CHECK(thread_mutex_lock(&main_thread, &mutex, 0) == 0);
	for (int i = 0; i < 3; i++) {
		start(&thread, be_a_stranger, &mutex);
		finish(&thread);
		CHECK(thread_mutex_unlock(&main_thread, &mutex) == 0);
	}
	CHECK(mutex.owner == NULL);
}

static void
lock_and_end(struct thread *self, void *arg)
{
	struct thread_mutex *mutexes = arg;

	for (int i = 0; i < 3; i++)
		CHECK(thread_mutex_lock(self, &mutexes[i], WAIT_FOREVER) == 0);
	CHECK(thread_mutex_unlock(self, &mutexes[1]) == 0);
	while (wait_list_is_empty(&mutexes[0].waiters))
		pause_outside(self);
}

static void
test_an_owner_may_die(void **state)
{
	struct thread_mutex mutexes[3];
	struct thread thread;

	(void)state;
	for (int rule = 0; rule < 2; rule++) {
		for (int i = 0; i < 3; i++)
			thread_mutex_init(&mutexes[i], false);
		begin_runtime((struct runtime_config){
			.mutex_rule = (enum mutex_rule)rule});
		start(&thread, lock_and_end, mutexes);
		while (mutexes[2].owner == NULL)
			pause_outside(&main_thread);
		CHECK(thread_mutex_lock(&main_thread, &mutexes[0],
			      WAIT_FOREVER) == -EOWNERDEAD);
		CHECK(mutexes[0].owner == &main_thread);
		CHECK(thread_mutex_lock(
			      &main_thread, &mutexes[1], WAIT_FOREVER) == 0);
		CHECK(thread_mutex_trylock(&main_thread, &mutexes[2]) ==
			-EOWNERDEAD);
		for (int i = 0; i < 3; i++)
			CHECK(thread_mutex_unlock(&main_thread, &mutexes[i]) ==
				0);
		CHECK(thread_mutex_trylock(&main_thread, &mutexes[2]) == 0);
		finish(&thread);
		end_runtime();
	}
}

/* Killed after the grant, before it ran: the mutex goes to the next. */
static void
test_who_is_unwound_passes_the_mutex_on(void **state)
{
	struct counted counted = {.count = 0};
	struct thread threads[2];

	(void)state;
	for (int rule = 0; rule < 2; rule++) {
		begin_runtime((struct runtime_config){
			.mutex_rule = (enum mutex_rule)rule});
		counted.count = 0;
		thread_mutex_init(&counted.mutex, false);
		CHECK(thread_mutex_trylock(&main_thread, &counted.mutex) == 0);
		for (int i = 0; i < 2; i++) {
			start(&threads[i], lock_once, &counted);
			pass_until_away(&threads[i]);
		}
		CHECK(thread_mutex_unlock(&main_thread, &counted.mutex) == 0);
		CHECK(thread_kill(&main_thread, &threads[0]) == 0);
		for (int i = 0; i < 2; i++)
			finish(&threads[i]);
		CHECK(counted.count == 1);
		CHECK(threads[0].error.kind == ERROR_KILLED);
		CHECK(counted.mutex.owner == NULL);
		end_runtime();
	}
}

/* ---- condition ---------------------------------------------------------- */

struct turn {
	struct thread_mutex mutex;
	struct thread_condition changed;
	int turn;
};

static struct turn turns;

static void
take_turns(struct thread *self, void *arg)
{
	int mine = *(int *)arg;

	CHECK(thread_mutex_lock(self, &turns.mutex, WAIT_FOREVER) == 0);
	CHECK(thread_mutex_lock(self, &turns.mutex, WAIT_FOREVER) == 0);
	for (int i = 0; i < 100; i++) {
		while (turns.turn % WORKERS != mine) {
			CHECK(thread_condition_wait(self, &turns.changed,
				      &turns.mutex, WAIT_FOREVER) == 0);
			CHECK(turns.mutex.owner == self);
			CHECK(turns.mutex.depth == 2);
		}
		turns.turn++;
		thread_condition_broadcast(&turns.changed);
	}
	CHECK(thread_mutex_unlock(self, &turns.mutex) == 0);
	CHECK(thread_mutex_unlock(self, &turns.mutex) == 0);
}

static void
test_a_condition_passes_turns(void **state)
{
	struct thread threads[WORKERS];
	int indices[WORKERS];

	(void)state;
	memset(&turns, 0, sizeof(turns));
	thread_mutex_init(&turns.mutex, true);
	thread_condition_init(&turns.changed);
	for (int i = 0; i < WORKERS; i++) {
		indices[i] = i;
		start(&threads[i], take_turns, &indices[i]);
	}
	for (int i = 0; i < WORKERS; i++)
		finish(&threads[i]);
	CHECK(turns.turn == WORKERS * 100);
}

static void
test_a_condition_times_out_and_refuses(void **state)
{
	struct thread_condition condition;
	struct thread_mutex mutex;
	int64_t deadline_ns = clock_now_ns() + 2 * NS_PER_MS;

	(void)state;
	thread_mutex_init(&mutex, false);
	thread_condition_init(&condition);
	CHECK(thread_condition_wait(&main_thread, &condition, &mutex, 0) ==
		-EPERM);
	CHECK(thread_mutex_trylock(&main_thread, &mutex) == 0);
	CHECK(thread_condition_wait(&main_thread, &condition, &mutex,
		      deadline_ns) == -ETIMEDOUT);
	CHECK(clock_now_ns() >= deadline_ns);
	CHECK(mutex.owner == &main_thread);
	CHECK(wait_list_is_empty(&condition.waiters));
	thread_condition_signal(&condition); /* nobody: it is forgotten */
	CHECK(thread_mutex_unlock(&main_thread, &mutex) == 0);
}

struct hall {
	struct thread_mutex mutex;
	struct thread_condition condition;
	int served;
};

/* Who is killed in there, is killed as the mutex's owner. */
static void
wait_to_be_served(struct thread *self, void *arg)
{
	struct hall *hall = arg;
	int rc;

	CHECK(thread_mutex_lock(self, &hall->mutex, WAIT_FOREVER) == 0);
	rc = thread_condition_wait(
		self, &hall->condition, &hall->mutex, WAIT_FOREVER);
	CHECK(rc == 0 || rc == -EOWNERDEAD);
	hall->served++;
	CHECK(thread_mutex_unlock(self, &hall->mutex) == 0);
}

/* One signal, and the first in line is killed: the second must get it. */
static void
test_who_is_unwound_passes_the_signal_on(void **state)
{
	struct thread threads[2];
	struct hall hall;

	(void)state;
	memset(&hall, 0, sizeof(hall));
	for (int i = 0; i < 2; i++) {
		start(&threads[i], wait_to_be_served, &hall);
		pass_until_away(&threads[i]);
	}
	thread_condition_signal(&hall.condition);
	CHECK(thread_kill(&main_thread, &threads[0]) == 0);
	for (int i = 0; i < 2; i++)
		finish(&threads[i]);
	CHECK(hall.served == 1);
	CHECK(threads[1].error.kind == ERROR_NONE);
	CHECK(hall.mutex.owner == NULL);
}

/* ---- semaphore and event ------------------------------------------------ */

static void
wait_for_unit(struct thread *self, void *arg)
{
	CHECK(thread_semaphore_wait(self, arg, WAIT_FOREVER) == 0);
}

static void
test_a_semaphore_counts(void **state)
{
	struct thread_semaphore semaphore;
	struct thread threads[3];

	(void)state;
	thread_semaphore_init(&semaphore, 2);
	CHECK(thread_semaphore_wait(&main_thread, &semaphore, 0) == 0);
	CHECK(thread_semaphore_wait(&main_thread, &semaphore, 0) == 0);
	CHECK(thread_semaphore_wait(&main_thread, &semaphore, 0) == -ETIMEDOUT);
	for (int i = 0; i < 3; i++) {
		start(&threads[i], wait_for_unit, &semaphore);
		pass_until_away(&threads[i]);
	}
	thread_semaphore_post(&semaphore);
	thread_semaphore_post(&semaphore);
	/* Both units are given away: the first's goes on to the third. */
	CHECK(thread_kill(&main_thread, &threads[0]) == 0);
	for (int i = 0; i < 3; i++)
		finish(&threads[i]);
	CHECK(threads[0].error.kind == ERROR_KILLED);
	CHECK(semaphore.count == 0);
}

static void
wait_for_event(struct thread *self, void *arg)
{
	CHECK(thread_event_wait(self, arg, WAIT_FOREVER) == 0);
}

static void
test_an_event_is_for_all(void **state)
{
	struct thread_event event;
	struct thread threads[3];

	(void)state;
	thread_event_init(&event);
	CHECK(thread_event_wait(&main_thread, &event, 0) == -ETIMEDOUT);
	for (int i = 0; i < 3; i++) {
		start(&threads[i], wait_for_event, &event);
		pass_until_away(&threads[i]);
	}
	thread_event_set(&event);
	CHECK(thread_event_wait(&main_thread, &event, 0) == 0);
	for (int i = 0; i < 3; i++)
		finish(&threads[i]);
	thread_event_clear(&event);
	CHECK(thread_event_wait(&main_thread, &event, 0) == -ETIMEDOUT);
}

/* ---- queue -------------------------------------------------------------- */

#define ITEMS 500

static struct thread_queue queue;
static int items[WORKERS * ITEMS];

static void
push_items(struct thread *self, void *arg)
{
	int *first = arg;

	for (int i = 0; i < ITEMS; i++)
		CHECK(thread_queue_push(
			      self, &queue, first + i, WAIT_FOREVER) == 0);
}

static void
pop_items(struct thread *self, void *arg)
{
	int *popped = arg;
	void *item;
	int rc;

	while ((rc = thread_queue_pop(self, &queue, &item, WAIT_FOREVER)) ==
		0) {
		++*(int *)item;
		++*popped;
		if (*popped % 10 == 0)
			pause_outside(self);
	}
	CHECK(rc == -EPIPE);
}

static void
pass_items(size_t limit)
{
	struct thread pushers[WORKERS], poppers[WORKERS];
	int popped[WORKERS] = {0}, sum = 0;

	memset(items, 0, sizeof(items));
	thread_queue_init(&queue, limit);
	for (int i = 0; i < WORKERS; i++) {
		start(&poppers[i], pop_items, &popped[i]);
		start(&pushers[i], push_items, &items[i * ITEMS]);
	}
	for (int i = 0; i < WORKERS; i++)
		finish(&pushers[i]);
	thread_queue_close(&queue);
	for (int i = 0; i < WORKERS; i++) {
		finish(&poppers[i]);
		sum += popped[i];
	}
	CHECK(sum == WORKERS * ITEMS);
	for (int i = 0; i < WORKERS * ITEMS; i++)
		CHECK(items[i] == 1);
	thread_queue_destroy(&queue);
}

static void
test_a_queue_passes_each_item_once(void **state)
{
	(void)state;
	pass_items(0);
	pass_items(1);
	pass_items(7);
}

static void
test_a_queue_is_in_order_and_bounded(void **state)
{
	void *item;

	(void)state;
	thread_queue_init(&queue, 40);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 40; i++)
			CHECK(thread_queue_push(
				      &main_thread, &queue, &items[i], 0) == 0);
		CHECK(thread_queue_push(&main_thread, &queue, items, 0) ==
			-ETIMEDOUT);
		for (int i = 0; i < 40; i++) {
			CHECK(thread_queue_pop(
				      &main_thread, &queue, &item, 0) == 0);
			CHECK(item == &items[i]);
		}
		CHECK(thread_queue_pop(&main_thread, &queue, &item, 0) ==
			-ETIMEDOUT);
	}
	CHECK(thread_queue_push(&main_thread, &queue, items, 0) == 0);
	thread_queue_close(&queue);
	CHECK(thread_queue_push(&main_thread, &queue, items, 0) == -EPIPE);
	CHECK(thread_queue_pop(&main_thread, &queue, &item, 0) == 0);
	CHECK(thread_queue_pop(&main_thread, &queue, &item, 0) == -EPIPE);
	thread_queue_destroy(&queue);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_mutex_excludes),
		cmocka_unit_test(test_an_heir_competes_and_a_grantee_does_not),
		TEST(test_a_mutex_refuses),
		TEST(test_a_stranger_gets_nothing),
		cmocka_unit_test(test_an_owner_may_die),
		cmocka_unit_test(test_who_is_unwound_passes_the_mutex_on),
		TEST(test_a_condition_passes_turns),
		TEST(test_a_condition_times_out_and_refuses),
		TEST(test_who_is_unwound_passes_the_signal_on),
		TEST(test_a_semaphore_counts),
		TEST(test_an_event_is_for_all),
		TEST(test_a_queue_passes_each_item_once),
		TEST(test_a_queue_is_in_order_and_bounded),
	};

	return cmocka_run_group_tests_name(gil_variant.name, tests, NULL, NULL);
}
