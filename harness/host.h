/* SPDX-License-Identifier: MIT */
/*
 * The machine: what it is, and what else it does while we measure.
 *
 * Nothing here names the machine or its user: records are made to be shown.
 */
#ifndef HARNESS_HOST_H
#define HARNESS_HOST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The `host` of a session record; what cannot be known is null. */
json_t *host_describe(void);

/* A look at the machine's CPU accounts. */
struct host_sample {
	bool is_known;
	int64_t total_ticks; /* of all CPUs; a tick is 1 / sysconf(_SC_CLK_TCK) */
	int64_t busy_ticks;
	int64_t steal_ticks; /* taken away by the hypervisor */
	int64_t own_cpu_ns;  /* this process and the children it waited for */
};

/* Cost: reads one file of /proc, some 50 us. */
void host_sample(struct host_sample *sample);

/* Pick the accounts out of the text of /proc/stat.  Returns whether it could */
bool host_parse_stat(const char *text, struct host_sample *sample);

/*
 * The `host` of a launch record, from the samples before and after it.  A
 * tick is mostly 10 ms: ratios of one launch are that coarse.
 */
json_t *host_between(
	const struct host_sample *before, const struct host_sample *after);

#endif
