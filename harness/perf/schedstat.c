/* SPDX-License-Identifier: MIT */
/* The scheduler's account of the calling thread: /proc/thread-self/schedstat */
#include "harness/perf/schedstat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
schedstat_open(void)
{
	int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

void
schedstat_read(int fd, char text[SCHEDSTAT_BYTES])
{
	ssize_t n = fd < 0 ? 0 : pread(fd, text, SCHEDSTAT_BYTES - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
}

int
schedstat_parse(const char *text, struct schedstat *schedstat)
{
	int64_t *fields[] = {
		&schedstat->run_ns, &schedstat->wait_ns, &schedstat->slices};
	char *end;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		text += strspn(text, " ");
		errno = 0;
		*fields[i] = strtoll(text, &end, 10);
		if (errno != 0 || end == text || *fields[i] < 0)
			return -EINVAL;
		text = end;
	}
	return *text == '\0' || *text == '\n' ? 0 : -EINVAL;
}

void
schedstat_delta(int open_rc, const char *before, const char *after,
	struct schedstat *delta, struct counter_reason *reason)
{
	struct schedstat from, to;

	memset(delta, 0, sizeof(*delta));
	if (open_rc < 0) {
		reason_set(reason, COUNTER_NOT_SUPPORTED,
			"/proc/thread-self/schedstat: %s", strerror(-open_rc));
		return;
	}
	if (schedstat_parse(before, &from) != 0 ||
		schedstat_parse(after, &to) != 0) {
		reason_set(reason, COUNTER_NOT_COUNTED,
			"/proc/thread-self/schedstat does not hold three "
			"numbers");
		return;
	}
	/* A thread that reads its own account has been put on a CPU once. */
	if (to.run_ns == 0 && to.wait_ns == 0 && to.slices == 0) {
		reason_set(reason, COUNTER_NOT_SUPPORTED,
			"this kernel keeps no scheduling statistics");
		return;
	}
	delta->run_ns = to.run_ns - from.run_ns;
	delta->wait_ns = to.wait_ns - from.wait_ns;
	delta->slices = to.slices - from.slices;
	reason_set(reason, COUNTER_OK, "%s", "");
}
