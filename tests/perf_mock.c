/* SPDX-License-Identifier: MIT */
/* A kernel made of plain functions, for tests of counters. */
#include "tests/perf_mock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/perf/group.h"
#include "harness/perf/open.h"

struct perf_mock perf_mock;

long __wrap_syscall(long number, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_close(int fd);
int __real_close(int fd);
int __wrap_perf_paranoid(void);
void __wrap_group_read(struct perf_group *group);

long
__wrap_syscall(long number, ...)
{
	struct perf_event_attr *attr;
	va_list args;
	int group_fd, rc;

	assert_int_equal(number, SYS_perf_event_open);
	va_start(args, number);
	attr = va_arg(args, struct perf_event_attr *);
	assert_int_equal(va_arg(args, int), 0);  /* this thread */
	assert_int_equal(va_arg(args, int), -1); /* on any CPU */
	group_fd = va_arg(args, int);
	perf_mock.flags = (unsigned long)va_arg(args, int);
	va_end(args);
	perf_mock.calls++;
	rc = perf_mock.kernel(attr, group_fd);
	if (rc >= 0)
		return rc;
	errno = -rc;
	return -1;
}

int
__wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;

	assert_true(fd >= FAKE_FD);
	if (request != PERF_EVENT_IOC_ID)
		return 0;
	va_start(args, request);
	*va_arg(args, uint64_t *) = (uint64_t)fd;
	va_end(args);
	return 0;
}

int
__wrap_close(int fd)
{
	return fd >= FAKE_FD ? 0 : __real_close(fd);
}

int
__wrap_perf_paranoid(void)
{
	return perf_mock.paranoid;
}

/* Counters that ran all the time. */
void
__wrap_group_read(struct perf_group *group)
{
	int n = group->length;

	if (n == 0)
		return;
	group->words[0] = (uint64_t)n;
	group->words[1] = 1000000;
	group->words[2] = 1000000;
	for (int i = 0; i < n; i++) {
		group->words[3 + 2 * i] = perf_mock.group_count + (uint64_t)i;
		group->words[4 + 2 * i] = group->members[n - 1 - i].id;
	}
	group->nread = (ssize_t)((3 + 2 * (size_t)n) * sizeof(uint64_t));
}

int
perf_mock_reset(void **state)
{
	(void)state;
	perf_mock = (struct perf_mock){.kernel = kernel_with_everything,
		.paranoid = 2,
		.group_count = 1000000000};
	return 0;
}

int
kernel_with_everything(struct perf_event_attr *attr, int group_fd)
{
	(void)attr;
	(void)group_fd;
	return FAKE_FD + perf_mock.calls;
}
