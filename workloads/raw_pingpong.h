/* SPDX-License-Identifier: MIT */
/*
 * The bare primitive that a handoff is held against: two threads, one word
 * each, no lock, no queue, no runtime.
 */
#ifndef WORKLOADS_RAW_PINGPONG_H
#define WORKLOADS_RAW_PINGPONG_H

#include <stdint.h>

/*
 * Two threads wake each other in turn for duration_ns, by the primitive of
 * that waiting mode ("cond", "futex", "spin"), pinned to cpus[0] and cpus[1]
 * unless cpus is NULL.  Caller does not hold the GIL.
 *
 * Adds the one-way passages to *passages and their time to *wall_ns.  Returns
 * 0; -ENOTSUP for a mode without a bare primitive; -errno of pthread_create
 * or of a pin.
 */
int raw_pingpong(const char *mode, const int *cpus, int64_t duration_ns,
	uint64_t *passages, int64_t *wall_ns);

#endif
