/* SPDX-License-Identifier: MIT */
/*
 * Pure computation that the optimizer can neither delete nor shorten.
 *
 * One step is a dependent multiply and add (Knuth's MMIX generator): 4 or 5
 * cycles of latency, about 1 ns, with room in the pipeline for a safepoint
 * beside it, as an interpreter's own work has.
 */
#ifndef WORKLOADS_COMPUTE_H
#define WORKLOADS_COMPUTE_H

#include <stdint.h>

#include "common/compiler.h"

/* Steps of a loop body of about 20 ns. */
#define COMPUTE_LONG_STEPS 16

static inline uint64_t
compute_steps(uint64_t value, int64_t steps)
{
	for (int64_t i = 0; i < steps; i++) {
		value = value * UINT64_C(6364136223846793005) +
			UINT64_C(1442695040888963407);
		KEEP_VALUE(value);
	}
	return value;
}

#endif
