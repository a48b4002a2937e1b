/* SPDX-License-Identifier: MIT */
/*
 * The table of policies: what a switch costs under each, and how fair it is.
 *
 * One row per variant with probes.  What is counted per switch comes from
 * yield_ping with two threads, where a switch is all that happens; run length,
 * fairness and dead time from countdown with two threads, where ticks force
 * the switches.  So a cell may be empty when only one of them was run.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/compiler.h"
#include "harness/report_tables.h"

#define PHASE "threads=2"

/* Sum of a counter of `gil`, or of the threads' context switches. */
static double
count_in(const json_t *phase, const char *name)
{
	const json_t *thread;
	double sum = 0.0;
	size_t i;

	if (name != NULL)
		return (double)json_integer_value(
			json_object_get(json_object_get(phase, "gil"), name));
	json_array_foreach (json_object_get(phase, "threads"), i, thread) {
		const json_t *rusage = json_object_get(
			json_object_get(thread, "usage"), "rusage");

		if (rusage == NULL)
			return NAN; /* a bare twin does not count them */
		sum += (double)json_integer_value(
			json_object_get(rusage, "nvcsw"));
		sum += (double)json_integer_value(
			json_object_get(rusage, "nivcsw"));
	}
	return sum;
}

static double
per_switch(const json_t *run, const char *name)
{
	const json_t *phase;
	size_t i;

	json_array_foreach (json_object_get(run, "phases"), i, phase) {
		double switches = count_in(phase, "switches");

		if (strcmp(member_text(phase, "name", ""), PHASE) == 0 &&
			switches > 0.0)
			return count_in(phase, name) / switches;
	}
	return NAN;
}

/* name NULL: the kernel's context switches. */
static struct figure
figure_per_switch(const struct report_cell *cell, const char *name)
{
	struct launch_values values = launch_values_new(cell->nlaunches);
	struct figure figure;

	for (int i = 0; i < cell->nlaunches; i++) {
		values.blocks[i] = cell->launches[i].block;
		values.values[i] = per_switch(cell->launches[i].run, name);
	}
	figure = figure_of_values(&values, UNIT_RATIO);
	launch_values_free(&values);
	return figure;
}

/* The variant's countdown cell with a phase of two threads, or NULL. */
static const struct report_cell *
countdown_of(const struct report_model *model, const struct report_cell *cell)
{
	for (int i = 0; i < model->ncells; i++) {
		const struct report_cell *other = &model->cells[i];

		if (other->nlaunches > 0 &&
			strcmp(other->workload, "countdown") == 0 &&
			strcmp(other->variant, cell->variant) == 0)
			return other;
	}
	return NULL;
}

static void
add_countdown(struct table *table, const struct report_cell *countdown)
{
	static const struct {
		enum metric_id id;
		enum figure_unit unit;
	} shown[] = {{METRIC_ID_RUN_LENGTH_MAX, UNIT_NONE},
		{METRIC_ID_JAIN, UNIT_RATIO},
		{METRIC_ID_DEAD_TIME, UNIT_PERCENT}};

	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		table_figure(
			table, countdown == NULL
				       ? figure_none(FIGURE_ABSENT)
				       : figure_of_metric(countdown, PHASE,
						 shown[i].id, shown[i].unit));
}

static void
add_row(struct table *table, const struct report_model *model,
	const struct row *row)
{
	static const char *const counters[] = {
		"failed_acquisitions", "barges", "wake_calls", NULL};
	const json_t *about = json_object_get(
		json_object_get(model_session(model), "variants"),
		row->cell->executable);
	struct launch_hists hists =
		launch_hists(row->cell, row->phase, METRIC_ID_SWITCH_LATENCY);

	table_text(table, "%s", row->cell->variant);
	table_text(table, "%s", row->cell->place);
	table_text(table, "%d", row->cell->nlaunches);
	table_figure(table, figure_of_quantile(&hists, 0.5));
	table_figure(table, figure_of_quantile(&hists, 0.99));
	launch_hists_free(&hists);
	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		table_figure(table, figure_per_switch(row->cell, counters[i]));
	table_figure(table, figure_of_metric(row->cell, row->phase,
				    METRIC_ID_CPU_PER_SWITCH, UNIT_NS));
	add_countdown(table, countdown_of(model, row->cell));
	table_text(table, "%s", member_text(about, "stands_for", ""));
}

struct table *
table_policies(const struct report_model *model)
{
	static const struct table_column columns[] = {
		{"variant", "variant", COLUMN_TEXT, 0},
		{"place", "", COLUMN_HIDDEN, 0},
		{"launches", "n", COLUMN_NUMBER, 0},
		{"switch_latency_p50_ns", "switch p50", COLUMN_FIGURE, 0},
		{"switch_latency_p99_ns", "p99", COLUMN_FIGURE, 0},
		{"failed_per_switch_ratio", "failed", COLUMN_FIGURE, 0},
		{"barges_per_switch_ratio", "barges", COLUMN_FIGURE, 0},
		{"wakes_per_switch_ratio", "wakes", COLUMN_FIGURE, 0},
		{"context_switches_ratio", "ctx", COLUMN_FIGURE, 0},
		{"cpu_per_switch_ns", "CPU", COLUMN_FIGURE, 0},
		{"run_length_max", "run", COLUMN_FIGURE, 0},
		{"jain_ratio", "Jain", COLUMN_FIGURE, 0},
		{"dead_time_ratio", "dead", COLUMN_FIGURE, 0},
		{"stands_for", "stands for", COLUMN_TEXT, 0}};
	struct rows rows =
		rows_of(model, "yield_ping", METRIC_ID_SWITCHES_RATE, NULL);
	struct table *table = table_new("policies", columns, ARRAY_LEN(columns),
		"Policies side by side: two threads");

	for (int i = 0; i < rows.count; i++)
		if (strcmp(rows.items[i].phase, PHASE) == 0 &&
			!rows.items[i].cell->is_bare)
			add_row(table, model, &rows.items[i]);
	rows_free(&rows);
	table_note(table, "failed, barges, wakes, ctx, CPU: per switch of "
			  "yield_ping: wake-ups that did not obtain the GIL, "
			  "acquisitions past a waiter, wake calls, context "
			  "switches of the kernel, CPU time.");
	table_note(table, "run: most forced yields in a row that the yielder "
			  "won itself; with Jain's index and dead time from "
			  "countdown.");
	return table;
}
