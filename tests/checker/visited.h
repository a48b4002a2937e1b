/* SPDX-License-Identifier: MIT */
/* States that have been visited, and with how many preemptions. */
#ifndef TESTS_CHECKER_VISITED_H
#define TESTS_CHECKER_VISITED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/checker/world.h"

#define NOT_ON_PATH UINT32_MAX

struct visit {
	uint64_t key; /* of the state; 0: the entry is free */
	/* Fewest preemptions with which it was reached, by the thread that
	 * ran last and could run on; the last one: no thread must be
	 * preempted to run any other. */
	uint8_t preemptions[MAX_TASKS + 1];
	uint32_t depth; /* in the present path, or NOT_ON_PATH */
};

struct visited {
	struct visit *entries;
	size_t mask; /* their number - 1; a power of two - 1 */
	size_t count;
};

/* Die without memory, as does visited_find(). */
void visited_init(struct visited *visited);
void visited_destroy(struct visited *visited);

/* The state's entry, a new one if need be; valid until the next call. */
struct visit *visited_find(struct visited *visited, uint64_t key);

/*
 * Whether an earlier visit covers this one, so that nothing new can follow;
 * if not, it is noted.  free_to_switch: to run another thread than `last` is
 * no preemption.
 */
bool visit_is_covered(
	struct visit *visit, int last, bool free_to_switch, int preemptions);

#endif
