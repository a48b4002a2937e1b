/* SPDX-License-Identifier: MIT */
/*
 * Schedules as text, and executions as a table that can be read.
 *
 * A schedule is a list of choices, separated by commas:
 *   A7    thread A performs 7 operations, one after the other
 *   A/1   ... one operation, with its second possible outcome: the second of
 *         several sleepers is woken, or the fork returns in the child
 *   tA    a tick flags A
 *   sA    A's sleep ends for no reason
 *   oA    A's sleep ends by its time-out
 *   c     a slice of time passes
 *   p7    (first) which words were private: a mask, see explore.h
 */
#ifndef TESTS_CHECKER_TRACE_H
#define TESTS_CHECKER_TRACE_H

#include <stdio.h>

#include "tests/checker/explore.h"

void schedule_print(FILE *out, const struct schedule *schedule);

/* Read a schedule.  NULL, or what is wrong with it. */
const char *schedule_parse(struct schedule *schedule, const char *text);

/*
 * Perform a schedule from the first state, print a line per choice, and how it
 * ends.  Returns -EINVAL, after a sentence, if a choice is not possible; 1 if
 * a property fails; 0 if none does.
 */
int trace_replay(FILE *out, const struct search *search,
	const struct schedule *schedule);

#endif
