/* SPDX-License-Identifier: MIT */
/* Executions as a table that can be read. */
#include "tests/checker/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"
#include "tests/checker/subject.h"

#define NAME_BYTES 32

/* Of a long execution, the middle is left out. */
#define FIRST_ROWS 100
#define LAST_ROWS  200

static const char *const op_names[] = {
	[OP_LOAD] = "load",
	[OP_STORE] = "store",
	[OP_EXCHANGE] = "exchange",
	[OP_ADD] = "add",
	[OP_SUB] = "subtract",
	[OP_OR] = "or",
	[OP_AND] = "and",
	[OP_CAS] = "cas",
	[OP_LOCK] = "lock",
	[OP_TRYLOCK] = "trylock",
	[OP_UNLOCK] = "unlock",
	[OP_COND_WAIT] = "cond wait",
	[OP_COND_SLEEP] = "wake, lock",
	[OP_SIGNAL] = "signal",
	[OP_BROADCAST] = "broadcast",
	[OP_FUTEX_WAIT] = "futex wait",
	[OP_FUTEX_SLEEP] = "wake",
	[OP_FUTEX_WAKE] = "futex wake",
	[OP_CLOCK] = "clock",
	[OP_PAUSE] = "pause",
	[OP_YIELD] = "sched_yield",
	[OP_SPIN] = "spin",
	[OP_SPIN_CHECK] = "spin",
	[OP_START] = "start",
	[OP_JOIN] = "join",
	[OP_FORK] = "fork",
	[OP_END] = "end",
	[OP_FAILED] = "failed",
};

static const char *const wish_names[] = {
	[WISH_ACQUIRE] = "acquire",
	[WISH_YIELD] = "yield",
	[WISH_POLL] = "poll",
};

static const char *
act_name(const struct task *task)
{
	switch ((enum phase)task->phase) {
	case PHASE_OUTSIDE:
		return "outside";
	case PHASE_WANTING:
		return wish_names[task->wish];
	case PHASE_LEAVING:
		return "release";
	}
	return "?";
}

/* A value: a name if it is an address of the subject, else a number. */
static void
print_value(FILE *out, const struct task *task)
{
	char name[NAME_BYTES];
	uint64_t value;

	if (task->bytes == 0)
		return;
	value = read_value(task->object, task->bytes);
	subject_value_name(value, name, sizeof(name));
	if (name[0] != '\0')
		fprintf(out, "%s", name);
	else
		fprintf(out, "%" PRIu64, value);
}

static void
print_event(FILE *out, struct choice choice)
{
	static const char *const words[] = {
		[CHOICE_RUN] = "",
		[CHOICE_TICK] = "tick: its flag is set",
		[CHOICE_SPURIOUS] = "its sleep ends for no reason",
		[CHOICE_TIMEOUT] = "its sleep times out",
		[CHOICE_CLOCK] = "a slice of time passes",
	};

	fprintf(out, "     %c  %s\n",
		choice.kind == CHOICE_CLOCK ? '-' : 'A' + choice.task,
		words[choice.kind]);
}

/* Who has got or given up the GIL, or come out of the policy without it. */
static void
print_change(FILE *out, int task, int owner_before, int phase_before)
{
	int phase = world.tasks[task].phase;

	if (world.owner != owner_before && world.owner == task)
		fprintf(out, "        %c owns the GIL\n", 'A' + task);
	else if (phase != phase_before)
		fprintf(out, "        %c: %s\n", 'A' + task,
			act_name(&world.tasks[task]));
}

static void
run_and_print(FILE *out, size_t number, struct choice choice)
{
	struct task before = world.tasks[choice.task];
	int owner = world.owner;
	char name[NAME_BYTES] = "";

	if (before.object != NULL)
		subject_name(before.object, name, sizeof(name));
	fprintf(out, "%4zu %c  %-12s %-14s ", number, 'A' + choice.task,
		op_names[before.op], name);
	print_value(out, &before);
	if (choice.kind == CHOICE_RUN && choice.variant != 0)
		fprintf(out, " (outcome %d)", choice.variant);
	choice_make(choice);
	if (before.bytes != 0)
		fprintf(out, " -> ");
	print_value(out, &before);
	fputc('\n', out);
	print_change(out, choice.task, owner, before.phase);
}

static void
make_and_print(FILE *out, size_t number, struct choice choice)
{
	if (choice.kind != CHOICE_RUN)
		print_event(out, choice);
	if (choice_runs(choice))
		run_and_print(out, number, choice);
	else
		choice_make(choice);
}

static void
print_task(FILE *out, int i)
{
	static const char *const lives[] = {
		[LIFE_ENDED] = "has ended", [LIFE_KILLED] = "died in the fork"};
	const struct task *task = &world.tasks[i];
	char name[NAME_BYTES] = "";

	if (task->life == LIFE_ABSENT)
		return;
	if (task->object != NULL)
		subject_name(task->object, name, sizeof(name));
	fprintf(out, "  %c ", 'A' + i);
	if (task->life != LIFE_RUNNING)
		fprintf(out, "%s\n", lives[task->life]);
	else if ((task->op == OP_COND_SLEEP || task->op == OP_FUTEX_SLEEP) &&
		 task->wake == WAKE_ASLEEP)
		fprintf(out, "%s: asleep on %s\n", act_name(task), name);
	else
		fprintf(out, "%s: next %s %s\n", act_name(task),
			op_names[task->op], name);
}

static void
print_state(FILE *out)
{
	char dump[256];

	for (int i = 0; i < MAX_TASKS; i++)
		print_task(out, i);
	subject_dump(dump, sizeof(dump));
	fprintf(out, "  %s\n", dump);
}

static bool
is_same(struct choice a, struct choice b)
{
	return a.kind == b.kind && a.task == b.task &&
	       (a.kind != CHOICE_RUN || a.variant == b.variant);
}

static bool
is_possible(const struct choices *choices, struct choice *choice)
{
	for (int i = 0; i < choices->count; i++) {
		if (is_same(choices->list[i], *choice)) {
			*choice = choices->list[i];
			return true;
		}
	}
	return false;
}

/* A state on the way, to see when it comes back. */
struct mark {
	uint64_t key;
	uint8_t enabled;
	struct choice choice;
};

static void
check_circle(const struct mark *marks, size_t count)
{
	uint64_t key = state_hash();
	struct circle circle = {0};
	size_t from = count;

	for (size_t i = 0; i < count; i++)
		if (marks[i].key == key)
			from = i;
	if (from == count)
		return;
	for (size_t i = from; i < count; i++)
		circle_add(&circle, marks[i].enabled, marks[i].choice);
	circle_check(&circle);
}

static int
finish(FILE *out, const struct mark *marks, size_t count)
{
	struct choices choices;

	choices_find(&choices, NOBODY);
	rule_quiet();
	if (failure[0] == '\0' && choices.is_end)
		rule_end();
	else if (failure[0] == '\0' && choices.enabled == 0)
		rule_stuck(choices.count > 0);
	if (failure[0] == '\0')
		check_circle(marks, count);
	fprintf(out, "then:\n");
	print_state(out);
	if (failure[0] != '\0')
		fprintf(out, "=> %s\n", failure);
	else
		fprintf(out, "=> nothing is wrong up to here\n");
	return failure[0] != '\0';
}

/*
 * Perform and print the choices.  Returns how many were possible, and notes
 * the states before each of them.
 */
static size_t
perform(FILE *out, const struct schedule *schedule, struct mark *marks)
{
	size_t count = schedule->count;

	for (size_t i = 0; i < count; i++) {
		struct choice choice = schedule->choices[i];
		struct choices choices;

		choices_find(&choices, NOBODY);
		if (failure[0] != '\0' || !is_possible(&choices, &choice))
			return i;
		marks[i] = (struct mark){state_hash(), choices.enabled, choice};
		if (i == FIRST_ROWS && count > i + LAST_ROWS)
			fprintf(out, " ...\n");
		if (i >= FIRST_ROWS && count > i + LAST_ROWS)
			choice_make(choice);
		else
			make_and_print(out, i + 1, choice);
	}
	return count;
}

int
trace_replay(
	FILE *out, const struct search *search, const struct schedule *schedule)
{
	struct mark *marks = calloc(schedule->count + 1, sizeof(*marks));
	size_t performed;
	int rc;

	if (marks == NULL)
		DIE_ERRNO(ENOMEM, "calloc of marks");
	world_begin(search);
	private_classes = schedule->private_classes;
	performed = perform(out, schedule, marks);
	if (performed < schedule->count && failure[0] == '\0') {
		fprintf(stderr,
			"the schedule does not fit: choice %zu is not "
			"possible\n",
			performed + 1);
		rc = -EINVAL;
	} else {
		rc = finish(out, marks, performed);
	}
	free(marks);
	return rc;
}
