/* SPDX-License-Identifier: MIT */
/* Property tests of a policy: creation, failures, fork, system calls. */
#include "tests/policy_test.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/sync.h"
#include "runtime/thread/fork.h"

/* Exit statuses of the children below. */
enum { CHILD_OK = 0, CHILD_CANNOT = 77 };

/* ---- creation and failures ---------------------------------------------- */

void
test_a_second_gil_is_refused(void **state)
{
	struct gil *second = NULL;

	(void)state;
	CHECK(gil_create(&second, 1, 0) == -EEXIST);
	CHECK(second == NULL);
}

static void
do_nothing(struct worker *self)
{
	(void)self;
}

/* Nothing is left behind: the next thread gets what the failed one had. */
void
test_a_thread_that_cannot_start(void **state)
{
	struct gil *gil = main_thread.gil->gil;
	struct worker worker = {0};

	(void)state;
	fail_thread_creation(EAGAIN);
	for (int i = 0; i < 3; i++) {
		CHECK(thread_start(&main_thread, &worker.thread, "worker", NULL,
			      NULL) == -EAGAIN);
		CHECK(worker.thread.gil == NULL);
	}
	fail_thread_creation(0);
	CHECK(atm_load(&gil->living, relaxed) == 1);
	CHECK(atm_load(&gil->holder, relaxed) == main_thread.gil);
	need_threads(2); /* for the rest */
	start_worker(&worker, 0, do_nothing, 0, NULL);
	CHECK(worker.thread.gil->id == 1);
	join_workers(&worker, 1, NULL);
}

void
test_a_timer_that_cannot_start(void **state)
{
	struct runtime_config config = {.usable_cpus = 1};
	bool has_timer = gil_variant.tick == 1 || gil_variant.tick == 2;
	int rc;

	(void)state;
	watchdog_begin();
	fail_thread_creation(EAGAIN);
	rc = runtime_start(&config, &main_thread);
	fail_thread_creation(0);
	CHECK(rc == (has_timer ? -EAGAIN : 0));
	if (rc == 0)
		runtime_stop(&main_thread);
	/* A GIL left over would be refused a second time. */
	CHECK(runtime_start(&config, &main_thread) == 0);
	runtime_stop(&main_thread);
	watchdog_end();
}

static void
pass_often(struct worker *self)
{
	for (int i = 0; i < 10; i++) {
		region_begin(&self->thread);
		region_end(&self->thread);
	}
}

void
test_descriptors_are_used_again(void **state)
{
	struct worker worker;
	struct gil_thread *first;

	(void)state;
	need_threads(2);
	start_worker(&worker, 0, pass_often, 0, NULL);
	first = worker.thread.gil;
	join_workers(&worker, 1, NULL);
	CHECK(first->counters.acquisitions == 11);
	start_worker(&worker, 0, do_nothing, 0, NULL);
	CHECK(worker.thread.gil == first);
	join_workers(&worker, 1, NULL);
	CHECK(first->counters.acquisitions == 1);
	CHECK(first->counters.forced_yields == 0);
}

void
test_a_dump_fits(void **state)
{
	char text[256];

	(void)state;
	gil_dump(main_thread.gil->gil, text, sizeof(text));
	CHECK(strstr(text, "holder=0 hold=1 waiters=0 living=1 ") == text);
	CHECK(strlen(text) > strlen("holder=0 hold=1 waiters=0 living=1 "));
	for (int capacity = 1; capacity < 100; capacity++) {
		memset(text, '#', sizeof(text));
		gil_dump(main_thread.gil->gil, text, capacity);
		CHECK(strlen(text) < (size_t)capacity);
		CHECK(text[capacity] == '#');
	}
}

void
test_options_are_checked(void **state)
{
	const struct gil_option *option = gil_options();
	struct gil *gil = main_thread.gil->gil;

	(void)state;
	CHECK(gil_set_option(gil, "no_such_option", "on") != NULL);
	CHECK(gil_set_option(gil, "", "") != NULL);
	for (; option->name != NULL; option++) {
		CHECK(gil_set_option(gil, option->name, "junk") != NULL);
		CHECK(gil_set_option(gil, option->name, "") != NULL);
		CHECK(strlen(option->values) > 0);
		CHECK(strlen(option->summary) > 0);
		CHECK(gil_set_option(gil, option->name, option->initial) ==
			NULL);
	}
}

static void
keep_errno(struct worker *self)
{
	for (int i = 1; i <= self->rounds; i++) {
		errno = i;
		region_begin(&self->thread);
		CHECK(errno == i);
		errno = -i;
		region_end(&self->thread);
		CHECK(errno == -i);
	}
}

void
test_errno_survives_a_region(void **state)
{
	struct worker workers[2];

	(void)state;
	need_threads(2);
	for (int i = 0; i < 2; i++)
		start_worker(&workers[i], i, keep_errno, 50, NULL);
	join_workers(workers, 2, NULL);
}

/* ---- system calls ------------------------------------------------------- */

/*
 * From now on a system call of the calling thread kills the process, exit
 * excepted, and the clock, which is none where the vDSO knows the clock.
 */
static bool
forbid_system_calls(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = ARRAY_LEN(code), .filter = code};
	struct rlimit none = {0, 0};

	return setrlimit(RLIMIT_CORE, &none) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int
make_a_system_call(void *arg)
{
	(void)arg;
	watchdog_begin();
	if (!forbid_system_calls())
		return CHILD_CANNOT;
	(void)getppid(); /* this must be the end */
	return CHILD_OK;
}

static void
sleep_outside(struct worker *self)
{
	static atomic_uint never;

	region_begin(&self->thread);
	atm_store((atomic_bool *)self->shared, true, relaxed);
	for (;;)
		futex_wait(&never, 0);
}

/* Ruby 1.9.0 asks how many threads are alive, not whether any waits. */
static bool
asks_who_waits(void)
{
	return strcmp(gil_variant.policy, "ruby19") != 0;
}

static int
yield_alone(void *arg)
{
	static struct worker sleeper;
	atomic_bool is_outside = false;

	(void)arg;
	begin_runtime(0, 0);
	if (gil_max_threads() != 1 && asks_who_waits()) {
		start_worker(&sleeper, 0, sleep_outside, 0, &is_outside);
		region_begin(&main_thread);
		wait_for_flag(&is_outside);
		region_end(&main_thread);
	}
	if (!forbid_system_calls())
		return CHILD_CANNOT;
	for (int i = 0; i < 1000; i++) {
		uint64_t hold =
			atm_load(&main_thread.gil->gil->hold_seq, relaxed);

		thread_pass(&main_thread);
		tick_request(main_thread.gil->gil);
		thread_poll(&main_thread);
		CHECK(atm_load(&main_thread.gil->gil->hold_seq, relaxed) ==
			hold);
		/* Nor has an uncontended release and acquire any need. */
		region_begin(&main_thread);
		region_end(&main_thread);
	}
	CHECK(main_thread.gil->counters.forced_yields == 0);
	/* Not _exit(): ASan calls the kernel before a call without return. */
	return (int)syscall(SYS_exit_group, CHILD_OK);
}

/* Nobody waits: it keeps the GIL, in the same hold, without the kernel. */
void
test_yield_without_waiters_makes_no_system_call(void **state)
{
	int status;

	(void)state;
	need_fork();
	status = run_in_child(make_a_system_call, NULL);
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_CANNOT) {
		print_message("skipped: the kernel has no seccomp filters\n");
		skip();
	}
	/* The trap works, else what follows would prove nothing. */
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	status = run_in_child(yield_alone, NULL);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == CHILD_OK);
}

/* ---- fork --------------------------------------------------------------- */

struct inherited {
	atomic_bool has_run;
	atomic_bool may_end;
};

static void
run_beside(struct worker *self)
{
	struct inherited *it = self->shared;

	atm_store(&it->has_run, true, relaxed);
	while (!atm_load(&it->may_end, relaxed))
		thread_poll(&self->thread);
}

/* The child has one thread, which owns the GIL; nobody waits for it there. */
static int
live_on(void *arg)
{
	struct gil *gil = main_thread.gil->gil;
	struct inherited it = {0};
	struct worker worker;

	(void)arg;
	watchdog_begin();
	thread_atfork_child(&main_thread);
	CHECK(atm_load(&gil->holder, relaxed) == main_thread.gil);
	CHECK(atm_load(&gil->nwaiters, relaxed) == 0);
	CHECK(atm_load(&gil->living, relaxed) == 1);
	thread_poll(&main_thread); /* the parent's tick, still there */
	thread_pass(&main_thread);
	for (int i = 0; i < 3; i++) {
		region_begin(&main_thread);
		region_end(&main_thread);
	}
	if (gil_max_threads() != 1) {
		start_worker(&worker, 0, run_beside, 0, &it);
		while (tick_promise() != TICK_KEEPS &&
			main_thread.gil->counters.forced_yields < 2)
			thread_poll(&main_thread); /* the ticks go on */
		atm_store(&it.may_end, true, relaxed);
		join_workers(&worker, 1, NULL);
		CHECK(atm_load(&it.has_run, relaxed));
	}
	end_runtime();
	return CHILD_OK;
}

/* The waiters' threads do not exist in the child, their traces do. */
void
test_the_child_of_a_fork_owns_the_gil(void **state)
{
	struct worker workers[2];
	int count = gil_max_threads() == 1 ? 0 : 2;
	int status;

	(void)state;
	need_fork();
	for (int i = 0; i < count; i++)
		start_worker(&workers[i], i, do_nothing, 0, NULL);
	wait_for_waiters(count);
	while (count != 0 && ticks_set_flags() &&
		!(atm_load(&main_thread.gil->flags, relaxed) & GIL_FLAG_TIMER))
		os_yield();
	status = run_in_child(live_on, NULL);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == CHILD_OK);
	join_workers(workers, count, NULL);
}
