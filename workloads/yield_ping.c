/* SPDX-License-Identifier: MIT */
/*
 * yield_ping: n threads that only hand the GIL round.
 *
 * Stands for the worst case of a switch-happy program (Thread.pass in a loop,
 * OCaml's testyield): nothing but switches, so that their price shows.
 *
 * One phase per entry of --threads.  With two threads and a policy whose
 * waiting mode has a bare primitive, the phase alternates with a ping-pong of
 * that primitive alone, in the same launch and placement (raw_pingpong.h):
 * the quarters are ours, raw, raw, ours.
 */
#include "common/clock.h"
#include "runtime/thread/region.h"
#include "workloads/crew.h"
#include "workloads/raw_pingpong.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { OPT_THREADS, OPT_RAW };

static const struct workload_option options[] = {
	[OPT_THREADS] = {"threads", OPTION_THREADS, "2,2c", 1, 1024, NULL,
		"threads, one phase each; 2c is twice the CPUs"},
	[OPT_RAW] = {"raw", OPTION_CHOICE, "on", 0, 0, "off,on",
		"with 2 threads, measure the bare primitive beside it"},
	{0},
};

static uint64_t
hand_round(struct crew_member *self)
{
	struct crew *crew = self->crew;
	uint64_t left = (uint64_t)crew->run->iterations;
	uint64_t done = 0;

	while (crew_is_running(crew)) {
		thread_pass(&self->thread);
		thread_poll(&self->thread);
		if (++done == left)
			break;
	}
	return done;
}

static int
run_ours(struct run *run, const char *name, int nthreads, int64_t duration_ns,
	bool is_warmup)
{
	struct crew crew;
	struct phase *phase;
	int rc;

	crew_init(&crew, run, name, nthreads, is_warmup);
	for (int i = 0; i < nthreads; i++)
		crew_enlist(&crew, "ping", i, hand_round, NULL, true);
	rc = crew_gather(&crew);
	if (rc != 0)
		return rc;
	crew_work(&crew, duration_ns);
	crew_dismiss(&crew);
	phase = crew.phase;
	if (phase->value[METRIC_ID_SWITCHES_RATE] > 0.0)
		phase_set(phase, METRIC_ID_ONEWAY,
			(double)NS_PER_S /
				phase->value[METRIC_ID_SWITCHES_RATE]);
	return 0;
}

/* The CPUs of two threads in this placement, or NULL for any. */
static const int *
raw_cpus(const struct run *run, int cpus[2])
{
	if (run->place == PLACE_FREE)
		return NULL;
	cpus[0] = run->cpus[0];
	cpus[1] = run->place == PLACE_PIN1 ? run->cpus[0]
					   : run->cpus[1 % run->ncpus];
	return cpus;
}

/* Half of the time for each side, in the order ours, raw, raw, ours. */
static int
run_beside_raw(struct run *run, const char *name, int64_t duration_ns)
{
	int cpus[2];
	uint64_t passages = 0;
	int64_t wall_ns = 0;
	struct phase *first, *last;
	int rc = run_ours(run, name, 2, duration_ns / 4, false);

	if (rc != 0)
		return rc;
	first = run->phases.items[run->phases.length - 1];
	thread_leave_gil(run->main);
	rc = raw_pingpong(gil_variant.mode, raw_cpus(run, cpus),
		duration_ns / 2, &passages, &wall_ns);
	thread_take_gil(run->main);
	if (rc != 0)
		return run_fail(run, rc, "raw ping-pong of mode %s: %s",
			gil_variant.mode, strerror(-rc));
	rc = run_ours(run, "threads=2 again", 2, duration_ns / 4, false);
	if (rc != 0)
		return rc;
	last = run->phases.items[run->phases.length - 1];
	if (passages > 0 && first->status_of[METRIC_ID_ONEWAY] == METRIC_OK &&
		last->status_of[METRIC_ID_ONEWAY] == METRIC_OK) {
		double raw_ns = (double)wall_ns / (double)passages;
		double ours_ns = (first->value[METRIC_ID_ONEWAY] +
					 last->value[METRIC_ID_ONEWAY]) /
				 2.0;

		phase_set(first, METRIC_ID_RAW_ONEWAY, raw_ns);
		phase_set(first, METRIC_ID_ONEWAY_RATIO, ours_ns / raw_ns);
	}
	return 0;
}

/* Two spinning threads on one CPU would only measure the kernel's slices. */
static bool
has_raw(const struct run *run)
{
	const char *mode = gil_variant.mode;

	if (strcmp(run->values[OPT_RAW].text, "on") != 0 ||
		run->iterations != 0)
		return false;
	if (strcmp(mode, "futex") == 0 || strcmp(mode, "cond") == 0)
		return true;
	return strcmp(mode, "spin") == 0 && run->place != PLACE_PIN1 &&
	       run->ncpus > 1;
}

static int
run_yield_ping(struct run *run)
{
	const struct workload_value *list = &run->values[OPT_THREADS];
	int64_t share_ns = run->duration_ns / list->length;
	int rc = 0;

	if (run->warmup_ns > 0 && run->iterations == 0)
		rc = run_ours(
			run, "warm-up", list->counts[0], run->warmup_ns, true);
	for (int i = 0; i < list->length && rc == 0; i++) {
		char name[24];

		snprintf(name, sizeof(name), "threads=%d", list->counts[i]);
		if (list->counts[i] == 2 && has_raw(run))
			rc = run_beside_raw(run, name, share_ns);
		else
			rc = run_ours(
				run, name, list->counts[i], share_ns, false);
	}
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

const struct workload workload_yield_ping = {
	.name = "yield_ping",
	.summary = "n threads that only hand the GIL round",
	.stands_for =
		"programs that yield all the time (Thread.pass, testyield)",
	.options = options,
	.can_separate = false,
	.can_count = true,
	.threads = threads_of,
	.run = run_yield_ping,
};
