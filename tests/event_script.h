/* SPDX-License-Identifier: MIT */
/*
 * Event rings written by hand: three threads, one phase.
 *
 * The phase lasts 1,000 ns.  Times count from its gate, in nanoseconds; seq is
 * the number of the hold that begins or ends.
 */
#ifndef TESTS_EVENT_SCRIPT_H
#define TESTS_EVENT_SCRIPT_H

#include <stdint.h>

#include "common/ring.h"
#include "runtime/gil/gil.h"
#include "workloads/phase.h"

#define GATE_NS  INT64_C(10000)
#define WALL_NS  INT64_C(1000)
#define SLICE_NS INT64_C(50)

enum { A, B, C, NTHREADS };

struct world {
	struct ring rings[NTHREADS];
	struct phase_list phases;
	struct phase *phase;
};

/* cmocka's setup and teardown: *state is a struct world without events. */
int set_up(void **state);
int tear_down(void **state);

/* A thread finds the GIL taken; has got it; is about to give it up. */
void wants(struct world *world, int thread, int64_t at_ns);
void takes(struct world *world, int thread, int64_t at_ns, uint32_t seq);
void drops(struct world *world, int thread, int64_t at_ns, uint32_t seq,
	enum gil_reason reason);

#endif
