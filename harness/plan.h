/* SPDX-License-Identifier: MIT */
/*
 * The plan of a run: which cell is launched when.
 *
 * Randomised complete blocks: every block holds each cell once, in an order of
 * its own, so that drift of the machine falls on all cells alike and never on
 * one variant.  The order is a function of the cells, the number of blocks and
 * the seed alone: --resume computes it again from the session record.
 */
#ifndef HARNESS_PLAN_H
#define HARNESS_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#define PLAN_MAX_LAUNCHES 100000
#define PLAN_MAX_PADDING  4095

struct plan_launch {
	int id; /* index in the plan */
	int block;
	int position; /* within the block */
	int cell;     /* index of the cell */
};

struct plan {
	struct plan_launch *launches;
	int count;
};

/*
 * Fill the plan: is_run[i] says whether cell i takes part.  Returns 0, or
 * -E2BIG for more than PLAN_MAX_LAUNCHES; dies without memory.
 */
int plan_make(struct plan *plan, const bool *is_run, int ncells, int blocks,
	uint64_t seed);
void plan_free(struct plan *plan);

/*
 * Bytes by which the environment of a launch is padded: in
 * [0, PLAN_MAX_PADDING], so that the stack of no launch lies where that of all
 * others does.
 */
int plan_padding_bytes(uint64_t seed, int launch_id);

#endif
