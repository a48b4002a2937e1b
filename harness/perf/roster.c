/* SPDX-License-Identifier: MIT */
/* Which counters every measured thread opens. */
#include "harness/perf/roster.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "harness/perf/open.h"
#include "harness/perf/switches.h"
#include "harness/proc.h"

/*
 * The default events.  A group's first opened event leads it.  The counts are
 * a fraction of what the self-test's work causes (probe.c): 2 ms on a CPU, 64
 * faults, 10 sleeps.
 */
static const struct {
	const char *name;
	enum roster_group group;
	uint64_t alive_count;
	bool is_restless;
} wanted[] = {
	{"task-clock", ROSTER_SOFTWARE, 1000000, true},
	{"context-switches", ROSTER_SOFTWARE, 5, false},
	{"cpu-migrations", ROSTER_SOFTWARE, 0, false},
	{"page-faults", ROSTER_SOFTWARE, 32, false},
	{"cycles", ROSTER_HARDWARE, 100000, true},
	{"instructions", ROSTER_HARDWARE, 100000, true},
	{"branches", ROSTER_HARDWARE, 10000, true},
	{"branch-misses", ROSTER_HARDWARE, 10, false},
	{"cache-misses", ROSTER_HARDWARE, 0, false},
};

_Static_assert(ARRAY_LEN(wanted) <= ROSTER_MAX_EVENTS, "too many events");

/* Whether some hardware event has opened, so that there is a PMU. */
static bool
has_pmu(const struct perf_roster *roster)
{
	for (int i = 0; i < roster->nevents; i++)
		if (event_is_hardware(&roster->events[i].event) &&
			roster->events[i].reason.status == COUNTER_OK)
			return true;
	return false;
}

void
roster_explain(const struct perf_roster *roster,
	const struct roster_event *entry, int err,
	struct counter_reason *reason)
{
	struct errno_context context = {
		.is_hardware =
			entry != NULL && event_is_hardware(&entry->event),
		.has_pmu = has_pmu(roster),
		.paranoid = roster->paranoid,
		.mlock_kb = roster->mlock_kb,
	};

	reason_of_errno(reason, err, &context);
}

static int
try_alone(struct perf_event_attr *attr)
{
	int fd;

	attr->disabled = 1;
	fd = perf_open(attr, -1);
	if (fd < 0)
		return fd;
	(void)close(fd); /* nothing was written */
	return 0;
}

/* With the kernel's share if that is allowed, else without. */
static void
find_event_out(struct perf_roster *roster, struct roster_event *entry,
	const char *name)
{
	int rc = event_encode(&entry->event, name, true);

	if (rc != 0) {
		reason_set(&entry->reason, COUNTER_NOT_SUPPORTED,
			"%s does not know the event", event_encoder());
		return;
	}
	reason_set(&entry->reason, COUNTER_OK, "%s", "");
	rc = try_alone(&entry->event.attr);
	if ((rc == -EACCES || rc == -EPERM) &&
		!event_needs_kernel(&entry->event) &&
		event_encode(&entry->event, name, false) == 0)
		rc = try_alone(&entry->event.attr);
	if (rc != 0)
		roster_explain(roster, entry, -rc, &entry->reason);
}

static void
find_switches_out(struct perf_roster *roster)
{
	int rc;

	switch_attr_init(&roster->switch_attr);
	roster->ring_pages = SWITCH_RING_PAGES;
	reason_set(&roster->switches, COUNTER_OK, "%s", "");
	rc = try_alone(&roster->switch_attr);
	if (rc != 0)
		roster_explain(roster, NULL, -rc, &roster->switches);
}

void
roster_init(struct perf_roster *roster)
{
	memset(roster, 0, sizeof(*roster));
	roster->paranoid = perf_paranoid();
	if (proc_read_number("/proc/sys/kernel/perf_event_mlock_kb",
		    &roster->mlock_kb) != 0)
		roster->mlock_kb = -1;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		struct roster_event *entry = &roster->events[roster->nevents];

		entry->group = wanted[i].group;
		entry->alive_count = wanted[i].alive_count;
		entry->is_restless = wanted[i].is_restless;
		find_event_out(roster, entry, wanted[i].name);
		roster->nevents++;
	}
	find_switches_out(roster);
}
