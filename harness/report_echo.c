/* SPDX-License-Identifier: MIT */
/* The tables of echo: open loop and closed loop. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/compiler.h"
#include "harness/report_tables.h"

/* A round trip is "at" a number of slices when it is this near to it. */
#define SLICE_WINDOW_NS (NS_PER_MS * 6 / 10)
#define SLICES_COUNTED  3 /* 0, 1 and 2 */

#define ROW_COLUMNS                                                            \
	{"group", "", COLUMN_GROUP, 0}, {"place", "", COLUMN_HIDDEN, 0},       \
		{"cpus", "", COLUMN_HIDDEN, 0},                                \
		{"compute", "", COLUMN_HIDDEN, 0},                             \
		{"variant", "variant", COLUMN_TEXT, 0},                        \
		{"options", "options", COLUMN_TEXT, 0},                        \
	{                                                                      \
		"launches", "n", COLUMN_NUMBER, 0                              \
	}

/* The variant's countdown, of the same placement if there is one. */
static const struct report_cell *
find_countdown(const struct report_model *model, const struct report_cell *echo)
{
	const struct report_cell *found = NULL;

	for (int i = 0; i < model->ncells; i++) {
		const struct report_cell *cell = &model->cells[i];

		if (strcmp(cell->workload, "countdown") != 0 ||
			strcmp(cell->variant, echo->variant) != 0)
			continue;
		/* Only the loop body that echo's own threads run. */
		if (cell_option_number(cell, "steps", 1) != 1)
			continue;
		if (found == NULL || strcmp(cell->place, echo->place) == 0)
			found = cell;
	}
	return found;
}

/* Countdown's throughput with so many threads; none if it did not run. */
static struct launch_values
countdown_rate(const struct report_model *model, const struct report_cell *echo,
	int threads)
{
	static const struct report_cell none;
	const struct report_cell *cell = find_countdown(model, echo);
	char phase[32];

	snprintf(phase, sizeof(phase), "threads=%d", threads);
	return launch_values(
		cell == NULL ? &none : cell, phase, METRIC_ID_ITERATIONS_RATE);
}

struct figure
figure_of_kept_compute(const struct report_model *model,
	const struct report_cell *echo, const char *phase)
{
	int computing = cell_option_number(echo, "compute", 0);
	struct launch_values alone = countdown_rate(model, echo, computing);
	struct launch_values here =
		launch_values(echo, phase, METRIC_ID_ITERATIONS_RATE);
	struct launch_values kept = launch_values_ratio(&here, &alone);
	struct figure figure = figure_of_values(&kept, UNIT_PERCENT);

	launch_values_free(&alone);
	launch_values_free(&here);
	launch_values_free(&kept);
	return figure;
}

/*
 * The share of samples near a number of slices.  Short slices have windows of
 * half a slice, so that no sample is near two of them.
 */
static double
slice_share(const struct hist *hist, double slice_ns, int slices)
{
	double half_ns = fmin((double)SLICE_WINDOW_NS, slice_ns / 2.0);
	double center_ns = slice_ns * slices;

	return hist_share_ratio(hist, llround(fmax(center_ns - half_ns, 0.0)),
		llround(center_ns + half_ns) - 1);
}

/* The same for each launch with its own slice; NAN without a slice. */
static void
fill_shares(const struct launch_hists *hists,
	const struct launch_values *slices_ns, int slices,
	struct launch_values *shares)
{
	int first = slices < 0 ? 0 : slices;
	int last = slices < 0 ? SLICES_COUNTED - 1 : slices;

	for (int i = 0; i < shares->n; i++) {
		double sum = 0.0;

		shares->values[i] = NAN;
		if (isnan(slices_ns->values[i]) || hists->each[i]->count == 0)
			continue;
		for (int s = first; s <= last; s++)
			sum += slice_share(
				hists->each[i], slices_ns->values[i], s);
		shares->values[i] = sum;
	}
}

struct figure
figure_of_slice_share(
	const struct report_cell *echo, const char *phase, int slices)
{
	struct launch_hists hists =
		launch_hists(echo, phase, METRIC_ID_ROUND_TRIP);
	struct launch_values slices_ns =
		launch_values(echo, phase, METRIC_ID_SLICE_EFFECTIVE);
	struct launch_values shares =
		launch_values(echo, phase, METRIC_ID_SLICE_EFFECTIVE);
	struct figure figure = figure_none(hists.why);

	/* Launch by launch the two lists match only if none lacks its own. */
	if (hists.n == shares.n) {
		fill_shares(&hists, &slices_ns, slices, &shares);
		figure = figure_of_values(&shares, UNIT_PERCENT);
	}
	launch_hists_free(&hists);
	launch_values_free(&slices_ns);
	launch_values_free(&shares);
	return figure;
}

/* answered / offered of all launches together; 1 if nobody offered any. */
static double
answered_ratio(const struct report_cell *echo, const char *phase)
{
	struct launch_values offered =
		launch_values(echo, phase, METRIC_ID_OFFERED);
	struct launch_values answered =
		launch_values(echo, phase, METRIC_ID_ANSWERED);
	double sum_offered = 0.0, sum_answered = 0.0;

	for (int i = 0; i < offered.n; i++) {
		if (isnan(offered.values[i]) || isnan(answered.values[i]))
			continue;
		sum_offered += offered.values[i];
		sum_answered += answered.values[i];
	}
	launch_values_free(&offered);
	launch_values_free(&answered);
	return sum_offered > 0.0 ? sum_answered / sum_offered : 1.0;
}

struct figure
figure_of_response(const struct report_cell *echo, const char *phase,
	const struct launch_hists *hists, double quantile_ratio)
{
	struct figure figure = figure_of_quantile(hists, quantile_ratio);
	double answered = answered_ratio(echo, phase);
	char trouble[64];

	/* Beyond the answered share every sample is censored; an overloaded
	 * phase is all of it a lower bound. */
	cell_trouble(echo, phase, trouble, sizeof(trouble));
	figure.is_lower_bound =
		figure.state == FIGURE_OK &&
		(strncmp(trouble, "overloaded", 10) == 0 ||
			(answered < 1.0 && quantile_ratio > answered));
	return figure;
}

static void
begin_row(struct table *table, const struct report_model *model,
	const struct row *row)
{
	char heading[96];
	char *options = cell_peculiar_options(model, row->cell, "compute");

	row_heading(row, "computing thread", heading);
	table_text(table, "%s", heading);
	table_text(table, "%s", row->cell->place);
	table_text(table, "%d", cell_cpus(row->cell));
	table_text(table, "%d", row->number);
	table_text(table, "%s", row->cell->variant);
	table_text(table, "%s", options);
	table_text(table, "%d", row->cell->nlaunches);
	free(options);
}

static void
end_row(struct table *table, const struct report_model *model,
	const struct row *row)
{
	char trouble[64];

	table_figure(
		table, figure_of_kept_compute(model, row->cell, row->phase));
	cell_trouble(row->cell, row->phase, trouble, sizeof(trouble));
	table_text(table, "%s", trouble);
}

static void
add_responses(struct table *table, const struct row *row)
{
	static const double quantiles[] = {0.5, 0.9, 0.99, 1.0};
	struct launch_hists hists =
		launch_hists(row->cell, row->phase, METRIC_ID_RESPONSE);

	for (size_t i = 0; i < ARRAY_LEN(quantiles); i++)
		table_figure(table, figure_of_response(row->cell, row->phase,
					    &hists, quantiles[i]));
	launch_hists_free(&hists);
}

struct table *
table_echo_open(const struct report_model *model)
{
	static const struct table_column columns[] = {ROW_COLUMNS,
		{"response_p50_ns", "p50", COLUMN_FIGURE, COLUMN_BOUNDED},
		{"response_p90_ns", "p90", COLUMN_FIGURE, COLUMN_BOUNDED},
		{"response_p99_ns", "p99", COLUMN_FIGURE, COLUMN_BOUNDED},
		{"response_max_ns", "max", COLUMN_FIGURE, COLUMN_BOUNDED},
		{"answered_ratio", "answered", COLUMN_FIGURE, 0},
		{"requests_per_s", "requests", COLUMN_FIGURE, 0},
		{"kept_ratio", "compute kept", COLUMN_FIGURE, 0},
		{"status", "status", COLUMN_TEXT, 0}};
	struct rows rows =
		rows_of(model, "echo", METRIC_ID_RESPONSE, "compute");
	struct table *table = table_new("echo_open", columns,
		ARRAY_LEN(columns),
		"echo, open loop: response time from the intended moment");

	for (int i = 0; i < rows.count; i++) {
		const struct row *row = &rows.items[i];

		begin_row(table, model, row);
		add_responses(table, row);
		table_figure(
			table, figure_of_metric(row->cell, row->phase,
				       METRIC_ID_ANSWERED_RATIO, UNIT_PERCENT));
		table_figure(
			table, figure_of_metric(row->cell, row->phase,
				       METRIC_ID_REQUESTS_RATE, UNIT_RATE));
		end_row(table, model, row);
	}
	rows_free(&rows);
	note_options(table, model, "echo");
	table_note(table, "overloaded: fewer than 99 %% answered; then "
			  "quantiles are lower bounds (>=).");
	table_note(table, "compute kept: iterations over those of countdown "
			  "with as many threads, in the same block and, if "
			  "it ran, the same placement.");
	return table;
}

static void
add_round_trips(struct table *table, const struct row *row)
{
	struct launch_hists hists =
		launch_hists(row->cell, row->phase, METRIC_ID_ROUND_TRIP);

	table_figure(table, figure_of_quantile(&hists, 0.5));
	table_figure(table, figure_of_quantile(&hists, 0.9));
	launch_hists_free(&hists);
}

static void
add_slices(struct table *table, const struct row *row)
{
	const char *mark;

	table_figure(table, figure_of_slice(row->cell, row->phase, &mark));
	table_text(table, "%s", mark);
	table_figure(table, figure_of_metric(row->cell, row->phase,
				    METRIC_ID_WAIT_MEDIAN_SLICES, UNIT_SLICES));
	for (int slices = 0; slices < SLICES_COUNTED; slices++)
		table_figure(table,
			figure_of_slice_share(row->cell, row->phase, slices));
}

struct table *
table_echo_closed(const struct report_model *model)
{
	static const struct table_column columns[] = {ROW_COLUMNS,
		{"round_trip_p50_ns", "p50", COLUMN_FIGURE, 0},
		{"round_trip_p90_ns", "p90", COLUMN_FIGURE, 0},
		{"requests_per_s", "requests", COLUMN_FIGURE, 0},
		{"slice_effective_ns", "slice", COLUMN_FIGURE, 0},
		{"slice_kept", "", COLUMN_TEXT, 0},
		{"wait_median_slices", "wait, slices", COLUMN_FIGURE, 0},
		{"share_0_slices_ratio", "0 slices", COLUMN_FIGURE, 0},
		{"share_1_slice_ratio", "1 slice", COLUMN_FIGURE, 0},
		{"share_2_slices_ratio", "2 slices", COLUMN_FIGURE, 0},
		{"kept_ratio", "compute kept", COLUMN_FIGURE, 0},
		{"status", "status", COLUMN_TEXT, 0}};
	struct rows rows =
		rows_of(model, "echo", METRIC_ID_ROUND_TRIP, "compute");
	struct table *table = table_new("echo_closed", columns,
		ARRAY_LEN(columns),
		"echo, closed loop: round trip of one request after another");

	for (int i = 0; i < rows.count; i++) {
		const struct row *row = &rows.items[i];

		begin_row(table, model, row);
		add_round_trips(table, row);
		table_figure(
			table, figure_of_metric(row->cell, row->phase,
				       METRIC_ID_REQUESTS_RATE, UNIT_RATE));
		add_slices(table, row);
		end_row(table, model, row);
	}
	rows_free(&rows);
	table_note(table, "A closed loop hides the waiting of requests that "
			  "were never sent: compare the open loop.");
	table_note(table, "wait: median of the re-acquisitions that had to "
			  "wait, in effective slices.  0, 1, 2 slices: share "
			  "of round trips within 0.6 ms (at most half a "
			  "slice) of so many effective slices.");
	return table;
}
