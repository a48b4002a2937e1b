/* SPDX-License-Identifier: MIT */
/*
 * countdown: n threads of pure computation with a safepoint per iteration.
 *
 * Stands for CPU-bound interpreter threads, Beazley's `while n > 0: n -= 1`:
 * it shows what ticks and switches cost when nobody blocks.  Leaves out
 * allocation and cache footprint: a switch is as cheap as it can be.
 *
 * One phase per entry of --threads; the ideal is the throughput of one thread,
 * since a GIL lets one compute at a time.
 */
#include "common/clock.h"
#include "runtime/thread/region.h"
#include "workloads/compute.h"
#include "workloads/crew.h"

#include <stdio.h>

enum { OPT_THREADS, OPT_STEPS };

static const struct workload_option options[] = {
	[OPT_THREADS] = {"threads", OPTION_THREADS, "1,1c,2c", 1, 1024, NULL,
		"computing threads, one phase each; 2c is twice the CPUs"},
	[OPT_STEPS] = {"steps", OPTION_COUNT, "1", 1, 1000000, NULL,
		"length of the loop body in steps of about 1 ns"},
	{0},
};

static uint64_t
count_down(struct crew_member *self)
{
	struct crew *crew = self->crew;
	int64_t steps = crew->run->values[OPT_STEPS].number;
	uint64_t left = (uint64_t)crew->run->iterations;
	uint64_t value = (uint64_t)self->index, done = 0;

	while (crew_is_running(crew)) {
		value = compute_steps(value, steps);
		thread_poll(&self->thread);
		if (++done == left)
			break;
	}
	KEEP_VALUE(value);
	return done;
}

static int
run_phase(struct run *run, int nthreads, int64_t duration_ns, bool is_warmup)
{
	struct crew crew;
	char name[24];
	int rc;

	snprintf(name, sizeof(name), "threads=%d", nthreads);
	crew_init(
		&crew, run, is_warmup ? "warm-up" : name, nthreads, is_warmup);
	for (int i = 0; i < nthreads; i++)
		crew_enlist(&crew, "compute", i, count_down, NULL, true);
	rc = crew_gather(&crew);
	if (rc != 0)
		return rc;
	crew_work(&crew, duration_ns);
	crew_dismiss(&crew);
	return 0;
}

static int
run_countdown(struct run *run)
{
	const struct workload_value *list = &run->values[OPT_THREADS];
	int rc = 0;

	if (run->warmup_ns > 0 && run->iterations == 0)
		rc = run_phase(run, list->counts[0], run->warmup_ns, true);
	for (int i = 0; i < list->length && rc == 0; i++)
		rc = run_phase(run, list->counts[i],
			run->duration_ns / list->length, false);
	return rc;
}

static int
threads_of(const struct workload_value *values)
{
	int most = 0;

	for (int i = 0; i < values[OPT_THREADS].length; i++)
		if (values[OPT_THREADS].counts[i] > most)
			most = values[OPT_THREADS].counts[i];
	return most;
}

const struct workload workload_countdown = {
	.name = "countdown",
	.summary = "n threads of pure computation, a safepoint per iteration",
	.stands_for = "CPU-bound interpreter threads (Beazley's countdown)",
	.options = options,
	.can_separate = true,
	.can_count = true,
	.threads = threads_of,
	.run = run_countdown,
};
