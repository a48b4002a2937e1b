/* SPDX-License-Identifier: MIT */
/*
 * Names of events and their encoding for perf_event_open().
 *
 * libpfm4 encodes where the build has it, so that every event it knows can be
 * named.  Without it a built-in table holds the kernel's generic software and
 * hardware events under the same names, and all else is the same.
 */
#ifndef HARNESS_PERF_EVENT_H
#define HARNESS_PERF_EVENT_H

#include <linux/perf_event.h>
#include <stdbool.h>

struct event {
	char name[32]; /* as asked for: "cycles" */
	/* The encoding in words, with the privilege levels counted:
	 * "perf::PERF_COUNT_HW_CPU_CYCLES:u=1:k=0...".  Kept in records. */
	char qualified[128];
	struct perf_event_attr attr;
};

/*
 * Encode name for counting in user mode, and in the kernel if with_kernel.
 * Modifiers in the name itself ("cycles:u") hold, where libpfm reads them.
 * Returns 0; -ENOENT: nobody knows the name; -EINVAL: it cannot be encoded.
 * Not thread-safe, since libpfm is not.
 */
int event_encode(struct event *event, const char *name, bool with_kernel);

/* The same from the built-in table only. */
int event_encode_builtin(
	struct event *event, const char *name, bool with_kernel);

/*
 * Whether the event happens in the kernel alone.  Opened without the kernel
 * it would count nothing, so its 0 would be a lie.
 */
bool event_needs_kernel(const struct event *event);

/*
 * Whether the event counts all of the thread's time, in user mode and in the
 * kernel, whatever was asked for.
 */
bool event_is_clock(const struct event *event);

/* Whether the event is counted by a PMU. */
bool event_is_hardware(const struct event *event);

/* "libpfm4" or "built-in table": who encodes. */
const char *event_encoder(void);

#endif
