/* SPDX-License-Identifier: MIT */
/*
 * What `gilbench doctor` found out, before it is printed.
 *
 * One finding is one row: a thing, its state, what that means for a measurement
 * and, where it can be better, the command that makes it so.
 */
#ifndef HARNESS_FINDINGS_H
#define HARNESS_FINDINGS_H

#include <stdbool.h>

#include "common/compiler.h"

#define FINDINGS_MAX 40

struct finding {
	const char *name;
	const char *status; /* the word in records; NULL: no measure */
	char state[96];     /* "not permitted", "tsc" */
	char why[256];      /* "" when the state says it all */
	char remedy[192];   /* a command for the shell, or "" */
	bool is_concern;    /* figures suffer, or are missing */
};

struct findings {
	struct finding items[FINDINGS_MAX];
	int length;
};

/* Append a row with that state; the rest is empty.  Never NULL. */
struct finding *findings_add(struct findings *findings, const char *name,
	const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Say why; the remedy may be NULL. */
void finding_explain(struct finding *finding, bool is_concern,
	const char *remedy, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* What can be measured here: one row for each kind of figure. */
void findings_of_measures(struct findings *findings);

/* The state of the machine, as far as it bears upon figures. */
void findings_of_environment(struct findings *findings);

/* Parts of the above that judge a text, for tests. */
void find_glibc(struct findings *findings, const char *version);
void find_clocksource(
	struct findings *findings, const char *current, const char *available);
void find_sample_rate(struct findings *findings, const char *rate);
void find_load(struct findings *findings, double load, int cpus);

#endif
