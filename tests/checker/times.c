/* SPDX-License-Identifier: MIT */
/* The clock, pauses and the timer thread, as operations of the checker. */
#include <pthread.h>
#include <time.h>

#include "common/clock.h"
#include "common/sync.h"
#include "tests/checker/rules.h"
#include "tests/checker/subject.h"
#include "tests/checker/world.h"

_Noreturn void
checker_quit(void)
{
	rule_has_quit();
	for (;;)
		task_announce(OP_END, NULL, 0);
}

/* ---- the timer thread --------------------------------------------------- */

/* Replaces glibc's, for tick.c: the new thread is D. */
int
pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
	void *(*body)(void *arg), void *arg)
{
	(void)attributes;
	*thread = LATE_TASK;
	subject_set_timer(body, arg);
	world.tasks[LATE_TASK].life = LIFE_RUNNING;
	return 0;
}

int
pthread_join(pthread_t thread, void **result)
{
	(void)thread; /* it is D */
	(void)result;
	task_change(OP_JOIN, NULL, 0);
	return 0;
}

/* ---- pauses and time ---------------------------------------------------- */

static void
pause_as(enum op op)
{
	struct task_notes *notes;

	if (running == NOBODY)
		return;
	notes = &world.notes[running];
	if (!notes->is_fast) {
		task_announce(op, NULL, 0);
		return;
	}
	notes->pauses++;
	if ((notes->pauses & (notes->pauses - 1)) == 0)
		task_check_spin();
}

void
cpu_relax(void)
{
	pause_as(OP_PAUSE);
}

void
os_yield(void)
{
	rule_system_call("sched_yield");
	pause_as(OP_YIELD);
}

/* Time passes by a choice of its own, where it matters: choices.c. */
int64_t
clock_now_ns(void)
{
	struct task_notes *notes;

	if (running == NOBODY)
		return world.now_ns;
	notes = &world.notes[running];
	if (notes->is_fast &&
		task_has_read(&world.now_ns, sizeof(world.now_ns)))
		return world.now_ns;
	if (promise->decides_by_clock && !world.is_forking)
		task_announce(OP_CLOCK, &world.now_ns, sizeof(world.now_ns));
	task_remember(&world.now_ns, sizeof(world.now_ns));
	return world.now_ns;
}

struct timespec
clock_timespec(int64_t ns)
{
	return (struct timespec){
		.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

/* Replaces libc's, for policies that sleep by themselves. */
int
clock_nanosleep(clockid_t clock, int flags, const struct timespec *request,
	struct timespec *left)
{
	(void)clock;
	(void)flags;
	(void)request;
	(void)left;
	rule_system_call("clock_nanosleep");
	pause_as(OP_YIELD);
	return 0;
}
