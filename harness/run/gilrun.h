/* SPDX-License-Identifier: MIT */
/*
 * gilrun-*: the main of every measured process, in four parts.
 *
 *   main.c      places, starts the runtime, runs the workload
 *   options.c   reads the command line
 *   describe.c  says what the executable is
 *   report.c    turns phases into the record
 */
#ifndef HARNESS_RUN_GILRUN_H
#define HARNESS_RUN_GILRUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "workloads/workload.h"

#define GILRUN_MAX_SETS 8

struct gilrun_options {
	bool describe;
	const struct workload *workload;
	struct workload_value values[WORKLOAD_MAX_OPTIONS];
	int64_t duration_ns;
	int64_t warmup_ns;
	int64_t iterations;
	int64_t slice_ns; /* 0: the variant's own */
	int64_t timer_slack_ns;
	int64_t ring_events;
	int64_t nonce;
	enum place place;
	struct {
		char name[32];
		const char *value;
	} sets[GILRUN_MAX_SETS];
	int nsets;
};

extern const char *const place_names[]; /* by enum place; ends with NULL */

/* Fill options from argv; bad input ends the process with one sentence, 2. */
void gilrun_parse(int argc, char **argv, struct gilrun_options *options);

/* One sentence on stderr, exit status 2. */
_Noreturn void gilrun_usage(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* The `gilbench.describe/1` object. */
json_t *gilrun_describe(void);

/* The `gilbench.run/1` object; rc and run->error say how run() ended. */
json_t *gilrun_record(
	const struct gilrun_options *options, const struct run *run, int rc);

#endif
