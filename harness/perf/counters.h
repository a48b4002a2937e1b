/* SPDX-License-Identifier: MIT */
/*
 * The counters of one thread, as the roster says: its groups and its ring of
 * switch records.
 *
 * Opened, enabled and read by the thread itself; looked at and closed by
 * whoever comes after its end.
 */
#ifndef HARNESS_PERF_COUNTERS_H
#define HARNESS_PERF_COUNTERS_H

#include "harness/perf/group.h"
#include "harness/perf/roster.h"
#include "harness/perf/switches.h"

struct counters {
	const struct perf_roster *roster;
	struct perf_group groups[ROSTER_GROUP_COUNT];
	struct switch_ring ring;
	int positions[ROSTER_MAX_EVENTS]; /* in the event's group */
	struct counter_reason reasons[ROSTER_MAX_EVENTS]; /* ok: opened */
	struct counter_reason ring_reason;                /* ok: opened */
};

/*
 * Open on the calling thread what the roster holds for possible, all stopped.
 * What fails is told by the reasons.  Cost: two system calls per event.
 */
void counters_open(struct counters *counters, const struct perf_roster *roster);

/* Cost: one system call per group, and one for the ring. */
void counters_start(struct counters *counters);

/* Read the groups, stop the ring.  Cost: as above, and one more. */
void counters_stop(struct counters *counters);

void counters_close(struct counters *counters);

/*
 * The value of event i of the roster, and what became of it.  Meaningless
 * unless counter_has_value(), but value->raw and the times are as read.
 */
void counters_value(const struct counters *counters, int i,
	struct counter_value *value, struct counter_reason *reason);

/* The switch records, counted; 0 where reason->status is not ok or lost. */
void counters_switches(const struct counters *counters,
	struct switch_counts *counts, struct counter_reason *reason);

#endif
