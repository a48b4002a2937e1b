/* SPDX-License-Identifier: MIT */
/*
 * main of every gilrun-*: parse, place, start the runtime, run, one record.
 *
 * Exit status: 0 with a record; 2 for bad input, or for what the system would
 * not give (threads, memory, a CPU), with one sentence; 5 with a record when
 * the workload found a wrong answer.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/affinity.h"
#include "common/die.h"
#include "harness/perf/usage.h"
#include "harness/run/gilrun.h"
#include "runtime/gil/variant.h"

static void *
begin_usage(void *context, int phase_index)
{
	(void)context;
	(void)phase_index; /* every phase is measured alike */
	return usage_begin();
}

static void
go_usage(void *usage)
{
	usage_go(usage);
}

static void
stop_usage(void *usage)
{
	usage_stop(usage);
}

/* The directory of this executable: the load client lies beside it. */
static void
find_program_dir(char *directory, size_t capacity)
{
	ssize_t length = readlink("/proc/self/exe", directory, capacity - 1);
	char *slash;

	if (length < 0)
		DIE_ERRNO(errno, "readlink of /proc/self/exe");
	directory[length] = '\0';
	slash = strrchr(directory, '/');
	if (slash != NULL)
		*slash = '\0';
}

static void
apply_sets(struct gil *gil, const struct gilrun_options *options)
{
	for (int i = 0; i < options->nsets; i++) {
		const char *name = options->sets[i].name;
		const char *value = options->sets[i].value;
		const char *reason = gil_set_option(gil, name, value);

		if (reason != NULL)
			gilrun_usage("--set %s=%s: %s", name, value, reason);
	}
}

/* A policy that excludes nobody must not be asked to. */
static void
check_threads(const struct gilrun_options *options)
{
	int wanted = options->workload->threads(options->values);
	int allowed = gil_max_threads();

	if (gil_separates()) {
		if (!options->workload->can_separate)
			gilrun_usage("%s hands one GIL round: no use for "
				     "separate processes",
				options->workload->name);
		return;
	}

	if (allowed != 0 && wanted > allowed)
		gilrun_usage("the policy %s runs %d thread; %s needs %d",
			gil_variant.policy, allowed, options->workload->name,
			wanted);
}

static int
run_workload(const struct gilrun_options *options, struct run *run)
{
	struct runtime_config config = {
		.usable_cpus = run->place == PLACE_PIN1 ? 1 : run->ncpus,
		.slice_ns = options->slice_ns,
		.ring_events = (uint64_t)options->ring_events};
	struct thread main_thread = {0};
	int rc = runtime_start(&config, &main_thread);

	if (rc != 0)
		gilrun_usage("cannot start the runtime: %s", strerror(-rc));
	apply_sets(main_thread.gil->gil, options);
	run->main = &main_thread;
	run->slice_ns = main_thread.gil->gil->tick.slice_ns;
	rc = options->workload->run(run);
	run->main = NULL;
	runtime_stop(&main_thread);
	return rc;
}

static int
print_json(json_t *object)
{
	int rc = json_dumpf(
		object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(17));

	json_decref(object);
	if (rc != 0 || putchar('\n') == EOF || fflush(stdout) != 0)
		gilrun_usage(
			"cannot write to standard output: %s", strerror(errno));
	return EXIT_OK;
}

int
main(int argc, char **argv)
{
	static char program_dir[4096];
	static int cpus[CPU_SETSIZE];
	struct gilrun_options options;
	struct run run = {0};
	int rc;

	gilrun_parse(argc, argv, &options);
	if (options.describe)
		return print_json(gilrun_describe());
	check_threads(&options);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		DIE_ERRNO(errno, "signal");
	if (prctl(PR_SET_TIMERSLACK, (unsigned long)options.timer_slack_ns) !=
		0)
		DIE_ERRNO(errno, "prctl(PR_SET_TIMERSLACK)");
	find_program_dir(program_dir, sizeof(program_dir));
	run.ncpus = affinity_cpus(cpus, CPU_SETSIZE);
	run.cpus = cpus;
	run.place = options.place;
	run.duration_ns = options.duration_ns;
	run.warmup_ns = options.warmup_ns;
	run.iterations = options.iterations;
	run.nonce = (uint64_t)options.nonce;
	run.program_dir = program_dir;
	/* Counting makes a context switch dearer: not in a bare twin. */
	if (!gil_variant.bare) {
		usage_prepare();
		run.hooks = (struct run_hooks){
			begin_usage, go_usage, stop_usage, NULL};
	}
	memcpy(run.values, options.values, sizeof(run.values));
	if (run.place == PLACE_PIN1) {
		rc = affinity_pin(cpus[0]);
		if (rc != 0)
			gilrun_usage("cannot pin to CPU %d: %s", cpus[0],
				strerror(-rc));
	}
	rc = run_workload(&options, &run);
	if (rc != 0 && rc != -EBADMSG)
		gilrun_usage("%s", run.error);
	(void)print_json(gilrun_record(&options, &run, rc)); /* or it exits */
	if (rc != 0)
		fprintf(stderr, "gilrun-%s: %s\n", gil_variant.name, run.error);
	phase_list_free(&run.phases);
	return rc == 0 ? EXIT_OK : EXIT_CRASHED;
}
