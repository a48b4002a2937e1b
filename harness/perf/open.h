/* SPDX-License-Identifier: MIT */
/*
 * perf_event_open() for the calling thread, with the retries it needs.
 *
 *   EINTR   again, at most 5 times
 *   E2BIG   the kernel is older than our struct: again with its size
 *   EINVAL  the kernel does not know a bit of the attributes: bits that we can
 *           do without are given up one by one (EOPNOTSUPP likewise)
 */
#ifndef HARNESS_PERF_OPEN_H
#define HARNESS_PERF_OPEN_H

#include <linux/perf_event.h>

/* PERF_FORMAT_LOST of Linux 6.0, which older headers do not have. */
#define PERF_READ_LOST (1u << 4)

/*
 * Open an event on the calling thread, wherever it runs, in the group of
 * group_fd (-1: none).  The descriptor is closed on exec.  Returns it, or
 * -errno.  On success attr is what the kernel took, so that the next thread
 * can open the same in one call; on failure it is as it was.
 */
int perf_open(struct perf_event_attr *attr, int group_fd);

/* /proc/sys/kernel/perf_event_paranoid, or PARANOID_UNKNOWN. */
int perf_paranoid(void);

#endif
