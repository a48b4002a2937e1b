/* SPDX-License-Identifier: MIT */
/*
 * From what a user asks for to the cells of a plan.
 *
 * Names and values are checked here against what the executables said about
 * themselves, before anything is launched.
 */
#ifndef HARNESS_SELECT_H
#define HARNESS_SELECT_H

#include <stdint.h>

#include "harness/cell.h"
#include "harness/sentence.h"
#include "harness/variants.h"

#define SELECT_MAX 64

/* Texts of the user, in the order given. */
struct select_list {
	char *items[SELECT_MAX];
	int count;
};

struct selection {
	struct select_list variants;  /* globs; none: those of the matrix */
	struct select_list workloads; /* "echo:compute=1", with a glob */
	struct select_list places;    /* none: as the workload setting says */
	struct select_list sets;      /* "NAME=VALUE" */
	const char *matrix;           /* NULL: the default one */
	int64_t slice_ns;             /* 0: each variant's own */
	int64_t duration_ns;          /* 0: the matrix's */
};

/*
 * Fill in the cells.  A cell that its variant cannot run is there, refused,
 * with the reason.  Returns 0, or -1 with a sentence: something is unknown or
 * out of range, or no cell is left that can run.
 */
int select_cells(const struct selection *selection,
	const struct variants *variants, struct cells *cells,
	struct sentence *why);

#endif
