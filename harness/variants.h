/* SPDX-License-Identifier: MIT */
/*
 * The variants that can be run: found in a directory, asked what they are.
 *
 * Every executable gilrun-NAME answers --describe; the driver keeps no list of
 * its own, so that a new policy needs no change here.
 */
#ifndef HARNESS_VARIANTS_H
#define HARNESS_VARIANTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/sentence.h"

struct variant {
	const char *name; /* "handoff-futex-5ms"; in about */
	char *path;
	json_t *about; /* the answer to --describe */
	const char *policy;
	const char *mode;
	const char *tick; /* "none": never asks the holder to stop */
	const char *stands_for;
	int64_t slice_ns;    /* 0: none, or counted */
	int64_t slice_count; /* in safepoints; 0: by time */
	bool is_own_slice;   /* the policy's own, not one of a sweep */
	bool is_in_default;  /* belongs to the default matrix */
	bool is_bare;
	int max_threads; /* 0: any number */
};

struct variants {
	char *bindir;
	struct variant *list; /* by name, 5ms before 10ms */
	int count;
};

/*
 * Where the executables lie: bindir if it is not NULL, else the environment's
 * GILBENCH_BINDIR, else the directory of the running program if there are any
 * in it, else installed_dir.  The caller frees it.
 */
char *variants_dir(const char *bindir, const char *installed_dir);

/*
 * Ask all gilrun-* in a directory what they are.  Returns 0, or -1 with a
 * sentence in why: no directory, or no variant in it.  One that does not
 * answer as it should is left out, and a line on stderr says so.
 * Cost: one process each, a few milliseconds.
 */
int variants_load(
	const char *dir, struct variants *variants, struct sentence *why);
void variants_free(struct variants *variants);

/* The variant of that name, or NULL. */
const struct variant *variants_get(
	const struct variants *variants, const char *name);

/* Description of a workload or of one of its options, or NULL. */
const json_t *variant_workload(
	const struct variant *variant, const char *workload);
const json_t *workload_option(const json_t *workload, const char *option);

/* Whether the policy has an option for --set of that name. */
bool variant_has_set(const struct variant *variant, const char *name);

#endif
