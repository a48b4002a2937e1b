/* SPDX-License-Identifier: MIT */
/* Fork: what the child has, and that it can go on. */
#include "tests/thread_test.h"

#include "common/build_info.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Threads of the parent, each somewhere else when it forks. */
static struct {
	struct thread computing, sleeping, waiting, reading, dead;
	struct thread_mutex held, wanted;
	struct thread_semaphore semaphore;
	int fds[2];
	atomic_bool is_over;
	atomic_bool waits_for_mutex;
} parent;

static void
compute(struct thread *self, void *arg)
{
	(void)arg;
	CHECK(thread_mutex_trylock(self, &parent.held) == 0);
	gc_push_root(runtime_heap(self), self);
	while (!is_set(&parent.is_over))
		thread_poll(self);
	(void)gc_pop_root(runtime_heap(self)); /* self again */
	CHECK(thread_mutex_unlock(self, &parent.held) == 0);
}

static void
sleep_long(struct thread *self, void *arg)
{
	(void)arg;
	(void)thread_semaphore_wait(self, &parent.semaphore, WAIT_FOREVER);
}

static void
wait_for_mutex(struct thread *self, void *arg)
{
	(void)arg;
	set(&parent.waits_for_mutex);
	CHECK(thread_mutex_lock(self, &parent.wanted, WAIT_FOREVER) == 0);
	CHECK(thread_mutex_unlock(self, &parent.wanted) == 0);
}

static void
read_pipe(struct thread *self, void *arg)
{
	char byte;

	(void)arg;
	CHECK(region_begin_select(self) == 0);
	while (read(parent.fds[0], &byte, 1) == -1)
		CHECK(errno == EINTR);
	region_end_unblock(self);
}

static void
do_nothing(struct thread *self, void *arg)
{
	(void)self;
	(void)arg;
}

static void
populate(void)
{
	memset(&parent, 0, sizeof(parent));
	thread_semaphore_init(&parent.semaphore, 0);
	CHECK(pipe(parent.fds) == 0);
	CHECK(thread_mutex_trylock(&main_thread, &parent.wanted) == 0);
	start(&parent.dead, do_nothing, NULL);
	start(&parent.sleeping, sleep_long, NULL);
	start(&parent.waiting, wait_for_mutex, NULL);
	start(&parent.reading, read_pipe, NULL);
	pass_until_away(&parent.dead);
	pass_until_away(&parent.sleeping);
	pass_until_away(&parent.waiting);
	pass_until_away(&parent.reading);
	start(&parent.computing, compute, NULL);
	while (parent.held.owner == NULL) {
		region_begin(&main_thread);
		os_yield();
		region_end(&main_thread);
	}
}

static void
disperse(void)
{
	set(&parent.is_over);
	thread_semaphore_post(&parent.semaphore);
	CHECK(thread_mutex_unlock(&main_thread, &parent.wanted) == 0);
	CHECK(write(parent.fds[1], "", 1) == 1);
	finish(&parent.dead);
	finish(&parent.sleeping);
	finish(&parent.waiting);
	finish(&parent.reading);
	finish(&parent.computing);
	CHECK(close(parent.fds[0]) == 0 && close(parent.fds[1]) == 0);
}

/* ---- the child ---------------------------------------------------------- */

static void
count_up(struct thread *self, void *arg)
{
	for (int i = 0; i < 100; i++) {
		++*(int *)arg;
		thread_pass(self);
	}
}

static void
check_the_others_are_gone(struct thread *self)
{
	struct thread *others[] = {&parent.computing, &parent.sleeping,
		&parent.waiting, &parent.reading};

	CHECK(runtime_living(self) == 1);
	CHECK(the_runtime.main == self);
	CHECK(runtime_running_thread(self) == self);
	CHECK(atm_load(&the_runtime.gil->nwaiters, relaxed) == 0);
	CHECK(atm_load(&the_runtime.gil->living, relaxed) == 1);
	CHECK(gc_thread_count(runtime_heap(self)) == 1);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		CHECK(others[i]->status == THREAD_KILLED);
		CHECK(others[i]->error.kind == ERROR_KILLED);
		CHECK(others[i]->stack == NULL);
		CHECK(thread_join_until(self, others[i], 0) == 0);
		CHECK(thread_kill(self, others[i]) == -ESRCH);
	}
	CHECK(wait_list_is_empty(&parent.wanted.waiters));
	CHECK(wait_list_is_empty(&parent.semaphore.waiters));
	/* A mutex of a thread that is gone. */
	CHECK(thread_mutex_lock(self, &parent.held, WAIT_FOREVER) ==
		-EOWNERDEAD);
	CHECK(thread_mutex_unlock(self, &parent.held) == 0);
}

static int handled;

static void
count_signal(struct thread *self, int signal)
{
	(void)signal;
	CHECK(self == the_runtime.main);
	handled++;
}

/* All that the parent could do, it can. */
static void
live_on(struct thread *self)
{
	struct thread threads[3];
	int sum = 0;

	CHECK(!the_runtime.gil->tick.has_thread); /* not before it is needed */
	CHECK(!resender_runs());
	thread_poll(self);
	thread_pass(self);
	region_begin(self);
	region_end(self);
	CHECK(!the_runtime.gil->tick.has_thread);
	for (int i = 0; i < 3; i++)
		CHECK(thread_start(
			      self, &threads[i], "child", count_up, &sum) == 0);
	CHECK(the_runtime.gil->tick.has_thread ==
		(gil_variant.tick == 1 || gil_variant.tick == 2));
	for (int i = 0; i < 3; i++) {
		thread_join(self, &threads[i]);
		thread_retire(&threads[i]);
	}
	CHECK(sum == 300);
	CHECK(thread_trap(self, SIGUSR1, count_signal) == 0);
	CHECK(region_begin_select(self) == 0);
	CHECK(kill(getpid(), SIGUSR1) == 0);
	region_end_unblock(self);
	while (handled == 0)
		thread_poll(self);
}

static int
be_a_child(struct thread *self)
{
	watchdog_begin();
	check_the_others_are_gone(self);
	live_on(self);
	runtime_stop(self);
	watchdog_end();
	return 0;
}

static void
wait_for_child(pid_t pid)
{
	int status;

	CHECK(pid > 0);
	while (waitpid(pid, &status, 0) < 0)
		CHECK(errno == EINTR);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
test_a_child_lives_alone(void **state)
{
	pid_t pid;

	(void)state;
	need_fork();
	populate();
	(void)fflush(stdout); /* else the child might write it again */
	pid = thread_fork(&main_thread);
	if (pid == 0)
		_exit(be_a_child(&main_thread));
	wait_for_child(pid);
	disperse();
}

/* The thread that forks becomes the child's main thread. */
static void
fork_here(struct thread *self, void *arg)
{
	pid_t pid;

	(void)arg;
	pid = thread_fork(self);
	if (pid == 0) {
		CHECK(main_thread.status == THREAD_KILLED);
		_exit(be_a_child(self));
	}
	wait_for_child(pid);
}

static void
test_any_thread_may_fork(void **state)
{
	struct thread thread;

	(void)state;
	need_fork();
	populate();
	(void)fflush(stdout); /* as above */
	start(&thread, fork_here, NULL);
	finish(&thread);
	disperse();
}

/* A program that calls fork() itself, and tells nobody. */
static void
test_a_fork_behind_our_back_can_end(void **state)
{
	pid_t pid;

	(void)state;
	need_fork();
	populate();
	(void)fflush(stdout); /* as above */
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		runtime_stop(&main_thread);
		_exit(0);
	}
	wait_for_child(pid);
	disperse();
}

/* Forks while others compute, start and end threads. */
static void
start_and_join(struct thread *self, void *arg)
{
	while (!is_set(arg)) {
		struct thread thread;

		CHECK(thread_start(self, &thread, "short", do_nothing, NULL) ==
			0);
		thread_join(self, &thread);
		thread_retire(&thread);
	}
}

static void
test_forks_under_load(void **state)
{
	struct thread threads[3];
	atomic_bool is_over = false;

	(void)state;
	need_fork();
	if (strcmp(build_sanitizer, "address") == 0) {
		print_message("skipped: ASan's allocator may be locked in the "
			      "child of a fork\n");
		skip();
	}
	(void)fflush(stdout); /* as above */
	for (int i = 0; i < 3; i++)
		start(&threads[i], start_and_join, &is_over);
	for (int i = 0; i < 30; i++) {
		pid_t pid = thread_fork(&main_thread);

		if (pid == 0) {
			struct thread thread;
			int sum = 0;

			start(&thread, count_up, &sum);
			finish(&thread);
			runtime_stop(&main_thread);
			_exit(sum == 100 ? 0 : 1);
		}
		wait_for_child(pid);
		thread_pass(&main_thread);
	}
	set(&is_over);
	for (int i = 0; i < 3; i++)
		finish(&threads[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_child_lives_alone),
		TEST(test_any_thread_may_fork),
		TEST(test_a_fork_behind_our_back_can_end),
		TEST(test_forks_under_load),
	};

	return cmocka_run_group_tests_name(gil_variant.name, tests, NULL, NULL);
}
