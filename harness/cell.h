/* SPDX-License-Identifier: MIT */
/*
 * A cell of the plan: one variant, one workload, one setting of everything.
 *
 * A cell says all that a launch of it is told, so that the session record's
 * list of cells is the whole plan and --resume needs nothing else.
 */
#ifndef HARNESS_CELL_H
#define HARNESS_CELL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CELLS_MAX 10000

struct cell {
	char *variant; /* without "gilrun-" */
	char *workload;
	json_t *options; /* name -> text: those of the workload */
	json_t *sets;    /* name -> text: those of the policy, --set */
	char *place;
	int64_t slice_ns; /* 0: the variant's own */
	int64_t duration_ns;
	char *note;    /* how the driver changed what was asked, or NULL */
	char *refused; /* why it is not launched, or NULL */
};

struct cells {
	struct cell *list;
	int count;
};

/* The places a launch can be given; ends with NULL. */
extern const char *const cell_places[];

bool cell_is_place(const char *text);

/*
 * Append a cell, unless the list holds its like.  Takes over all that the cell
 * points to.  Returns false if CELLS_MAX are there already.
 */
bool cells_add(struct cells *cells, struct cell *cell);
void cells_free(struct cells *cells);

/* The `cells` of a session record. */
json_t *cells_to_json(const struct cells *cells);

/*
 * The same back.  Returns 0, or -1 if the list does not hold what a launch
 * needs; *bad then is the index of the cell.
 */
int cells_from_json(const json_t *list, struct cells *cells, size_t *bad);

/* "echo:compute=1:rate=100 place=spread slice=1ms"; the caller frees it. */
char *cell_label(const struct cell *cell);

/* The command line of a launch, ending with NULL; cell_argv_free() frees it. */
char **cell_argv(const struct cell *cell, int64_t warmup_ns, int64_t nonce);
void cell_argv_free(char **argv);

#endif
