/* SPDX-License-Identifier: MIT */
/*
 * The tables of a report, in the order in which it shows them.
 *
 * A table for which the model holds nothing has no rows.
 */
#ifndef HARNESS_REPORT_TABLES_H
#define HARNESS_REPORT_TABLES_H

#include "harness/report_model.h"
#include "harness/report_table.h"

/* `handoff` in its waiting modes: latency and CPU time of a switch. */
struct table *table_handoff(const struct report_model *model);

/* What a switch costs under each policy, and how fair it is. */
struct table *table_policies(const struct report_model *model);

struct table *table_countdown(const struct report_model *model);
struct table *table_yield_ping(const struct report_model *model);
struct table *table_echo_open(const struct report_model *model);
struct table *table_echo_closed(const struct report_model *model);
struct table *table_fast_path(const struct report_model *model);

/* The figures to reach: goal, value, verdict. */
struct table *table_goals(const struct report_model *model);

/* Which counters were there, and why others were not. */
struct table *table_counters(const struct report_model *model);

/* Below the table: the options that all cells of the workload share. */
void note_options(struct table *table, const struct report_model *model,
	const char *workload);

/*
 * The slice that was kept: slice_effective_ns of a phase, and in mark
 * "not kept" where it is off by more than 20 % from the nominal, else "".
 */
struct figure figure_of_slice(
	const struct report_cell *cell, const char *phase, const char **mark);

/*
 * Share of compute throughput that a phase of echo kept: its iterations per
 * second over those of countdown with as many computing threads, of the same
 * variant and block and, if it ran, the same placement.
 */
struct figure figure_of_kept_compute(const struct report_model *model,
	const struct report_cell *echo, const char *phase);

/*
 * Share of a closed loop's round trips within 0.6 ms of 0, 1 or 2 effective
 * slices; slices = -1: of any of the three.
 */
struct figure figure_of_slice_share(
	const struct report_cell *echo, const char *phase, int slices);

/* Quantile of an open loop, a lower bound where requests went unanswered. */
struct figure figure_of_response(const struct report_cell *echo,
	const char *phase, const struct launch_hists *hists,
	double quantile_ratio);

/*
 * All (cell, phase) pairs of one workload in the order of a table: by place,
 * then by the number in key order, then by plan.
 */
struct row {
	const struct report_cell *cell;
	const char *phase;
	int number; /* threads, or computing threads */
	int series; /* in a chart: number of its curve, from 1 */
	int point;  /* in a chart: its form, equal to the style if it can be */
};

struct rows {
	struct row *items;
	int count;
};

/*
 * The rows of a workload whose phases have the metric.  number_option names
 * the option that holds the row's number; NULL: it stands in the phase's name.
 */
struct rows rows_of(const struct report_model *model, const char *workload,
	enum metric_id id, const char *number_option);
void rows_free(struct rows *rows);

/* handoff in its waiting modes, bare twins left out, in the modes' order. */
struct rows rows_of_handoff(const struct report_model *model);

/* "placed freely": a placement in words. */
const char *place_words(const char *place);

/* "2 threads on 2 CPUs, placed freely". */
void row_heading(const struct row *row, const char *noun, char text[96]);

#endif
