/* SPDX-License-Identifier: MIT */
/*
 * A kernel made of plain functions, for tests of counters: every errno can be
 * had anywhere.  Link with --wrap=syscall,--wrap=ioctl,--wrap=close,
 * --wrap=perf_paranoid,--wrap=group_read.
 */
#ifndef TESTS_PERF_MOCK_H
#define TESTS_PERF_MOCK_H

#include <linux/perf_event.h>
#include <stdint.h>

/* Descriptors from here on are not real. */
#define FAKE_FD 1000

struct perf_mock {
	/* Answers perf_event_open(): a descriptor or -errno. */
	int (*kernel)(struct perf_event_attr *attr, int group_fd);
	int calls;           /* of perf_event_open() */
	unsigned long flags; /* of the last of them */
	int paranoid;        /* perf_event_paranoid */
	/* Members of a group have counted so much, in the reverse of the
	 * order of opening: the last one this, the one before it 1 more. */
	uint64_t group_count;
};

extern struct perf_mock perf_mock;

/* For cmocka: a machine with everything, perf_event_paranoid=2. */
int perf_mock_reset(void **state);

/* A kernel that opens whatever it is asked for. */
int kernel_with_everything(struct perf_event_attr *attr, int group_fd);

#endif
