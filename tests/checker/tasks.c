/* SPDX-License-Identifier: MIT */
/*
 * The threads of the checker: coroutines that stop before each operation.
 *
 * Spin loops.  A loop of pauses that only reads is not run once per pause: at
 * the first pause others may run, at no cost.  If the thread is then told to
 * run on and nothing that it has read has changed, all further reads and
 * pauses are done at once, until it does something else, or until its own
 * state (registers and stack) comes back.  In that case it would spin for
 * ever: it is blocked until one of the places that it reads has changed.  No
 * interleaving is lost, since a read that finds what it found before commutes
 * with everything; what others may do between two rounds, they may do at the
 * first pause.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/checker/coroutine.h"
#include "tests/checker/programs.h"
#include "tests/checker/subject.h"
#include "tests/checker/world.h"

#define STACK_BYTES 32768
/* Below the stack pointer: zeroed, so that old garbage is in no new frame. */
#define CLEAN_BYTES 1024
/* Rounds after which a spin loop with a counter counts as endless. */
#define MAX_PAUSES (1u << 16)

struct world world;
int running = NOBODY;
uint64_t task_steps;
char failure[256];

static unsigned char stacks[MAX_TASKS][STACK_BYTES]
	__attribute__((aligned(64)));
static void *scheduler_stack_pointer;

unsigned char *
task_stack_top(int task)
{
	return stacks[task] + STACK_BYTES;
}

static void
stop_here(void)
{
	coroutine_switch(
		&world.notes[running].stack_pointer, scheduler_stack_pointer);
}

void
task_announce(enum op op, const volatile void *object, size_t bytes)
{
	struct task *task = &world.tasks[running];
	struct task_notes *notes = &world.notes[running];

	notes->is_fast = false;
	notes->has_taken = false;
	task->op = (uint8_t)op;
	task->object = object;
	task->bytes = (uint8_t)bytes;
	stop_here();
}

void
task_change(enum op op, const volatile void *object, size_t bytes)
{
	task_announce(op, object, bytes);
	world.notes[running].nreads = 0;
}

void
task_check_spin(void)
{
	world.tasks[running].op = OP_SPIN_CHECK;
	stop_here();
}

uint64_t
read_value(const volatile void *object, size_t bytes)
{
	uint64_t value = 0;

	memcpy(&value, (const void *)(uintptr_t)object, bytes);
	return value;
}

void
task_remember(const volatile void *object, size_t bytes)
{
	struct task_notes *notes = &world.notes[running];
	int i;

	for (i = 0; i < notes->nreads; i++)
		if (notes->reads[i].object == object)
			break;
	if (i == MAX_READS)
		return; /* then its loops are not recognised, only longer */
	notes->reads[i] =
		(struct read){object, read_value(object, bytes), bytes};
	if (i == notes->nreads)
		notes->nreads++;
}

bool
task_has_read(const volatile void *object, size_t bytes)
{
	const struct task_notes *notes = &world.notes[running];

	for (int i = 0; i < notes->nreads; i++)
		if (notes->reads[i].object == object)
			return notes->reads[i].value ==
			       read_value(object, bytes);
	return false;
}

static void
run_task(void)
{
	subject_run(running, program->scripts[running]);
	task_announce(OP_END, NULL, 0);
}

bool
subject_fork(void)
{
	task_announce(OP_FORK, NULL, 0);
	return world.notes[running].variant == 1;
}

void
tasks_reset(int count)
{
	memset(&world, 0, sizeof(world));
	failure[0] = '\0';
	world.now_ns = INT64_C(1000000000);
	world.owner = NOBODY;
	for (int i = 0; i < MAX_TASKS; i++) {
		struct task_notes *notes = &world.notes[i];

		world.tasks[i].op = OP_START;
		world.tasks[i].life = i < count ? LIFE_RUNNING : LIFE_ABSENT;
		notes->stack_pointer =
			coroutine_new(stacks[i], STACK_BYTES, run_task);
	}
}

static bool
reads_are_unchanged(const struct task_notes *notes)
{
	for (int i = 0; i < notes->nreads; i++)
		if (read_value(notes->reads[i].object, notes->reads[i].bytes) !=
			notes->reads[i].value)
			return false;
	return true;
}

bool
task_spins_on(int task)
{
	return reads_are_unchanged(&world.notes[task]);
}

static uint64_t
hash_stack(int task)
{
	unsigned char *from = world.notes[task].stack_pointer;

	return hash_bytes(
		(uint64_t)task, from, (size_t)(task_stack_top(task) - from));
}

/* A pause is over: run the loop to its end, or only its next round? */
static void
resume_pause(int task)
{
	struct task_notes *notes = &world.notes[task];

	notes->is_fast =
		world.tasks[task].op != OP_SPIN && reads_are_unchanged(notes);
	if (!notes->is_fast)
		notes->nreads = 0;
	notes->pauses = 1;
	notes->spin_hash = notes->stack_hash;
}

static void
switch_to(int task)
{
	struct task_notes *notes = &world.notes[task];

	task_steps++;
	memset((unsigned char *)notes->stack_pointer - CLEAN_BYTES, 0,
		CLEAN_BYTES);
	running = task;
	coroutine_switch(&scheduler_stack_pointer, notes->stack_pointer);
	running = NOBODY;
	notes->stack_hash = hash_stack(task);
}

void
task_resume(int task, int variant)
{
	struct task *state = &world.tasks[task];
	struct task_notes *notes = &world.notes[task];

	notes->variant = (uint8_t)variant;
	state->is_fresh = false;
	if (state->op == OP_PAUSE || state->op == OP_YIELD ||
		state->op == OP_SPIN)
		resume_pause(task);
	switch_to(task);
	while (state->op == OP_SPIN_CHECK) {
		if (notes->stack_hash == notes->spin_hash ||
			notes->pauses >= MAX_PAUSES) {
			state->op = OP_SPIN;
		} else {
			notes->spin_hash = notes->stack_hash;
			switch_to(task);
		}
	}
	if (state->op == OP_END)
		state->life = LIFE_ENDED;
	subject_forget_counts();
}

static void note_failure(const char *fmt, va_list args) PRINTF_LIKE(1, 0);

static void
note_failure(const char *fmt, va_list args)
{
	if (failure[0] == '\0') /* the first is the cause */
		vsnprintf(failure, sizeof(failure), fmt, args);
}

void
task_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	note_failure(fmt, args);
	va_end(args);
	if (running != NOBODY)
		task_announce(OP_FAILED, NULL, 0);
}

void
task_abandon(const char *fmt, ...)
{
	void *abandoned;
	va_list args;

	va_start(args, fmt);
	note_failure(fmt, args);
	va_end(args);
	world.tasks[running].op = OP_FAILED;
	coroutine_switch(&abandoned, scheduler_stack_pointer);
}
