/* SPDX-License-Identifier: MIT */
/*
 * The charts of a report: their data as tables, and gnuplot that draws them.
 *
 * A chart's script reads nothing but the chart's .tsv, so that it can be drawn
 * again, or otherwise, from the report's folder alone.
 */
#ifndef HARNESS_REPORT_CHARTS_H
#define HARNESS_REPORT_CHARTS_H

#include "harness/report_model.h"
#include "harness/report_table.h"
#include "harness/report_tables.h"
#include "harness/sentence.h"

struct chart {
	char *name;         /* of its files: "echo_spectrum_k1" */
	const char *script; /* "echo_spectrum.gp" */
	char *subtitle;     /* what the chart is of, beside its title */
	char *caption;      /* launches, machine, revision */
	struct table *data;
	const char *why_not; /* there is nothing to draw; NULL: there is */
};

struct charts {
	struct chart *items;
	int count;
};

/* All charts in the report's order, those without data too. */
struct charts charts_make(const struct report_model *model);
void charts_free(struct charts *charts);

enum draw_result {
	DRAWN,
	DRAW_FAILED, /* why says what gnuplot said; no picture is left */
	DRAW_NO_GNUPLOT
};

/*
 * Draw DIR/NAME.svg and .png from DIR/NAME.tsv with the script in plot_dir.
 * A picture appears under its name only if gnuplot ended well, had nothing to
 * say, and wrote more than 1 KB.
 */
enum draw_result chart_draw(const struct chart *chart, const char *dir,
	const char *plot_dir, struct sentence *why);

/* What the functions that make one chart each are made of. */

/*
 * Restrict the rows to what one chart can show, in the order of their styles;
 * returns their placement in words for a subtitle.
 */
const char *chart_select_rows(struct rows *rows);

/* Keep the rows whose number is this. */
void chart_keep_number(struct rows *rows, int number);

/* Columns of a chart's data; CHART_COLUMNS begin it in every chart. */
#define CHART_COLUMN(key)                                                      \
	{                                                                      \
		key, "", COLUMN_TEXT, 0                                        \
	}
#define CHART_FIGURE(key)                                                      \
	CHART_COLUMN(key), CHART_COLUMN(key "_min"), CHART_COLUMN(key "_max")
#define CHART_COLUMNS                                                          \
	CHART_COLUMN("series"), CHART_COLUMN("style"), CHART_COLUMN("point"),  \
		CHART_COLUMN("label"), CHART_COLUMN("place"),                  \
		CHART_COLUMN("launches")

/* A row's values of CHART_COLUMNS; mark goes behind its label. */
void chart_begin_row(struct table *table, const struct report_model *model,
	const struct row *row, const char *known_options, const char *mark);

/* A number of a chart's data, or its word for none. */
void chart_number(struct table *table, double number);

/* A figure's value, lowest and highest launch: CHART_FIGURE(). */
void chart_figure(struct table *table, const struct figure *figure);

/* Add to a chart's remark that it does not show a row, and why. */
void chart_omit(char **remark, const char *want, const struct row *row);

/*
 * Append a chart of the rows; takes over name, subtitle, data, and caption: a
 * remark to end the caption with, or NULL.  Without data it is one that cannot
 * be drawn because of why_not.
 */
void chart_add(struct charts *charts, const struct report_model *model,
	const struct rows *rows, struct chart chart, const char *why_not);

/* The charts of echo. */
void charts_add_echo(struct charts *charts, const struct report_model *model);

#endif
