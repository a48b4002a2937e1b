/* SPDX-License-Identifier: MIT */
/* The runtime round each property test, its threads, and the watchdog. */
#include "tests/policy_test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/affinity.h"
#include "common/build_info.h"
#include "common/sync.h"

/* Far beyond what any test takes, also under TSan on a loaded machine. */
#define WATCHDOG_NS (30 * NS_PER_S)
#define SEED        UINT64_C(19900101)

struct thread main_thread;

static _Atomic(struct gil *) watched; /* for dumps; NULL: no GIL */
static atomic_int creation_error;
static struct {
	pthread_t thread;
	struct mutex mutex;
	struct cond cond;
	bool is_over; /* under mutex */
} watchdog;

static _Noreturn void
end_with_dump(void)
{
	struct gil *gil = atm_load(&watched, relaxed);
	char text[256] = "no GIL";

	if (gil != NULL)
		gil_dump(gil, text, sizeof(text));
	fprintf(stderr, "%s (seed %llu): %s\n", gil_variant.name,
		(unsigned long long)SEED, text);
	(void)fflush(stdout); /* cmocka's line with the test's name */
	abort();
}

void
policy_failed(const char *file, int line, const char *claim)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, claim);
	end_with_dump();
}

/* ---- pthread_create, linked with --wrap --------------------------------- */

typedef void *start_routine(void *arg);

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
	start_routine *start, void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
	start_routine *start, void *arg);

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr,
	start_routine *start, void *arg)
{
	int err = atm_load(&creation_error, relaxed);

	if (err != 0)
		return err;
	return __real_pthread_create(thread, attr, start, arg);
}

void
fail_thread_creation(int err)
{
	atm_store(&creation_error, err, relaxed);
}

/* ---- watchdog ----------------------------------------------------------- */

static void *
watch(void *arg)
{
	int64_t deadline_ns = clock_now_ns() + WATCHDOG_NS;

	(void)arg;
	mutex_lock(&watchdog.mutex);
	while (!watchdog.is_over) {
		if (cond_wait_until(
			    &watchdog.cond, &watchdog.mutex, deadline_ns))
			continue;
		fprintf(stderr, "watchdog: the test does not end\n");
		end_with_dump();
	}
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
begin_runtime(uint64_t ring_events, int64_t slice_ns)
{
	static int cpus[CPU_SETSIZE];
	struct runtime_config config = {
		.usable_cpus = affinity_cpus(cpus, CPU_SETSIZE),
		.slice_ns = slice_ns,
		.ring_events = ring_events};

	watchdog_begin();
	memset(&main_thread, 0, sizeof(main_thread));
	CHECK(runtime_start(&config, &main_thread) == 0);
	atm_store(&watched, main_thread.gil->gil, relaxed);
}

void
end_runtime(void)
{
	atm_store(&watched, NULL, relaxed);
	runtime_stop(&main_thread);
	watchdog_end();
}

int
set_up(void **state)
{
	(void)state;
	begin_runtime(0, 0);
	return 0;
}

int
tear_down(void **state)
{
	(void)state;
	end_runtime();
	return 0;
}

/*
 * A policy that is not listed is taken to let the yielder win again, for
 * thousands of ticks perhaps: a promise of "some day", which no test can wait
 * for.  (For cpython a spurious wake-up would undo one switch; glibc makes none
 * unprovoked.)
 */
enum tick_promise
tick_promise(void)
{
	static const struct {
		const char *policy;
		enum tick_promise promise;
	} promises[] = {
		{"null", TICK_KEEPS},
		{"ttas", TICK_LETS_IN},
		{"cpython", TICK_SWITCHES},
		{"handoff", TICK_SWITCHES},
	};

	for (size_t i = 0; i < ARRAY_LEN(promises); i++)
		if (strcmp(gil_variant.policy, promises[i].policy) == 0)
			return promises[i].promise;
	return TICK_YIELDS;
}

bool
ticks_set_flags(void)
{
	/* T5 and T7 end a slice in the holder's own poll. */
	return gil_variant.tick != 0 && gil_variant.tick != 5 &&
	       gil_variant.tick != 7;
}

void
need_threads(int count)
{
	int allowed = gil_max_threads();

	if (allowed == 0 || allowed >= count)
		return;
	print_message("skipped: the policy %s runs %d thread\n",
		gil_variant.policy, allowed);
	skip();
}

void
need_fork(void)
{
	if (strcmp(build_sanitizer, "thread") != 0)
		return;
	print_message("skipped: TSan does not follow a fork with threads\n");
	skip();
}

/* ---- threads ------------------------------------------------------------ */

static void
run_worker(struct thread *thread, void *arg)
{
	struct worker *self = arg;

	(void)thread; /* is &self->thread */
	self->work(self);
}

void
start_worker(struct worker *worker, int index,
	void (*work)(struct worker *self), int rounds, void *shared)
{
	worker->index = index;
	worker->work = work;
	worker->rounds = rounds;
	worker->shared = shared;
	prng_init(&worker->prng, SEED, (uint64_t)index);
	CHECK(thread_start(&main_thread, &worker->thread, "worker", run_worker,
		      worker) == 0);
}

void
check_counters(const struct gil_counters *c)
{
	CHECK(c->acquisitions > 0);
	CHECK(c->waits <= c->acquisitions);
	CHECK(c->switches <= c->acquisitions);
	CHECK(c->barges <= c->acquisitions);
	CHECK(c->forced_yields <= c->acquisitions);
	CHECK(c->forced_switches <= c->forced_yields);
}

void
join_workers(struct worker *workers, int count, struct gil_counters *total)
{
	for (int i = 0; i < count; i++) {
		const struct gil_counters *one =
			&workers[i].thread.gil->counters;

		thread_join(&main_thread, &workers[i].thread);
		check_counters(one);
		if (total != NULL) {
			total->acquisitions += one->acquisitions;
			total->switches += one->switches;
			total->handoffs += one->handoffs;
			total->waits += one->waits;
		}
	}
	/* A retired descriptor may be given to the next thread. */
	for (int i = 0; i < count; i++)
		thread_retire(&workers[i].thread);
}

void
wait_for_flag(atomic_bool *flag)
{
	while (!atm_load(flag, relaxed))
		os_yield();
}

void
wait_for_waiters(int count)
{
	while (atm_load(&main_thread.gil->gil->nwaiters, relaxed) < count)
		os_yield();
}

int
few_or_many(int few, int many)
{
	return gil_spins() ? few : many;
}

void
write_ledger(struct worker *self, struct ledger *ledger)
{
	uint64_t pauses = prng_below(&self->prng, 100), count;

	CHECK(atm_load(&ledger->owner, relaxed) == NULL);
	atm_store(&ledger->owner, self, relaxed);
	count = ledger->count;
	KEEP_VALUE(count); /* read here, written after the pauses */
	while (pauses-- > 0)
		cpu_relax();
	KEEP_VALUE(count);
	ledger->count = count + 1;
	CHECK(atm_load(&ledger->owner, relaxed) == self);
	atm_store(&ledger->owner, NULL, relaxed);
}

int
run_in_child(int (*function)(void *arg), void *arg)
{
	int status = 0;
	pid_t pid;

	(void)fflush(stdout); /* else the child might write it again */
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0)
		_exit(function(arg)); /* exit handlers are the parent's */
	while (waitpid(pid, &status, 0) < 0)
		CHECK(errno == EINTR);
	return status;
}
