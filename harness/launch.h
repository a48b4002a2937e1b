/* SPDX-License-Identifier: MIT */
/* One launch of the plan, and the record that comes of it. */
#ifndef HARNESS_LAUNCH_H
#define HARNESS_LAUNCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/session.h"
#include "harness/spawn.h"
#include "harness/variants.h"

/* How a launch ended; the first three are results, the others trouble. */
enum launch_status {
	LAUNCH_OK,
	LAUNCH_STARVED,
	LAUNCH_OVERLOADED,
	LAUNCH_FAILED,
	LAUNCH_CRASHED,
	LAUNCH_TIMEOUT,
	LAUNCH_STATUS_COUNT
};

/* As in records, by enum launch_status. */
extern const char *const launch_status_names[LAUNCH_STATUS_COUNT];

/* The status of that name, or LAUNCH_STATUS_COUNT. */
enum launch_status launch_status_find(const char *name);

static inline bool
launch_is_trouble(enum launch_status status)
{
	return status > LAUNCH_OVERLOADED;
}

struct launch {
	enum launch_status status;
	char *error;     /* what went wrong, a sentence; NULL if nothing */
	json_t *record;  /* for record_write(), which takes it over */
	int64_t wall_ns; /* of the process */
};

/*
 * What the end of a process means.  run is its output if that is JSON, else
 * NULL.  *error is NULL or a sentence to be freed.
 */
enum launch_status launch_judge(const struct spawn_result *result,
	const json_t *run, int64_t nonce, char **error);

/*
 * Run launch number id.  Returns false, with nothing in *launch, if the user
 * interrupted it: a launch that was cut short is none.
 */
bool launch_run(const struct session *session, int id,
	const struct variants *variants, struct launch *launch);
void launch_free(struct launch *launch);

#endif
