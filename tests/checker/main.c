/* SPDX-License-Identifier: MIT */
/*
 * The interleaving checker's command line: one program per policy and waiting
 * mode, tests/bin/checker-POLICY[-MODE].  docs/checker.md is its manual.
 *
 * Without options it does what `make check` wants: every program with 2
 * threads to 3 preemptions and with 3 threads to 2.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/die.h"
#include "tests/checker/options.h"
#include "tests/checker/programs.h"
#include "tests/checker/subject.h"
#include "tests/checker/trace.h"

#define EXIT_FOUND     1
#define EXIT_CUT_SHORT 3
#define EXIT_SKIPPED   77

static int64_t
deadline_ns(double budget_s)
{
	struct timespec now;

	if (budget_s == 0)
		return 0;
	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		DIE_ERRNO(errno, "clock_gettime");
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec +
	       (int64_t)(budget_s * 1e9);
}

static void
list_programs(void)
{
	for (int i = 0; i < nprograms; i++)
		printf("%-9s %-6s %-6s %-6s %s\n", programs[i].name,
			programs[i].scripts[0], programs[i].scripts[1],
			programs[i].scripts[2], programs[i].about);
}

/* Say how a search of the current program went. */
static void
report(const struct search *search)
{
	printf("%s %-8s %d threads, ", checker_name(), program->name,
		search->threads);
	if (search->is_complete)
		printf("all interleavings");
	else
		printf("%d preemptions", search->preemptions);
	printf(": %" PRIu64 " schedules, %" PRIu64 " states, %" PRIu64
	       " steps: %s\n",
		search->schedules, search->states, search->steps,
		search->verdict == VERDICT_PASSED ? "ok"
		: search->verdict == VERDICT_FAILED
			? "FAILED"
			: "CUT SHORT: no time or memory left");
	fflush(stdout);
}

static void
report_error(const struct search *search)
{
	printf("%s\n", failure);
	(void)trace_replay(stdout, search, &search->schedule); /* it fails */
	printf("again: tests/bin/%s --program %s --threads %d", checker_name(),
		program->name, search->threads);
	if (search->is_full && search->threads > 2)
		printf(" --full");
	if (is_plain)
		printf(" --plain");
	if (search->usable_cpus != 2)
		printf(" --cpus %d", search->usable_cpus);
	if (search->option_name != NULL)
		printf(" --set %s=%s", search->option_name,
			search->option_value);
	printf(" --replay '");
	schedule_print(stdout, &search->schedule);
	printf("'\n");
}

/* What has been done so far. */
struct tally {
	int searches;
	uint64_t schedules;
	int status; /* exit status */
};

static void
check_program(struct search *search, struct tally *tally)
{
	explore(search);
	report(search);
	tally->searches++;
	tally->schedules += search->schedules;
	if (search->verdict == VERDICT_CUT_SHORT)
		tally->status = EXIT_CUT_SHORT;
	if (search->verdict != VERDICT_FAILED)
		return;
	report_error(search);
	schedule_free(&search->schedule);
	tally->status = EXIT_FOUND;
}

/* Whether there is something to check in it. */
static bool
program_suits(const struct program *candidate)
{
	bool has_timer = subject.tick_source == 1 || subject.tick_source == 2;

	return promise->lets_in >= candidate->needs &&
	       (has_timer || !candidate->runs_timer);
}

static bool
is_wanted(const struct options *options, const struct program *candidate)
{
	if (options->program != NULL)
		return strcmp(options->program, candidate->name) == 0;
	return program_suits(candidate);
}

/* All programs; an error ends it. */
static void
check_programs(struct search *search, const struct options *options,
	struct tally *tally)
{
	for (int i = 0; i < nprograms && tally->status != EXIT_FOUND; i++) {
		if (!is_wanted(options, &programs[i]))
			continue;
		program = &programs[i];
		check_program(search, tally);
	}
}

static int
check_all(struct search *search, const struct options *options)
{
	struct tally tally = {0};

	for (int threads = 2; threads <= 3; threads++) {
		if (options->threads != 0 && options->threads != threads)
			continue;
		search->threads = threads;
		search->is_full = options->is_full || threads == 2;
		search->bound = options->bound >= 0 ? options->bound
				: threads == 2      ? 3
						    : 2;
		check_programs(search, options, &tally);
	}
	printf("%s: %d searches, %" PRIu64 " schedules: %s\n", checker_name(),
		tally.searches, tally.schedules,
		tally.status == EXIT_OK      ? "nothing found"
		: tally.status == EXIT_FOUND ? "an error"
					     : "not finished");
	return tally.status;
}

static int
replay(struct search *search, const struct options *options)
{
	struct schedule schedule = {0};
	const char *why = schedule_parse(&schedule, options->replay);
	int rc;

	if (why != NULL)
		refuse("--replay", why);
	search->threads = options->threads == 0 ? 2 : options->threads;
	search->is_full = options->is_full || search->threads == 2;
	rc = trace_replay(stdout, search, &schedule);
	schedule_free(&schedule);
	return rc < 0 ? EXIT_USAGE : rc;
}

static void
set_option(struct search *search, char *text)
{
	char *equals = strchr(text, '=');
	const char *why;

	if (equals == NULL)
		refuse("--set needs NAME=VALUE, not", text);
	*equals = '\0';
	search->option_name = text;
	search->option_value = equals + 1;
	subject_reset(search->usable_cpus);
	why = subject_set_option(search->option_name, search->option_value);
	if (why != NULL)
		refuse(text, why);
}

int
main(int argc, char **argv)
{
	struct options options;
	struct search search = {0};

	options_parse(&options, argc, argv);
	if (subject.max_threads == 1) {
		printf("checker-%s: it excludes nobody: nothing to check\n",
			subject.policy);
		return EXIT_SKIPPED;
	}
	promise_find(subject.policy, options.option);
	if (options.program != NULL && program_find(options.program) == NULL)
		refuse("there is no such program", options.program);
	if (options.lists) {
		list_programs();
		return EXIT_OK;
	}
	crash_catch_all();
	search.usable_cpus = options.cpus;
	search.max_states = (size_t)options.states_millions * 1000000;
	search.deadline_ns = deadline_ns(options.budget_s);
	if (options.option != NULL)
		set_option(&search, options.option);
	if (options.replay == NULL)
		return check_all(&search, &options);
	program = options.program == NULL ? programs
					  : program_find(options.program);
	return replay(&search, &options);
}
