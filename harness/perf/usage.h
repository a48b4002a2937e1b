/* SPDX-License-Identifier: MIT */
/*
 * What one thread used of the machine between the gate and its stop: counters,
 * switch records, schedstat, rusage and CPU time.
 *
 *   main           usage_prepare()
 *   each thread    usage_begin() ... usage_go() ... usage_stop()
 *   main, joined   usage_json()
 *
 * What this machine does not offer is in the record with a status and a
 * reason; none of these calls fails.
 *
 * The price: a thread that keeps its CPU pays nothing, but while it is counted
 * each of its context switches is dearer.  Seen on a KVM guest without a PMU,
 * Linux 6.18, two threads on one CPU that pass a byte through pipes: 2.1 us
 * per hand-over without, 4.8 us with all of it, 3.8 us with the software group
 * or the ring alone.  Figures of single switches belong into a run without.
 */
#ifndef HARNESS_PERF_USAGE_H
#define HARNESS_PERF_USAGE_H

#include <jansson.h>

#include "harness/perf/switches.h"

struct usage;

/*
 * Find out, once per process, what can be counted: 5 to 20 ms of CPU time and
 * sleep.  Raises the soft limit of file descriptors to the hard one, since
 * each thread needs up to 11.  Called by main before the first thread, so that
 * usage_begin() need not do it while it holds the GIL.
 */
void usage_prepare(void);

/*
 * Open everything for the calling thread, and rehearse, so that no page fault
 * or symbol look-up of ours falls behind the gate.  Dies without memory.
 * Cost: about 30 system calls.
 */
struct usage *usage_begin(void);

/* By the same thread; no allocation.  Cost: about 6 system calls. */
void usage_go(struct usage *usage);
void usage_stop(struct usage *usage);

/*
 * The thread's switch records, for switch_reader_init(), or NULL when it has
 * none.  Belongs to the usage; read after the thread was joined.
 */
const struct switch_ring *usage_switch_ring(const struct usage *usage);

/*
 * The object that results/README.md calls usage; frees the usage.  Called
 * after the thread was joined.  Returns null for a usage that was NULL or
 * never stopped.
 */
json_t *usage_json(struct usage *usage);

#endif
