/* SPDX-License-Identifier: MIT */
/*
 * The named matrices of `gilbench run --matrix`, as data.
 *
 * A matrix is rows; a row crosses the variants that it selects with one
 * workload setting.  Rows name variants by class and glob, not one by one.
 */
#ifndef HARNESS_MATRIX_H
#define HARNESS_MATRIX_H

#include <stdint.h>

#include "harness/variants.h"

/* Classes of variants; combined by or. */
enum matrix_class {
	MATRIX_ANY = 0,
	MATRIX_OWN_SLICE = 1,   /* the policy's own slice */
	MATRIX_WITH_PROBES = 2, /* not a bare twin */
	MATRIX_BARE = 4,        /* a bare twin */
	MATRIX_IN_DEFAULT =
		8, /* one of the few that the policies' list marks */
	MATRIX_STANDARD = MATRIX_OWN_SLICE | MATRIX_WITH_PROBES
};

struct matrix_row {
	const char *variants; /* glob */
	unsigned class;       /* enum matrix_class */
	const char *workload; /* as after -w: "echo:compute=1" */
	int64_t duration_ns;  /* 0: the matrix's */
};

struct matrix {
	const char *name;
	const char *summary;
	int blocks;
	int64_t duration_ns;
	int64_t warmup_ns;
	unsigned class;                /* of all rows, beside their own */
	const struct matrix_row *rows; /* ends with a NULL workload */
};

#define MATRIX_DEFAULT "default"

/* All matrices; ends with a NULL name. */
extern const struct matrix matrices[];

/* The matrix of that name, or NULL. */
const struct matrix *matrix_find(const char *name);

bool matrix_class_holds(unsigned class, const struct variant *variant);

#endif
