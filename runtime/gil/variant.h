/* SPDX-License-Identifier: MIT */
/*
 * What an executable is: its policy, waiting mode, tick source and slice.
 *
 * The slice is constant data, so that variants that differ only in their
 * slice have byte-identical code.
 */
#ifndef RUNTIME_GIL_VARIANT_H
#define RUNTIME_GIL_VARIANT_H

#include <stdbool.h>
#include <stdint.h>

/* How a waiter waits; a policy without a choice is built with MODE_OWN. */
#define GIL_MODE_OWN   0
#define GIL_MODE_COND  1
#define GIL_MODE_FUTEX 2
#define GIL_MODE_SPIN  3
#define GIL_MODE_STP   4

/* The fixed widths keep a new name or revision from moving other data. */
struct gil_variant {
	char name[64];       /* "handoff-futex-5ms" */
	char policy[32];     /* "handoff" */
	char mode[8];        /* "cond", "futex", "spin", "stp" or "own" */
	char system[128];    /* the real system or source that it stands for */
	int64_t slice_ns;    /* 0: no ticks, or counted */
	int64_t slice_count; /* in safepoints, T5; 0: by time */
	int tick;            /* 1 to 7: T1 to T7; 0: none */
	bool own_slice;      /* the slice of the system that it stands for */
	bool in_default;     /* of the default matrix */
	bool bare;           /* compiled without probes */
};

extern const struct gil_variant gil_variant;

#endif
