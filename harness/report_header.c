/* SPDX-License-Identifier: MIT */
/* The head of a report: which run, what became of it, on which machine. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/compiler.h"
#include "common/die.h"
#include "common/parse.h"
#include "harness/report.h"
#include "harness/stats.h"
#include "harness/text.h"

/* Launches without figures that are shown one by one. */
#define MAX_CASUALTIES 5

/* Above these medians a machine is too busy for its figures to mean much. */
#define NOISY_STEAL_RATIO   0.02
#define NOISY_FOREIGN_RATIO 0.10

static const char *const launch_statuses[] = {
	"ok", "starved", "overloaded", "failed", "crashed", "timeout"};

static int64_t
session_number(const struct report_model *model, const char *key)
{
	return json_integer_value(json_object_get(model_session(model), key));
}

static void
add_files(char **text, const struct report_model *model)
{
	text_append(text, "gilbench report of");
	for (int i = 0; i < model->nfiles; i++)
		text_append(text, "%s %s", i > 0 ? "," : "", model->names[i]);
	text_append(text, "\n");
}

static void
add_plan(char **text, const struct report_model *model)
{
	const json_t *session = model_session(model);
	char duration[24], warmup[24];

	format_duration(session_number(model, "duration_ns"), duration);
	format_duration(session_number(model, "warmup_ns"), warmup);
	text_append(text,
		"plan: matrix %s, seed %lld, %lld blocks of %d cells, %s per "
		"launch after %s of warm-up\n",
		member_text(session, "matrix", "?"),
		(long long)session_number(model, "seed"),
		(long long)session_number(model, "blocks"), model->ncells,
		duration, warmup);
	text_append(text, "build: gilbench %s, revision %s; started %s\n",
		member_text(session, "version", "?"),
		member_text(session, "revision", "?"),
		member_text(session, "started_utc", "?"));
}

static void
add_host(char **text, const struct report_model *model)
{
	const json_t *host = json_object_get(model_session(model), "host");

	text_append(text,
		"host: %s, %lld CPUs, %s, Linux %s, %s, clocksource %s, "
		"hypervisor %s\n",
		member_text(host, "cpu_model", "unknown CPU"),
		(long long)json_integer_value(json_object_get(host, "cpus")),
		member_text(host, "os", "unknown system"),
		member_text(host, "kernel", "?"),
		member_text(host, "libc", "unknown libc"),
		member_text(host, "clocksource", "?"),
		member_text(host, "hypervisor", "none seen"));
}

int
report_count_status(const struct report_model *model, const char *status)
{
	int count = 0;

	for (int f = 0; f < model->nfiles; f++)
		for (size_t i = 0; i < model->files[f].nlaunches; i++)
			count += strcmp(member_text(model->files[f].launches[i],
						"status", ""),
					 status) == 0;
	return count;
}

static void
add_launches(char **text, const struct report_model *model)
{
	const char *gap = " ";

	text_append(
		text, "launches: %d of %d done:", model->done, model->planned);
	for (size_t i = 0; i < ARRAY_LEN(launch_statuses); i++) {
		int count = report_count_status(model, launch_statuses[i]);

		if (count == 0)
			continue;
		text_append(text, "%s%d %s", gap, count, launch_statuses[i]);
		gap = ", ";
	}
	text_append(text, "\n");
	for (int f = 0; f < model->nfiles; f++)
		if (model->files[f].end == NULL)
			text_append(text,
				"interrupted: the run of %s has no end record; "
				"`gilbench run --resume` goes on with it\n",
				model->names[f]);
}

/* The first line of what a launch said before it went. */
static void
add_casualty(
	char **text, const struct report_model *model, const json_t *launch)
{
	const struct report_cell *cell = &model->cells[json_integer_value(
		json_object_get(launch, "cell"))];
	const json_t *signal = json_object_get(launch, "signal");
	const char *words = member_text(launch, "stderr", "");
	const char *error = member_text(launch, "error",
		member_text(json_object_get(launch, "run"), "error", words));

	text_append(text, "  launch %lld: %s %s (%s): %s",
		(long long)json_integer_value(json_object_get(launch, "id")),
		cell->workload, cell->executable, cell->place,
		member_text(launch, "status", "?"));
	if (json_is_integer(signal))
		text_append(text, ", signal %lld",
			(long long)json_integer_value(signal));
	if (error[0] != '\0')
		text_append(text, ": %.*s", (int)strcspn(error, "\n"), error);
	text_append(text, "\n");
}

static void
add_casualties(char **text, const struct report_model *model)
{
	int shown = 0, more = 0;

	for (int f = 0; f < model->nfiles; f++)
		for (size_t i = 0; i < model->files[f].nlaunches; i++) {
			const json_t *launch = model->files[f].launches[i];

			if (launch_has_figures(launch))
				continue;
			if (shown++ < MAX_CASUALTIES)
				add_casualty(text, model, launch);
			else
				more++;
		}
	if (more > 0)
		text_append(
			text, "  and %d more launches without figures\n", more);
}

/* How the driver changed a cell that could not run as asked. */
static void
add_notes(char **text, const struct report_model *model)
{
	for (int i = 0; i < model->ncells; i++) {
		const struct report_cell *cell = &model->cells[i];

		if (cell->note != NULL)
			text_append(text, "changed: %s %s: %s\n",
				cell->workload, cell->executable, cell->note);
	}
}

static void
add_refused(char **text, const struct report_model *model)
{
	for (int i = 0; i < model->ncells; i++) {
		const struct report_cell *cell = &model->cells[i];

		if (cell->refused != NULL)
			text_append(text, "not run: %s %s: %s\n",
				cell->workload, cell->executable,
				cell->refused);
	}
}

/* A share of the host's CPU time: median and worst over all launches. */
static struct stats_summary
sum_up_share(const struct report_model *model, const char *key)
{
	double *shares = calloc((size_t)model->done + 1, sizeof(*shares));
	struct stats_summary summary = {.n = 0};
	int n = 0;

	if (shares == NULL)
		DIE_ERRNO(ENOMEM, "shares of CPU time");
	for (int f = 0; f < model->nfiles; f++)
		for (size_t i = 0; i < model->files[f].nlaunches; i++) {
			const json_t *share = json_object_get(
				json_object_get(
					model->files[f].launches[i], "host"),
				key);

			if (json_is_number(share))
				shares[n++] = json_number_value(share);
		}
	if (n > 0)
		summary = stats_summarize(shares, n);
	free(shares);
	return summary;
}

static void
add_noise(char **text, const struct report_model *model)
{
	struct stats_summary steal = sum_up_share(model, "steal_ratio");
	struct stats_summary foreign = sum_up_share(model, "foreign_cpu_ratio");

	if (steal.n == 0 || foreign.n == 0)
		return;
	text_append(text,
		"noise: CPU time stolen: median %.1f %%, worst launch %.1f %%; "
		"used by other programs: median %.1f %%, worst launch %.1f "
		"%%\n",
		100.0 * steal.median, 100.0 * steal.max, 100.0 * foreign.median,
		100.0 * foreign.max);
	if (steal.median > NOISY_STEAL_RATIO ||
		foreign.median > NOISY_FOREIGN_RATIO)
		text_append(text,
			"WARNING: the machine was not quiet (more than %.0f %% "
			"stolen or %.0f %% used by others): the figures below "
			"are those of a busy machine\n",
			100.0 * NOISY_STEAL_RATIO, 100.0 * NOISY_FOREIGN_RATIO);
}

/* What the range under a figure is, for each number of launches there is. */
static void
add_statistics(char **text, const struct report_model *model)
{
	text_append(text,
		"figures: median over the n launches of a cell; quantiles of "
		"their samples together.\n"
		"  Below a figure stands the interval of its launches:\n");
	for (int n = 2; n <= model->done; n++) {
		struct stats_interval interval =
			stats_median_interval(n, STATS_LEVEL_RATIO);
		bool is_there = false;

		for (int i = 0; i < model->ncells; i++)
			is_there |= model->cells[i].nlaunches == n;
		if (is_there)
			text_append(text,
				"  n = %d: launch %d to %d in ascending order, "
				"which covers the true median with %.1f %%%s\n",
				n, interval.low_rank, interval.high_rank,
				100.0 * interval.coverage_ratio,
				interval.low_rank == 1 ? " (min to max)" : "");
	}
}

char *
report_header(const struct report_model *model)
{
	char *text = text_copy("");

	add_files(&text, model);
	add_plan(&text, model);
	add_launches(&text, model);
	add_casualties(&text, model);
	add_refused(&text, model);
	add_notes(&text, model);
	add_host(&text, model);
	add_noise(&text, model);
	add_statistics(&text, model);
	/* A record holds what a dying process wrote: no escape sequences. */
	for (char *c = text; *c != '\0'; c++)
		if (*c != '\n' && iscntrl((unsigned char)*c))
			*c = '?';
	return text;
}
