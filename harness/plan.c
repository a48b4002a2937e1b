/* SPDX-License-Identifier: MIT */
/* The plan of a run: which cell is launched when. */
#include "harness/plan.h"

#include <errno.h>
#include <stdlib.h>

#include "common/die.h"
#include "harness/prng.h"

/* Streams of one seed: each block has its own, and so has the padding. */
#define PADDING_STREAM (UINT64_C(1) << 32)

/* Fisher and Yates: every order is equally likely. */
static void
shuffle(int *items, int count, struct prng *prng)
{
	for (int last = count - 1; last > 0; last--) {
		int other = (int)prng_below(prng, (uint64_t)last + 1);
		int kept = items[last];

		items[last] = items[other];
		items[other] = kept;
	}
}

static void
plan_block(struct plan *plan, const int *cells, int count, int block)
{
	for (int position = 0; position < count; position++) {
		struct plan_launch *launch = &plan->launches[plan->count];

		launch->id = plan->count++;
		launch->block = block;
		launch->position = position;
		launch->cell = cells[position];
	}
}

int
plan_make(struct plan *plan, const bool *is_run, int ncells, int blocks,
	uint64_t seed)
{
	int *cells = calloc((size_t)ncells + 1, sizeof(*cells));
	int count = 0;

	plan->launches = NULL;
	plan->count = 0;
	if (cells == NULL)
		DIE_ERRNO(ENOMEM, "calloc");
	for (int i = 0; i < ncells; i++)
		if (is_run[i])
			cells[count++] = i;
	if ((int64_t)count * blocks > PLAN_MAX_LAUNCHES) {
		free(cells);
		return -E2BIG;
	}
	plan->launches = calloc(
		(size_t)count * (size_t)blocks + 1, sizeof(*plan->launches));
	if (plan->launches == NULL)
		DIE_ERRNO(ENOMEM, "calloc");
	for (int block = 0; block < blocks; block++) {
		struct prng prng;

		prng_init(&prng, seed, (uint64_t)block);
		shuffle(cells, count, &prng);
		plan_block(plan, cells, count, block);
	}
	free(cells);
	return 0;
}

void
plan_free(struct plan *plan)
{
	free(plan->launches);
	plan->launches = NULL;
	plan->count = 0;
}

int
plan_padding_bytes(uint64_t seed, int launch_id)
{
	struct prng prng;

	prng_init(&prng, seed, PADDING_STREAM + (uint64_t)launch_id);
	return (int)prng_below(&prng, PLAN_MAX_PADDING + 1);
}
