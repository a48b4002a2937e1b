/* SPDX-License-Identifier: MIT */
/* The charts of echo: response-time spectra, and the trade-off. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/compiler.h"
#include "common/die.h"
#include "harness/report_charts.h"
#include "harness/text.h"

/* Charts with 0, 1 and 2 computing threads always, with more where run. */
#define USUAL_COMPUTE 2
#define MAX_COMPUTE   64

/* Points of a spectrum between a share of 1/x and 1/(10 x) beyond it. */
#define POINTS_PER_DECADE 20

static bool
is_overloaded(const struct row *row)
{
	char trouble[64];

	cell_trouble(row->cell, row->phase, trouble, sizeof(trouble));
	return strncmp(trouble, "overloaded", 10) == 0;
}

/* The open-loop rows with so many computing threads. */
static struct rows
open_rows(const struct report_model *model, int compute, const char **place)
{
	struct rows rows =
		rows_of(model, "echo", METRIC_ID_RESPONSE, "compute");

	chart_keep_number(&rows, compute);
	*place = chart_select_rows(&rows);
	return rows;
}

static char *
make_subtitle(const struct rows *rows, int compute, const char *place)
{
	int rate = rows->count == 0
			   ? 0
			   : cell_option_number(rows->items[0].cell, "rate", 0);

	return text_format("%d computing thread%s, open loop at %d requests/s, "
			   "%s",
		compute, compute == 1 ? "" : "s", rate, place);
}

/* The curve of a row; false if it has too few samples for a median. */
static bool
add_spectrum_row(struct table *table, const struct report_model *model,
	const struct row *row)
{
	struct launch_hists hists =
		launch_hists(row->cell, row->phase, METRIC_ID_RESPONSE);
	const char *mark = is_overloaded(row) ? ", overloaded" : "";
	bool has_median = hist_enough_samples(hists.all->count, 0.5);

	for (int i = 0; has_median; i++) {
		double x = pow(10.0, (double)i / POINTS_PER_DECADE);
		double quantile_ratio = 1.0 - 1.0 / x;
		struct figure figure;

		if (!hist_enough_samples(hists.all->count, quantile_ratio))
			break;
		figure = figure_of_response(
			row->cell, row->phase, &hists, quantile_ratio);
		chart_begin_row(table, model, row, "compute", mark);
		chart_number(table, x);
		chart_number(table, quantile_ratio);
		chart_number(table, figure.value);
		table_text(table, "%d", figure.is_lower_bound);
	}
	launch_hists_free(&hists);
	return has_median;
}

static void
add_spectrum(
	struct charts *charts, const struct report_model *model, int compute)
{
	static const struct table_column columns[] = {CHART_COLUMNS,
		CHART_COLUMN("one_in"), CHART_COLUMN("quantile_ratio"),
		CHART_COLUMN("response_ns"), CHART_COLUMN("is_lower_bound")};
	const char *place;
	struct rows rows = open_rows(model, compute, &place);
	struct table *table = table_new("echo_spectrum", columns,
		ARRAY_LEN(columns), "data of a chart");
	char *omitted = NULL;

	for (int i = 0; i < rows.count; i++)
		if (!add_spectrum_row(table, model, &rows.items[i]))
			chart_omit(&omitted, "a median", &rows.items[i]);
	chart_add(charts, model, &rows,
		(struct chart){
			.name = text_format("echo_spectrum_k%d", compute),
			.script = "echo_spectrum.gp",
			.subtitle = make_subtitle(&rows, compute, place),
			.caption = omitted,
			.data = table},
		"no open-loop echo with so many computing threads and 40 "
		"samples");
	rows_free(&rows);
}

/* A point of the trade-off: in one panel, at one height among its labels. */
struct point {
	const struct row *row;
	struct figure kept;
	struct figure p99;
	struct figure rate;
	bool is_overloaded;
	int rank; /* by height, from 1 at the bottom of its panel */
};

static double
height_of(const struct point *point)
{
	return point->is_overloaded ? point->rate.value : point->p99.value;
}

/* Points of equal height rank in their order, so that no label is hidden. */
static void
rank_points(struct point *points, int count)
{
	for (int i = 0; i < count; i++) {
		points[i].rank = 1;
		for (int j = 0; j < count; j++) {
			double a = height_of(&points[i]);
			double b = height_of(&points[j]);

			if (points[j].is_overloaded ==
					points[i].is_overloaded &&
				(b < a || (b == a && j < i)))
				points[i].rank++;
		}
	}
}

/* Fill a point; false if the row lacks what it is made of. */
static bool
make_point(const struct report_model *model, const struct row *row,
	struct point *point)
{
	struct launch_hists hists =
		launch_hists(row->cell, row->phase, METRIC_ID_RESPONSE);

	point->row = row;
	point->kept = figure_of_kept_compute(model, row->cell, row->phase);
	point->p99 = figure_of_response(row->cell, row->phase, &hists, 0.99);
	point->rate = figure_of_metric(
		row->cell, row->phase, METRIC_ID_REQUESTS_RATE, UNIT_RATE);
	point->is_overloaded = is_overloaded(row);
	launch_hists_free(&hists);
	return point->kept.state == FIGURE_OK &&
	       (point->is_overloaded ? point->rate.state == FIGURE_OK
				     : point->p99.state == FIGURE_OK);
}

static void
add_point(struct table *table, const struct report_model *model,
	const struct point *point)
{
	const struct stats_summary *kept = &point->kept.over;

	chart_begin_row(table, model, point->row, "compute", "");
	table_text(table, "%d", point->is_overloaded);
	table_text(table, "%d", point->rank);
	chart_number(table, 1.0 - point->kept.value);
	chart_number(table, 1.0 - kept->max);
	chart_number(table, 1.0 - kept->min);
	chart_figure(table, &point->p99);
	chart_figure(table, &point->rate);
}

static void
add_tradeoff(
	struct charts *charts, const struct report_model *model, int compute)
{
	static const struct table_column columns[] = {CHART_COLUMNS,
		CHART_COLUMN("is_overloaded"), CHART_COLUMN("label_rank"),
		CHART_FIGURE("loss_ratio"), CHART_FIGURE("response_p99_ns"),
		CHART_FIGURE("requests_per_s")};
	const char *place;
	struct rows rows = open_rows(model, compute, &place);
	struct table *table = table_new(
		"tradeoff", columns, ARRAY_LEN(columns), "data of a chart");
	struct point *points = calloc((size_t)rows.count + 1, sizeof(*points));
	char *omitted = NULL;
	int count = 0;

	if (points == NULL)
		DIE_ERRNO(ENOMEM, "points of a chart");
	for (int i = 0; i < rows.count; i++)
		if (make_point(model, &rows.items[i], &points[count]))
			count++;
		else
			text_append(&omitted, "%s %s",
				omitted == NULL
					? "not shown for want of p99 or "
					  "countdown:"
					: ",",
				rows.items[i].cell->variant);
	rank_points(points, count);
	for (int i = 0; i < count; i++)
		add_point(table, model, &points[i]);
	chart_add(charts, model, &rows,
		(struct chart){.name = text_format("tradeoff_k%d", compute),
			.script = "tradeoff.gp",
			.subtitle = make_subtitle(&rows, compute, place),
			.caption = omitted,
			.data = table},
		"no open-loop echo with so many computing threads beside a "
		"countdown of the same variant");
	free(points);
	rows_free(&rows);
}

static bool
is_run_with(const struct report_model *model, int compute)
{
	for (int i = 0; i < model->ncells; i++)
		if (model->cells[i].nlaunches > 0 &&
			strcmp(model->cells[i].workload, "echo") == 0 &&
			cell_option_number(&model->cells[i], "compute", -1) ==
				compute)
			return true;
	return false;
}

void
charts_add_echo(struct charts *charts, const struct report_model *model)
{
	for (int k = 0; k <= MAX_COMPUTE; k++)
		if (k <= USUAL_COMPUTE || is_run_with(model, k))
			add_spectrum(charts, model, k);
	for (int k = 1; k <= MAX_COMPUTE; k++)
		if (k <= USUAL_COMPUTE || is_run_with(model, k))
			add_tradeoff(charts, model, k);
}
