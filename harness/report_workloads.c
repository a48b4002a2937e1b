/* SPDX-License-Identifier: MIT */
/* The tables of handoff, countdown, yield_ping and fast_path. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/compiler.h"
#include "harness/report_tables.h"

/* Off by more than this share from the nominal slice: not kept. */
#define SLICE_TOLERANCE_RATIO 0.2

/* The columns that begin every table of threads, and their values. */
#define ROW_COLUMNS                                                            \
	{"group", "", COLUMN_GROUP, 0}, {"place", "", COLUMN_HIDDEN, 0},       \
		{"cpus", "", COLUMN_HIDDEN, 0},                                \
		{"threads", "", COLUMN_HIDDEN, 0},                             \
		{"variant", "variant", COLUMN_TEXT, 0},                        \
		{"options", "options", COLUMN_TEXT, 0},                        \
	{                                                                      \
		"launches", "n", COLUMN_NUMBER, 0                              \
	}

static void
begin_row(struct table *table, const struct report_model *model,
	const struct row *row, const char *known_options)
{
	char heading[96];
	char *options = cell_peculiar_options(model, row->cell, known_options);

	row_heading(row, "thread", heading);
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
add_metric(struct table *table, const struct row *row, enum metric_id id,
	enum figure_unit unit)
{
	table_figure(table, figure_of_metric(row->cell, row->phase, id, unit));
}

static void
add_latency(struct table *table, const struct row *row)
{
	struct launch_hists hists =
		launch_hists(row->cell, row->phase, METRIC_ID_SWITCH_LATENCY);

	table_figure(table, figure_of_quantile(&hists, 0.5));
	table_figure(table, figure_of_quantile(&hists, 0.99));
	launch_hists_free(&hists);
}

static void
end_row(struct table *table, const struct row *row)
{
	char trouble[64];

	cell_trouble(row->cell, row->phase, trouble, sizeof(trouble));
	table_text(table, "%s", trouble);
}

struct figure
figure_of_slice(
	const struct report_cell *cell, const char *phase, const char **mark)
{
	/* A short phase has too few forced holds; all launches have enough. */
	struct launch_hists hists =
		launch_hists(cell, phase, METRIC_ID_HOLD_FORCED);
	struct figure figure = figure_of_quantile(&hists, 0.5);
	double nominal_ns = (double)cell_slice_ns(cell);

	*mark = "";
	if (figure.state == FIGURE_OK && nominal_ns > 0.0 &&
		fabs(figure.value / nominal_ns - 1.0) > SLICE_TOLERANCE_RATIO)
		*mark = "not kept";
	launch_hists_free(&hists);
	return figure;
}

/* Throughput of a phase over that of one thread, launch by launch. */
static struct figure
relative_throughput(const struct row *row)
{
	struct launch_values one = launch_values(
		row->cell, "threads=1", METRIC_ID_ITERATIONS_RATE);
	struct launch_values many =
		launch_values(row->cell, row->phase, METRIC_ID_ITERATIONS_RATE);
	struct launch_values ratio = launch_values_ratio(&many, &one);
	struct figure figure = figure_of_values(&ratio, UNIT_RATIO);

	launch_values_free(&one);
	launch_values_free(&many);
	launch_values_free(&ratio);
	return figure;
}

struct table *
table_countdown(const struct report_model *model)
{
	static const struct table_column columns[] = {ROW_COLUMNS,
		{"iterations_per_s", "iterations", COLUMN_FIGURE, 0},
		{"relative_ratio", "of 1 thread", COLUMN_FIGURE, 0},
		{"jain_ratio", "Jain", COLUMN_FIGURE, 0},
		{"slice_effective_ns", "slice", COLUMN_FIGURE, 0},
		{"slice_kept", "", COLUMN_TEXT, 0},
		{"wait_longest_slices", "max wait, slices", COLUMN_FIGURE, 0},
		{"dead_time_ratio", "dead time", COLUMN_FIGURE, 0},
		{"status", "status", COLUMN_TEXT, 0}};
	struct rows rows =
		rows_of(model, "countdown", METRIC_ID_ITERATIONS_RATE, NULL);
	struct table *table = table_new("countdown", columns,
		ARRAY_LEN(columns), "countdown: n threads of pure computation");

	for (int i = 0; i < rows.count; i++) {
		const struct row *row = &rows.items[i];
		const char *mark;

		begin_row(table, model, row, "threads");
		add_metric(table, row, METRIC_ID_ITERATIONS_RATE, UNIT_RATE);
		table_figure(table, relative_throughput(row));
		add_metric(table, row, METRIC_ID_JAIN, UNIT_RATIO);
		table_figure(
			table, figure_of_slice(row->cell, row->phase, &mark));
		table_text(table, "%s", mark);
		add_metric(
			table, row, METRIC_ID_WAIT_LONGEST_SLICES, UNIT_SLICES);
		add_metric(table, row, METRIC_ID_DEAD_TIME, UNIT_PERCENT);
		end_row(table, row);
	}
	rows_free(&rows);
	note_options(table, model, "countdown");
	table_note(table, "slice: median forced hold; not kept: more than "
			  "20 %% off the nominal one.  max wait: the longest, "
			  "in nominal slices.");
	return table;
}

/* A spinning policy that had to yield instead says so in its record. */
static void
note_spin_fallback(struct table *table, const struct rows *rows)
{
	for (int i = 0; i < rows->count; i++) {
		const struct report_cell *cell = rows->items[i].cell;
		const char *instead = member_text(
			cell->launches[0].run, "spin_fallback", NULL);

		if (instead != NULL &&
			(i == 0 || rows->items[i - 1].cell != cell))
			table_note(table,
				"%s, %s: %s instead of spinning on "
				"one CPU",
				cell->variant, cell->place, instead);
	}
}

struct table *
table_yield_ping(const struct report_model *model)
{
	static const struct table_column columns[] = {ROW_COLUMNS,
		{"oneway_ns", "one-way", COLUMN_FIGURE, 0},
		{"raw_oneway_ns", "raw", COLUMN_FIGURE, 0},
		{"oneway_ratio", "ratio", COLUMN_FIGURE, 0},
		{"switches_per_s", "switches", COLUMN_FIGURE, 0},
		{"cpu_per_switch_ns", "CPU/switch", COLUMN_FIGURE, 0},
		{"switch_latency_p50_ns", "latency p50", COLUMN_FIGURE, 0},
		{"switch_latency_p99_ns", "p99", COLUMN_FIGURE, 0},
		{"status", "status", COLUMN_TEXT, 0}};
	struct rows rows =
		rows_of(model, "yield_ping", METRIC_ID_SWITCHES_RATE, NULL);
	struct table *table =
		table_new("yield_ping", columns, ARRAY_LEN(columns),
			"yield_ping: n threads that only hand the GIL round");

	for (int i = 0; i < rows.count; i++) {
		const struct row *row = &rows.items[i];

		begin_row(table, model, row, "threads");
		add_metric(table, row, METRIC_ID_ONEWAY, UNIT_NS);
		add_metric(table, row, METRIC_ID_RAW_ONEWAY, UNIT_NS);
		add_metric(table, row, METRIC_ID_ONEWAY_RATIO, UNIT_RATIO);
		add_metric(table, row, METRIC_ID_SWITCHES_RATE, UNIT_RATE);
		add_metric(table, row, METRIC_ID_CPU_PER_SWITCH, UNIT_NS);
		add_latency(table, row);
		end_row(table, row);
	}
	note_options(table, model, "yield_ping");
	table_note(table, "raw: two threads on the bare primitive of the "
			  "same waiting mode, in the same launch.");
	note_spin_fallback(table, &rows);
	rows_free(&rows);
	return table;
}

/* Waiting modes in the order of the comparison. */
static int
mode_rank(const char *mode)
{
	static const char *const modes[] = {"cond", "futex", "spin", "stp"};

	for (size_t i = 0; i < ARRAY_LEN(modes); i++)
		if (strcmp(modes[i], mode) == 0)
			return (int)i;
	return (int)ARRAY_LEN(modes);
}

static int
compare_modes(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = strcmp(x->cell->place, y->cell->place);

	if (order == 0)
		order = x->number - y->number;
	if (order == 0)
		order = (cell_slice_ns(x->cell) > cell_slice_ns(y->cell)) -
			(cell_slice_ns(x->cell) < cell_slice_ns(y->cell));
	if (order == 0)
		order = mode_rank(x->cell->mode) - mode_rank(y->cell->mode);
	return order;
}

struct rows
rows_of_handoff(const struct report_model *model)
{
	struct rows rows =
		rows_of(model, "yield_ping", METRIC_ID_CPU_PER_SWITCH, NULL);
	int kept = 0;

	/* A bare twin has no latencies to compare. */
	for (int i = 0; i < rows.count; i++)
		if (strcmp(rows.items[i].cell->policy, "handoff") == 0 &&
			!rows.items[i].cell->is_bare)
			rows.items[kept++] = rows.items[i];
	rows.count = kept;
	if (kept > 1)
		qsort(rows.items, (size_t)kept, sizeof(*rows.items),
			compare_modes);
	return rows;
}

struct table *
table_handoff(const struct report_model *model)
{
	static const struct table_column columns[] = {ROW_COLUMNS,
		{"mode", "waiting mode", COLUMN_TEXT, 0},
		{"within_cpus", "", COLUMN_HIDDEN, 0},
		{"switch_latency_p50_ns", "switch p50", COLUMN_FIGURE, 0},
		{"switch_latency_p99_ns", "p99", COLUMN_FIGURE, 0},
		{"cpu_per_switch_ns", "CPU/switch", COLUMN_FIGURE, 0},
		{"status", "status", COLUMN_TEXT, 0}};
	struct rows rows = rows_of_handoff(model);
	struct table *table = table_new("handoff", columns, ARRAY_LEN(columns),
		"Condvar against spinning: handoff, one protocol, four "
		"waiting modes (yield_ping)");

	for (int i = 0; i < rows.count; i++) {
		const struct row *row = &rows.items[i];

		begin_row(table, model, row, "threads");
		table_text(table, "%s", row->cell->mode);
		table_text(table, "%s",
			row->number <= cell_cpus(row->cell) ? "yes" : "no");
		add_latency(table, row);
		add_metric(table, row, METRIC_ID_CPU_PER_SWITCH, UNIT_NS);
		end_row(table, row);
	}
	rows_free(&rows);
	return table;
}

struct table *
table_fast_path(const struct report_model *model)
{
	static const struct table_column columns[] = {
		{"place", "place", COLUMN_TEXT, 0},
		{"variant", "variant", COLUMN_TEXT, 0},
		{"options", "options", COLUMN_TEXT, 0},
		{"launches", "n", COLUMN_NUMBER, 0},
		{"body_short_ns", "short body", COLUMN_FIGURE, 0},
		{"poll_short_ratio", "with poll", COLUMN_FIGURE, 0},
		{"body_long_ns", "long body", COLUMN_FIGURE, 0},
		{"poll_long_ratio", "with poll", COLUMN_FIGURE, 0},
		{"pair_ns", "pair", COLUMN_FIGURE, 0},
		{"bare_pair_ns", "bare", COLUMN_FIGURE, 0},
		{"pair_ratio", "ratio", COLUMN_FIGURE, 0}};
	struct rows rows =
		rows_of(model, "fast_path", METRIC_ID_PAIR_RATIO, NULL);
	struct table *table =
		table_new("fast_path", columns, ARRAY_LEN(columns),
			"fast_path: what a thread pays that nobody disturbs");

	for (int i = 0; i < rows.count; i++) {
		const struct row *row = &rows.items[i];
		char *options = cell_peculiar_options(model, row->cell, "");

		table_text(table, "%s", row->cell->place);
		table_text(table, "%s", row->cell->variant);
		table_text(table, "%s", options);
		table_text(table, "%d", row->cell->nlaunches);
		add_metric(table, row, METRIC_ID_BODY_SHORT, UNIT_NS);
		add_metric(table, row, METRIC_ID_POLL_SHORT, UNIT_RATIO);
		add_metric(table, row, METRIC_ID_BODY_LONG, UNIT_NS);
		add_metric(table, row, METRIC_ID_POLL_LONG, UNIT_RATIO);
		add_metric(table, row, METRIC_ID_PAIR, UNIT_NS);
		add_metric(table, row, METRIC_ID_BARE_PAIR, UNIT_NS);
		add_metric(table, row, METRIC_ID_PAIR_RATIO, UNIT_RATIO);
		free(options);
	}
	rows_free(&rows);
	note_options(table, model, "fast_path");
	table_note(table, "pair: one uncontended release and acquire; bare: "
			  "the atomic operations of the same protocol alone.");
	return table;
}
