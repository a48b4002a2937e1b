/* SPDX-License-Identifier: MIT */
/* What `gilbench run` prints: the plan of a dry run, and the closing words. */
#ifndef HARNESS_RUN_PRINT_H
#define HARNESS_RUN_PRINT_H

#include <stdbool.h>

#include "harness/launch.h"
#include "harness/session.h"

/* Launches of a file, by how they ended. */
struct tally {
	int counts[LAUNCH_STATUS_COUNT];
};

int tally_total(const struct tally *tally);
int tally_trouble(const struct tally *tally);

/* {"ok": 12, ...}, all statuses. */
json_t *tally_to_json(const struct tally *tally);

/* The cells, the launches that are left, and the time they will take. */
void print_plan(const struct session *session, bool as_json);

/* Where the results are and how to get a report of them. */
void print_summary(const struct session *session, const struct tally *tally,
	const char *path, bool as_json);

#endif
