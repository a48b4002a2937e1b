/* SPDX-License-Identifier: MIT */
/*
 * Which CPUs a thread may run on: asked for, and read back.
 *
 * A pin that did not take is an error, never a silent difference between what
 * a record says and what ran.
 */
#ifndef COMMON_AFFINITY_H
#define COMMON_AFFINITY_H

#include <sched.h>

/* CPUs that the calling thread may use, in ascending order; returns how many */
int affinity_cpus(int *cpus, int capacity);

/*
 * Restrict the calling thread to one CPU and read the mask back.
 * Returns 0, or -errno; -EXDEV if the kernel granted something else.
 */
int affinity_pin(int cpu);

/* Restrict the calling thread to the given CPUs, and read the mask back. */
int affinity_set(const int *cpus, int count);

#endif
