/* SPDX-License-Identifier: MIT */
/* A group of counters of one thread: opened, enabled and read together. */
#include "harness/perf/group.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/die.h"
#include "harness/perf/open.h"

#define READ_FORMAT                                                            \
	(PERF_FORMAT_GROUP | PERF_FORMAT_ID | PERF_FORMAT_TOTAL_TIME_ENABLED | \
		PERF_FORMAT_TOTAL_TIME_RUNNING)

/* Below this share of the time a value is an extrapolation. */
#define SCALED_BELOW_PERCENT 95

void
group_init(struct perf_group *group)
{
	memset(group, 0, sizeof(*group));
	group->nread = -1;
}

int
group_add(struct perf_group *group, struct perf_event_attr *attr)
{
	struct group_member *member = &group->members[group->length];
	int leader = group->length == 0 ? -1 : group->members[0].fd;
	int fd;

	if (group->length == GROUP_MAX)
		return -ENOSPC;
	attr->read_format = READ_FORMAT;
	/* The others follow their leader. */
	attr->disabled = leader == -1;
	fd = perf_open(attr, leader);
	if (fd < 0)
		return fd;
	if (ioctl(fd, PERF_EVENT_IOC_ID, &member->id) != 0)
		DIE_ERRNO(errno, "ioctl(PERF_EVENT_IOC_ID)");
	member->fd = fd;
	return group->length++;
}

void
group_enable(struct perf_group *group)
{
	if (group->length == 0)
		return;
	/* If it fails the times stay 0, and the members are not_counted. */
	(void)ioctl(group->members[0].fd, PERF_EVENT_IOC_ENABLE,
		PERF_IOC_FLAG_GROUP);
}

void
group_read(struct perf_group *group)
{
	if (group->length > 0)
		group->nread = read(group->members[0].fd, group->words,
			sizeof(group->words));
}

void
group_close(struct perf_group *group)
{
	/* Members first: a leader that goes away turns them into singles. */
	for (int i = group->length - 1; i >= 0; i--)
		(void)close(group->members[i].fd); /* nothing was written */
	group->length = 0;
}

enum counter_status
counter_scale(struct counter_value *value)
{
	unsigned __int128 scaled;

	value->value = 0;
	if (value->running_ns == 0 || value->enabled_ns == 0)
		return COUNTER_NOT_COUNTED;
	scaled = (unsigned __int128)value->raw * value->enabled_ns;
	scaled = (scaled + value->running_ns / 2) / value->running_ns;
	/* Records hold signed 64 bits; no counter gets there by counting. */
	value->value = scaled > INT64_MAX ? INT64_MAX : (uint64_t)scaled;
	if ((unsigned __int128)value->running_ns * 100 <
		(unsigned __int128)value->enabled_ns * SCALED_BELOW_PERCENT)
		return COUNTER_SCALED;
	return COUNTER_OK;
}

enum counter_status
group_value(const struct perf_group *group, int position,
	struct counter_value *value)
{
	const uint64_t *words = group->words;
	uint64_t whole = group->nread < 0
				 ? 0
				 : (uint64_t)group->nread / sizeof(uint64_t);

	memset(value, 0, sizeof(*value));
	if (whole < 3)
		return COUNTER_NOT_COUNTED;
	value->enabled_ns = words[1];
	value->running_ns = words[2];
	for (uint64_t i = 0; i < words[0] && 3 + 2 * i + 1 < whole; i++) {
		if (words[3 + 2 * i + 1] != group->members[position].id)
			continue;
		value->raw = words[3 + 2 * i];
		return counter_scale(value);
	}
	return COUNTER_NOT_COUNTED;
}
