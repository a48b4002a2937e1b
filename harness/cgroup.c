/* SPDX-License-Identifier: MIT */
/* How much CPU time the control groups around this process allow it. */
#include "harness/cgroup.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"
#include "harness/proc.h"

#define MOUNTINFO_BYTES (256 * 1024)
#define FILE_BYTES      (PATH_MAX + 32) /* a group and the name of its file */

/* Whether a list such as "cpu,cpuacct" holds the word cpu. */
static bool
has_cpu(const char *list, size_t length)
{
	const char *end = list + length;

	while (list < end) {
		size_t word = strcspn(list, ",: \n");

		if (word == 3 && strncmp(list, "cpu", 3) == 0)
			return true;
		list += word + 1;
	}
	return false;
}

static bool
copy_word(const char *from, size_t length, char *to, size_t capacity)
{
	if (length >= capacity)
		return false;
	memcpy(to, from, length);
	to[length] = '\0';
	return true;
}

/* Lines "NUMBER:CONTROLLERS:PATH"; version 2 is "0::PATH". */
bool
cgroup_find_path(const char *cgroup, bool is_v2, char *path, size_t capacity)
{
	for (const char *line = cgroup; *line != '\0';) {
		const char *list = line + strcspn(line, ":\n");
		const char *end = line + strcspn(line, "\n");
		const char *name;

		if (*list == ':') {
			list++;
			name = list + strcspn(list, ":\n");
			if (*name == ':' &&
				(is_v2 ? list == name
				       : has_cpu(list, (size_t)(name - list))))
				return copy_word(name + 1,
					(size_t)(end - name - 1), path,
					capacity);
		}
		line = *end == '\0' ? end : end + 1;
	}
	return false;
}

/* "36 35 98:0 ROOT MOUNT OPTIONS ... - TYPE SOURCE SUPER-OPTIONS" */
static bool
take_mount(char *line, bool is_v2, char *mount, size_t capacity)
{
	char *tail = strstr(line, " - "), *field = line;
	char type[16], options[256];

	if (tail == NULL ||
		sscanf(tail, " - %15s %*s %255s", type, options) != 2)
		return false;
	if (strcmp(type, is_v2 ? "cgroup2" : "cgroup") != 0)
		return false;
	if (!is_v2 && !has_cpu(options, strlen(options)))
		return false;
	for (int i = 0; i < 4 && field != NULL; i++) {
		field = strchr(field, ' ');
		if (field != NULL)
			field++;
	}
	return field != NULL &&
	       copy_word(field, strcspn(field, " "), mount, capacity);
}

bool
cgroup_find_mount(
	const char *mountinfo, bool is_v2, char *mount, size_t capacity)
{
	char *copy = strdup(mountinfo), *rest = copy, *line;
	bool is_found = false;

	if (copy == NULL)
		DIE("no memory for /proc/self/mountinfo");
	while (!is_found && (line = strsep(&rest, "\n")) != NULL)
		is_found = take_mount(line, is_v2, mount, capacity);
	free(copy);
	return is_found;
}

double
cgroup_parse_max(const char *text)
{
	int64_t quota, period;

	if (sscanf(text, "%" SCNd64 " %" SCNd64, &quota, &period) != 2 ||
		quota <= 0 || period <= 0)
		return 0.0;
	return (double)quota / (double)period;
}

static int64_t
read_number(const char *directory, const char *file)
{
	char path[FILE_BYTES];
	int64_t number;

	snprintf(path, sizeof(path), "%s/%s", directory, file);
	return proc_read_number(path, &number) == 0 ? number : -1;
}

/* The limit of one group, 0 for none. */
static double
group_cpus(const char *directory, bool is_v2)
{
	char path[FILE_BYTES], text[64];
	int64_t quota, period;

	if (is_v2) {
		snprintf(path, sizeof(path), "%s/cpu.max", directory);
		if (proc_read(path, text, sizeof(text)) < 0)
			return 0.0;
		return cgroup_parse_max(text);
	}
	quota = read_number(directory, "cpu.cfs_quota_us");
	period = read_number(directory, "cpu.cfs_period_us");
	return quota > 0 && period > 0 ? (double)quota / (double)period : 0.0;
}

static int64_t
group_throttled(const char *directory)
{
	char path[FILE_BYTES], text[1024], value[32];

	snprintf(path, sizeof(path), "%s/cpu.stat", directory);
	if (proc_read(path, text, sizeof(text)) < 0 ||
		!proc_field(text, "nr_throttled", value, sizeof(value)))
		return 0;
	return strtoll(value, NULL, 10);
}

/* From the group upwards to the mount point: each level may set a limit. */
static void
climb(char *directory, size_t mount_length, bool is_v2, struct cpu_quota *quota)
{
	for (;;) {
		double cpus = group_cpus(directory, is_v2);
		char *slash;

		if (cpus > 0.0 && (quota->cpus == 0.0 || cpus < quota->cpus)) {
			quota->cpus = cpus;
			quota->throttled = group_throttled(directory);
		}
		slash = strrchr(directory, '/');
		if (slash == NULL || slash < directory + mount_length)
			return;
		*slash = '\0';
	}
}

bool
cpu_quota_read(struct cpu_quota *quota)
{
	char cgroup[4096], path[PATH_MAX / 2], mount[PATH_MAX / 2];
	char directory[PATH_MAX];
	char *mountinfo = malloc(MOUNTINFO_BYTES);
	bool is_found = false;

	if (mountinfo == NULL)
		DIE("no memory for /proc/self/mountinfo");
	*quota = (struct cpu_quota){0};
	if (proc_read("/proc/self/cgroup", cgroup, sizeof(cgroup)) > 0 &&
		proc_read("/proc/self/mountinfo", mountinfo, MOUNTINFO_BYTES) >
			0) {
		for (int v2 = 0; v2 < 2; v2++) {
			if (!cgroup_find_path(cgroup, v2, path, sizeof(path)) ||
				!cgroup_find_mount(
					mountinfo, v2, mount, sizeof(mount)))
				continue;
			snprintf(directory, sizeof(directory), "%s%s", mount,
				strcmp(path, "/") == 0 ? "" : path);
			climb(directory, strlen(mount), v2, quota);
			is_found = true;
		}
	}
	free(mountinfo);
	return is_found;
}
