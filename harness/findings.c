/* SPDX-License-Identifier: MIT */
/* What this machine can and cannot measure, and why. */
#include "harness/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "harness/perf/probe.h"
#include "harness/perf/schedstat.h"
#include "harness/perf/switches.h"

struct finding *
findings_add(struct findings *findings, const char *name, const char *fmt, ...)
{
	struct finding *finding = &findings->items[findings->length];
	va_list args;

	if (findings->length == FINDINGS_MAX)
		DIE("more than %d findings", FINDINGS_MAX);
	findings->length++;
	*finding = (struct finding){.name = name};
	va_start(args, fmt);
	vsnprintf(finding->state, sizeof(finding->state), fmt, args);
	va_end(args);
	return finding;
}

void
finding_explain(struct finding *finding, bool is_concern, const char *remedy,
	const char *fmt, ...)
{
	va_list args;

	finding->is_concern = is_concern;
	if (remedy != NULL)
		snprintf(
			finding->remedy, sizeof(finding->remedy), "%s", remedy);
	va_start(args, fmt);
	vsnprintf(finding->why, sizeof(finding->why), fmt, args);
	va_end(args);
}

static struct finding *
add_reason(struct findings *findings, const char *name,
	const struct counter_reason *reason)
{
	struct finding *finding = findings_add(
		findings, name, "%s", counter_status_words(reason->status));

	finding->status = counter_status_name(reason->status);
	if (reason->status != COUNTER_OK)
		finding_explain(
			finding, true, reason->remedy, "%s", reason->why);
	return finding;
}

static void
find_event(struct findings *findings, const struct perf_roster *roster,
	const struct roster_event *entry)
{
	struct finding *finding =
		add_reason(findings, entry->event.name, &entry->reason);

	if (entry->reason.status == COUNTER_OK &&
		entry->event.attr.exclude_kernel &&
		!event_is_clock(&entry->event))
		finding_explain(finding, true,
			roster->paranoid > 1
				? "sudo sysctl kernel.perf_event_paranoid=1"
				: NULL,
			"in user mode only");
}

static void
find_switch_records(struct findings *findings, const struct perf_roster *roster)
{
	struct finding *finding =
		add_reason(findings, "switch records", &roster->switches);

	if (roster->switches.status != COUNTER_OK)
		return;
	finding->is_concern = roster->ring_pages < SWITCH_RING_PAGES;
	snprintf(finding->why, sizeof(finding->why),
		"PERF_RECORD_SWITCH, a ring of %u pages per thread",
		roster->ring_pages);
}

static void
find_schedstat(struct findings *findings)
{
	char text[SCHEDSTAT_BYTES];
	struct schedstat delta;
	struct counter_reason reason;
	int fd = schedstat_open();

	/* For the numbers to be fresh, as schedstat_read() asks. */
	(void)clock_thread_cpu_ns();
	schedstat_read(fd, text);
	schedstat_delta(fd, text, text, &delta, &reason);
	if (fd >= 0)
		(void)close(fd); /* nothing was written */
	add_reason(findings, "schedstat", &reason);
}

void
findings_of_measures(struct findings *findings)
{
	const struct perf_roster *roster = perf_roster();
	static const struct counter_reason ok = {.status = COUNTER_OK};

	finding_explain(add_reason(findings, "own stamps", &ok), false, NULL,
		"latencies, waits, holds, dead time, by CLOCK_MONOTONIC");
	finding_explain(add_reason(findings, "rusage", &ok), false, NULL,
		"CPU time, context switches, page faults of each thread");
	find_schedstat(findings);
	find_switch_records(findings, roster);
	for (int i = 0; i < roster->nevents; i++)
		find_event(findings, roster, &roster->events[i]);
}
