/* SPDX-License-Identifier: MIT */
/* The runtime round each test of the thread layer, failures, the watchdog. */
#include "tests/thread_test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/affinity.h"
#include "common/build_info.h"

/* Far beyond what any test takes, also under TSan on a loaded machine. */
#define WATCHDOG_NS (60 * NS_PER_S)

struct thread main_thread;

static atomic_int creation_error, mapping_error;
static struct {
	pthread_t thread;
	struct mutex mutex;
	struct cond cond;
	bool is_over; /* under mutex */
} watchdog;

void
thread_failed(const char *file, int line, const char *claim)
{
	char text[2048] = "";

	fprintf(stderr, "%s: %s:%d: not so: %s\n", gil_variant.name, file, line,
		claim);
	if (the_runtime.gil != NULL) {
		thread_report(&the_runtime, text, sizeof(text)); /* racy */
		fprintf(stderr, "%s", text);
		gil_dump(the_runtime.gil, text, sizeof(text));
		fprintf(stderr, "%s\n", text);
	}
	(void)fflush(stdout); /* cmocka's line with the test's name */
	abort();
}

/* ---- calls that fail, linked with --wrap -------------------------------- */

typedef void *start_routine(void *arg);

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
	start_routine *routine, void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
	start_routine *routine, void *arg);
void *__real_mmap(void *address, size_t bytes, int protection, int flags,
	int fd, off_t offset);
void *__wrap_mmap(void *address, size_t bytes, int protection, int flags,
	int fd, off_t offset);

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
	start_routine *routine, void *arg)
{
	int err = atm_load(&creation_error, relaxed);

	if (err != 0)
		return err;
	return __real_pthread_create(thread, attr, routine, arg);
}

void *
__wrap_mmap(void *address, size_t bytes, int protection, int flags, int fd,
	off_t offset)
{
	int err = atm_load(&mapping_error, relaxed);

	if (err == 0)
		return __real_mmap(
			address, bytes, protection, flags, fd, offset);
	errno = err;
	return MAP_FAILED;
}

void
fail_thread_creation(int err)
{
	atm_store(&creation_error, err, relaxed);
}

void
fail_mapping(int err)
{
	atm_store(&mapping_error, err, relaxed);
}

/* ---- watchdog ----------------------------------------------------------- */

static void *
watch(void *arg)
{
	int64_t deadline_ns = clock_now_ns() + WATCHDOG_NS;

	(void)arg;
	mutex_lock(&watchdog.mutex);
	while (!watchdog.is_over)
		if (!cond_wait_until(
			    &watchdog.cond, &watchdog.mutex, deadline_ns))
			thread_failed(__FILE__, __LINE__, "the test ends");
	mutex_unlock(&watchdog.mutex);
	return NULL;
}

void
watchdog_begin(void)
{
	mutex_init(&watchdog.mutex);
	cond_init(&watchdog.cond);
	watchdog.is_over = false;
	CHECK(__real_pthread_create(&watchdog.thread, NULL, watch, NULL) == 0);
}

void
watchdog_end(void)
{
	mutex_lock(&watchdog.mutex);
	watchdog.is_over = true;
	cond_signal(&watchdog.cond);
	mutex_unlock(&watchdog.mutex);
	CHECK(pthread_join(watchdog.thread, NULL) == 0);
}

/* ---- runtime ------------------------------------------------------------ */

void
begin_runtime(struct runtime_config config)
{
	static int cpus[CPU_SETSIZE];

	config.usable_cpus = affinity_cpus(cpus, CPU_SETSIZE);
	watchdog_begin();
	memset(&main_thread, 0xa5, sizeof(main_thread)); /* it need not be 0 */
	main_thread.name[0] = '\0';
	CHECK(runtime_start(&config, &main_thread) == 0);
}

void
end_runtime(void)
{
	runtime_stop(&main_thread);
	watchdog_end();
}

int
set_up(void **state)
{
	(void)state;
	begin_runtime((struct runtime_config){0});
	return 0;
}

int
tear_down(void **state)
{
	(void)state;
	end_runtime();
	return 0;
}

void
need_fork(void)
{
	if (strcmp(build_sanitizer, "thread") != 0)
		return;
	print_message("skipped: TSan does not follow a fork with threads\n");
	skip();
}

/* ---- children ----------------------------------------------------------- */

static void
read_all(int fd, char text[4096])
{
	ssize_t got, length = 0;

	while ((got = read(fd, text + length, 4095 - (size_t)length)) > 0)
		length += got;
	CHECK(got == 0);
	text[length] = '\0';
}

int
run_in_child(int (*function)(void *arg), void *arg, char text[4096])
{
	int fds[2], status = 0;
	pid_t pid;

	(void)fflush(stdout); /* else the child might write it again */
	CHECK(pipe(fds) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		struct rlimit none = {0, 0};

		(void)setrlimit(RLIMIT_CORE, &none); /* only to be tidy */
		CHECK(dup2(fds[1], STDERR_FILENO) > 0);
		CHECK(close(fds[1]) == 0);
		_exit(function(arg)); /* exit handlers are the parent's */
	}
	CHECK(close(fds[1]) == 0);
	read_all(fds[0], text);
	CHECK(close(fds[0]) == 0);
	while (waitpid(pid, &status, 0) < 0)
		CHECK(errno == EINTR);
	return status;
}

void
check_misuse(int (*function)(void *arg), const char *words)
{
	char text[4096];
	int status = run_in_child(function, NULL, text);

	if (!WIFSIGNALED(status) || strstr(text, words) == NULL)
		fprintf(stderr, "status %d, not '%s' but: %s\n", status, words,
			text);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	CHECK(strstr(text, words) != NULL);
}

/* ---- threads ------------------------------------------------------------ */

void
start(struct thread *thread, void (*body)(struct thread *, void *), void *arg)
{
	CHECK(thread_start(&main_thread, thread, "test", body, arg) == 0);
}

void
finish(struct thread *thread)
{
	thread_join(&main_thread, thread);
	thread_retire(thread);
}

void
pass_until(atomic_bool *flag)
{
	while (!is_set(flag)) {
		region_begin(thread_current());
		os_yield();
		region_end(thread_current());
	}
}

void
pass_until_away(struct thread *thread)
{
	while (thread->activity == THREAD_RUNS &&
		thread->status != THREAD_KILLED) {
		region_begin(thread_current());
		os_yield();
		region_end(thread_current());
	}
}
