/* SPDX-License-Identifier: MIT */
/*
 * Starting and ending measured processes, and judging how they ended.
 *
 * The children are shells.  Linked with --wrap=fork and --wrap=pipe2.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "harness/host.h"
#include "harness/launch.h"
#include "harness/spawn.h"
#include "harness/text.h"

pid_t __real_fork(void);
pid_t __wrap_fork(void);
int __real_pipe2(int fds[2], int flags);
int __wrap_pipe2(int fds[2], int flags);

/* errno of the next failure, 0: none. */
static int fork_errno;
static int pipes_left = 1000; /* until EMFILE */

pid_t
__wrap_fork(void)
{
	if (fork_errno == 0)
		return __real_fork();
	errno = fork_errno;
	return -1;
}

int
__wrap_pipe2(int fds[2], int flags)
{
	if (pipes_left-- > 0)
		return __real_pipe2(fds, flags);
	errno = EMFILE;
	return -1;
}

#define LIMIT_BYTES 100000

static void
run_with(const char *script, int64_t timeout_ns, int padding_bytes,
	struct spawn_result *result)
{
	char name[] = "sh", option[] = "-c", *text = text_copy(script);
	char *argv[] = {name, option, text, NULL};
	struct spawn_request request = {.path = "/bin/sh",
		.argv = argv,
		.env_padding_bytes = padding_bytes,
		.timeout_ns = timeout_ns,
		.stdout_limit_bytes = LIMIT_BYTES};

	spawn_run(&request, result);
	free(text);
}

static void
run(const char *script, struct spawn_result *result)
{
	run_with(script, 60 * NS_PER_S, 0, result);
}

/* Descriptors of this process that are open; those that exec keeps. */
static int
count_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static int
count_inherited_fds(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) == 0;
	return count;
}

static void
assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void
test_exit_and_output(void **state)
{
	int fds = count_fds();
	struct spawn_result result;

	(void)state;
	run("echo out; echo err >&2; exit 3", &result);
	assert_int_equal(result.end, SPAWN_EXITED);
	assert_int_equal(result.exit_status, 3);
	assert_int_equal(result.signal, 0);
	assert_string_equal(result.out, "out\n");
	assert_int_equal(result.out_bytes, 4);
	assert_string_equal(result.err_tail, "err\n");
	assert_true(result.wall_ns > 0 && result.maxrss_bytes > 0);
	spawn_free(&result);
	run("exit 0", &result);
	assert_string_equal(result.out, "");
	assert_string_equal(result.err_tail, "");
	spawn_free(&result);
	assert_int_equal(count_fds(), fds);
	assert_no_children();
}

static void
test_signal(void **state)
{
	struct spawn_result result;

	(void)state;
	run("echo last words >&2; kill -TERM $$", &result);
	assert_int_equal(result.end, SPAWN_SIGNALLED);
	assert_int_equal(result.signal, SIGTERM);
	assert_string_equal(result.err_tail, "last words\n");
	spawn_free(&result);
}

/* The hung child and its own child end, and what they wrote is kept. */
static void
test_timeout_ends_the_group(void **state)
{
	struct spawn_result result;
	pid_t grandchild;

	(void)state;
	run_with("sleep 1000 & echo $!; echo stuck >&2; wait; wait",
		300 * NS_PER_MS, 0, &result);
	assert_int_equal(result.end, SPAWN_TIMEOUT);
	assert_int_equal(result.signal, SIGKILL);
	assert_string_equal(result.err_tail, "stuck\n");
	grandchild = (pid_t)atoi(result.out);
	assert_true(grandchild > 1);
	/* Killed, it may still be waited for by init: a zombie at most. */
	for (int i = 0; i < 100 && kill(grandchild, 0) == 0; i++) {
		char path[64], stat[256] = "";
		FILE *file;

		(void)snprintf(path, sizeof(path), "/proc/%d/stat", grandchild);
		file = fopen(path, "r");
		if (file == NULL)
			break;
		assert_true(fgets(stat, sizeof(stat), file) != NULL);
		assert_int_equal(fclose(file), 0);
		if (strstr(stat, ") Z") != NULL)
			break;
		assert_true(i < 99);
		clock_sleep_until_ns(clock_now_ns() + 100 * NS_PER_MS);
	}
	spawn_free(&result);
	assert_no_children();
}

/* A child that has ended is not waited for because of a pipe it left open. */
static void
test_what_outlives_the_child(void **state)
{
	struct spawn_result result;

	(void)state;
	run("sleep 1000 & echo done", &result);
	assert_int_equal(result.end, SPAWN_EXITED);
	assert_string_equal(result.out, "done\n");
	spawn_free(&result);
}

static void
test_only_the_end_of_stderr_is_kept(void **state)
{
	struct spawn_result result;

	(void)state;
	run("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done >&2",
		&result);
	assert_int_equal(result.end, SPAWN_EXITED);
	assert_int_equal(result.err_bytes, SPAWN_STDERR_BYTES);
	assert_int_equal(strlen(result.err_tail), SPAWN_STDERR_BYTES);
	assert_string_equal(
		result.err_tail + SPAWN_STDERR_BYTES - 10, "line 2999\n");
	spawn_free(&result);
}

static void
test_floods(void **state)
{
	struct spawn_result result;

	(void)state;
	run("while :; do echo 0123456789012345678901234567890123456789; done",
		&result);
	assert_int_equal(result.end, SPAWN_FLOODED);
	assert_int_equal(result.out_bytes, LIMIT_BYTES);
	spawn_free(&result);
	run_with("while :; do echo 0123456789012345678901234567890; done >&2",
		200 * NS_PER_MS, 0, &result);
	assert_int_equal(result.end, SPAWN_TIMEOUT);
	assert_int_equal(result.err_bytes, SPAWN_STDERR_BYTES);
	spawn_free(&result);
	assert_no_children();
}

static void
test_surroundings_of_the_child(void **state)
{
	struct spawn_result result;

	(void)state;
	run("readlink /proc/$$/fd/0; "
	    "if [ $(cut -d' ' -f5 /proc/$$/stat) -eq $$ ]; then echo leads; fi",
		&result);
	assert_string_equal(result.out, "/dev/null\nleads\n");
	spawn_free(&result);
	run_with("echo ${#GILBENCH_PADDING} ${GILBENCH_TEST}", 60 * NS_PER_S,
		4095, &result);
	assert_string_equal(result.out, "4095 kept\n");
	spawn_free(&result);
	/* It inherits what this process did, and nothing of the driver's. */
	run("n=0; for fd in /proc/$$/fd/*; do "
	    "if [ -h $fd ]; then n=$((n + 1)); fi; done; echo $n",
		&result);
	assert_int_equal(atoi(result.out), count_inherited_fds());
	spawn_free(&result);
}

/* Whatever is missing, it is said, and nothing is left behind. */
static void
test_what_cannot_be_started(void **state)
{
	char name[] = "x", *argv[] = {name, NULL};
	struct spawn_request request = {.path = "/nonexistent/x",
		.argv = argv,
		.timeout_ns = NS_PER_S,
		.stdout_limit_bytes = 10};
	int fds = count_fds();
	struct spawn_result result;

	(void)state;
	spawn_run(&request, &result);
	assert_int_equal(result.end, SPAWN_NOT_STARTED);
	assert_int_equal(result.err, ENOENT);
	assert_string_equal(result.out, "");
	spawn_free(&result);
	fork_errno = EAGAIN;
	run("exit 0", &result);
	fork_errno = 0;
	assert_int_equal(result.end, SPAWN_NOT_STARTED);
	assert_int_equal(result.err, EAGAIN);
	spawn_free(&result);
	for (int pipes = 0; pipes < 3; pipes++) {
		pipes_left = pipes;
		run("exit 0", &result);
		pipes_left = 1000;
		assert_int_equal(result.end, SPAWN_NOT_STARTED);
		assert_int_equal(result.err, EMFILE);
		spawn_free(&result);
	}
	assert_int_equal(count_fds(), fds);
	assert_no_children();
}

/* Last: from here on this process catches signals. */
static void
test_interrupts(void **state)
{
	struct spawn_result result;

	(void)state;
	spawn_catch_signals();
	assert_false(spawn_is_interrupted());
	/* The child has the defaults back: it can be ended by them. */
	run("kill -TERM $$; echo survived", &result);
	assert_int_equal(result.end, SPAWN_SIGNALLED);
	spawn_free(&result);
	assert_false(spawn_is_interrupted());
	run("kill -TERM $PPID; sleep 1000", &result);
	assert_int_equal(result.end, SPAWN_INTERRUPTED);
	assert_true(spawn_is_interrupted());
	spawn_free(&result);
	assert_no_children();
}

/* --- what the end of a process means --- */

static void
assert_judged(struct spawn_result *result, const char *text,
	enum launch_status expected, const char *word)
{
	json_t *record = text == NULL ? NULL : json_loads(text, 0, NULL);
	char *error = NULL;

	assert_int_equal(launch_judge(result, record, 7, &error), expected);
	if (word == NULL)
		assert_null(error);
	else if (error == NULL || strstr(error, word) == NULL)
		fail_msg("'%s' has no '%s'", error ? error : "", word);
	free(error);
	json_decref(record);
}

#define RECORD(status, nonce)                                                  \
	"{\"schema\":\"gilbench.run/1\",\"status\":\"" status                  \
	"\",\"nonce\":" #nonce ",\"error\":null}"

static void
test_judging(void **state)
{
	struct spawn_result exited = {.end = SPAWN_EXITED};
	struct spawn_result ended = {.end = SPAWN_SIGNALLED, .signal = 11};

	(void)state;
	assert_judged(&exited, RECORD("ok", 7), LAUNCH_OK, NULL);
	assert_judged(&exited, RECORD("starved", 7), LAUNCH_STARVED, NULL);
	assert_judged(
		&exited, RECORD("overloaded", 7), LAUNCH_OVERLOADED, NULL);
	assert_judged(&exited, RECORD("failed", 7), LAUNCH_FAILED, "wrong");
	assert_judged(&exited, RECORD("crashed", 7), LAUNCH_FAILED, "status");
	assert_judged(&exited, RECORD("ok", 8), LAUNCH_FAILED, "another");
	assert_judged(&exited, "{\"status\":\"ok\"}", LAUNCH_FAILED,
		"no gilbench.run/1");
	assert_judged(&exited, NULL, LAUNCH_FAILED, "no gilbench.run/1");
	exited.exit_status = 5;
	assert_judged(&exited, RECORD("ok", 7), LAUNCH_FAILED, "wrong");
	exited.exit_status = 2;
	assert_judged(&exited, NULL, LAUNCH_FAILED, "set up");
	exited.exit_status = 1;
	assert_judged(&exited, RECORD("ok", 7), LAUNCH_CRASHED, "status 1");
	assert_judged(&ended, RECORD("ok", 7), LAUNCH_CRASHED, "signal 11");
	ended.end = SPAWN_TIMEOUT;
	assert_judged(&ended, RECORD("ok", 7), LAUNCH_TIMEOUT, "hung");
	ended.end = SPAWN_FLOODED;
	assert_judged(&ended, NULL, LAUNCH_FAILED, "bytes");
	ended.end = SPAWN_NOT_STARTED;
	ended.err = EAGAIN;
	assert_judged(&ended, NULL, LAUNCH_FAILED, "Resource temporarily");
}

static void
test_accounts_of_the_machine(void **state)
{
	struct host_sample before, after;
	json_t *record;

	(void)state;
	assert_true(host_parse_stat("cpu  10 1 20 60 2 3 4 0 0 0\n", &before));
	assert_int_equal(before.total_ticks, 100);
	assert_int_equal(before.busy_ticks, 38);
	assert_true(host_parse_stat("cpu  50 1 40 80 2 3 4 20 9 0\n", &after));
	assert_int_equal(after.steal_ticks, 20);
	assert_false(host_parse_stat("cpu  10 1 20\n", &after));
	assert_false(host_parse_stat("", &after));
	assert_true(host_parse_stat("cpu  50 1 40 80 2 3 4 20 9 0\n", &after));
	before.is_known = after.is_known = true;
	before.own_cpu_ns = 0;
	after.own_cpu_ns = 10 * (NS_PER_S / sysconf(_SC_CLK_TCK));
	record = host_between(&before, &after);
	assert_true(
		json_real_value(json_object_get(record, "steal_ratio")) == 0.2);
	assert_true(json_real_value(json_object_get(
			    record, "foreign_cpu_ratio")) == 0.5);
	json_decref(record);
	before.is_known = false;
	record = host_between(&before, &after);
	assert_true(json_is_null(json_object_get(record, "steal_ratio")));
	json_decref(record);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_and_output),
		cmocka_unit_test(test_signal),
		cmocka_unit_test(test_timeout_ends_the_group),
		cmocka_unit_test(test_what_outlives_the_child),
		cmocka_unit_test(test_only_the_end_of_stderr_is_kept),
		cmocka_unit_test(test_floods),
		cmocka_unit_test(test_surroundings_of_the_child),
		cmocka_unit_test(test_what_cannot_be_started),
		cmocka_unit_test(test_judging),
		cmocka_unit_test(test_accounts_of_the_machine),
		cmocka_unit_test(test_interrupts),
	};

	if (setenv("GILBENCH_TEST", "kept", 1) != 0)
		return 99;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
