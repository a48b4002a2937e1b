/* SPDX-License-Identifier: MIT */
/*
 * How far a run is, on stderr: one line that is rewritten on a terminal, a
 * plain line now and then elsewhere.
 */
#ifndef HARNESS_PROGRESS_H
#define HARNESS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
	FILE *out;
	bool is_terminal;
	bool is_coloured;
	int total;
	int done;
	int bad;
	int64_t begin_ns;
	int64_t expected_ns; /* of all launches to be run now, by the plan */
	int64_t passed_ns;   /* of those that are done, by the plan */
	int first_done;      /* done before this run */
	int width;           /* of the line on the terminal */
};

/*
 * done launches of total are there already; the others are planned to take
 * expected_ns.  Looks at the terminal and at NO_COLOR.
 */
void progress_begin(struct progress *progress, FILE *out, int total, int done,
	int64_t expected_ns);

/* What is being run; on a terminal only. */
void progress_show(struct progress *progress, const char *label);

/*
 * One more launch is done; planned_ns is its share of expected_ns.  trouble is
 * NULL, or a sentence about what went wrong: it gets a line of its own.
 */
void progress_step(struct progress *progress, const char *label,
	int64_t planned_ns, const char *trouble);

/* Leave the terminal with an empty line. */
void progress_end(struct progress *progress);

/* "1m05s", for people; never parsed. */
void progress_format_time(int64_t ns, char text[24]);

#endif
