/* SPDX-License-Identifier: MIT */
/* Hooks: eight events, heard by who listens and while he does. */
#include "tests/thread_test.h"

#include <errno.h>
#include <string.h>

#include "runtime/thread/hooks.h"

struct heard {
	atomic_uint count[HOOK_EVENTS];
	atomic_uint reasons;   /* of SUSPENDED, one bit each */
	struct thread *thread; /* the only one of interest; NULL: all */
	enum hook_event last;  /* of thread, by itself or its creator */
	atomic_uint wrong_order;
};

static void
hear(const struct hook_info *info, void *context)
{
	struct heard *heard = context;

	CHECK(info->event < HOOK_EVENTS);
	if (heard->thread != NULL && info->thread != heard->thread)
		return;
	atm_fetch_add(&heard->count[info->event], 1, relaxed);
	if (info->event == HOOK_SUSPENDED)
		atm_fetch_or(&heard->reasons, 1u << info->arg, relaxed);
	if (info->event == HOOK_REQUEST)
		return;
	CHECK(info->thread != NULL && info->thread->gil->id == info->gil_id);
	if (heard->thread == NULL)
		return; /* of many threads, without the GIL */
	/* Who resumes was suspended before, or has just been started. */
	if (info->event == HOOK_RESUMED && heard->last == HOOK_RESUMED)
		atm_fetch_add(&heard->wrong_order, 1, relaxed);
	heard->last = info->event;
}

static unsigned
count_of(struct heard *heard, enum hook_event event)
{
	return atm_load(&heard->count[event], relaxed);
}

struct job {
	atomic_bool has_begun;
	atomic_bool is_over;
};

static void
work(struct thread *self, void *arg)
{
	struct job *job = arg;

	set(&job->has_begun);
	region_begin(self);
	region_end(self);
	while (!is_set(&job->is_over))
		thread_poll(self);
}

static void
test_all_eight_are_heard(void **state)
{
	struct thread thread;
	struct job job = {false, false};
	struct heard heard = {.thread = NULL};
	int number;

	(void)state;
	number = thread_hook_add(&main_thread, HOOK_ALL, hear, &heard);
	CHECK(number >= 0);
	start(&thread, work, &job);
	CHECK(count_of(&heard, HOOK_STARTED) == 1);
	pass_until(&job.has_begun);
	/* With T5 and T7 nobody asks: the holder sees by itself. */
	while (count_of(&heard, HOOK_TICK) == 0 ||
		(gil_variant.tick < 5 && count_of(&heard, HOOK_REQUEST) == 0))
		thread_poll(&main_thread);
	set(&job.is_over);
	finish(&thread);
	thread_hook_remove(&main_thread, number);
	CHECK(count_of(&heard, HOOK_EXITED) == 1);
	CHECK(count_of(&heard, HOOK_READY) > 0);
	CHECK(count_of(&heard, HOOK_RESUMED) >= 2);
	/* Main gave it up as often as it got it since it listened; the other
	 * got it once more than main is away. */
	CHECK(count_of(&heard, HOOK_SUSPENDED) ==
		count_of(&heard, HOOK_RESUMED));
	CHECK(count_of(&heard, HOOK_REGION) >= 2);
	CHECK(count_of(&heard, HOOK_REGION) % 2 == 0);
	CHECK(atm_load(&heard.reasons, relaxed) & 1u << GIL_REASON_REGION);
	CHECK(atm_load(&heard.reasons, relaxed) & 1u << GIL_REASON_EXIT);
}

static void
test_a_thread_is_resumed_and_suspended_in_turn(void **state)
{
	struct thread thread;
	struct job job = {false, false};
	struct heard heard = {.thread = &thread, .last = HOOK_STARTED};
	int number;

	(void)state;
	number = thread_hook_add(&main_thread,
		HOOK_BIT(HOOK_RESUMED) | HOOK_BIT(HOOK_SUSPENDED), hear,
		&heard);
	CHECK(number >= 0);
	start(&thread, work, &job);
	for (int i = 0; i < 100; i++)
		thread_pass(&main_thread);
	pass_until(&job.has_begun);
	set(&job.is_over);
	finish(&thread);
	CHECK(atm_load(&heard.wrong_order, relaxed) == 0);
	CHECK(heard.last == HOOK_SUSPENDED);
	CHECK(count_of(&heard, HOOK_RESUMED) >= 1);
	CHECK(count_of(&heard, HOOK_STARTED) == 0); /* not asked for */
	thread_hook_remove(&main_thread, number);
}

static void
test_who_is_removed_hears_nothing(void **state)
{
	struct heard heard[2] = {{.thread = NULL}, {.thread = NULL}};
	int numbers[HOOKS_MOST];

	(void)state;
	CHECK(thread_hook_add(&main_thread, 0, hear, heard) == -EINVAL);
	for (int i = 0; i < HOOKS_MOST; i++)
		numbers[i] = thread_hook_add(&main_thread,
			HOOK_BIT(HOOK_REGION), hear, &heard[i > 0]);
	CHECK(thread_hook_add(&main_thread, HOOK_ALL, hear, heard) == -EAGAIN);
	region_begin(&main_thread);
	region_end(&main_thread);
	CHECK(count_of(&heard[0], HOOK_REGION) == 2);
	CHECK(count_of(&heard[1], HOOK_REGION) == 2 * (HOOKS_MOST - 1));
	for (int i = 1; i < HOOKS_MOST; i++)
		thread_hook_remove(&main_thread, numbers[i]);
	region_begin(&main_thread);
	region_end(&main_thread);
	CHECK(count_of(&heard[0], HOOK_REGION) == 4);
	CHECK(count_of(&heard[1], HOOK_REGION) == 2 * (HOOKS_MOST - 1));
	thread_hook_remove(&main_thread, numbers[0]);
	CHECK(atm_load(&the_runtime.gil->calls.listening, relaxed) == 0);
}

/* Hooks come and go while others are called. */
static void
test_hooks_change_under_load(void **state)
{
	struct thread threads[2];
	struct job job = {false, false};
	struct heard heard = {.thread = NULL};

	(void)state;
	for (int i = 0; i < 2; i++)
		start(&threads[i], work, &job);
	for (int i = 0; i < 200; i++) {
		int number =
			thread_hook_add(&main_thread, HOOK_ALL, hear, &heard);

		CHECK(number >= 0);
		region_begin(&main_thread);
		region_end(&main_thread);
		thread_hook_remove(&main_thread, number);
	}
	set(&job.is_over);
	for (int i = 0; i < 2; i++)
		finish(&threads[i]);
	CHECK(count_of(&heard, HOOK_REGION) >= 400);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_eight_are_heard),
		TEST(test_a_thread_is_resumed_and_suspended_in_turn),
		TEST(test_who_is_removed_hears_nothing),
		TEST(test_hooks_change_under_load),
	};

	return cmocka_run_group_tests_name(gil_variant.name, tests, NULL, NULL);
}
