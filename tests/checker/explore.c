/* SPDX-License-Identifier: MIT */
/* The search, depth first; explore.h says what it leaves out and why. */
#include "tests/checker/explore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/die.h"
#include "tests/checker/programs.h"
#include "tests/checker/subject.h"
#include "tests/checker/visited.h"

/* A path of so many steps that never comes back to a state is a live-lock. */
#define MAX_DEPTH 5000

/* A state on the present path. */
struct frame {
	uint64_t key;
	size_t saved_at; /* where its copy begins in `saved` */
	bool is_saved;
	uint8_t next;         /* choice */
	int8_t last;          /* the thread that ran last */
	uint32_t outer_depth; /* where the state lies on the path already */
	int preemptions;
	struct choices choices;
};

static struct frame *path;
static size_t depth;
static unsigned char *saved;
static size_t saved_bytes, saved_capacity;
static struct visited visited;

bool is_plain, is_uncached;
unsigned private_classes;

static int64_t
machine_now_ns(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		DIE_ERRNO(errno, "clock_gettime");
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* ---- schedules ---------------------------------------------------------- */

void
schedule_add(struct schedule *schedule, struct choice choice)
{
	if (schedule->count == schedule->capacity) {
		size_t capacity = 2 * schedule->capacity + 64;
		struct choice *choices =
			realloc(schedule->choices, capacity * sizeof(*choices));

		if (choices == NULL)
			DIE_ERRNO(ENOMEM, "realloc of a schedule");
		schedule->choices = choices;
		schedule->capacity = capacity;
	}
	schedule->choices[schedule->count++] = choice;
}

void
schedule_free(struct schedule *schedule)
{
	free(schedule->choices);
	*schedule = (struct schedule){0};
}

static struct choice
choice_taken(const struct frame *frame)
{
	return frame->choices.list[frame->next - 1];
}

static void
note_error(struct search *search)
{
	search->verdict = VERDICT_FAILED;
	search->preemptions = 0;
	search->schedule.private_classes = private_classes;
	for (size_t i = 0; i < depth; i++) {
		struct choice choice = choice_taken(&path[i]);

		search->preemptions += choice.preempts;
		schedule_add(&search->schedule, choice);
	}
}

/* ---- the path ----------------------------------------------------------- */

void
world_begin(const struct search *search)
{
	bool has_timer = subject.tick_source == 1 || subject.tick_source == 2;
	const char *why;

	tasks_reset(search->threads);
	world.ticks =
		search->is_full ? program->full.ticks : program->few.ticks;
	world.surprises = search->is_full ? program->full.surprises
					  : program->few.surprises;
	if (!has_timer)
		world.ticks = 0;
	subject_reset(search->usable_cpus);
	if (search->option_name == NULL)
		return;
	why = subject_set_option(search->option_name, search->option_value);
	if (why != NULL)
		DIE("the option was accepted before, now: %s", why);
}

static void
save_state(struct frame *frame)
{
	size_t bytes = state_bytes();

	if (saved_bytes + bytes > saved_capacity) {
		saved_capacity = 2 * (saved_bytes + bytes);
		saved = realloc(saved, saved_capacity);
		if (saved == NULL)
			DIE_ERRNO(ENOMEM, "realloc of saved states");
	}
	frame->saved_at = saved_bytes;
	frame->is_saved = true;
	state_save(saved + saved_bytes);
	saved_bytes += bytes;
}

static void
push(struct visit *visit, const struct choices *choices, int last,
	int preemptions)
{
	struct frame *frame = &path[depth];

	frame->key = visit->key;
	frame->outer_depth = visit->depth;
	visit->depth = (uint32_t)depth++;
	frame->is_saved = false;
	frame->next = 0;
	frame->last = (int8_t)last;
	frame->preemptions = preemptions;
	frame->choices = *choices;
	if (choices->count > 1)
		save_state(frame);
}

static void
pop(void)
{
	struct frame *frame = &path[--depth];

	if (frame->is_saved)
		saved_bytes = frame->saved_at;
	visited_find(&visited, frame->key)->depth = frame->outer_depth;
}

void
circle_add(struct circle *circle, uint8_t enabled, struct choice choice)
{
	circle->enabled |= enabled;
	if (choice_runs(choice))
		circle->ran |= 1u << choice.task;
	circle->steps++;
}

void
circle_check(const struct circle *circle)
{
	if ((circle->enabled & ~circle->ran) == 0)
		task_fail("live-lock: the last %zu steps can be repeated for "
			  "ever",
			circle->steps);
}

/* The path has come back to its own state of depth `from`. */
static void
check_circle(size_t from)
{
	struct circle circle = {0};

	for (size_t i = from; i < depth; i++)
		circle_add(&circle, path[i].choices.enabled,
			choice_taken(&path[i]));
	circle_check(&circle);
}

/* ---- the search --------------------------------------------------------- */

static bool
is_free_to_switch(int last, const struct choices *choices)
{
	return last == NOBODY || !(choices->enabled & (1u << last)) ||
	       world.tasks[last].op == OP_PAUSE ||
	       world.tasks[last].op == OP_YIELD;
}

static void
check_state(const struct choices *choices)
{
	rule_quiet();
	if (choices->is_end)
		rule_end();
	else if (choices->enabled == 0)
		rule_stuck(choices->count > 0);
}

/* Look at a new state; put it on the path if something new can follow. */
static void
arrive(struct search *search, int last, int preemptions)
{
	struct choices choices;
	struct visit *visit;

	if (failure[0] != '\0')
		return;
	choices_find(&choices, last);
	check_state(&choices);
	if (choices.is_end)
		search->schedules++;
	if (failure[0] != '\0' || choices.is_end)
		return;
	visit = visited_find(&visited, state_hash());
	if (visit->depth != NOT_ON_PATH)
		check_circle(visit->depth);
	if (visit_is_covered(visit, last, is_free_to_switch(last, &choices),
		    preemptions) &&
		!is_uncached) {
		search->schedules++;
		return;
	}
	push(visit, &choices, last, preemptions);
	if (depth == MAX_DEPTH)
		task_fail("live-lock: %d steps without an end", MAX_DEPTH);
}

/* Take the next choice of the last state on the path.  False: none is left. */
static bool
step(struct search *search, int bound, bool *refused)
{
	struct frame *frame = &path[depth - 1];
	struct choice choice;
	int last;

	for (;;) {
		if (frame->next == frame->choices.count)
			return false;
		choice = frame->choices.list[frame->next++];
		if (frame->preemptions + choice.preempts <= bound)
			break;
		*refused = true;
	}
	if (frame->is_saved && frame->next > 1)
		state_restore(saved + frame->saved_at);
	last = choice_runs(choice) ? choice.task : frame->last;
	choice_make(choice);
	search->steps++;
	arrive(search, last, frame->preemptions + choice.preempts);
	return true;
}

static bool
is_used_up(const struct search *search)
{
	if (visited.count > search->max_states)
		return true;
	return (search->steps & 1023) == 0 && search->deadline_ns != 0 &&
	       machine_now_ns() > search->deadline_ns;
}

/* Explore with at most `bound` preemptions. */
static void
explore_bound(struct search *search, int bound)
{
	unsigned began_private = private_classes;
	bool refused = false;

	depth = 0;
	saved_bytes = 0;
	search->schedules = 0;
	search->preemptions = bound;
	visited_init(&visited);
	world_begin(search);
	arrive(search, NOBODY, 0);
	while (depth > 0 && search->verdict == VERDICT_PASSED &&
		private_classes == began_private) {
		if (is_used_up(search))
			search->verdict = VERDICT_CUT_SHORT;
		else if (!step(search, bound, &refused))
			pop();
		if (failure[0] != '\0' && private_classes == began_private)
			note_error(search);
	}
	search->states = visited.count;
	search->is_complete = !refused && search->verdict == VERDICT_PASSED;
	visited_destroy(&visited);
}

static unsigned
first_private_classes(void)
{
	unsigned classes = 1u << SUBJECT_LIVING | 1u << SUBJECT_SETTING |
			   1u << SUBJECT_COUNTS;

	if (is_plain)
		return 0;
	/* A waiter that times the holder out looks at the holder's words. */
	if (subject.tick_source == 3 || subject.tick_source == 4)
		return classes;
	classes |= 1u << SUBJECT_SEQ;
	if (program->runs_timer)
		return classes;
	classes |= 1u << SUBJECT_HOLDER;
	if (program->full.ticks == 0 && program->needs == LETS_IN_NONE)
		classes |= 1u << SUBJECT_FLAGS;
	return classes;
}

void
explore(struct search *search)
{
	path = malloc(MAX_DEPTH * sizeof(*path));
	if (path == NULL)
		DIE_ERRNO(ENOMEM, "malloc of the path");
	search->verdict = VERDICT_PASSED;
	search->steps = 0;
	search->is_complete = false;
	private_classes = first_private_classes();
	for (int bound = 0; bound <= search->bound; bound++) {
		unsigned began_private = private_classes;

		explore_bound(search, bound);
		if (private_classes != began_private)
			bound--; /* once more, without */
		else if (search->is_complete ||
			 search->verdict != VERDICT_PASSED)
			break;
	}
	free(path);
	free(saved);
	saved = NULL;
	saved_capacity = 0;
}
