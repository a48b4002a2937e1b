/* SPDX-License-Identifier: MIT */
/* The command line of `gilbench run`. */
#ifndef HARNESS_RUN_OPTIONS_H
#define HARNESS_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/select.h"

struct run_options {
	struct selection selection;
	int64_t blocks;     /* 0: the matrix's */
	int64_t warmup_ns;  /* -1: the matrix's */
	int64_t timeout_ns; /* 0: by the duration */
	int64_t seed;       /* -1: drawn */
	const char *output; /* NULL: results/raw/<UTC>.jsonl */
	const char *resume; /* NULL: a new run */
	const char *bindir;
	bool is_dry_run;
	bool is_json;
	const char *plan_option; /* the last given that shapes the plan */
};

/* Bad input ends the process with one sentence and exit status 2. */
void run_options_parse(int argc, char **argv, struct run_options *options);

#endif
