/* SPDX-License-Identifier: MIT */
/*
 * A group of counters of one thread: opened, enabled and read together.
 *
 * The members are on the PMU at the same time or not at all, so that their
 * ratios (instructions per cycle) are of the same stretch of time.  Software
 * and hardware events make a group each: a full PMU must not stop what needs
 * none.
 */
#ifndef HARNESS_PERF_GROUP_H
#define HARNESS_PERF_GROUP_H

#include <linux/perf_event.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/perf/reason.h"

/* As many as any PMU of the last decade counts at once. */
#define GROUP_MAX 5

/* What read() returns: number, enabled, running, then value and id of each. */
#define GROUP_WORDS (3 + 2 * GROUP_MAX)

struct group_member {
	int fd;
	uint64_t id; /* the kernel's; finds the value in what read() returns */
};

struct perf_group {
	struct group_member members[GROUP_MAX]; /* the first leads */
	int length;
	ssize_t nread; /* bytes that group_read() got, or -1 */
	uint64_t words[GROUP_WORDS];
};

/* One counter as it was read. */
struct counter_value {
	uint64_t raw;
	uint64_t enabled_ns;
	uint64_t running_ns; /* part of enabled_ns in which it counted */
	uint64_t value;      /* raw, scaled up to enabled_ns */
};

/* An empty group.  Holds no resources. */
void group_init(struct perf_group *group);

/*
 * Open one more member on the calling thread, stopped.  Returns its position,
 * or -errno as perf_open(); -ENOSPC when the group is full.
 */
int group_add(struct perf_group *group, struct perf_event_attr *attr);

/* Start all members at 0.  Cost: one system call. */
void group_enable(struct perf_group *group);

/* Read all members, from any thread.  Cost: one system call. */
void group_read(struct perf_group *group);

void group_close(struct perf_group *group);

/*
 * The value of the member at that position.  Returns ok, scaled (it counted
 * less than 95 % of the time), or not_counted: it never did, or was not read.
 */
enum counter_status group_value(const struct perf_group *group, int position,
	struct counter_value *value);

/*
 * Set value->value from the other three; the same three answers.  Exact for
 * all counts and times: the product has 128 bits.
 */
enum counter_status counter_scale(struct counter_value *value);

#endif
