/* SPDX-License-Identifier: MIT */
/*
 * A run as a whole: its cells, its plan and what they follow from.
 *
 * The session record is the first line of a result file; from it alone
 * --resume gets the same session back.
 */
#ifndef HARNESS_SESSION_H
#define HARNESS_SESSION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/cell.h"
#include "harness/plan.h"
#include "harness/results.h"
#include "harness/sentence.h"
#include "harness/variants.h"

struct session {
	char *matrix; /* name, or "custom" */
	int64_t seed;
	int blocks;
	int64_t duration_ns; /* of cells that have none of their own */
	int64_t warmup_ns;
	int64_t timeout_ns;
	struct cells cells;
	struct plan plan;
	bool *is_done; /* by launch id */
	int done;      /* how many of them */
};

/*
 * Make the plan of the cells, blocks and seed; nothing is done yet.  Returns
 * 0, or -1 with a sentence: too many launches, or a timeout that is shorter
 * than what a launch takes.
 */
int session_plan(struct session *session, struct sentence *why);
void session_free(struct session *session);

/* The session record, ready to be written. */
json_t *session_to_json(
	const struct session *session, const struct variants *variants);

/*
 * The session of a result file and which launches it holds.  Returns 0, or -1
 * with a sentence: the file does not hold what a plan needs, a variant is gone
 * or has been built anew, or the machine is another.
 */
int session_resume(struct session *session, const char *path,
	const struct results *results, const struct variants *variants,
	struct sentence *why);

/* Planned time of the launches that are not done. */
int64_t session_left_ns(const struct session *session);

/* Planned time of one launch of a cell, the process's start included. */
int64_t session_launch_ns(
	const struct session *session, const struct cell *cell);

#endif
