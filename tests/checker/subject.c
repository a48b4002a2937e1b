/* SPDX-License-Identifier: MIT */
/*
 * The subject of the checker: the policy's own code, from runtime/gil/fast.h
 * on down, driven by scripts.  Compiled once per policy and waiting mode.
 */
#include "tests/checker/subject.h"

#include <stdio.h>
#include <string.h>

#include "common/sync.h"
#include "runtime/gil/fast.h"
#include "runtime/gil/gil.h"
#include "tests/checker/programs.h"
#include "tests/checker/world.h"

#define SLICE_NS INT64_C(5000000)

static struct {
	struct gil_lock lock;
	struct gil_member members[MAX_TASKS];
} memory;

#define MEMBER_RANGES(i)                                                       \
	{&memory.members[i].thread.flags,                                      \
		sizeof(memory.members[i].thread.flags)},                       \
		{&memory.members[i].thread.ticks_left,                         \
			sizeof(memory.members[i].thread.ticks_left)},          \
		{&memory.members[i].thread.slice_end_ns,                       \
			sizeof(memory.members[i].thread.slice_end_ns)},        \
	{                                                                      \
		&memory.members[i].waiter, sizeof(memory.members[i].waiter)    \
	}

static const struct subject_range hashed[] = {
	{&memory.lock.gil.holder, sizeof(memory.lock.gil.holder)},
	{&memory.lock.gil.hold_seq, sizeof(memory.lock.gil.hold_seq)},
	{&memory.lock.gil.nwaiters, sizeof(memory.lock.gil.nwaiters)},
	{&memory.lock.gil.living, sizeof(memory.lock.gil.living)},
	{&memory.lock.gil.tick.state, sizeof(memory.lock.gil.tick.state)},
	{&memory.lock.gil.tick.slice_start_ns,
		sizeof(memory.lock.gil.tick.slice_start_ns)},
	{&memory.lock.policy, sizeof(memory.lock.policy)},
	MEMBER_RANGES(0),
	MEMBER_RANGES(1),
	MEMBER_RANGES(2),
	MEMBER_RANGES(3),
};

/* gil.c asks for it; a checker program is no variant that can be run. */
const struct gil_variant gil_variant = {.name = "checker"};

const struct subject subject = {
	.policy = CHECKER_POLICY,
	.mode = GIL_MODE == GIL_MODE_COND    ? "cond"
		: GIL_MODE == GIL_MODE_FUTEX ? "futex"
		: GIL_MODE == GIL_MODE_SPIN  ? "spin"
		: GIL_MODE == GIL_MODE_STP   ? "stp"
					     : "",
	.tick_source = GIL_TICK,
	.max_threads = POLICY_MAX_THREADS,
	.slice_ns = SLICE_NS,
	.memory = {&memory, sizeof(memory)},
	.hashed = hashed,
	.nhashed = ARRAY_LEN(hashed),
};

/* ---- the GIL ------------------------------------------------------------ */

/* As gil_create() and gil_thread_new(), but in memory of our own. */
void
subject_reset(int usable_cpus)
{
	struct gil *gil = &memory.lock.gil;

	memset(&memory, 0, sizeof(memory));
	gil->usable_cpus = usable_cpus;
	gil->tick.slice_ns = SLICE_NS;
	gil->tick.period_ns = SLICE_NS;
	gil->tick.slice_count = 1;
	policy_init(&memory.lock.policy);
	for (int i = 0; i < MAX_TASKS; i++) {
		struct gil_member *member = &memory.members[i];

		member->thread.id = (uint32_t)i;
		member->thread.gil = gil;
		member->thread.ticks_left = 1;
		member->thread.reason = GIL_REASON_EXIT; /* from no region */
		policy_waiter_init(&member->waiter);
	}
}

const char *
subject_set_option(const char *name, const char *value)
{
	return gil_set_option(&memory.lock.gil, name, value);
}

const volatile void *
subject_flags_of(int task)
{
	return &memory.members[task].thread.flags;
}

bool
subject_can_tick(int task)
{
	return (atomic_load(&memory.members[task].thread.flags) &
		       GIL_FLAG_TIMER) == 0;
}

void
subject_tick(int task)
{
	atomic_fetch_or(&memory.members[task].thread.flags, GIL_FLAG_TIMER);
}

/*
 * Only a waiter that times the holder out looks at the number of holds, and
 * whether there was more than one since it began to wait.
 */
void
subject_forget_counts(void)
{
	if (GIL_TICK == 3 || GIL_TICK == 4)
		memory.lock.gil.hold_seq &= 7;
	else
		memory.lock.gil.hold_seq = 0;
}

const char *
subject_leftover(void)
{
	if (atomic_load(&memory.lock.gil.nwaiters) != 0)
		return "gil->nwaiters is not 0";
	if (atomic_load(&memory.lock.gil.living) != 0)
		return "gil->living is not 0";
	return NULL;
}

void
subject_dump(char *text, int capacity)
{
	gil_dump(&memory.lock.gil, text, capacity);
}

/* The same in each execution, so it is no part of the state. */
static void *(*timer_body)(void *arg);
static void *timer_arg;

void
subject_set_timer(void *(*body)(void *arg), void *arg)
{
	timer_body = body;
	timer_arg = arg;
}

/* ---- its words ---------------------------------------------------------- */

static bool
lies_in(const volatile void *object, const void *from, size_t bytes,
	size_t *offset)
{
	uintptr_t at = (uintptr_t)object, begin = (uintptr_t)from;

	*offset = at - begin;
	return at >= begin && at - begin < bytes;
}

enum subject_class
subject_class_of(const volatile void *object, int *task)
{
	struct gil *gil = &memory.lock.gil;
	size_t offset;

	if (object == &gil->hold_seq)
		return SUBJECT_SEQ;
	if (object == &gil->holder)
		return SUBJECT_HOLDER;
	if (object == &gil->living)
		return SUBJECT_LIVING;
	if (object == &gil->tick.requests)
		return SUBJECT_COUNTS;
	if (lies_in(object, &gil->tick, sizeof(gil->tick), &offset))
		return program->runs_timer ? SUBJECT_SHARED : SUBJECT_COUNTS;
	if (object != &gil->nwaiters &&
		lies_in(object, gil, sizeof(*gil), &offset))
		return SUBJECT_SETTING;
	for (int i = 0; i < MAX_TASKS; i++) {
		*task = i;
		if (object == &memory.members[i].thread.flags)
			return SUBJECT_FLAGS;
	}
	return SUBJECT_SHARED;
}

void
subject_name(const volatile void *object, char *text, size_t capacity)
{
	struct gil *gil = &memory.lock.gil;
	size_t offset;

	text[0] = '\0';
	if (object == &gil->hold_seq)
		snprintf(text, capacity, "gil.hold_seq");
	else if (object == &gil->holder)
		snprintf(text, capacity, "gil.holder");
	else if (object == &gil->nwaiters)
		snprintf(text, capacity, "gil.nwaiters");
	else if (object == &gil->living)
		snprintf(text, capacity, "gil.living");
	else if (object == &gil->tick.state)
		snprintf(text, capacity, "tick.state");
	else if (object == &gil->tick.slice_start_ns)
		snprintf(text, capacity, "tick.slice");
	else if (lies_in(object, &memory.lock.policy,
			 sizeof(memory.lock.policy), &offset))
		snprintf(text, capacity, "policy+%zu", offset);
	else if (lies_in(object, gil, sizeof(*gil), &offset))
		snprintf(text, capacity, "gil+%zu", offset);
	for (int i = 0; i < MAX_TASKS; i++) {
		struct gil_member *member = &memory.members[i];

		if (object == &member->thread.flags)
			snprintf(text, capacity, "%c.flags", 'A' + i);
		else if (lies_in(object, &member->waiter,
				 sizeof(member->waiter), &offset))
			snprintf(text, capacity, "%c.waiter+%zu", 'A' + i,
				offset);
	}
}

void
subject_value_name(uint64_t value, char *text, size_t capacity)
{
	text[0] = '\0';
	for (int i = 0; i < MAX_TASKS; i++) {
		if (value == (uintptr_t)&memory.members[i].thread)
			snprintf(text, capacity, "%c", 'A' + i);
		if (value == (uintptr_t)&memory.members[i].waiter)
			snprintf(text, capacity, "%c.waiter", 'A' + i);
	}
}

/* ---- scripts ------------------------------------------------------------ */

static void
want_and_acquire(struct gil_thread *self)
{
	rule_wants(WISH_ACQUIRE);
	gil_acquire(self);
	rule_owns();
}

static void
attach(struct gil_thread *self)
{
	rule_wants(WISH_ACQUIRE);
	gil_attach(self);
	rule_owns();
}

static void
detach(struct gil_thread *self)
{
	rule_leaves();
	gil_detach(self);
	rule_has_left();
}

static void
pass_region(struct gil_thread *self)
{
	rule_leaves();
	gil_release(self, GIL_REASON_REGION);
	rule_has_left();
	want_and_acquire(self);
}

static void
yield_gil(struct gil_thread *self)
{
	rule_wants(WISH_YIELD);
	if (gil_yield(self, GIL_REASON_YIELD))
		rule_owns();
	else
		rule_kept();
}

static void
poll_gil(struct gil_thread *self)
{
	self->counters.acquisitions = 0;
	rule_wants(WISH_POLL);
	gil_poll(self);
	if (self->counters.acquisitions != 0) /* it gave the GIL up */
		rule_owns();
	else
		rule_kept();
}

static void
fork_child(struct gil_thread *self)
{
	if (!subject_fork())
		return;
	rule_is_child();
	(void)gil_atfork_child(self); /* no tick source: cannot fail */
	rule_child_is_ready();
}

static bool
others_had_a_turn(void)
{
	for (int i = 0; i < MAX_TASKS; i++)
		if (i != running && i != LATE_TASK &&
			world.tasks[i].life != LIFE_ABSENT &&
			!(world.had_a_turn & (1u << i)))
			return false;
	return true;
}

static void
repeat_until_others_had_a_turn(
	struct gil_thread *self, void (*step)(struct gil_thread *))
{
	while (!others_had_a_turn()) {
		step(self);
		cpu_relax(); /* let the scheduler choose, at no cost */
	}
}

static void
yield_until_others_had_a_turn(struct gil_thread *self)
{
	repeat_until_others_had_a_turn(self, yield_gil);
}

static void
poll_until_others_had_a_turn(struct gil_thread *self)
{
	repeat_until_others_had_a_turn(self, poll_gil);
}

static void
start_timer(struct gil_thread *self)
{
	int rc;

	tick_init(self->gil, GIL_TICK, SLICE_NS, SLICE_NS);
	rc = gil_start_ticks(self->gil);
	if (rc != 0)
		task_fail("the timer thread does not start: %s", strerror(-rc));
}

static void
stop_timer(struct gil_thread *self)
{
	tick_stop(self->gil);
}

static void
be_timer(struct gil_thread *self)
{
	(void)self;
	(void)timer_body(timer_arg); /* it has no result */
}

static void (*const acts[])(struct gil_thread *self) = {
	['a'] = attach,
	['x'] = detach,
	['r'] = pass_region,
	['y'] = yield_gil,
	['p'] = poll_gil,
	['k'] = fork_child,
	['w'] = yield_until_others_had_a_turn,
	['h'] = poll_until_others_had_a_turn,
	['t'] = start_timer,
	['s'] = stop_timer,
	['T'] = be_timer,
};

void
subject_run(int task, const char *script)
{
	for (; *script != '\0'; script++)
		acts[(unsigned char)*script](&memory.members[task].thread);
}
