/* SPDX-License-Identifier: MIT */
/* Time: int64_t nanoseconds of CLOCK_MONOTONIC, everywhere. */
#include "common/clock.h"

#include <errno.h>

#include "common/die.h"

static int64_t
read_clock_ns(clockid_t id)
{
	struct timespec now;

	if (clock_gettime(id, &now) != 0)
		DIE_ERRNO(errno, "clock_gettime");
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t
clock_now_ns(void)
{
	return read_clock_ns(CLOCK_MONOTONIC);
}

int64_t
clock_process_cpu_ns(void)
{
	return read_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t
clock_thread_cpu_ns(void)
{
	return read_clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

struct timespec
clock_timespec(int64_t ns)
{
	return (struct timespec){
		.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

void
clock_sleep_until_ns(int64_t deadline_ns)
{
	struct timespec until = clock_timespec(deadline_ns);
	int err;

	do
		err = clock_nanosleep(
			CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	while (err == EINTR);
	if (err != 0)
		DIE_ERRNO(err, "clock_nanosleep");
}

void
clock_utc_name(char name[17])
{
	time_t now = time(NULL);
	struct tm utc;

	if (gmtime_r(&now, &utc) == NULL)
		DIE_ERRNO(errno, "gmtime_r");
	if (strftime(name, 17, "%Y%m%dT%H%M%SZ", &utc) != 16)
		DIE("the year does not have four digits");
}
