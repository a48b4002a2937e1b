/* SPDX-License-Identifier: MIT */
/* The counters of one thread, as the roster says. */
#include "harness/perf/counters.h"

#include <errno.h>
#include <string.h>

static void
open_event(struct counters *counters, int i)
{
	const struct roster_event *entry = &counters->roster->events[i];
	struct perf_group *group = &counters->groups[entry->group];
	struct perf_event_attr attr = entry->event.attr;
	int position;

	counters->reasons[i] = entry->reason;
	if (entry->reason.status != COUNTER_OK)
		return;
	position = group_add(group, &attr);
	counters->positions[i] = position;
	/* Alone it could be opened, so it is the company. */
	if (position == -ENOSPC || (position == -EINVAL && group->length > 0))
		reason_set(&counters->reasons[i], COUNTER_NOT_SUPPORTED,
			"%s: the PMU has no room for it beside the others",
			strerrorname_np(-position));
	else if (position < 0)
		roster_explain(counters->roster, entry, -position,
			&counters->reasons[i]);
}

void
counters_open(struct counters *counters, const struct perf_roster *roster)
{
	struct perf_event_attr attr = roster->switch_attr;
	int rc;

	memset(counters, 0, sizeof(*counters));
	counters->roster = roster;
	for (int g = 0; g < ROSTER_GROUP_COUNT; g++)
		group_init(&counters->groups[g]);
	for (int i = 0; i < roster->nevents; i++)
		open_event(counters, i);
	counters->ring.fd = -1;
	counters->ring_reason = roster->switches;
	if (roster->switches.status != COUNTER_OK)
		return;
	rc = switch_ring_open(&counters->ring, &attr, roster->ring_pages);
	if (rc != 0)
		roster_explain(roster, NULL, -rc, &counters->ring_reason);
}

void
counters_start(struct counters *counters)
{
	switch_ring_start(&counters->ring);
	for (int g = 0; g < ROSTER_GROUP_COUNT; g++)
		group_enable(&counters->groups[g]);
}

void
counters_stop(struct counters *counters)
{
	for (int g = ROSTER_GROUP_COUNT - 1; g >= 0; g--)
		group_read(&counters->groups[g]);
	switch_ring_stop(&counters->ring);
}

void
counters_close(struct counters *counters)
{
	for (int g = 0; g < ROSTER_GROUP_COUNT; g++)
		group_close(&counters->groups[g]);
	switch_ring_close(&counters->ring);
}

static void
explain_not_counted(struct counter_reason *reason,
	const struct counter_value *value, enum roster_group group)
{
	if (value->enabled_ns == 0)
		reason_set(reason, COUNTER_NOT_COUNTED,
			"the kernel gave no value");
	else if (group == ROSTER_HARDWARE)
		reason_set(reason, COUNTER_NOT_COUNTED,
			"never on the PMU: others use it; the NMI watchdog?");
	else
		reason_set(reason, COUNTER_NOT_COUNTED, "it never ran");
}

void
counters_value(const struct counters *counters, int i,
	struct counter_value *value, struct counter_reason *reason)
{
	const struct roster_event *entry = &counters->roster->events[i];
	enum counter_status status;

	memset(value, 0, sizeof(*value));
	*reason = counters->reasons[i];
	if (reason->status != COUNTER_OK)
		return;
	status = group_value(
		&counters->groups[entry->group], counters->positions[i], value);
	if (status == COUNTER_NOT_COUNTED)
		explain_not_counted(reason, value, entry->group);
	else if (entry->is_restless && value->raw == 0)
		reason_set(reason, COUNTER_SUSPECT_ZERO,
			"counted 0 while the thread ran");
	else if (status == COUNTER_SCALED)
		reason_set(reason, COUNTER_SCALED,
			"on the PMU for %.0f %% of the time",
			100.0 * (double)value->running_ns /
				(double)value->enabled_ns);
}

void
counters_switches(const struct counters *counters, struct switch_counts *counts,
	struct counter_reason *reason)
{
	memset(counts, 0, sizeof(*counts));
	*reason = counters->ring_reason;
	if (reason->status == COUNTER_OK)
		switch_ring_count(&counters->ring, counts, reason);
}
