/* SPDX-License-Identifier: MIT */
/*
 * What the charts of a report show.
 *
 * To stay readable a chart shows variants at their own slice and with probes,
 * where there are such; the tables show all of them.  It shows one placement:
 * free, else one thread per CPU, else all on one CPU.
 */
#include "harness/report_charts.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/compiler.h"
#include "common/die.h"
#include "harness/report_tables.h"
#include "harness/text.h"

/* To a form that no neighbouring variant has. */
#define POINT_STEP 5

void
chart_number(struct table *table, double number)
{
	char text[32];

	if (isnan(number)) {
		table_text(table, "NaN"); /* gnuplot's word for none */
		return;
	}
	format_number(number, text);
	table_text(table, "%s", text);
}

/* Drop the rows for which keep says false. */
static void
filter_rows(struct rows *rows, bool (*keep)(const struct row *, const void *),
	const void *context)
{
	int kept = 0;

	for (int i = 0; i < rows->count; i++)
		if (keep(&rows->items[i], context))
			rows->items[kept++] = rows->items[i];
	rows->count = kept;
}

static bool
is_own(const struct row *row, const void *context UNUSED)
{
	return row->cell->is_own_slice && !row->cell->is_bare;
}

static bool
is_at_place(const struct row *row, const void *context)
{
	const char *place = context;

	return strcmp(row->cell->place, place) == 0;
}

static bool
has_number(const struct row *row, const void *context)
{
	const int *number = context;

	return row->number == *number;
}

static int
compare_styles(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = x->cell->style - y->cell->style;

	if (order == 0)
		order = (x->cell > y->cell) - (x->cell < y->cell);
	return order != 0 ? order : x->number - y->number;
}

static bool
has_place(const struct rows *rows, const char *place)
{
	for (int i = 0; i < rows->count; i++)
		if (is_at_place(&rows->items[i], place))
			return true;
	return false;
}

/* A curve per cell.  Of one variant's curves, which share its colour, the first
 * has the variant's point, and each other one of its own. */
static void
number_series(struct rows *rows)
{
	for (int i = 0; i < rows->count; i++) {
		struct row *row = &rows->items[i];
		const struct row *before = i == 0 ? NULL : row - 1;

		row->series = 1;
		row->point = row->cell->style;
		if (before == NULL)
			continue;
		row->series = before->series + (before->cell != row->cell);
		if (before->cell == row->cell)
			row->point = before->point;
		else if (before->cell->style == row->cell->style)
			row->point = before->point + POINT_STEP;
	}
}

const char *
chart_select_rows(struct rows *rows)
{
	static const char *const places[] = {"free", "spread", "pin1"};
	bool has_own = false;

	for (int i = 0; i < rows->count; i++)
		has_own |= is_own(&rows->items[i], NULL);
	if (has_own)
		filter_rows(rows, is_own, NULL);
	for (size_t p = 0; p < ARRAY_LEN(places); p++)
		if (has_place(rows, places[p])) {
			filter_rows(rows, is_at_place, places[p]);
			break;
		}
	if (rows->count > 1)
		qsort(rows->items, (size_t)rows->count, sizeof(*rows->items),
			compare_styles);
	number_series(rows);
	return rows->count == 0 ? "" : place_words(rows->items[0].cell->place);
}

void
chart_keep_number(struct rows *rows, int number)
{
	filter_rows(rows, has_number, &number);
}

void
chart_begin_row(struct table *table, const struct report_model *model,
	const struct row *row, const char *known_options, const char *mark)
{
	char *options = cell_peculiar_options(model, row->cell, known_options);

	table_text(table, "%d", row->series);
	table_text(table, "%d", row->cell->style);
	table_text(table, "%d", row->point);
	table_text(table, "%s%s%s%s", row->cell->variant, *options ? " " : "",
		options, mark);
	table_text(table, "%s", row->cell->place);
	table_text(table, "%d", row->cell->nlaunches);
	free(options);
}

/* "n = 5 launches; CPU, 2 CPUs, Linux 6.1.0; gilbench 1a2b3c". */
static char *
make_caption(const struct report_model *model, const struct rows *rows,
	const char *remark)
{
	const json_t *session = model_session(model);
	const json_t *host = json_object_get(session, "host");
	int least = INT32_MAX, most = 0;
	char range[32] = "";

	for (int i = 0; i < rows->count; i++) {
		int n = rows->items[i].cell->nlaunches;

		least = n < least ? n : least;
		most = n > most ? n : most;
	}
	if (least < most)
		snprintf(range, sizeof(range), "%d to ", least);
	return text_format("n = %s%d launches per point; %s, %lld CPUs, "
			   "Linux %s; gilbench %s%s%s",
		range, most, member_text(host, "cpu_model", "unknown CPU"),
		(long long)json_integer_value(json_object_get(host, "cpus")),
		member_text(host, "kernel", "?"),
		member_text(session, "revision", "?"),
		remark == NULL ? "" : "; ", remark == NULL ? "" : remark);
}

void
chart_figure(struct table *table, const struct figure *figure)
{
	bool has_value = figure->state == FIGURE_OK;
	bool has_range = has_value && figure->has_range;

	chart_number(table, has_value ? figure->value : NAN);
	chart_number(table, has_range ? figure->over.min : NAN);
	chart_number(table, has_range ? figure->over.max : NAN);
}

void
chart_omit(char **remark, const char *want, const struct row *row)
{
	if (*remark == NULL)
		text_append(remark, "not shown for want of %s: ", want);
	else
		text_append(remark, ", ");
	text_append(remark, "%s", row->cell->variant);
}

void
chart_add(struct charts *charts, const struct report_model *model,
	const struct rows *rows, struct chart chart, const char *why_not)
{
	size_t bytes = (size_t)(charts->count + 1) * sizeof(*charts->items);
	char *remark = chart.caption;

	charts->items = realloc(charts->items, bytes);
	if (charts->items == NULL)
		DIE_ERRNO(ENOMEM, "charts of a report");
	chart.caption = make_caption(model, rows, remark);
	free(remark);
	if (table_rows(chart.data) == 0)
		chart.why_not = why_not;
	charts->items[charts->count++] = chart;
}

/* handoff_modes: what to show of rows_of_handoff(). */
static bool
is_near_cpus(const struct row *row, const void *context)
{
	const struct rows *all = context;
	int cpus = cell_cpus(row->cell), best = row->number;

	/* Of the counts within the CPUs the largest, beyond the smallest. */
	for (int i = 0; i < all->count; i++) {
		int number = all->items[i].number;

		if (row->number <= cpus && number <= cpus && number > best)
			best = number;
		if (row->number > cpus && number > cpus && number < best)
			best = number;
	}
	return row->number == best;
}

/* A row's points; false if its latencies are too few. */
static bool
add_mode_row(struct table *table, const struct report_model *model,
	const struct row *row)
{
	struct launch_hists hists =
		launch_hists(row->cell, row->phase, METRIC_ID_SWITCH_LATENCY);
	struct launch_values cpu_ns =
		launch_values(row->cell, row->phase, METRIC_ID_CPU_PER_SWITCH);
	struct figure p50 = figure_of_quantile(&hists, 0.5);
	struct figure p99 = figure_of_quantile(&hists, 0.99);
	struct figure cpu = figure_of_values(&cpu_ns, UNIT_NS);
	bool is_whole = p99.state == FIGURE_OK && cpu.state == FIGURE_OK;

	/* A line per launch, with the figures of all launches repeated. */
	for (int i = 0; i < cpu_ns.n && is_whole; i++) {
		chart_begin_row(table, model, row, "threads", "");
		table_text(table, "%s", row->cell->mode);
		table_text(table, "%d", row->number);
		table_text(table, "%d", row->number > cell_cpus(row->cell));
		chart_figure(table, &p50);
		chart_figure(table, &p99);
		chart_figure(table, &cpu);
		chart_number(table, cpu_ns.values[i]);
	}
	launch_hists_free(&hists);
	launch_values_free(&cpu_ns);
	return is_whole;
}

static void
add_handoff_modes(struct charts *charts, const struct report_model *model)
{
	static const struct table_column columns[] = {CHART_COLUMNS,
		CHART_COLUMN("mode"), CHART_COLUMN("threads"),
		CHART_COLUMN("is_beyond_cpus"),
		CHART_FIGURE("switch_latency_p50_ns"),
		CHART_FIGURE("switch_latency_p99_ns"),
		CHART_FIGURE("cpu_per_switch_ns"),
		CHART_COLUMN("launch_cpu_per_switch_ns")};
	struct rows rows = rows_of_handoff(model), all = rows;
	struct table *table = table_new("handoff_modes", columns,
		ARRAY_LEN(columns), "data of a chart");
	const char *place = chart_select_rows(&rows);
	char *omitted = NULL;

	all = rows;
	filter_rows(&rows, is_near_cpus, &all);
	for (int i = 0; i < rows.count; i++)
		if (!add_mode_row(table, model, &rows.items[i]))
			chart_omit(&omitted, "p99", &rows.items[i]);
	chart_add(charts, model, &rows,
		(struct chart){.name = text_copy("handoff_modes"),
			.script = "handoff_modes.gp",
			.subtitle = text_format("yield_ping, %s", place),
			.caption = omitted,
			.data = table},
		"no yield_ping of a handoff variant with probes and 2,000 "
		"switches");
	rows_free(&rows);
}

static void
add_scaling_row(struct table *table, const struct report_model *model,
	const struct row *row)
{
	struct launch_values one = launch_values(
		row->cell, "threads=1", METRIC_ID_ITERATIONS_RATE);
	struct launch_values many =
		launch_values(row->cell, row->phase, METRIC_ID_ITERATIONS_RATE);
	struct launch_values ratio = launch_values_ratio(&many, &one);
	struct figure figure = figure_of_values(&ratio, UNIT_RATIO);

	for (int i = 0; i < ratio.n && figure.state == FIGURE_OK; i++) {
		chart_begin_row(table, model, row, "threads", "");
		table_text(table, "%d", row->number);
		chart_figure(table, &figure);
		chart_number(table, ratio.values[i]);
	}
	launch_values_free(&one);
	launch_values_free(&many);
	launch_values_free(&ratio);
}

static void
add_countdown_scaling(struct charts *charts, const struct report_model *model)
{
	static const struct table_column columns[] = {CHART_COLUMNS,
		CHART_COLUMN("threads"), CHART_FIGURE("relative_ratio"),
		CHART_COLUMN("launch_relative_ratio")};
	struct rows rows =
		rows_of(model, "countdown", METRIC_ID_ITERATIONS_RATE, NULL);
	struct table *table = table_new("countdown_scaling", columns,
		ARRAY_LEN(columns), "data of a chart");
	const char *place = chart_select_rows(&rows);
	bool has_many = false;

	for (int i = 0; i < rows.count; i++)
		has_many |= rows.items[i].number > 1;
	for (int i = 0; i < rows.count && has_many; i++)
		add_scaling_row(table, model, &rows.items[i]);
	chart_add(charts, model, &rows,
		(struct chart){.name = text_copy("countdown_scaling"),
			.script = "countdown_scaling.gp",
			.subtitle = text_copy(place),
			.data = table},
		"no countdown with 1 and with more threads in one launch");
	rows_free(&rows);
}

struct charts
charts_make(const struct report_model *model)
{
	struct charts charts = {NULL, 0};

	add_handoff_modes(&charts, model);
	charts_add_echo(&charts, model);
	add_countdown_scaling(&charts, model);
	return charts;
}

void
charts_free(struct charts *charts)
{
	for (int i = 0; i < charts->count; i++) {
		struct chart *chart = &charts->items[i];

		free(chart->name);
		free(chart->subtitle);
		free(chart->caption);
		table_free(chart->data);
	}
	free(charts->items);
}
