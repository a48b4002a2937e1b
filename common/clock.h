/* SPDX-License-Identifier: MIT */
/*
 * Time: int64_t nanoseconds of CLOCK_MONOTONIC, everywhere.
 *
 * One clock for stamps, deadlines and the kernel's records, so that any two
 * of them can be subtracted.  292 years fit.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

/* Nanoseconds of CLOCK_MONOTONIC.  Cost: one vDSO call, 20-40 ns. */
int64_t clock_now_ns(void);

/* CPU time of this process / of the calling thread.  Cost: one system call. */
int64_t clock_process_cpu_ns(void);
int64_t clock_thread_cpu_ns(void);

/* Sleep until the absolute deadline; at once if it has passed. */
void clock_sleep_until_ns(int64_t deadline_ns);

/* Wall-clock time as "20260131T235959Z": for file names and records only. */
void clock_utc_name(char name[17]);

struct timespec clock_timespec(int64_t ns);

#endif
