/* SPDX-License-Identifier: MIT */
/*
 * A workload setting as text: "echo:compute=2:rate=5000:place=pin1".
 *
 * Its options are checked against the description that a variant gave of the
 * workload.
 */
#ifndef HARNESS_WORKLOAD_SPEC_H
#define HARNESS_WORKLOAD_SPEC_H

#include <jansson.h>

#include "harness/sentence.h"

#define WORKLOAD_SPEC_MAX_LIST 8 /* thread counts in one option */

struct workload_spec {
	char *glob;      /* of workload names */
	json_t *options; /* name -> text */
	char *place;     /* NULL: not given */
};

/* Returns 0, or -1 with a sentence; workload_spec_free() in either case. */
int workload_spec_parse(
	const char *text, struct workload_spec *spec, struct sentence *why);
void workload_spec_free(struct workload_spec *spec);

/*
 * Whether the workload knows the options and their values are in range.
 * cpus: usable ones, for thread lists.  Returns 0, or -1 with a sentence.
 */
int workload_spec_check(const struct workload_spec *spec,
	const json_t *workload, int cpus, struct sentence *why);

#endif
