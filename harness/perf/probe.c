/* SPDX-License-Identifier: MIT */
/* The roster of this process, put to the test. */
#include "harness/perf/probe.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "harness/perf/counters.h"

#define SPIN_NS      (2 * NS_PER_MS)
#define FAULTS       64
#define SLEEPS       10
#define SLEEP_NS     (50 * NS_PER_US)
#define SWITCHES_MIN 5

/* Spend SPIN_NS of CPU time on branches that no predictor can learn. */
static void
spin(void)
{
	int64_t end_ns = clock_thread_cpu_ns() + SPIN_NS;
	uint32_t random = 2463534242u;
	uint32_t odd = 0;

	do {
		for (int i = 0; i < 1000; i++) {
			random ^= random << 13;
			random ^= random >> 17;
			random ^= random << 5;
			if (random & 1) {
				odd++;
				KEEP_VALUE(odd); /* keeps it a branch */
			}
		}
	} while (clock_thread_cpu_ns() < end_ns);
}

static void
fault(void)
{
	size_t page = (size_t)getpagesize();
	char *memory = mmap(NULL, FAULTS * page, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		DIE_ERRNO(errno, "mmap of 64 pages");
	/* Fails where there are no huge pages, which is as good. */
	(void)madvise(memory, FAULTS * page, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < FAULTS; i++)
		*(volatile char *)&memory[i * page] = 1;
	if (munmap(memory, FAULTS * page) != 0)
		DIE_ERRNO(errno, "munmap of 64 pages");
}

static void
work(void)
{
	spin();
	fault();
	for (int i = 0; i < SLEEPS; i++)
		clock_sleep_until_ns(clock_now_ns() + SLEEP_NS);
}

static void
judge_event(const struct counters *counters, int i, struct roster_event *entry)
{
	struct counter_value value;
	struct counter_reason reason;

	counters_value(counters, i, &value, &reason);
	/* Sharing the PMU, even for all of 3 ms, is not a defect. */
	if (reason.status == COUNTER_NOT_COUNTED && value.enabled_ns > 0)
		return;
	if (!counter_has_value(reason.status))
		entry->reason = reason;
	else if (value.value < entry->alive_count)
		reason_set(&entry->reason, COUNTER_SUSPECT_ZERO,
			"counted %" PRIu64 " in a self-test that must count "
			"%" PRIu64 " or more",
			value.value, entry->alive_count);
}

static void
judge_switches(const struct counters *counters, struct perf_roster *roster)
{
	struct switch_counts counts;
	struct counter_reason reason;

	counters_switches(counters, &counts, &reason);
	if (reason.status != COUNTER_OK)
		roster->switches = reason;
	else if (counts.out < SWITCHES_MIN)
		reason_set(&roster->switches, COUNTER_SUSPECT_ZERO,
			"%" PRIu64 " records of a self-test that must leave "
			"%d or more",
			counts.out, SWITCHES_MIN);
	else
		roster->ring_pages = counters->ring.data_pages;
}

void
roster_test(struct perf_roster *roster)
{
	struct counters counters;

	counters_open(&counters, roster);
	counters_start(&counters);
	work();
	counters_stop(&counters);
	for (int i = 0; i < roster->nevents; i++)
		judge_event(&counters, i, &roster->events[i]);
	judge_switches(&counters, roster);
	counters_close(&counters);
}

static struct perf_roster the_roster; /* [C] after make_roster() */

static void
make_roster(void)
{
	roster_init(&the_roster);
	roster_test(&the_roster);
}

const struct perf_roster *
perf_roster(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int err = pthread_once(&once, make_roster);

	if (err != 0)
		DIE_ERRNO(err, "pthread_once");
	return &the_roster;
}
