/* SPDX-License-Identifier: MIT */
/*
 * What became of a counter, and why, in words that a person can act upon.
 *
 * A counter that was not there never reads 0: it has a status, and a sentence
 * such as "context-switches: not permitted (perf_event_paranoid=2; try: sudo
 * sysctl kernel.perf_event_paranoid=1)".
 */
#ifndef HARNESS_PERF_REASON_H
#define HARNESS_PERF_REASON_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compiler.h"

/* results/README.md lists the same words. */
enum counter_status {
	COUNTER_OK,
	COUNTER_SCALED,        /* shared the PMU; the value is extrapolated */
	COUNTER_NOT_SUPPORTED, /* this kernel or machine does not have it */
	COUNTER_NOT_PERMITTED, /* a limit that somebody could lift */
	COUNTER_NOT_COUNTED,   /* opened, but never on the PMU */
	COUNTER_LOST,          /* records were lost: figures would be too low */
	COUNTER_SUSPECT_ZERO,  /* stands still where it must move */
	COUNTER_DISABLED,      /* not asked for */
	COUNTER_STATUS_COUNT
};

struct counter_reason {
	enum counter_status status;
	char why[160];   /* "" when the status says it all */
	char remedy[96]; /* the command that lifts the limit, or "" */
};

#define PARANOID_UNKNOWN INT_MIN

/* What must be known to read an errno of perf_event_open() rightly. */
struct errno_context {
	bool is_hardware; /* the event needs a PMU */
	bool has_pmu;     /* another event has shown that there is one */
	int paranoid;     /* perf_event_paranoid, or PARANOID_UNKNOWN */
	int64_t mlock_kb; /* perf_event_mlock_kb, or -1 */
};

/* "not_supported": the word in records; "not supported": the one in prose. */
const char *counter_status_name(enum counter_status status);
const char *counter_status_words(enum counter_status status);

/* Whether a figure of that status may be shown. */
bool counter_has_value(enum counter_status status);

void reason_set(struct counter_reason *reason, enum counter_status status,
	const char *fmt, ...) PRINTF_LIKE(3, 4);

/*
 * What it means that perf_event_open() failed with err (positive), or that a
 * ring found no memory (ENOBUFS of switch_ring_open()).
 */
void reason_of_errno(struct counter_reason *reason, int err,
	const struct errno_context *context);

/* "NAME: not supported (WHY; try: REMEDY)", cut off at capacity. */
void reason_sentence(const struct counter_reason *reason, const char *name,
	char *text, size_t capacity);

#endif
