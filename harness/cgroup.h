/* SPDX-License-Identifier: MIT */
/*
 * How much CPU time the control groups around this process allow it.
 *
 * A quota stops all its threads for the rest of a period, holder and waiters
 * alike: such a stall looks like a slow lock.  Version 2 (cpu.max) and version
 * 1 (cpu.cfs_quota_us) of the interface are read.
 */
#ifndef HARNESS_CGROUP_H
#define HARNESS_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cpu_quota {
	double cpus;       /* the tightest limit of all groups; 0: none */
	int64_t throttled; /* times that the group of that limit was stopped */
};

/*
 * Look at the process's own group and those above it.  Returns whether there
 * is an interface to look at.
 */
bool cpu_quota_read(struct cpu_quota *quota);

/*
 * The group's path out of /proc/self/cgroup: of version 2, or of version 1's
 * cpu controller.  Returns whether there is one.
 */
bool cgroup_find_path(
	const char *cgroup, bool is_v2, char *path, size_t capacity);

/* Where /proc/self/mountinfo says that hierarchy is mounted. */
bool cgroup_find_mount(
	const char *mountinfo, bool is_v2, char *mount, size_t capacity);

/* "150000 100000" of cpu.max is 1.5 CPUs, "max 100000" is 0: no limit. */
double cgroup_parse_max(const char *text);

#endif
