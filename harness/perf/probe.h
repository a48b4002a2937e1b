/* SPDX-License-Identifier: MIT */
/*
 * The roster of this process, put to the test.
 *
 * A counter that opens may still stand at 0: some hypervisors pretend to have
 * a PMU.  So the roster's counters are opened once, a stretch of work is done
 * that must move them (2 ms of unpredictable branches, 64 page faults, 10
 * sleeps), and one that does not move is suspect_zero from then on.
 */
#ifndef HARNESS_PERF_PROBE_H
#define HARNESS_PERF_PROBE_H

#include "harness/perf/roster.h"

/*
 * The roster.  The first call makes and tests it, in 5 to 20 ms of the calling
 * thread; later calls, from any thread, cost nothing.
 */
const struct perf_roster *perf_roster(void);

/*
 * Test a roster on the calling thread, and lower the status of what failed.
 * Also finds how many pages of a ring are granted.
 */
void roster_test(struct perf_roster *roster);

#endif
