/* SPDX-License-Identifier: MIT */
/* Interrupts: raise, kill, masks, signals, regions that can be left. */
#include "tests/thread_test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/build_info.h"

static struct thread_error
an_error(unsigned class, void *value)
{
	return (struct thread_error){ERROR_RAISED, class, value};
}

/* ---- raise and kill ----------------------------------------------------- */

enum place {
	IN_POLL,
	IN_SLEEP,
	IN_STOP,
	IN_MUTEX,
	IN_CONDITION,
	IN_SEMAPHORE,
	IN_EVENT,
	IN_POP,
	IN_PUSH,
	IN_JOIN,
	IN_REGION,
	PLACES
};

static struct {
	enum place place;
	struct thread_mutex mutex; /* main has it */
	struct thread_mutex own;
	struct thread_condition condition;
	struct thread_semaphore semaphore;
	struct thread_event event;
	struct thread_queue empty, full;
	struct thread other; /* sleeps until the end */
	int fds[2];          /* nobody writes */
	atomic_bool is_there;
	atomic_bool has_gone_on; /* it must not */
} stage;

static void
poll_for_ever(struct thread *self)
{
	for (;;)
		thread_poll(self);
}

static void
read_for_ever(struct thread *self)
{
	for (;;) {
		char byte;

		CHECK(region_begin_select(self) == 0);
		CHECK(read(stage.fds[0], &byte, 1) == -1 && errno == EINTR);
		region_end_unblock(self);
		CHECK(errno == EINTR);
	}
}

static void
wait_for_ever(struct thread *self)
{
	void *item;

	switch (stage.place) {
	case IN_POLL:
		poll_for_ever(self);
		break;
	case IN_SLEEP:
		thread_sleep_forever(self);
		break;
	case IN_STOP:
		thread_stop(self);
		break;
	case IN_MUTEX:
		(void)thread_mutex_lock(self, &stage.mutex, WAIT_FOREVER);
		break;
	case IN_CONDITION:
		(void)thread_mutex_lock(self, &stage.own, WAIT_FOREVER);
		(void)thread_condition_wait(
			self, &stage.condition, &stage.own, WAIT_FOREVER);
		break;
	case IN_SEMAPHORE:
		(void)thread_semaphore_wait(
			self, &stage.semaphore, WAIT_FOREVER);
		break;
	case IN_EVENT:
		(void)thread_event_wait(self, &stage.event, WAIT_FOREVER);
		break;
	case IN_POP:
		(void)thread_queue_pop(self, &stage.empty, &item, WAIT_FOREVER);
		break;
	case IN_PUSH:
		(void)thread_queue_push(
			self, &stage.full, &stage, WAIT_FOREVER);
		break;
	case IN_JOIN:
		thread_join(self, &stage.other);
		break;
	case IN_REGION:
		read_for_ever(self);
		break;
	case PLACES:
		break;
	}
}

static void
go_there(struct thread *self, void *arg)
{
	(void)arg;
	set(&stage.is_there);
	wait_for_ever(self);
	set(&stage.has_gone_on);
}

static void
sleep_to_the_end(struct thread *self, void *arg)
{
	(void)arg;
	thread_sleep_forever(self);
}

static void
set_the_stage(void)
{
	memset(&stage, 0, sizeof(stage));
	thread_mutex_init(&stage.mutex, false);
	thread_mutex_init(&stage.own, false);
	thread_semaphore_init(&stage.semaphore, 0);
	thread_queue_init(&stage.empty, 0);
	thread_queue_init(&stage.full, 1);
	CHECK(thread_queue_push(&main_thread, &stage.full, &stage, 0) == 0);
	CHECK(thread_mutex_lock(&main_thread, &stage.mutex, WAIT_FOREVER) == 0);
	CHECK(pipe(stage.fds) == 0);
	start(&stage.other, sleep_to_the_end, NULL);
}

static void
clear_the_stage(void)
{
	CHECK(!is_set(&stage.has_gone_on));
	CHECK(thread_mutex_unlock(&main_thread, &stage.mutex) == 0);
	/* Who was unwound left nothing behind in any line. */
	CHECK(stage.mutex.waiters.first == NULL);
	CHECK(stage.own.owner == NULL);
	CHECK(stage.condition.waiters.first == NULL);
	CHECK(stage.semaphore.waiters.first == NULL);
	CHECK(stage.event.waiters.first == NULL);
	CHECK(stage.empty.poppers.first == NULL);
	CHECK(stage.full.pushers.first == NULL);
	CHECK(stage.other.joiners.first == NULL);
	CHECK(thread_kill(&main_thread, &stage.other) == 0);
	finish(&stage.other);
	thread_queue_destroy(&stage.empty);
	thread_queue_destroy(&stage.full);
	CHECK(close(stage.fds[0]) == 0 && close(stage.fds[1]) == 0);
}

/* Wherever a thread is, an error finds it, and its joiner sees the error. */
static void
interrupt_in(enum place place, bool kills, bool early)
{
	struct thread thread;
	int value;

	set_the_stage();
	stage.place = place;
	start(&thread, go_there, NULL);
	if (!early) {
		pass_until(&stage.is_there);
		if (place != IN_POLL)
			pass_until_away(&thread);
	}
	if (kills)
		CHECK(thread_kill(&main_thread, &thread) == 0);
	else
		CHECK(thread_raise(
			      &main_thread, &thread, an_error(7, &value)) == 0);
	thread_join(&main_thread, &thread);
	CHECK(thread.error.kind == (kills ? ERROR_KILLED : ERROR_RAISED));
	if (!kills)
		CHECK(thread.error.class == 7 && thread.error.value == &value);
	CHECK(thread_raise(&main_thread, &thread, an_error(7, NULL)) == -ESRCH);
	CHECK(thread_kill(&main_thread, &thread) == -ESRCH);
	thread_retire(&thread);
	clear_the_stage();
}

static void
test_an_error_finds_its_thread_everywhere(void **state)
{
	(void)state;
	for (int place = 0; place < PLACES; place++)
		for (int kills = 0; kills < 2; kills++)
			for (int early = 0; early < 2; early++)
				interrupt_in((enum place)place, kills, early);
}

/* ---- catching ----------------------------------------------------------- */

static void
throw_it(struct thread *self, void *arg)
{
	gc_push_root(runtime_heap(self), arg);
	thread_throw(self, an_error(3, arg));
}

static void
catch_and_throw_on(struct thread *self, void *arg)
{
	struct thread_error error;

	CHECK(!thread_protect(self, throw_it, arg, &error));
	CHECK(error.class == 3 && error.value == arg);
	error.class = 4;
	thread_throw(self, error);
}

static void
test_errors_are_caught_by_the_innermost(void **state)
{
	struct heap *heap = runtime_heap(&main_thread);
	void **roots = gc_current_stack(heap)->top;
	struct thread_error error;
	int value;

	(void)state;
	CHECK(!thread_protect(
		&main_thread, catch_and_throw_on, &value, &error));
	CHECK(error.class == 4 && error.value == &value);
	/* What was pushed on the way is gone. */
	CHECK(gc_current_stack(heap)->top == roots);
	CHECK(main_thread.frames == NULL);
	CHECK(main_thread.status == THREAD_ALIVE);
}

static void
raise_at_self(struct thread *self, void *arg)
{
	CHECK(thread_raise(self, self, an_error(5, arg)) == 0);
	CHECK(false);
}

static void
test_raise_at_self_is_thrown_at_once(void **state)
{
	struct thread_error error;

	(void)state;
	CHECK(!thread_protect(&main_thread, raise_at_self, NULL, &error));
	CHECK(error.class == 5);
	CHECK(thread_raise(&main_thread, &main_thread, an_error(0, NULL)) ==
		-EINVAL);
	CHECK(thread_raise(&main_thread, &main_thread, an_error(32, NULL)) ==
		-EINVAL);
}

/* ---- queue, slot, masks ------------------------------------------------- */

struct masked {
	atomic_bool is_masked;
	atomic_bool may_go_on;
	struct error_mask mask;
	unsigned classes[THREAD_ERRORS + 1]; /* in the order of arrival */
	int count, expected;
};

static void
look(struct thread *self, void *arg)
{
	struct error_mask none = {0, 0};

	(void)arg;
	(void)thread_set_mask(self, none);
	region_begin(self); /* for those who wait to raise */
	region_end(self);
}

static void
sleep_a_moment(struct thread *self, void *arg)
{
	(void)arg;
	(void)thread_sleep_until(self, clock_now_ns()); /* times out */
}

/* Let errors in one by one. */
static void
collect(struct thread *self, void *arg)
{
	struct masked *masked = arg;
	struct thread_error error;

	(void)thread_set_mask(self, masked->mask);
	set(&masked->is_masked);
	while (!is_set(&masked->may_go_on))
		thread_poll(self);
	if (masked->mask.on_blocking != 0) {
		thread_poll(self);
		CHECK(!thread_protect(self, sleep_a_moment, NULL, &error));
		masked->classes[masked->count++] = error.class;
	}
	while (masked->count < masked->expected)
		if (!thread_protect(self, look, NULL, &error))
			masked->classes[masked->count++] = error.class;
}

static void
test_the_queue_keeps_the_order(void **state)
{
	struct masked masked = {.mask = {~0u, 0}, .expected = THREAD_ERRORS};
	struct thread thread;

	(void)state;
	start(&thread, collect, &masked);
	pass_until(&masked.is_masked);
	for (unsigned i = 0; i < THREAD_ERRORS; i++)
		CHECK(thread_raise(&main_thread, &thread,
			      an_error(1 + i % 31, NULL)) == 0);
	/* No error is lost: the one too many is refused. */
	CHECK(thread_raise(&main_thread, &thread, an_error(1, NULL)) ==
		-EAGAIN);
	CHECK(strstr(thread_refusal(&main_thread), "thread_raise") != NULL);
	set(&masked.may_go_on);
	finish(&thread);
	CHECK(masked.count == THREAD_ERRORS);
	for (unsigned i = 0; i < THREAD_ERRORS; i++)
		CHECK(masked.classes[i] == 1 + i % 31);
}

static void
test_masks_choose_by_class_and_place(void **state)
{
	struct masked masked = {
		.mask = {1u << 9, 1u << 8 | 1u << 7}, .expected = 3};
	struct thread thread;

	(void)state;
	start(&thread, collect, &masked);
	pass_until(&masked.is_masked);
	CHECK(thread_raise(&main_thread, &thread, an_error(9, NULL)) == 0);
	CHECK(thread_raise(&main_thread, &thread, an_error(8, NULL)) == 0);
	CHECK(thread_raise(&main_thread, &thread, an_error(7, NULL)) == 0);
	set(&masked.may_go_on);
	finish(&thread);
	/* 8 came where it blocked; the others in their order, unmasked. */
	CHECK(masked.count == 3);
	CHECK(masked.classes[0] == 8);
	CHECK(masked.classes[1] == 9 && masked.classes[2] == 7);
}

static void
raise_second(struct thread *self, void *arg)
{
	CHECK(thread_raise(self, arg, an_error(2, NULL)) == 0);
}

static void
test_the_slot_makes_the_second_wait(void **state)
{
	struct masked masked = {.mask = {~0u, 0}, .expected = 2};
	struct thread thread, second;

	(void)state;
	begin_runtime((struct runtime_config){.error_rule = ERRORS_SLOT});
	start(&thread, collect, &masked);
	pass_until(&masked.is_masked);
	CHECK(thread_raise(&main_thread, &thread, an_error(1, NULL)) == 0);
	start(&second, raise_second, &thread);
	pass_until_away(&second);
	CHECK(thread.npending == 1);
	set(&masked.may_go_on);
	finish(&second);
	finish(&thread);
	CHECK(masked.classes[0] == 1 && masked.classes[1] == 2);
	end_runtime();
}

/* ---- signals ------------------------------------------------------------ */

static int handled, nested;

static void
count_signal(struct thread *self, int signal)
{
	CHECK(self == &main_thread && thread_current() == self);
	CHECK(signal == SIGUSR1);
	/* A second signal does not begin a second handler in the first. */
	CHECK(nested == 0);
	nested++;
	CHECK(raise(SIGUSR1) == 0 || handled > 0);
	thread_poll(self);
	nested--;
	handled++;
}

static void
count_only(struct thread *self, int signal)
{
	CHECK(self == &main_thread);
	(void)signal;
	handled++;
}

static void
test_handlers_run_in_main_at_a_safepoint(void **state)
{
	(void)state;
	handled = 0;
	CHECK(thread_trap(&main_thread, SIGUSR1, count_only) == 0);
	CHECK(raise(SIGUSR1) == 0);
	CHECK(handled == 0);
	thread_poll(&main_thread);
	CHECK(handled == 1);
	thread_poll(&main_thread);
	CHECK(handled == 1);
	CHECK(thread_trap(&main_thread, SIGUSR1, NULL) == 0);
}

static void
count_three(struct thread *self, int signal)
{
	if (handled < 3)
		count_signal(self, signal);
	else
		handled++;
}

static void
test_handlers_do_not_nest(void **state)
{
	(void)state;
	handled = 0;
	nested = 0;
	CHECK(thread_trap(&main_thread, SIGUSR1, count_three) == 0);
	CHECK(raise(SIGUSR1) == 0);
	thread_poll(&main_thread);
	CHECK(handled == 4); /* three of which raised another */
	CHECK(thread_trap(&main_thread, SIGUSR1, NULL) == 0);
}

/*
 * To the process, or to this very thread.  TSan runs a handler when its thread
 * next calls a function that TSan knows; a thread that waits by a futex calls
 * none, so there the signal goes to the caller.
 */
static void
send_signal(int signal, bool to_process)
{
	if (to_process && strcmp(build_sanitizer, "thread") != 0)
		CHECK(kill(getpid(), signal) == 0);
	else
		CHECK(pthread_kill(pthread_self(), signal) == 0);
}

#define SIGNALS_SENT 200

/* Signals to the process and to this very thread, while main waits. */
static void
send_signals(struct thread *self, void *arg)
{
	(void)arg;
	for (int i = 0; i < SIGNALS_SENT; i++) {
		int before;

		region_begin(self);
		send_signal(SIGUSR2, i % 2 == 0);
		region_end(self);
		/* One at a time: the kernel merges what is pending. */
		do {
			before = handled;
			region_begin(self);
			os_yield();
			region_end(self);
		} while (before <= i);
	}
}

static void
throw_at_signal(struct thread *self, int signal)
{
	(void)signal;
	thread_throw(self, an_error(6, NULL));
}

static void
read_until_thrown(struct thread *self, void *arg)
{
	(void)arg;
	read_for_ever(self);
}

static void
test_no_signal_is_lost_while_main_is_away(void **state)
{
	struct thread thread;

	(void)state;
	handled = 0;
	CHECK(pipe(stage.fds) == 0);
	CHECK(thread_trap(&main_thread, SIGUSR2, count_only) == 0);
	start(&thread, send_signals, NULL);
	while (handled < SIGNALS_SENT / 2) {
		char byte;

		CHECK(region_begin_select(&main_thread) == 0);
		CHECK(read(stage.fds[0], &byte, 1) == -1 && errno == EINTR);
		region_end_unblock(&main_thread);
	}
	finish(&thread); /* and the others come while main sleeps */
	CHECK(handled == SIGNALS_SENT);
	CHECK(thread_trap(&main_thread, SIGUSR2, NULL) == 0);
	CHECK(close(stage.fds[0]) == 0 && close(stage.fds[1]) == 0);
}

static void
send_one(struct thread *self, void *arg)
{
	(void)arg;
	pass_until_away(&main_thread);
	(void)self;
	send_signal(SIGUSR1, true);
}

static void
test_a_handler_may_throw_out_of_a_region(void **state)
{
	struct thread_error error;
	struct thread thread;

	(void)state;
	CHECK(pipe(stage.fds) == 0);
	CHECK(thread_trap(&main_thread, SIGUSR1, throw_at_signal) == 0);
	start(&thread, send_one, NULL);
	CHECK(!thread_protect(&main_thread, read_until_thrown, NULL, &error));
	CHECK(error.class == 6);
	CHECK(main_thread.held_flags == 0);
	finish(&thread);
	CHECK(thread_trap(&main_thread, SIGUSR1, NULL) == 0);
	CHECK(close(stage.fds[0]) == 0 && close(stage.fds[1]) == 0);
}

static void
test_traps_that_cannot_be(void **state)
{
	(void)state;
	CHECK(thread_trap(&main_thread, SIGKILL, count_only) == -EINVAL);
	CHECK(thread_trap(&main_thread, SIGVTALRM, count_only) == -EINVAL);
	CHECK(thread_trap(&main_thread, 0, count_only) == -EINVAL);
	CHECK(thread_trap(&main_thread, 65, count_only) == -EINVAL);
	CHECK(thread_trap(&main_thread, SIGUSR1, NULL) == 0);
}

static void
test_a_re_sender_that_cannot_start(void **state)
{
	(void)state;
	fail_thread_creation(EAGAIN);
	CHECK(region_begin_select(&main_thread) == -EAGAIN);
	CHECK(main_thread.activity == THREAD_RUNS);
	CHECK(thread_trap(&main_thread, SIGUSR1, count_only) == -EAGAIN);
	fail_thread_creation(0);
	CHECK(!resender_runs());
	CHECK(region_begin_select(&main_thread) == 0);
	region_end_unblock(&main_thread);
	CHECK(resender_runs());
}

/* ---- the race of ubf_select --------------------------------------------- */

struct slow_read {
	atomic_bool is_in_region;
	atomic_bool was_sent_to;
	int fds[2];
};

/*
 * The window between the check and the system call, held open until the signal
 * has come and gone: only one that is sent again ends the read.
 */
static void
read_too_late(struct thread *self, void *arg)
{
	struct slow_read *slow = arg;
	char byte;

	CHECK(region_begin_select(self) == 0);
	set(&slow->is_in_region);
	while (!is_set(&slow->was_sent_to))
		cpu_relax();
	CHECK(read(slow->fds[0], &byte, 1) == -1 && errno == EINTR);
	region_end_unblock(self);
}

static void
test_an_unblock_is_sent_again(void **state)
{
	struct slow_read slow = {false, false, {0, 0}};
	struct thread thread;

	(void)state;
	CHECK(pipe(slow.fds) == 0);
	start(&thread, read_too_late, &slow);
	pass_until(&slow.is_in_region);
	CHECK(thread_kill(&main_thread, &thread) == 0);
	set(&slow.was_sent_to);
	finish(&thread);
	CHECK(thread.error.kind == ERROR_KILLED);
	CHECK(close(slow.fds[0]) == 0 && close(slow.fds[1]) == 0);
}

/* ---- flags -------------------------------------------------------------- */

static void
set_timer_often(struct thread *self, void *arg)
{
	atomic_bool *is_over = arg;

	region_begin(self);
	while (!is_set(is_over))
		tick_request(self->runtime->gil);
	region_end(self);
}

/* Ticks and errors meet in one word; no error may be lost. */
static void
test_ticks_do_not_wipe_out_errors(void **state)
{
	struct error_mask none = {0, 0};
	atomic_bool is_over = false;
	struct thread ticker;

	(void)state;
	start(&ticker, set_timer_often, &is_over);
	pass_until_away(&ticker);
	for (int i = 0; i < 20000; i++) {
		thread_interrupt(&main_thread, GIL_FLAG_INTERRUPT);
		for (int pause = 0; pause < 50; pause++)
			cpu_relax(); /* a tick may be half done */
		CHECK(atm_load(&main_thread.gil->flags, relaxed) &
			GIL_FLAG_INTERRUPT);
		(void)thread_set_mask(&main_thread, none);
	}
	set(&is_over);
	finish(&ticker);
}

/* ---- mistakes ----------------------------------------------------------- */

static struct thread child_main;

static void
begin_child(void)
{
	struct runtime_config config = {.usable_cpus = 1};

	CHECK(runtime_start(&config, &child_main) == 0);
}

static int
nest_regions(void *arg)
{
	(void)arg;
	begin_child();
	region_begin(&child_main);
	region_begin(&child_main);
	return 0;
}

static int
nest_unblock_regions(void *arg)
{
	(void)arg;
	begin_child();
	region_begin(&child_main);
	region_begin_unblock(&child_main, ubf_select, NULL);
	return 0;
}

static int
end_no_region(void *arg)
{
	(void)arg;
	begin_child();
	region_end(&child_main);
	return 0;
}

static int
take_twice(void *arg)
{
	(void)arg;
	begin_child();
	thread_take_gil(&child_main);
	return 0;
}

static void
return_in_region(struct thread *self, void *arg)
{
	(void)arg;
	region_begin(self);
}

static int
end_in_region(void *arg)
{
	static struct thread thread;

	(void)arg;
	begin_child();
	CHECK(thread_start(&child_main, &thread, "careless", return_in_region,
		      NULL) == 0);
	thread_join(&child_main, &thread);
	return 0;
}

static int
lock_in_region(void *arg)
{
	static struct thread_mutex mutex;

	(void)arg;
	begin_child();
	region_begin(&child_main);
	(void)thread_mutex_lock(&child_main, &mutex, WAIT_FOREVER);
	return 0;
}

static int
join_self(void *arg)
{
	(void)arg;
	begin_child();
	thread_join(&child_main, &child_main);
	return 0;
}

static int
stop_twice(void *arg)
{
	(void)arg;
	begin_child();
	runtime_stop(&child_main);
	runtime_stop(&child_main);
	return 0;
}

static void
test_mistakes_name_function_and_rule(void **state)
{
	(void)state;
	check_misuse(nest_regions,
		"region_begin: the GIL must be held, and regions do not nest");
	check_misuse(nest_unblock_regions, "region_begin_unblock: the GIL");
	check_misuse(end_no_region, "region_end: no region has begun");
	check_misuse(take_twice, "thread_take_gil: no region has begun");
	check_misuse(end_in_region, "must not return inside a blocking region "
				    "(thread careless)");
	check_misuse(lock_in_region, "thread_mutex_lock: the GIL must be held");
	check_misuse(join_self, "thread_join: a thread cannot join itself");
	check_misuse(stop_twice, "runtime_stop: the main thread stops the "
				 "runtime, once");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_error_finds_its_thread_everywhere),
		TEST(test_errors_are_caught_by_the_innermost),
		TEST(test_raise_at_self_is_thrown_at_once),
		TEST(test_the_queue_keeps_the_order),
		TEST(test_masks_choose_by_class_and_place),
		cmocka_unit_test(test_the_slot_makes_the_second_wait),
		TEST(test_handlers_run_in_main_at_a_safepoint),
		TEST(test_handlers_do_not_nest),
		TEST(test_no_signal_is_lost_while_main_is_away),
		TEST(test_a_handler_may_throw_out_of_a_region),
		TEST(test_traps_that_cannot_be),
		TEST(test_a_re_sender_that_cannot_start),
		TEST(test_an_unblock_is_sent_again),
		TEST(test_ticks_do_not_wipe_out_errors),
		cmocka_unit_test(test_mistakes_name_function_and_rule),
	};

	return cmocka_run_group_tests_name(gil_variant.name, tests, NULL, NULL);
}
