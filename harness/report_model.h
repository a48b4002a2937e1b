/* SPDX-License-Identifier: MIT */
/*
 * What a report is made from: the launches of one or more result files, sorted
 * by the cell of the plan that they belong to.
 *
 * Several files are pooled only if they hold launches of the same thing: the
 * same plan, the same builds, the same machine.
 */
#ifndef HARNESS_REPORT_MODEL_H
#define HARNESS_REPORT_MODEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/results.h"
#include "harness/sentence.h"

/* A launch whose figures count: it ran to its end, whatever it found. */
struct report_launch {
	int block; /* no two launches of a cell share one, over all files */
	const json_t *run;
};

struct report_cell {
	const char *executable; /* the variant's name in the plan */
	const char *variant;    /* ... with the options that were changed */
	const char *policy;     /* "" where the session does not say */
	const char *mode;
	const char *poll; /* kind of its safepoint: "flag", "counter", ... */
	bool is_bare;
	bool is_own_slice; /* the slice of the system it stands for */
	int style;         /* colour and point type, from 1; one per variant */
	const char *workload;
	const char *place;
	json_t *options;     /* name -> text, as run if it ran */
	const char *refused; /* why it was not to run, or NULL */
	const char *note;    /* how the plan was changed for it, or NULL */
	struct report_launch *launches;
	int nlaunches;
};

struct report_model {
	struct results *files;
	char **names; /* of the files, without their folders */
	int nfiles;
	struct report_cell *cells; /* in the order of the plan */
	int ncells;
	int planned; /* launches, over all files */
	int done;
};

/*
 * Read and pool the files.  Returns 0, or -1 with one sentence in error; the
 * model is then empty.
 */
int model_load(struct report_model *model, char *const *paths, int npaths,
	struct sentence *error);
void model_free(struct report_model *model);

/* Whether a launch record has figures: a crashed one has none. */
bool launch_has_figures(const json_t *launch);

/* The session of the first file: the plan and the host of all of them. */
const json_t *model_session(const struct report_model *model);

/* Whether a cell of the workload has launches to show. */
bool model_has(const struct report_model *model, const char *workload);

/* A member that is a string, else fallback. */
const char *member_text(
	const json_t *object, const char *key, const char *fallback);

/* The cell's option as a number, or fallback if it has none of that name. */
int cell_option_number(
	const struct report_cell *cell, const char *name, int fallback);

/* CPUs that the cell's threads could run on at once; 0 if it never ran. */
int cell_cpus(const struct report_cell *cell);

/* Nominal slice; 0: none, or the cell never ran. */
int64_t cell_slice_ns(const struct report_cell *cell);

/*
 * What tells the cell from the others of its workload, apart from variant and
 * place: "rate=100 regions=4", "" mostly.  The options named in known (words
 * between blanks) are left out.  The caller frees it.
 */
char *cell_peculiar_options(const struct report_model *model,
	const struct report_cell *cell, const char *known);

/* The options that all cells of a workload share; the caller frees it. */
char *model_common_options(
	const struct report_model *model, const char *workload);

#endif
