/* SPDX-License-Identifier: MIT */
/*
 * The small programs whose interleavings are explored: what each thread does,
 * and what the world may do to it.
 */
#ifndef TESTS_CHECKER_PROGRAMS_H
#define TESTS_CHECKER_PROGRAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/checker/rules.h"
#include "tests/checker/world.h"

struct program {
	const char *name;
	const char *about;
	const char *scripts[MAX_TASKS]; /* letters: subject_run() */
	/* How many ticks and surprises there may be (see struct world), with
	 * few threads or in a long search, and in a short one with many. */
	struct {
		uint8_t ticks, surprises;
	} full, few;
	bool runs_timer; /* D is the real timer thread, of T1 or T2 */
	/* Only under a policy that lets others in so well does the program end
	 * with certainty; under others it is not run. */
	enum lets_in needs;
};

extern const struct program programs[];
extern const int nprograms;

/* The one that runs. */
extern const struct program *program;

/* Returns NULL if there is no such program. */
const struct program *program_find(const char *name);

#endif
