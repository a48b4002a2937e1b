/* SPDX-License-Identifier: MIT */
/*
 * One figure of a report: a number with its launches, or why there is none.
 *
 * The number is the median over the launches of a cell; of a histogram it is
 * the quantile of all launches' samples together, and the range is that of the
 * launches' own quantiles where each of them has samples enough.
 */
#ifndef HARNESS_REPORT_FIGURE_H
#define HARNESS_REPORT_FIGURE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/hist.h"
#include "common/metrics.h"
#include "harness/report_model.h"
#include "harness/stats.h"

enum figure_state {
	FIGURE_ABSENT, /* the cell does not have it */
	FIGURE_OK,
	FIGURE_TOO_FEW,    /* fewer than 20 / (1 - q) samples */
	FIGURE_NO_SAMPLES, /* it never happened */
	FIGURE_DISABLED    /* a bare twin stamps no events */
};

enum figure_unit {
	UNIT_NONE, /* a count */
	UNIT_NS,
	UNIT_RATIO,
	UNIT_PERCENT, /* a ratio, printed in percent */
	UNIT_RATE,    /* per second */
	UNIT_SLICES,
	UNIT_BYTES
};

struct figure {
	enum figure_state state;
	enum figure_unit unit;
	double value;
	int n; /* launches it was taken from */
	bool has_range;
	struct stats_summary over; /* of the launches; valid with has_range */
	bool is_lower_bound;       /* of an overloaded server */
};

/* One value per launch of a cell; NAN where the launch has none. */
struct launch_values {
	int n;
	int *blocks;
	double *values;
	enum figure_state why; /* why there is no value, if there is none */
};

/* A cell's histograms of one metric: each launch's, and all together. */
struct launch_hists {
	int n;
	struct hist **each;
	struct hist *all;
	enum figure_state why;
};

/*
 * The measured phases of a cell, named as in the records; *count of them in
 * static storage of the model's records.  "threads=2 again" is the second half
 * of "threads=2" and not named.  The caller frees the list, not the names.
 */
const char **cell_phases(const struct report_cell *cell, int *count);

/* The number after "threads=" in a phase's name, or -1. */
int phase_threads(const char *phase);

/*
 * How often a phase ended as anything but ok: "overloaded 3/5", else "".
 * Fills at most capacity bytes.
 */
void cell_trouble(const struct report_cell *cell, const char *phase, char *text,
	size_t capacity);

/* n launches without values. */
struct launch_values launch_values_new(int n);
struct launch_values launch_values(
	const struct report_cell *cell, const char *phase, enum metric_id id);
void launch_values_free(struct launch_values *values);

struct launch_hists launch_hists(
	const struct report_cell *cell, const char *phase, enum metric_id id);
void launch_hists_free(struct launch_hists *hists);

struct figure figure_none(enum figure_state state);

/* Sum up the values that are numbers. */
struct figure figure_of_values(
	const struct launch_values *values, enum figure_unit unit);

/* The metric of a phase, summed up over the launches. */
struct figure figure_of_metric(const struct report_cell *cell,
	const char *phase, enum metric_id id, enum figure_unit unit);

/* A quantile; 1.0 is the maximum and needs no number of samples. */
struct figure figure_of_quantile(
	const struct launch_hists *hists, double quantile_ratio);

/*
 * The ratio of two lists, launch by launch of the same block: both were
 * measured within minutes, and no slow drift of the machine is in it.
 */
struct launch_values launch_values_ratio(
	const struct launch_values *above, const struct launch_values *below);

#endif
