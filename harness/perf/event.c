/* SPDX-License-Identifier: MIT */
/* Names of events and their encoding for perf_event_open(). */
#ifdef HAVE_CONFIG_H
#	include "config.h"
#endif

#include "harness/perf/event.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/compiler.h"

#ifdef HAVE_LIBPFM
/* After linux/perf_event.h, whose definitions it then leaves alone. */
#	include <perfmon/pfmlib_perf_event.h>
#endif

#define GENERIC(name, kind, id)                                                \
	{                                                                      \
		name, #id, kind, id                                            \
	}

static const struct {
	const char *name;
	const char *constant;
	enum perf_type_id type;
	unsigned config;
} generic_events[] = {
	GENERIC("cpu-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK),
	GENERIC("task-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK),
	GENERIC("page-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS),
	GENERIC("minor-faults", PERF_TYPE_SOFTWARE,
		PERF_COUNT_SW_PAGE_FAULTS_MIN),
	GENERIC("major-faults", PERF_TYPE_SOFTWARE,
		PERF_COUNT_SW_PAGE_FAULTS_MAJ),
	GENERIC("context-switches", PERF_TYPE_SOFTWARE,
		PERF_COUNT_SW_CONTEXT_SWITCHES),
	GENERIC("cpu-migrations", PERF_TYPE_SOFTWARE,
		PERF_COUNT_SW_CPU_MIGRATIONS),
	GENERIC("cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES),
	GENERIC("instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS),
	GENERIC("cache-references", PERF_TYPE_HARDWARE,
		PERF_COUNT_HW_CACHE_REFERENCES),
	GENERIC("cache-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES),
	GENERIC("branches", PERF_TYPE_HARDWARE,
		PERF_COUNT_HW_BRANCH_INSTRUCTIONS),
	GENERIC("branch-misses", PERF_TYPE_HARDWARE,
		PERF_COUNT_HW_BRANCH_MISSES),
	GENERIC("bus-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES),
	GENERIC("ref-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES),
};

static int
event_begin(struct event *event, const char *name)
{
	memset(event, 0, sizeof(*event));
	if (strlen(name) >= sizeof(event->name))
		return -ENOENT;
	strcpy(event->name, name);
	event->attr.size = sizeof(event->attr);
	return 0;
}

int
event_encode_builtin(struct event *event, const char *name, bool with_kernel)
{
	int rc = event_begin(event, name);

	if (rc != 0)
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(generic_events); i++) {
		if (strcmp(generic_events[i].name, name) != 0)
			continue;
		event->attr.type = generic_events[i].type;
		event->attr.config = generic_events[i].config;
		event->attr.exclude_kernel = !with_kernel;
		event->attr.exclude_hv = 1;
		event->attr.exclude_guest = 1;
		snprintf(event->qualified, sizeof(event->qualified),
			"perf::%s:u=1:k=%d", generic_events[i].constant,
			with_kernel);
		return 0;
	}
	return -ENOENT;
}

#ifdef HAVE_LIBPFM

/* libpfm's view of one name; what it fills in is freed here. */
static int
encode_with_libpfm(struct event *event, const char *text, bool with_kernel)
{
	int levels = with_kernel ? PFM_PLM3 | PFM_PLM0 : PFM_PLM3;
	char *qualified = NULL;
	pfm_perf_encode_arg_t arg = {
		.attr = &event->attr, .fstr = &qualified, .size = sizeof(arg)};
	pfm_err_t rc = pfm_get_os_event_encoding(
		text, levels, PFM_OS_PERF_EVENT_EXT, &arg);

	if (rc == PFM_SUCCESS)
		snprintf(event->qualified, sizeof(event->qualified), "%s",
			qualified);
	free(qualified);
	if (rc == PFM_ERR_NOTFOUND || rc == PFM_ERR_ATTR)
		return -ENOENT;
	return rc == PFM_SUCCESS ? 0 : -EINVAL;
}

int
event_encode(struct event *event, const char *name, bool with_kernel)
{
	char generic[sizeof(event->name) + 8];
	int rc = event_begin(event, name);

	if (rc != 0)
		return rc;
	if (pfm_initialize() != PFM_SUCCESS)
		return event_encode_builtin(event, name, with_kernel);
	/* The kernel's generic event first: a PMU may use its name too. */
	snprintf(generic, sizeof(generic), "perf::%s", name);
	rc = encode_with_libpfm(event, generic, with_kernel);
	if (rc != -ENOENT)
		return rc;
	return encode_with_libpfm(event, name, with_kernel);
}

const char *
event_encoder(void)
{
	return pfm_initialize() == PFM_SUCCESS ? "libpfm4" : "built-in table";
}

#else

int
event_encode(struct event *event, const char *name, bool with_kernel)
{
	return event_encode_builtin(event, name, with_kernel);
}

const char *
event_encoder(void)
{
	return "built-in table";
}

#endif

bool
event_needs_kernel(const struct event *event)
{
	if (event->attr.type == PERF_TYPE_TRACEPOINT)
		return true;
	if (event->attr.type != PERF_TYPE_SOFTWARE)
		return false;
	switch (event->attr.config) {
	case PERF_COUNT_SW_CONTEXT_SWITCHES:
	case PERF_COUNT_SW_CPU_MIGRATIONS:
		return true;
	}
	return false;
}

bool
event_is_clock(const struct event *event)
{
	return event->attr.type == PERF_TYPE_SOFTWARE &&
	       (event->attr.config == PERF_COUNT_SW_CPU_CLOCK ||
		       event->attr.config == PERF_COUNT_SW_TASK_CLOCK);
}

bool
event_is_hardware(const struct event *event)
{
	return event->attr.type != PERF_TYPE_SOFTWARE &&
	       event->attr.type != PERF_TYPE_TRACEPOINT &&
	       event->attr.type != PERF_TYPE_BREAKPOINT;
}
