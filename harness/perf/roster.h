/* SPDX-License-Identifier: MIT */
/*
 * Which counters every measured thread opens.
 *
 * Found out once per process: each event is tried, and what fails is not tried
 * again by the threads, but stands in every record with its reason.  Nothing
 * is concluded from the kernel's version or from perf_event_paranoid; they
 * only help to explain.  harness/perf/probe.h puts the roster to a test.
 */
#ifndef HARNESS_PERF_ROSTER_H
#define HARNESS_PERF_ROSTER_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/perf/event.h"
#include "harness/perf/reason.h"

#define ROSTER_MAX_EVENTS 16

enum roster_group { ROSTER_SOFTWARE, ROSTER_HARDWARE, ROSTER_GROUP_COUNT };

struct roster_event {
	struct event event; /* encoded as the kernel took it */
	enum roster_group group;
	uint64_t alive_count; /* the self-test must count so many; 0: any */
	bool is_restless;     /* moves in every thread that runs at all */
	struct counter_reason reason; /* ok: every thread opens it */
};

struct perf_roster {
	struct roster_event events[ROSTER_MAX_EVENTS];
	int nevents;
	struct perf_event_attr switch_attr;
	struct counter_reason switches; /* ok: every thread opens its ring */
	unsigned ring_pages;            /* to ask for */
	int paranoid;                   /* or PARANOID_UNKNOWN */
	int64_t mlock_kb;               /* perf_event_mlock_kb, or -1 */
};

/*
 * Make the roster: encode the default events and try each alone, on the calling
 * thread.  Where the kernel's share may not be counted, an event is meant for
 * user mode only (its qualified name says k=0), unless it happens in the
 * kernel only: then it is not_permitted.
 */
void roster_init(struct perf_roster *roster);

/* Why an event, or the ring (NULL), could not be opened; err is positive. */
void roster_explain(const struct perf_roster *roster,
	const struct roster_event *entry, int err,
	struct counter_reason *reason);

#endif
