/* SPDX-License-Identifier: MIT */
/*
 * The scheduler's account of the calling thread: /proc/thread-self/schedstat.
 *
 * The only place that tells how long a thread was runnable without a CPU, and
 * it needs no privilege.
 */
#ifndef HARNESS_PERF_SCHEDSTAT_H
#define HARNESS_PERF_SCHEDSTAT_H

#include <stdint.h>

#include "harness/perf/reason.h"

#define SCHEDSTAT_BYTES 72 /* three numbers of 20 digits, and room */

struct schedstat {
	int64_t run_ns;
	int64_t wait_ns; /* runnable, waiting for a CPU */
	int64_t slices;  /* times it was put on a CPU */
};

/* Open the calling thread's own file.  Returns a descriptor or -errno. */
int schedstat_open(void);

/*
 * Read it as text, to be parsed later.  By the thread itself, right after it
 * has read its CPU clock: that brings run_ns up to date, which otherwise is
 * as old as the last tick.  A failure leaves an empty text.
 */
void schedstat_read(int fd, char text[SCHEDSTAT_BYTES]);

/* Returns 0, or -EINVAL: not three whole numbers. */
int schedstat_parse(const char *text, struct schedstat *schedstat);

/*
 * What happened between two texts; open_rc is what schedstat_open() returned.
 * The difference is meaningless unless reason->status is ok.
 */
void schedstat_delta(int open_rc, const char *before, const char *after,
	struct schedstat *delta, struct counter_reason *reason);

#endif
