/* SPDX-License-Identifier: MIT */
/*
 * The search through all interleavings of a program, up to a number of
 * preemptions.
 *
 * A preemption takes the CPU from a thread that could have run on; switches at
 * a blocked, ended or pausing thread cost nothing (Musuvathi and Qadeer,
 * "Iterative context bounding", PLDI 2007).  The search goes through bound 0,
 * 1, 2, ... so the first error found has the fewest preemptions; if a bound
 * refuses nothing, all interleavings have been seen, and it says so.
 *
 * What is left out, and why nothing is lost within the bound:
 *
 *   Visited states.  What can follow depends on the state, on the thread that
 *   ran last, and on the preemptions that are left.  A visit is left out only
 *   if the same state was visited before with no fewer preemptions left, by
 *   the same last thread or one from which switching costs nothing; or with at
 *   least one more left, by any thread, as one more pays for the switch.  The
 *   earlier visit then leads to all that this one could lead to.
 *
 *   Private words.  An operation that no other thread's can disturb or see is
 *   no step of its own: it joins the step before it (a persistent set of one
 *   thread).  That is so for the count of holds and the statistics, which the
 *   GIL's owner alone uses; for gil->living while nobody reads it; for words
 *   of struct gil that nobody changes, such as settings of hooks; for
 *   gil->holder while only gil_took() uses it; and for the flag words while
 *   only their threads do.  If somebody else uses one after all, the search
 *   begins anew without this.  It costs no preemption: one that fell before
 *   such an operation can fall behind it, where it costs no more.
 *
 *   Events.  A tick, a spurious wake-up, a time-out, a late clock is not tried
 *   at each point in time, but at the last one before it makes a difference:
 *   before an operation that can see it (choices.c).  Until then it commutes
 *   with all that happens, and costs nothing.
 *
 *   Spin loops: see tasks.c.
 *
 * Sleep sets and dynamic partial-order reduction are not used.  Bounded, they
 * are not sound as they stand: the order that they keep may need more
 * preemptions than the one that they drop (Coons, Musuvathi, McKinley,
 * "Bounded partial-order reduction", OOPSLA 2013).  What sleep sets would save
 * here are steps into states that have been visited, not states.
 */
#ifndef TESTS_CHECKER_EXPLORE_H
#define TESTS_CHECKER_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/checker/world.h"

/*
 * Whether private words and events are treated like everything else: slow, to
 * check that nothing is lost by the reductions.
 */
extern bool is_plain;

/* Whether states that were visited are visited again: slower still. */
extern bool is_uncached;

/* One bit per enum subject_class that is private; they fall in a search. */
extern unsigned private_classes;

enum verdict {
	VERDICT_PASSED,
	VERDICT_FAILED,
	VERDICT_CUT_SHORT /* the budget is used up: not a pass */
};

/* What happened, choice by choice. */
struct schedule {
	struct choice *choices;
	size_t count;
	size_t capacity;
	unsigned private_classes; /* as it was */
};

struct search {
	/* given */
	int threads;
	int bound;               /* preemptions */
	bool is_full;            /* rations: see struct program */
	int usable_cpus;         /* what the policy believes */
	size_t max_states;       /* more count as a used-up budget */
	int64_t deadline_ns;     /* of the machine's clock; 0: none */
	const char *option_name; /* of the policy; NULL: none */
	const char *option_value;

	/* found */
	enum verdict verdict;
	uint64_t steps;     /* performed, at all bounds */
	uint64_t states;    /* distinct, at the last bound */
	uint64_t schedules; /* that ended, or came to a known state; ditto */
	bool is_complete;   /* no interleaving was left out by the bound */
	int preemptions;    /* of the last bound, or of the error */
	struct schedule schedule; /* of the error; free with schedule_free() */
};

/*
 * A path that came back to a state: a fair scheduler can go round for ever if
 * whoever can run somewhere on the way does run (strong fairness: a thread is
 * not kept from a mutex for ever that is free again and again).
 */
struct circle {
	unsigned enabled; /* one bit per thread that can run somewhere */
	unsigned ran;     /* ... that does */
	size_t steps;
};

void circle_add(struct circle *circle, uint8_t enabled, struct choice choice);
/* Fail if the circle is fair. */
void circle_check(const struct circle *circle);

/* Explore the current program. */
void explore(struct search *search);

/* Put the world into its first state. */
void world_begin(const struct search *search);

void schedule_add(struct schedule *schedule, struct choice choice);
void schedule_free(struct schedule *schedule);

#endif
