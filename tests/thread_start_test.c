/* SPDX-License-Identifier: MIT */
/* Start protocols, step by step, their failures, and the runtime's life. */
#include "tests/thread_test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_EVENTS 65536

static struct trace_event events[MOST_EVENTS];
static unsigned nevents;

/* Main is number 1 and the first thread number 2. */
#define MAIN  UINT64_C(1)
#define CHILD UINT64_C(2)

struct step {
	enum trace_step step;
	uint64_t thread; /* 0: any */
};

/* The steps come in this order, with others in between. */
static void
check_order(const struct step *steps, size_t count)
{
	unsigned at = 0;

	for (size_t i = 0; i < count; i++) {
		while (at < nevents &&
			(events[at].step != steps[i].step ||
				(steps[i].thread != 0 &&
					events[at].thread != steps[i].thread)))
			at++;
		if (at == nevents) {
			fprintf(stderr, "step %zu is missing: %s\n", i,
				trace_words(steps[i].step));
			for (unsigned k = 0; k < nevents && k < 200; k++)
				fprintf(stderr, "  %llu %s\n",
					(unsigned long long)events[k].thread,
					trace_words(events[k].step));
		}
		CHECK(at < nevents);
		at++;
	}
}

static void
trace_stop(void)
{
	nevents = trace_end();
	CHECK(nevents <= MOST_EVENTS);
}

/* Two threads that have both had the GIL, one after the other. */
struct meeting {
	atomic_bool child_was_here;
	atomic_bool main_was_here;
};

static void
meet_main(struct thread *self, void *arg)
{
	struct meeting *meeting = arg;

	(void)self;
	set(&meeting->child_was_here);
	pass_until(&meeting->main_was_here);
}

static void
meet_child(struct meeting *meeting)
{
	pass_until(&meeting->child_was_here);
	set(&meeting->main_was_here);
}

/* ---- the seeds' lists --------------------------------------------------- */

/* PyPy r55343: the comment in os_thread.py, one line per step. */
static void
test_bootstrapper_follows_the_pypy_seed(void **state)
{
	static const struct step in_parent[] = {
		{TRACE_BOOTSTRAPPER_LOCK, MAIN},
		{TRACE_STARTUP_DATA, MAIN},
		{TRACE_GC_PREPARE, MAIN},
		{TRACE_NATIVE_START, CHILD},
	};
	static const struct step in_child[] = {
		{TRACE_NATIVE_START, CHILD},
		{TRACE_WRAPPER, CHILD},
		{TRACE_GC_RUN, CHILD},
		{TRACE_AFTER_EXTERNAL_CALL, CHILD},
		{TRACE_BOOTSTRAP, CHILD},
		{TRACE_DATA_TAKEN, CHILD},
		{TRACE_BOOTSTRAPPER_UNLOCK, CHILD},
		{TRACE_CALLABLE, CHILD},
		{TRACE_GC_RUN, MAIN},
		{TRACE_GC_RUN, CHILD},
		{TRACE_GC_DIE, CHILD},
		{TRACE_BEFORE_EXTERNAL_CALL, CHILD},
		{TRACE_GC_RUN, MAIN},
	};
	struct meeting meeting = {false, false};
	struct thread thread;

	(void)state;
	begin_runtime(
		(struct runtime_config){.start_protocol = START_BOOTSTRAPPER});
	trace_begin(events, MOST_EVENTS);
	start(&thread, meet_main, &meeting);
	meet_child(&meeting);
	finish(&thread);
	trace_stop();
	check_order(in_parent, ARRAY_LEN(in_parent));
	check_order(in_child, ARRAY_LEN(in_child));
	end_runtime();
}

struct shared_block {
	atomic_bool has_run;
	struct frame method, loop;
};

static void
count_in_outer(struct thread *self, struct env *env, void *arg)
{
	struct shared_block *shared = arg;

	(void)self;
	*env_variable(env, 1, 0) += 1;  /* the method's */
	*env_variable(env, 0, 0) += 10; /* the loop's */
	set(&shared->has_run);
}

/* Ruby 1.9.0: Thread.new, as the second seed follows it through the source. */
static void
test_object_follows_the_ruby_seed(void **state)
{
	static const struct step in_parent[] = {
		{TRACE_INIT_GIL, MAIN},
		{TRACE_INIT_TIMER, MAIN},
		{TRACE_THREAD_ALLOC, MAIN},
		{TRACE_THREAD_INITIALIZE, MAIN},
		{TRACE_BLOCK_PROC, 0},
		{TRACE_MAKE_ENV, 0},
		{TRACE_MAKE_ENV, 0},
		{TRACE_THREAD_CREATE_CORE, MAIN},
		{TRACE_NATIVE_START, CHILD},
		{TRACE_SYSTEM_WORKING_FALLS, MAIN},
		{TRACE_TIMER_JOINED, 0},
	};
	static const struct step in_child[] = {
		{TRACE_NATIVE_START, CHILD},
		{TRACE_START_FUNC_1, CHILD},
		{TRACE_START_FUNC_2, CHILD},
		{TRACE_GIL_ACQUIRED, CHILD},
		{TRACE_CALLABLE, CHILD},
		{TRACE_JOINERS_WOKEN, CHILD},
		{TRACE_GC_DIE, CHILD},
		{TRACE_GIL_RELEASED, CHILD},
		{TRACE_FUNC_1_ENDS, CHILD},
	};
	intptr_t outer[1] = {100}, inner[1] = {200};
	struct shared_block shared = {.has_run = false};
	struct block block = {count_in_outer, &shared.loop};
	struct thread *thread;

	(void)state;
	shared.method = (struct frame){NULL, outer, 1, NULL};
	shared.loop = (struct frame){&shared.method, inner, 1, NULL};
	trace_begin(events, MOST_EVENTS);
	begin_runtime((struct runtime_config){0});
	CHECK(thread_s_new(&main_thread, "block", &block, &shared, &thread) ==
		0);
	thread_free(&main_thread, thread);
	end_runtime();
	trace_stop();
	check_order(in_parent, ARRAY_LEN(in_parent));
	check_order(in_child, ARRAY_LEN(in_child));
	/* Creator and thread share the variables, not their first values. */
	CHECK(shared.method.variables[0] == 101);
	CHECK(shared.loop.variables[0] == 210);
	CHECK(outer[0] == 100 && inner[0] == 200);
	frame_end(&shared.loop);
	frame_end(&shared.method);
}

static void
test_linked_is_linked_before_it_exists(void **state)
{
	static const struct step steps[] = {
		{TRACE_GC_PREPARE, CHILD},
		{TRACE_LINKED, CHILD},
		{TRACE_NATIVE_START, CHILD},
		{TRACE_CALLABLE, CHILD},
		{TRACE_JOINERS_WOKEN, CHILD},
		{TRACE_GC_DIE, CHILD},
		{TRACE_UNLINKED, CHILD},
		{TRACE_GIL_RELEASED, CHILD},
	};
	struct meeting meeting = {false, false};
	struct thread thread;

	(void)state;
	begin_runtime((struct runtime_config){.start_protocol = START_LINKED});
	trace_begin(events, MOST_EVENTS);
	start(&thread, meet_main, &meeting);
	CHECK(runtime_living(&main_thread) == 2);
	meet_child(&meeting);
	finish(&thread);
	trace_stop();
	check_order(steps, ARRAY_LEN(steps));
	end_runtime();
}

/* CHECK_INTS, signals, errors, schedule: the second half of the Ruby seed. */
static void
note_signal(struct thread *self, int signal)
{
	(void)self;
	(void)signal;
}

static void
raise_at_main(struct thread *self, void *arg)
{
	struct thread_error error = {ERROR_RAISED, 1, arg};

	CHECK(thread_raise(self, &main_thread, error) == 0);
	CHECK(kill(getpid(), SIGUSR1) == 0);
	atm_fetch_or(&main_thread.gil->flags, GIL_FLAG_TIMER, relaxed);
}

static void
poll_for_ever(struct thread *self, void *arg)
{
	(void)arg;
	for (;;)
		thread_poll(self);
}

static void
test_interrupts_come_in_the_seeds_order(void **state)
{
	static const struct step thrown[] = {
		{TRACE_EXECUTE_INTERRUPTS, MAIN},
		{TRACE_SIGNAL_HANDLER, MAIN},
		{TRACE_ERROR_DELIVERED, MAIN},
	};
	static const struct step scheduled[] = {
		{TRACE_CHECK_INTS, MAIN},
		{TRACE_EXECUTE_INTERRUPTS, MAIN},
		{TRACE_SIGNAL_HANDLER, MAIN},
		{TRACE_SCHEDULE, MAIN},
	};
	struct error_mask never = {~0u, 0}, none = {0, 0};
	struct thread_error error;
	struct thread thread;

	(void)state;
	CHECK(thread_trap(&main_thread, SIGUSR1, note_signal) == 0);
	/* Nothing may be looked at before all three are there. */
	main_thread.held_flags = GIL_FLAGS_ABOVE;
	start(&thread, raise_at_main, NULL);
	finish(&thread);
	main_thread.held_flags = 0;
	trace_begin(events, MOST_EVENTS);
	CHECK(!thread_protect(&main_thread, poll_for_ever, NULL, &error));
	trace_stop();
	check_order(thrown, ARRAY_LEN(thrown));
	CHECK(error.kind == ERROR_RAISED && error.class == 1);

	(void)thread_set_mask(&main_thread, never);
	atm_fetch_or(&main_thread.gil->flags, GIL_FLAG_TIMER, relaxed);
	trace_begin(events, MOST_EVENTS);
	CHECK(raise(SIGUSR1) == 0);
	thread_poll(&main_thread);
	trace_stop();
	check_order(scheduled, ARRAY_LEN(scheduled));
	(void)thread_set_mask(&main_thread, none);
}

/* ---- any protocol ------------------------------------------------------- */

static void
count_up(struct thread *self, void *arg)
{
	(void)self;
	++*(int *)arg; /* the GIL protects it */
}

#define MANY 50

/* Many starts under way at once, each with its own stack of roots. */
static void
push_and_pop(struct thread *self, void *arg)
{
	struct heap *heap = runtime_heap(self);

	for (int i = 0; i < 20; i++)
		gc_push_root(heap, self);
	region_begin(self);
	region_end(self);
	for (int i = 0; i < 20; i++)
		CHECK(gc_pop_root(heap) == self);
	count_up(self, arg);
}

static void
start_many(enum start_protocol protocol)
{
	static struct thread threads[MANY];
	int sum = 0;

	begin_runtime((struct runtime_config){.start_protocol = protocol});
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < MANY; i++)
			start(&threads[i], push_and_pop, &sum);
		for (int i = 0; i < MANY; i++)
			finish(&threads[i]);
	}
	CHECK(sum == 3 * MANY);
	CHECK(runtime_living(&main_thread) == 1);
	CHECK(gc_thread_count(runtime_heap(&main_thread)) == 1);
	CHECK(the_runtime.heap.detached == 0);
	end_runtime();
}

static void
test_many_starts_at_once(void **state)
{
	(void)state;
	for (int i = 0; i < START_PROTOCOLS; i++)
		start_many((enum start_protocol)i);
}

/* A thread that starts a thread that starts a thread. */
static void
grow_tree(struct thread *self, void *arg)
{
	struct thread *children = calloc(2, sizeof(*children));
	int depth = *(int *)arg - 1;

	CHECK(children != NULL);
	for (int i = 0; i < 2 && depth > 0; i++)
		CHECK(thread_start(self, &children[i], "tree", grow_tree,
			      &depth) == 0);
	for (int i = 0; i < 2 && depth > 0; i++) {
		thread_join(self, &children[i]);
		thread_retire(&children[i]);
	}
	free(children);
}

static void
test_a_tree_of_threads(void **state)
{
	int depth = 6;

	(void)state;
	for (int i = 0; i < START_PROTOCOLS; i++) {
		struct thread thread;

		begin_runtime((struct runtime_config){
			.start_protocol = (enum start_protocol)i});
		start(&thread, grow_tree, &depth);
		finish(&thread);
		CHECK(the_runtime.last_number == 1 + 63);
		end_runtime();
	}
}

static void
fail_once(void (*make_fail)(int err), int err, int expected)
{
	struct thread thread;
	int sum = 0;

	make_fail(err);
	for (int i = 0; i < 3; i++)
		CHECK(thread_start(&main_thread, &thread, "test", count_up,
			      &sum) == expected);
	make_fail(0);
	CHECK(thread.gil == NULL);
	CHECK(runtime_living(&main_thread) == 1);
	CHECK(the_runtime.heap.detached == 0);
	CHECK(gc_thread_count(&the_runtime.heap) == 1);
	/* Nothing is left behind that would keep the next from starting. */
	start(&thread, count_up, &sum);
	finish(&thread);
	CHECK(sum == 1);
	CHECK(thread.gil == NULL);
}

static void
test_a_start_that_fails_leaves_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < START_PROTOCOLS; i++) {
		begin_runtime((struct runtime_config){
			.start_protocol = (enum start_protocol)i});
		/* First: later there are stacks in the pool. */
		fail_once(fail_mapping, ENOMEM, -ENOMEM);
		fail_once(fail_thread_creation, EAGAIN, -EAGAIN);
		/* Two were needed where one had not quite ended. */
		thread_reap(&the_runtime, true);
		CHECK(stack_pool_count() >= 1 && stack_pool_count() <= 2);
		end_runtime();
	}
}

static void
never_called(struct thread *self, struct env *env, void *arg)
{
	(void)self;
	(void)env;
	(void)arg;
	CHECK(false);
}

static void
test_initialize_refuses(void **state)
{
	struct block empty = {NULL, NULL}, block = {never_called, NULL};
	struct thread *thread;

	(void)state;
	CHECK(thread_s_new(&main_thread, "t", NULL, NULL, &thread) == -EINVAL);
	CHECK(strstr(thread_refusal(&main_thread), "thread_initialize") !=
		NULL);
	CHECK(thread_s_new(&main_thread, "t", &empty, NULL, &thread) ==
		-EINVAL);
	thread = thread_alloc(&main_thread, "t");
	CHECK(thread != NULL);
	CHECK(thread_kill(&main_thread, thread) == -ESRCH);
	fail_thread_creation(EAGAIN);
	CHECK(thread_initialize(&main_thread, thread, &block, NULL) == -EAGAIN);
	fail_thread_creation(0);
	CHECK(thread_initialize(&main_thread, thread, &block, NULL) == 0);
	CHECK(thread_initialize(&main_thread, thread, &block, NULL) ==
		-EALREADY);
	CHECK(strstr(thread_refusal(&main_thread), "already initialized") !=
		NULL);
	CHECK(thread_kill(&main_thread, thread) == 0);
	thread_free(&main_thread, thread);
}

/* ---- the runtime's life ------------------------------------------------- */

static void
test_a_second_runtime_is_refused(void **state)
{
	struct runtime_config config = {.usable_cpus = 1};
	struct thread other;

	(void)state;
	CHECK(runtime_start(&config, &other) == -EEXIST);
	CHECK(thread_current() == &main_thread);
	CHECK(runtime_running_thread(&main_thread) == &main_thread);
}

static void
test_no_start_after_the_stop(void **state)
{
	struct thread thread;
	int sum = 0;

	(void)state;
	begin_runtime((struct runtime_config){0});
	end_runtime();
	CHECK(thread_start(&main_thread, &thread, "late", count_up, &sum) ==
		-ESHUTDOWN);
	CHECK(strstr(thread_refusal(&main_thread), "thread_start") != NULL);
	CHECK(sum == 0);
}

static void
sleep_or_compute(struct thread *self, void *arg)
{
	atomic_bool *computes = arg;

	if (computes == NULL)
		thread_sleep_forever(self);
	for (;;)
		thread_poll(self);
}

/* Ruby's way: those who sleep, those who compute, those just started. */
static void
test_the_end_kills_and_joins(void **state)
{
	struct thread threads[3];
	atomic_bool computes = true;

	(void)state;
	begin_runtime((struct runtime_config){0});
	start(&threads[0], sleep_or_compute, NULL);
	start(&threads[1], sleep_or_compute, &computes);
	pass_until_away(&threads[0]);
	start(&threads[2], sleep_or_compute, &computes);
	end_runtime();
	for (int i = 0; i < 3; i++) {
		CHECK(threads[i].status == THREAD_KILLED);
		CHECK(threads[i].error.kind == ERROR_KILLED);
		CHECK(is_set(&threads[i].is_out));
	}
}

static void
write_when_awake(struct thread *self, void *arg)
{
	int *fds = arg;
	char byte;

	region_begin(self);
	CHECK(read(fds[0], &byte, 1) == 1);
	region_end(self);
	CHECK(false); /* a daemon never gets the GIL again */
}

static int
leave_a_daemon(void *arg)
{
	struct runtime_config config = {
		.usable_cpus = 2, .end_rule = END_LEAVE};
	static struct thread main, daemon, again;
	static int fds[2];

	(void)arg;
	CHECK(pipe(fds) == 0);
	CHECK(runtime_start(&config, &main) == 0);
	CHECK(thread_start(&main, &daemon, "daemon", write_when_awake, fds) ==
		0);
	while (daemon.activity != THREAD_IN_REGION) {
		region_begin(&main);
		os_yield();
		region_end(&main);
	}
	runtime_stop(&main);
	CHECK(write(fds[1], "", 1) == 1);
	/* It wants the GIL now. */
	while (atm_load(&the_runtime.gil->nwaiters, relaxed) == 0)
		os_yield();
	CHECK(runtime_start(&config, &again) == -EEXIST);
	return 0;
}

static void
test_the_end_leaves_daemons(void **state)
{
	char text[4096];
	int status;

	(void)state;
	status = run_in_child(leave_a_daemon, NULL, text);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- detached threads --------------------------------------------------- */

static void
test_the_dead_are_reaped(void **state)
{
	struct shared_block shared = {.has_run = false};
	struct block block = {count_in_outer, &shared.loop};
	intptr_t outer[1] = {0}, inner[1] = {0};
	struct thread *thread;

	(void)state;
	shared.method = (struct frame){NULL, outer, 1, NULL};
	shared.loop = (struct frame){&shared.method, inner, 1, NULL};
	for (int i = 0; i < 20; i++) {
		CHECK(thread_s_new(&main_thread, "detached", &block, &shared,
			      &thread) == 0);
		thread_detach(thread);
		pass_until(&shared.has_run);
		atm_store(&shared.has_run, false, relaxed);
	}
	CHECK(shared.method.variables[0] == 20);
	/* The stacks went round, else there would be one per thread. */
	CHECK(stack_pool_count() < 10);
	frame_end(&shared.loop);
	frame_end(&shared.method);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bootstrapper_follows_the_pypy_seed),
		cmocka_unit_test(test_object_follows_the_ruby_seed),
		cmocka_unit_test(test_linked_is_linked_before_it_exists),
		TEST(test_interrupts_come_in_the_seeds_order),
		cmocka_unit_test(test_many_starts_at_once),
		cmocka_unit_test(test_a_tree_of_threads),
		cmocka_unit_test(test_a_start_that_fails_leaves_nothing),
		TEST(test_initialize_refuses),
		TEST(test_a_second_runtime_is_refused),
		cmocka_unit_test(test_no_start_after_the_stop),
		cmocka_unit_test(test_the_end_kills_and_joins),
		cmocka_unit_test(test_the_end_leaves_daemons),
		TEST(test_the_dead_are_reaped),
	};

	return cmocka_run_group_tests_name(gil_variant.name, tests, NULL, NULL);
}
