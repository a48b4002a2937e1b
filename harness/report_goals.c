/* SPDX-License-Identifier: MIT */
/*
 * The figures to reach: what a run must show, as one table of data.
 *
 * Every goal is a ratio within one run or a share, so that it can be held on
 * any machine.  A goal whose cells are not in the run is "not measured".
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/compiler.h"
#include "common/die.h"
#include "harness/report_tables.h"

#define MIB 1048576.0

enum goal_source {
	FROM_METRIC,     /* a metric of a phase */
	FROM_SHARE,      /* round trips near 0, 1 or 2 slices */
	FROM_DRIVER_CPU, /* of the `end` record */
	FROM_DRIVER_PEAK
};

enum goal_scope {
	SCOPE_EACH, /* a line per variant */
	SCOPE_WORST /* the worst variant stands for all */
};

enum goal_kind { AT_MOST, AT_LEAST, LESS_THAN, BETWEEN };

struct goal {
	const char *text;
	enum goal_source source;
	enum metric_id id; /* FROM_SHARE: of the phases to look at */
	enum figure_unit unit;

	/* Which cells: NULL and -1 take any. */
	const char *workload;
	const char *number_option; /* as for rows_of() */
	int number;                /* threads, or computing threads */
	const char *variant;       /* its name, or */
	const char *policy;        /* its policy, and */
	const char *mode;          /* its waiting mode, and */
	const char *poll;          /* the kind of its safepoint */
	const char *place;
	int bare;

	enum goal_scope scope;
	enum goal_kind kind;
	double low;
	double high;
};

#define CELLS_OF(cell_workload, option, cell_number)                           \
	.workload = (cell_workload), .number_option = (option),                \
	.number = (cell_number)
#define ANY_VARIANT .bare = -1
#define ONEWAY(cell_mode, cell_place)                                          \
	{                                                                      \
		.text = "yield_ping one-way / raw ping-pong",                  \
		.id = METRIC_ID_ONEWAY_RATIO, .unit = UNIT_RATIO,              \
		CELLS_OF("yield_ping", NULL, 2), .policy = "handoff",          \
		.mode = (cell_mode), .place = (cell_place), .bare = 1,         \
		.scope = SCOPE_EACH, .kind = AT_MOST, .high = 1.3              \
	}

static const struct goal goals[] = {
	{.text = "loop of about 1 ns with poll of a flag / without",
		.id = METRIC_ID_POLL_SHORT,
		.unit = UNIT_RATIO,
		CELLS_OF("fast_path", NULL, -1),
		ANY_VARIANT,
		.poll = "flag",
		.scope = SCOPE_WORST,
		.kind = AT_MOST,
		.high = 1.03},
	{.text = "loop of about 20 ns with poll of a flag / without",
		.id = METRIC_ID_POLL_LONG,
		.unit = UNIT_RATIO,
		CELLS_OF("fast_path", NULL, -1),
		ANY_VARIANT,
		.poll = "flag",
		.scope = SCOPE_WORST,
		.kind = AT_MOST,
		.high = 1.03},
	{.text = "uncontended acquire+release / bare atomics",
		.id = METRIC_ID_PAIR_RATIO,
		.unit = UNIT_RATIO,
		CELLS_OF("fast_path", NULL, -1),
		.bare = 1,
		.scope = SCOPE_EACH,
		.kind = AT_MOST,
		.high = 1.5},
	ONEWAY("futex", "pin1"),
	ONEWAY("futex", "spread"),
	ONEWAY("spin", "spread"),
	{.text = "closed echo: median wait in effective slices",
		.id = METRIC_ID_WAIT_MEDIAN_SLICES,
		.unit = UNIT_SLICES,
		CELLS_OF("echo", "compute", 1),
		.variant = "cpython-5ms",
		.scope = SCOPE_EACH,
		.kind = BETWEEN,
		.low = 1.0,
		.high = 1.12},
	{.text = "closed echo: within 0.6 ms of 0, 1, 2 slices",
		.source = FROM_SHARE,
		.id = METRIC_ID_ROUND_TRIP,
		.unit = UNIT_PERCENT,
		CELLS_OF("echo", "compute", 1),
		.variant = "cpython-5ms",
		.scope = SCOPE_EACH,
		.kind = AT_LEAST,
		.low = 0.95},
	{.text = "countdown, 2 threads: longest wait in slices",
		.id = METRIC_ID_WAIT_LONGEST_SLICES,
		.unit = UNIT_SLICES,
		CELLS_OF("countdown", NULL, 2),
		.variant = "ruby19-10ms",
		.place = "spread",
		.scope = SCOPE_EACH,
		.kind = AT_LEAST,
		.low = 10.0},
	{.text = "countdown, 2 threads: longest wait in slices",
		.id = METRIC_ID_WAIT_LONGEST_SLICES,
		.unit = UNIT_SLICES,
		CELLS_OF("countdown", NULL, 2),
		.policy = "handoff",
		.place = "spread",
		.scope = SCOPE_WORST,
		.kind = LESS_THAN,
		.high = 3.0},
	{.text = "driver's CPU time / time of the measured runs",
		.source = FROM_DRIVER_CPU,
		.unit = UNIT_RATIO,
		.kind = AT_MOST,
		.high = 0.02},
	{.text = "peak memory of the driver",
		.source = FROM_DRIVER_PEAK,
		.unit = UNIT_BYTES,
		.kind = AT_MOST,
		.high = 64 * MIB},
};

static bool
is_wanted(const struct goal *goal, const struct row *row)
{
	const struct report_cell *cell = row->cell;

	return (goal->number < 0 || row->number == goal->number) &&
	       (goal->variant == NULL ||
		       strcmp(cell->variant, goal->variant) == 0) &&
	       (goal->policy == NULL ||
		       strcmp(cell->policy, goal->policy) == 0) &&
	       (goal->mode == NULL || strcmp(cell->mode, goal->mode) == 0) &&
	       (goal->poll == NULL || strcmp(cell->poll, goal->poll) == 0) &&
	       (goal->place == NULL || strcmp(cell->place, goal->place) == 0) &&
	       (goal->bare < 0 || cell->is_bare == (goal->bare == 1));
}

static bool
is_reached(const struct goal *goal, double value)
{
	switch (goal->kind) {
	case AT_MOST:
		return value <= goal->high;
	case AT_LEAST:
		return value >= goal->low;
	case LESS_THAN:
		return value < goal->high;
	case BETWEEN:
		return value >= goal->low && value <= goal->high;
	}
	DIE("unknown kind %d of a goal", (int)goal->kind);
}

/* Whether a comes further from the goal than b. */
static bool
is_worse(const struct goal *goal, double a, double b)
{
	return goal->kind == AT_LEAST ? a < b : a > b;
}

static void
format_goal(const struct goal *goal, char text[80])
{
	struct figure bound = {.state = FIGURE_OK, .unit = goal->unit};
	char low[64], high[64];

	bound.value = goal->low;
	format_figure(&bound, low);
	bound.value = goal->high;
	format_figure(&bound, high);
	switch (goal->kind) {
	case AT_MOST:
		snprintf(text, 80, "<= %s", high);
		return;
	case AT_LEAST:
		snprintf(text, 80, ">= %s", low);
		return;
	case LESS_THAN:
		snprintf(text, 80, "< %s", high);
		return;
	case BETWEEN:
		snprintf(text, 80, "%.4s to %.4s", low, high);
		return;
	}
}

/* The unit of a value in the .tsv and JSON. */
static const char *
unit_name(enum figure_unit unit)
{
	switch (unit) {
	case UNIT_NONE:
		return "count";
	case UNIT_NS:
		return "ns";
	case UNIT_RATIO:
	case UNIT_PERCENT:
		return "ratio";
	case UNIT_RATE:
		return "1/s";
	case UNIT_SLICES:
		return "slices";
	case UNIT_BYTES:
		return "bytes";
	}
	DIE("unknown unit %d", (int)unit);
}

static void
add_line(struct table *table, const struct goal *goal, const char *variant,
	const char *place, const struct figure *figure)
{
	const char *verdict = "not measured";
	char bound[80];

	if (figure->state == FIGURE_OK)
		verdict =
			is_reached(goal, figure->value) ? "reached" : "missed";
	format_goal(goal, bound);
	table_text(table, "%s", goal->text);
	table_text(table, "%s", variant);
	table_text(table, "%s", place);
	table_text(table, "%s", bound);
	table_text(table, "%s", unit_name(goal->unit));
	table_figure(table, *figure);
	table_text(table, "%d", figure->n);
	table_text(table, "%s", verdict);
}

static struct figure
figure_of_goal(const struct goal *goal, const struct row *row)
{
	if (goal->source == FROM_SHARE)
		return figure_of_slice_share(row->cell, row->phase, -1);
	return figure_of_metric(row->cell, row->phase, goal->id, goal->unit);
}

/* What a goal looks for, where no cell says it. */
static void
add_unmeasured(struct table *table, const struct goal *goal)
{
	struct figure none = figure_none(FIGURE_ABSENT);
	char variant[64];

	snprintf(variant, sizeof(variant), "%s%s%s%s%s",
		goal->variant != NULL ? goal->variant : "",
		goal->policy != NULL ? goal->policy : "",
		goal->mode != NULL ? "-" : "",
		goal->mode != NULL ? goal->mode : "",
		goal->bare == 1 ? ", bare" : "");
	add_line(table, goal, variant, goal->place != NULL ? goal->place : "",
		&none);
}

static void
add_worst(struct table *table, const struct goal *goal, const struct row *worst,
	const struct figure *figure, int count)
{
	char variant[160];

	snprintf(variant, sizeof(variant), "%s%s", worst->cell->variant,
		count > 1 ? ", the worst" : "");
	add_line(table, goal, variant, worst->cell->place, figure);
}

/* A goal about cells: a line for each of them, or for the worst. */
static void
add_goal(struct table *table, const struct report_model *model,
	const struct goal *goal)
{
	struct rows rows =
		rows_of(model, goal->workload, goal->id, goal->number_option);
	struct figure worst_figure = figure_none(FIGURE_ABSENT);
	const struct row *worst = NULL;
	int count = 0;

	for (int i = 0; i < rows.count; i++) {
		const struct row *row = &rows.items[i];
		struct figure figure;

		if (!is_wanted(goal, row))
			continue;
		figure = figure_of_goal(goal, row);
		if (goal->scope == SCOPE_EACH)
			add_line(table, goal, row->cell->variant,
				row->cell->place, &figure);
		else if (figure.state == FIGURE_OK &&
			 (worst == NULL || is_worse(goal, figure.value,
						   worst_figure.value))) {
			worst = row;
			worst_figure = figure;
		}
		count++;
	}
	if (worst != NULL)
		add_worst(table, goal, worst, &worst_figure, count);
	else if (count == 0 || goal->scope == SCOPE_WORST)
		add_unmeasured(table, goal);
	rows_free(&rows);
}

/* A number of a file's `end` record; NAN if the run has none. */
static double
end_number(const struct report_model *model, int file, const char *key)
{
	const json_t *number = json_object_get(model->files[file].end, key);

	return json_is_number(number) ? json_number_value(number) : NAN;
}

/* A goal about the driver: one value per run, from its `end` record. */
static void
add_driver_goal(struct table *table, const struct report_model *model,
	const struct goal *goal)
{
	struct launch_values values = launch_values_new(model->nfiles);
	struct figure figure;

	for (int i = 0; i < model->nfiles; i++)
		values.values[i] =
			goal->source == FROM_DRIVER_PEAK
				? end_number(model, i, "maxrss_bytes")
				: end_number(model, i, "cpu_ns") /
					  end_number(model, i, "measured_ns");
	figure = figure_of_values(&values, goal->unit);
	add_line(table, goal, "gilbench", "", &figure);
	launch_values_free(&values);
}

struct table *
table_goals(const struct report_model *model)
{
	static const struct table_column columns[] = {
		{"figure", "figure", COLUMN_TEXT, 0},
		{"variant", "variant", COLUMN_TEXT, 0},
		{"place", "place", COLUMN_TEXT, 0},
		{"goal", "to reach", COLUMN_NUMBER, 0},
		{"unit", "", COLUMN_HIDDEN, 0},
		{"value", "value", COLUMN_FIGURE, 0},
		{"launches", "n", COLUMN_NUMBER, 0},
		{"verdict", "", COLUMN_TEXT, COLUMN_VERDICT}};
	struct table *table = table_new(
		"goals", columns, ARRAY_LEN(columns), "Figures to reach");

	for (size_t i = 0; i < ARRAY_LEN(goals); i++) {
		if (goals[i].source == FROM_DRIVER_CPU ||
			goals[i].source == FROM_DRIVER_PEAK)
			add_driver_goal(table, model, &goals[i]);
		else
			add_goal(table, model, &goals[i]);
	}
	table_note(table, "The verdict is that of the median over the "
			  "launches.  Prices of the lock alone are those of "
			  "the bare twins, which have no probes.");
	return table;
}
