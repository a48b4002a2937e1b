/* SPDX-License-Identifier: MIT */
/* Event rings written by hand: three threads, one phase. */
#include "tests/event_script.h"

#include <stdlib.h>
#include <string.h>

int
set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	if (world == NULL)
		return -1;
	for (int i = 0; i < NTHREADS; i++)
		if (ring_init(&world->rings[i], 256) != 0)
			return -1;
	world->phase = phase_add(&world->phases, "test", NTHREADS);
	world->phase->wall_ns = WALL_NS;
	*state = world;
	return 0;
}

int
tear_down(void **state)
{
	struct world *world = *state;

	for (int i = 0; i < NTHREADS; i++)
		ring_destroy(&world->rings[i]);
	phase_list_free(&world->phases);
	free(world);
	return 0;
}

void
wants(struct world *world, int thread, int64_t at_ns)
{
	ring_put(&world->rings[thread], GATE_NS + at_ns, 0, RING_WAIT_BEGIN, 0);
}

void
takes(struct world *world, int thread, int64_t at_ns, uint32_t seq)
{
	ring_put(&world->rings[thread], GATE_NS + at_ns, seq, RING_ACQUIRED, 0);
}

void
drops(struct world *world, int thread, int64_t at_ns, uint32_t seq,
	enum gil_reason reason)
{
	ring_put(&world->rings[thread], GATE_NS + at_ns, seq, RING_RELEASE,
		reason);
}
