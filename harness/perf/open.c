/* SPDX-License-Identifier: MIT */
/* perf_event_open() for the calling thread, with the retries it needs. */
#include "harness/perf/open.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/perf/reason.h"
#include "harness/proc.h"

#define MAX_INTERRUPTIONS 5

static int
open_once(struct perf_event_attr *attr, int group_fd)
{
	long fd;
	int interruptions = 0;

	do
		fd = syscall(SYS_perf_event_open, attr, 0, -1, group_fd,
			PERF_FLAG_FD_CLOEXEC);
	while (fd < 0 && errno == EINTR &&
		++interruptions <= MAX_INTERRUPTIONS);
	return fd < 0 ? -errno : (int)fd;
}

/* An older kernel writes the size it knows into attr; the rest is zero. */
static int
open_with_size(struct perf_event_attr *attr, int group_fd)
{
	__u32 ours = attr->size;
	int fd = open_once(attr, group_fd);

	if (fd != -E2BIG)
		return fd;
	if (attr->size < PERF_ATTR_SIZE_VER0 || attr->size >= ours) {
		attr->size = ours;
		return fd;
	}
	fd = open_once(attr, group_fd);
	if (fd < 0)
		attr->size = ours;
	return fd;
}

/*
 * Give up one thing that an older kernel or a plainer PMU may not know, the
 * least needed first.  Returns whether there was one left.
 */
static bool
give_up_one(struct perf_event_attr *attr)
{
	if (attr->read_format & PERF_READ_LOST)
		attr->read_format &= ~(__u64)PERF_READ_LOST;
	else if (attr->exclude_guest)
		attr->exclude_guest = 0;
	else if (attr->exclude_hv)
		attr->exclude_hv = 0;
	else if (attr->precise_ip > 0)
		attr->precise_ip = 0;
	else if (attr->use_clockid) {
		attr->use_clockid = 0;
		attr->clockid = 0;
	} else
		return false;
	return true;
}

int
perf_open(struct perf_event_attr *attr, int group_fd)
{
	struct perf_event_attr asked = *attr;
	int fd = open_with_size(attr, group_fd);
	int first = fd;

	while ((fd == -EINVAL || fd == -EOPNOTSUPP) && give_up_one(attr))
		fd = open_with_size(attr, group_fd);
	if (fd >= 0)
		return fd;
	*attr = asked;
	return first;
}

int
perf_paranoid(void)
{
	int64_t level;

	if (proc_read_number("/proc/sys/kernel/perf_event_paranoid", &level) !=
		0)
		return PARANOID_UNKNOWN;
	return (int)level;
}
