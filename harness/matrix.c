/* SPDX-License-Identifier: MIT */
/* The named matrices of `gilbench run --matrix`, as data. */
#include "harness/matrix.h"

#include <string.h>

#include "common/clock.h"

/*
 * Threads on CPUs of their own where the figure is about the lock alone; echo
 * where the kernel likes, as a service runs.
 *
 * echo takes the matrix's duration: half of it is open loop, and five launches
 * at 1000 requests/s give the 2,000 samples that a p99 needs.  The others have
 * samples enough in less, which keeps the default matrix within 3 minutes.
 */
#define LOCK_NS (500 * NS_PER_MS)

static const struct matrix_row standard_rows[] = {
	{"*", MATRIX_ANY, "countdown:place=spread", LOCK_NS},
	{"*", MATRIX_ANY, "yield_ping:place=spread", LOCK_NS},
	{"*", MATRIX_ANY, "echo:compute=0", 0},
	{"*", MATRIX_ANY, "echo:compute=1", 0},
	{"*", MATRIX_ANY, "echo:compute=2", 0},
	{0},
};

/* Long enough for dozens of slices of 10 ms per thread. */
#define FAIRNESS_NS (2 * NS_PER_S)

static const struct matrix_row figure_rows[] = {
	{"*", MATRIX_OWN_SLICE, "fast_path:place=spread", 0},
	{"handoff-futex-*", MATRIX_OWN_SLICE | MATRIX_BARE,
		"yield_ping:threads=2:place=spread", 0},
	{"handoff-spin-*", MATRIX_OWN_SLICE | MATRIX_BARE,
		"yield_ping:threads=2:place=spread", 0},
	{"handoff-futex-*", MATRIX_OWN_SLICE | MATRIX_BARE,
		"yield_ping:threads=2:place=pin1", 0},
	{"cpython-5ms", MATRIX_WITH_PROBES, "echo:compute=1:loop=closed", 0},
	{"ruby19-10ms", MATRIX_WITH_PROBES, "countdown:threads=2:place=spread",
		FAIRNESS_NS},
	{"handoff-futex-*", MATRIX_STANDARD, "countdown:threads=2:place=spread",
		FAIRNESS_NS},
	{0},
};

static const struct matrix_row smoke_rows[] = {
	{"*", MATRIX_ANY, "countdown:threads=1,2", 0},
	{"*", MATRIX_ANY, "yield_ping:threads=2", 0},
	{"*", MATRIX_ANY, "echo:compute=1", 0},
	{0},
};

const struct matrix matrices[] = {
	{
		.name = MATRIX_DEFAULT,
		.summary = "the first eight variants, five cells each",
		.blocks = 5,
		.duration_ns = 800 * NS_PER_MS,
		.warmup_ns = 50 * NS_PER_MS,
		.class = MATRIX_STANDARD | MATRIX_IN_DEFAULT,
		.rows = standard_rows,
	},
	{
		.name = "policies",
		.summary = "every policy at its own slice, five cells each",
		.blocks = 5,
		.duration_ns = 800 * NS_PER_MS,
		.warmup_ns = 50 * NS_PER_MS,
		.class = MATRIX_STANDARD,
		.rows = standard_rows,
	},
	{
		.name = "figures",
		.summary = "what the README's table of ratios is made from",
		.blocks = 5,
		.duration_ns = 800 * NS_PER_MS,
		.warmup_ns = 50 * NS_PER_MS,
		.class = MATRIX_ANY,
		.rows = figure_rows,
	},
	{
		.name = "full",
		.summary = "every variant there is, five cells each",
		.blocks = 5,
		.duration_ns = 800 * NS_PER_MS,
		.warmup_ns = 50 * NS_PER_MS,
		.class = MATRIX_ANY,
		.rows = standard_rows,
	},
	{
		.name = "smoke",
		.summary = "does everything run? Too short for any figure",
		.blocks = 1,
		.duration_ns = 100 * NS_PER_MS,
		.warmup_ns = 10 * NS_PER_MS,
		.class = MATRIX_STANDARD | MATRIX_IN_DEFAULT,
		.rows = smoke_rows,
	},
	{0},
};

const struct matrix *
matrix_find(const char *name)
{
	for (int i = 0; matrices[i].name != NULL; i++)
		if (strcmp(matrices[i].name, name) == 0)
			return &matrices[i];
	return NULL;
}

bool
matrix_class_holds(unsigned class, const struct variant *variant)
{
	if ((class & MATRIX_OWN_SLICE) && !variant->is_own_slice)
		return false;
	if ((class & MATRIX_WITH_PROBES) && variant->is_bare)
		return false;
	if ((class & MATRIX_IN_DEFAULT) && !variant->is_in_default)
		return false;
	return !(class & MATRIX_BARE) || variant->is_bare;
}
