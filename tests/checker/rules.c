/* SPDX-License-Identifier: MIT */
/*
 * The properties, checked while the threads of the subject run.
 *
 *   exclusion    who owns the GIL is written here, when acquire or yield has
 *                returned, and must be nobody before.
 *   lost wake-up nobody owns the GIL, a thread sleeps or spins in acquire,
 *                yield or release, and all others do that too or are outside
 *                the policy, where they may stay for as long as they like: in
 *                a region, say.  A sleep that times out counts too, unless the
 *                policy relies on time-outs.
 *   deadlock     no thread can run although one is unfinished.
 *   order        a thread surely waits if it sleeps or spins inside acquire
 *                or yield while every other thread is outside the policy or
 *                sleeps too: then it is in the queue, if there is one.  Who
 *                begins to want the GIL after that, and has it before, has
 *                overtaken it.
 *   lets in      a yield began while a thread surely waited, and came back
 *                with the GIL: another thread must have had it in between.
 *   keeps        a yield during which no other thread was in the policy must
 *                keep the GIL, and make no system call.
 *   circles      (explore.c) threads run for ever without getting on, though
 *                none of them is kept from running.
 */
#include "tests/checker/rules.h"

#include "tests/checker/programs.h"
#include "tests/checker/subject.h"
#include "tests/checker/world.h"

static char
letter(int task)
{
	return (char)('A' + task);
}

static struct task *
self(void)
{
	return &world.tasks[running];
}

static bool
is_resting(int i)
{
	const struct task *task = &world.tasks[i];

	if (task->op == OP_SPIN)
		return task_spins_on(i);
	return (task->op == OP_COND_SLEEP || task->op == OP_FUTEX_SLEEP) &&
	       task->wake == WAKE_ASLEEP;
}

/* Who surely waits, if everybody else is at rest too. */
static uint8_t
find_waiters(void)
{
	uint8_t waiters = 0;

	for (int i = 0; i < MAX_TASKS; i++) {
		const struct task *task = &world.tasks[i];

		if (i == running || task->life != LIFE_RUNNING ||
			task->phase == PHASE_OUTSIDE)
			continue;
		if (!is_resting(i))
			return 0;
		if (task->phase == PHASE_WANTING)
			waiters |= (uint8_t)(1u << i);
	}
	return waiters;
}

static bool
somebody_is_inside(void)
{
	for (int i = 0; i < MAX_TASKS; i++)
		if (i != running && world.tasks[i].life == LIFE_RUNNING &&
			world.tasks[i].phase != PHASE_OUTSIDE)
			return true;
	return false;
}

/* The running thread enters the policy: nobody is alone in it any more. */
static void
enter(enum phase phase)
{
	for (int i = 0; i < MAX_TASKS; i++)
		world.tasks[i].is_alone = false;
	self()->phase = (uint8_t)phase;
	self()->is_fresh = true;
}

/* It is outside again; what was noted for its stay is forgotten. */
static void
come_out(void)
{
	struct task *task = self();

	task->phase = PHASE_OUTSIDE;
	task->ahead = 0;
	task->overtaken = 0;
	task->wish = WISH_ACQUIRE;
	task->is_fresh = false;
	task->is_alone = false;
	task->other_had_it = false;
	task->is_disturbed = false;
}

static void
must_own(void)
{
	if (world.owner != running)
		task_fail("%c gives up a GIL that it does not own",
			letter(running));
}

void
rule_wants(enum wish wish)
{
	struct task *task = self();

	if (wish != WISH_ACQUIRE) {
		must_own();
		world.owner = NOBODY;
	}
	enter(PHASE_WANTING);
	task->wish = (uint8_t)wish;
	task->is_alone = !somebody_is_inside();
	task->ahead = find_waiters();
}

static void
must_be_free(void)
{
	if (world.owner != NOBODY)
		task_fail("no mutual exclusion: %c gets the GIL while %c has "
			  "it",
			letter(running), letter(world.owner));
}

static void
check_overtaking(void)
{
	struct task *task = self();

	if (promise->max_overtaking == ANY_NUMBER)
		return;
	for (int i = 0; i < MAX_TASKS; i++) {
		if (!(task->ahead & (1u << i)))
			continue;
		world.tasks[i].overtaken++;
		if (world.tasks[i].overtaken > promise->max_overtaking)
			task_fail("%c has overtaken %c, which waited before %c "
				  "came: %d so far, %d promised",
				letter(running), letter(i), letter(running),
				world.tasks[i].overtaken,
				promise->max_overtaking);
	}
}

static bool
must_let_in(const struct task *task)
{
	if (task->ahead == 0 || task->is_disturbed)
		return false;
	return (task->wish == WISH_YIELD && promise->lets_in >= LETS_IN_ALL) ||
	       (task->wish == WISH_POLL && promise->lets_in >= LETS_IN_FORCED);
}

void
rule_owns(void)
{
	struct task *task = self();

	must_be_free();
	if (must_let_in(task) && !task->other_had_it)
		task_fail("no switch: %c yields and is back, though somebody "
			  "waited and nobody has had the GIL",
			letter(running));
	if (task->wish != WISH_ACQUIRE && task->is_alone &&
		!promise->yields_blindly)
		task_fail("%c gives the GIL up in a yield, though nobody "
			  "waits",
			letter(running));
	check_overtaking();
	for (int i = 0; i < MAX_TASKS; i++) {
		world.tasks[i].other_had_it = true;
		world.tasks[i].ahead &= (uint8_t) ~(1u << running);
	}
	world.owner = (int8_t)running;
	world.had_a_turn |= (uint8_t)(1u << running);
	come_out();
}

void
rule_kept(void)
{
	must_be_free();
	if (self()->other_had_it)
		task_fail("no mutual exclusion: %c has kept the GIL in a "
			  "yield, though another has had it",
			letter(running));
	if (self()->wish == WISH_YIELD && must_let_in(self()))
		task_fail("no switch: %c has kept the GIL in a yield, though "
			  "somebody waited",
			letter(running));
	world.owner = (int8_t)running;
	come_out();
}

void
rule_leaves(void)
{
	must_own();
	world.owner = NOBODY;
	enter(PHASE_LEAVING);
}

void
rule_has_left(void)
{
	come_out();
}

void
rule_has_quit(void)
{
	for (int i = 0; i < MAX_TASKS; i++)
		world.tasks[i].ahead &= (uint8_t) ~(1u << running);
	come_out();
}

void
rule_is_child(void)
{
	for (int i = 0; i < MAX_TASKS; i++)
		if (i != running && world.tasks[i].life == LIFE_RUNNING)
			world.tasks[i].life = LIFE_KILLED;
	world.is_forking = true;
	world.owner = (int8_t)running;
	come_out();
}

void
rule_child_is_ready(void)
{
	world.is_forking = false;
	world.tasks[LATE_TASK].life = LIFE_RUNNING;
}

void
rule_system_call(const char *name)
{
	if (running == NOBODY || self()->wish == WISH_ACQUIRE ||
		!self()->is_alone || promise->yields_blindly)
		return;
	task_fail("%c calls %s in a yield, though nobody waits",
		letter(running), name);
}

/* Whether the owner of the GIL waits, in its program, for others' turns. */
static bool
owner_waits_for_others(void)
{
	return world.owner != NOBODY && world.tasks[world.owner].op == OP_SPIN;
}

void
rule_stuck(bool can_time_out)
{
	if (!can_time_out && owner_waits_for_others())
		task_fail("live-lock: %c keeps the GIL for ever, though it "
			  "yields or polls",
			letter(world.owner));
	else if (!can_time_out)
		task_fail("deadlock: no thread can run");
}

/* Whether the thread is, or may stay for as long as it likes, outside. */
static bool
may_stay_outside(const struct task *task)
{
	return task->life != LIFE_RUNNING || task->phase == PHASE_OUTSIDE ||
	       (task->phase == PHASE_WANTING && task->is_fresh &&
		       task->wish == WISH_ACQUIRE);
}

void
rule_quiet(void)
{
	int sleeper = NOBODY;

	if (world.owner != NOBODY)
		return;
	for (int i = 0; i < MAX_TASKS; i++) {
		if (may_stay_outside(&world.tasks[i]))
			continue;
		if (!is_resting(i))
			return;
		if (world.tasks[i].deadline_ns != 0 &&
			promise->relies_on_timeout)
			return;
		sleeper = i;
	}
	if (sleeper == NOBODY)
		return;
	if (world.tasks[sleeper].phase == PHASE_LEAVING)
		task_fail("%c does not come out of release, though nobody "
			  "else does anything",
			letter(sleeper));
	else
		task_fail("lost wake-up: the GIL is free, %c waits for it, and "
			  "nobody else does anything",
			letter(sleeper));
}

void
rule_end(void)
{
	const char *leftover = subject_leftover();

	if (leftover != NULL)
		task_fail("at the end, %s", leftover);
}
