/* SPDX-License-Identifier: MIT */
/*
 * What can happen next: which thread may run, and what the world may do to it.
 *
 * What the world does (a tick, a spurious wake-up, a time-out, time that
 * passes) costs no preemption but is rationed: world.ticks, world.surprises.
 * When no thread can run, the world must go on by itself: then time passes
 * and time-outs and ticks come, without a ration.
 */
#include "common/die.h"
#include "tests/checker/explore.h"
#include "tests/checker/programs.h"
#include "tests/checker/rules.h"
#include "tests/checker/subject.h"
#include "tests/checker/world.h"

static bool
is_asleep(const struct task *task)
{
	return (task->op == OP_COND_SLEEP || task->op == OP_FUTEX_SLEEP) &&
	       task->wake == WAKE_ASLEEP;
}

static bool
mutex_is_free(const volatile void *mutex)
{
	return *(const volatile int *)mutex == 0; /* struct mutex's holder */
}

static int
count_sleepers(enum op op, const volatile void *object)
{
	int count = 0;

	for (int i = 0; i < MAX_TASKS; i++) {
		const struct task *task = &world.tasks[i];

		if (task->life == LIFE_RUNNING && task->op == op &&
			task->object == object && task->wake == WAKE_ASLEEP)
			count++;
	}
	return count;
}

/* In how many ways a thread can go on; 0: it is blocked. */
static int
count_variants(int i)
{
	const struct task *task = &world.tasks[i];
	int sleepers = 0;

	switch ((enum op)task->op) {
	case OP_LOCK:
		return mutex_is_free(task->object);
	case OP_COND_SLEEP:
		return task->wake != WAKE_ASLEEP && mutex_is_free(task->mutex);
	case OP_FUTEX_SLEEP:
		return task->wake != WAKE_ASLEEP;
	case OP_SIGNAL:
		sleepers = count_sleepers(OP_COND_SLEEP, task->object);
		break;
	case OP_FUTEX_WAKE:
		if (task->count == 1)
			sleepers = count_sleepers(OP_FUTEX_SLEEP, task->object);
		break;
	case OP_SPIN:
		return !task_spins_on(i);
	case OP_JOIN:
		return world.tasks[LATE_TASK].life == LIFE_ENDED;
	case OP_FORK:
		return 2;
	default:
		break;
	}
	return sleepers > 1 ? sleepers : 1;
}

static void
add(struct choices *choices, enum choice_kind kind, int task, int variant,
	bool preempts)
{
	if (choices->count == MAX_CHOICES)
		DIE("more than %d choices", MAX_CHOICES);
	choices->list[choices->count++] = (struct choice){
		.kind = (uint8_t)kind,
		.task = (uint8_t)task,
		.variant = (uint8_t)variant,
		.preempts = preempts,
	};
}

/* A thread that pauses offers the CPU: to take it is no preemption. */
static bool
is_offering(int task)
{
	return world.tasks[task].op == OP_PAUSE ||
	       world.tasks[task].op == OP_YIELD;
}

static void
find_runs(struct choices *choices, int last)
{
	int variants[MAX_TASKS] = {0};
	bool can_stay;

	for (int i = 0; i < MAX_TASKS; i++) {
		if (world.tasks[i].life != LIFE_RUNNING)
			continue;
		choices->is_end = false;
		variants[i] = count_variants(i);
		if (variants[i] > 0)
			choices->enabled |= (uint8_t)(1u << i);
	}
	can_stay = last != NOBODY && variants[last] > 0;
	if (can_stay)
		for (int k = 0; k < variants[last]; k++)
			add(choices, CHOICE_RUN, last, k, false);
	for (int i = 0; i < MAX_TASKS; i++)
		for (int k = 0; i != last && k < variants[i]; k++)
			add(choices, CHOICE_RUN, i, k,
				can_stay && !is_offering(last));
}

/* Whether the thread's next step looks at the object. */
static bool
looks_at(int task, const volatile void *object)
{
	const struct task_notes *notes = &world.notes[task];
	enum op op = (enum op)world.tasks[task].op;

	if (world.tasks[task].life != LIFE_RUNNING)
		return false;
	if (op != OP_PAUSE && op != OP_YIELD && op != OP_SPIN)
		return world.tasks[task].object == object;
	for (int i = 0; i < notes->nreads; i++)
		if (notes->reads[i].object == object)
			return true;
	return false;
}

static bool
somebody_looks_at(const volatile void *object)
{
	for (int i = 0; i < MAX_TASKS; i++)
		if (looks_at(i, object))
			return true;
	return is_plain;
}

/* Whether somebody is about to wake those who sleep on the object. */
static bool
somebody_wakes(const volatile void *object)
{
	for (int i = 0; i < MAX_TASKS; i++) {
		const struct task *task = &world.tasks[i];

		if (task->life == LIFE_RUNNING && task->object == object &&
			(task->op == OP_SIGNAL || task->op == OP_BROADCAST ||
				task->op == OP_FUTEX_WAKE))
			return true;
	}
	return false;
}

/* The variants of events. */
enum {
	RATIONED,
	FORCED,         /* not rationed: nothing else can happen */
	RATIONED_TO_RUN /* and the thread goes on at once */
};

/*
 * A sleep that ends early matters when the sleeper runs, and to who would wake
 * it: so it ends right before either of them.
 */
static void
add_end_of_sleep(
	struct choices *choices, enum choice_kind kind, int i, int last)
{
	const struct task *task = &world.tasks[i];
	bool can_stay = last != NOBODY && (choices->enabled & (1u << last));

	if (is_plain || somebody_wakes(task->object))
		add(choices, kind, i, RATIONED, false);
	else if (task->mutex == NULL || mutex_is_free(task->mutex))
		add(choices, kind, i, RATIONED_TO_RUN,
			can_stay && !is_offering(last));
}

/* Rationed events, when they can make a difference. */
static void
find_events(struct choices *choices, int last)
{
	for (int i = 0; i < MAX_TASKS; i++) {
		const struct task *task = &world.tasks[i];

		if (task->life != LIFE_RUNNING)
			continue;
		if (world.ticks > 0 && (world.had_a_turn & (1u << i)) &&
			subject_can_tick(i) &&
			somebody_looks_at(subject_flags_of(i)))
			add(choices, CHOICE_TICK, i, RATIONED, false);
		if (world.surprises == 0 || !is_asleep(task))
			continue;
		add_end_of_sleep(choices, CHOICE_SPURIOUS, i, last);
		if (task->deadline_ns != 0)
			add_end_of_sleep(choices, CHOICE_TIMEOUT, i, last);
	}
	if (world.surprises > 0 && promise->decides_by_clock &&
		somebody_looks_at(&world.now_ns))
		add(choices, CHOICE_CLOCK, 0, RATIONED, false);
}

/* No thread can run: does the owner spin until a tick comes? */
static bool
find_forced_tick(struct choices *choices)
{
	bool has_timer = subject.tick_source == 1 || subject.tick_source == 2;

	if (!has_timer || program->runs_timer || world.owner == NOBODY ||
		world.tasks[world.owner].op != OP_SPIN ||
		!subject_can_tick(world.owner))
		return false;
	add(choices, CHOICE_TICK, world.owner, FORCED, false);
	return true;
}

static bool
is_timed_sleeper(const struct task *task)
{
	return task->life == LIFE_RUNNING && is_asleep(task) &&
	       task->deadline_ns != 0;
}

/* The last deadline of all who sleep; at least now. */
static int64_t
last_deadline_ns(void)
{
	int64_t last_ns = world.now_ns;

	for (int i = 0; i < MAX_TASKS; i++)
		if (is_timed_sleeper(&world.tasks[i]) &&
			world.tasks[i].deadline_ns > last_ns)
			last_ns = world.tasks[i].deadline_ns;
	return last_ns;
}

static void
add_forced_timeouts(struct choices *choices, int64_t until_ns)
{
	for (int i = 0; i < MAX_TASKS; i++)
		if (is_timed_sleeper(&world.tasks[i]) &&
			world.tasks[i].deadline_ns <= until_ns)
			add(choices, CHOICE_TIMEOUT, i, FORCED, false);
}

/*
 * No thread can run, and no tick comes: time passes until somebody's sleep
 * times out.  Anybody's may be the first; but it passes beyond all deadlines,
 * and nobody times out again before all have who are late.
 */
static void
find_forced(struct choices *choices)
{
	add_forced_timeouts(choices, world.now_ns);
	if (choices->count > 0)
		return;
	add_forced_timeouts(choices, INT64_MAX);
	for (int i = 0; i < MAX_TASKS; i++) {
		if (world.tasks[i].op == OP_SPIN &&
			looks_at(i, &world.now_ns)) {
			add(choices, CHOICE_CLOCK, 0, FORCED, false);
			return;
		}
	}
}

void
choices_find(struct choices *choices, int last)
{
	choices->count = 0;
	choices->enabled = 0;
	choices->is_end = true;
	find_runs(choices, last);
	if (choices->is_end)
		return;
	if (choices->enabled != 0)
		find_events(choices, last);
	else if (!find_forced_tick(choices))
		find_forced(choices);
}

static void
spend(uint8_t *ration, struct choice choice)
{
	if (choice.variant != FORCED)
		(*ration)--;
}

static void
end_sleep(struct choice choice, enum wake wake)
{
	struct task *task = &world.tasks[choice.task];

	spend(&world.surprises, choice);
	if (choice.variant == FORCED)
		world.now_ns = last_deadline_ns();
	if (wake == WAKE_TIMED_OUT && world.now_ns < task->deadline_ns)
		world.now_ns = task->deadline_ns;
	task->is_disturbed = true;
	task->wake = (uint8_t)wake;
	if (choice.variant == RATIONED_TO_RUN)
		task_resume(choice.task, 0);
}

bool
choice_runs(struct choice choice)
{
	if (choice.kind == CHOICE_SPURIOUS || choice.kind == CHOICE_TIMEOUT)
		return choice.variant == RATIONED_TO_RUN;
	return choice.kind == CHOICE_RUN;
}

void
choice_make(struct choice choice)
{
	switch ((enum choice_kind)choice.kind) {
	case CHOICE_RUN:
		task_resume(choice.task, choice.variant);
		return;
	case CHOICE_TICK:
		spend(&world.ticks, choice);
		subject_tick(choice.task);
		return;
	case CHOICE_SPURIOUS:
		end_sleep(choice, WAKE_SPURIOUS);
		return;
	case CHOICE_TIMEOUT:
		end_sleep(choice, WAKE_TIMED_OUT);
		return;
	case CHOICE_CLOCK:
		spend(&world.surprises, choice);
		world.now_ns += subject.slice_ns;
		return;
	}
}
