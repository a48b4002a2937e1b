/* SPDX-License-Identifier: MIT */
/*
 * `gilbench report FILE...`: what a run has found, as text, tables, charts.
 *
 * Everything but the pictures is a function of the result files' bytes: run
 * twice, it writes the same.
 *
 *   report_load.c, report_model.c   result files, sorted by cell
 *   report_figure.c, stats.c        from launches to one figure
 *   report_rows.c, _workloads.c, _echo.c, _goals.c, _counters.c   the tables
 *   report_table.c, report_text.c   how a table is written
 *   report_charts.c, _chart_echo.c, _gnuplot.c   the charts
 *   report_header.c, report_write.c, report.c    all of it together
 */
#ifndef HARNESS_REPORT_H
#define HARNESS_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "harness/report_charts.h"
#include "harness/report_model.h"
#include "harness/report_table.h"
#include "harness/sentence.h"

#define REPORT_MAX_TABLES 16

struct report {
	struct report_model model;
	char *header;
	struct table *tables[REPORT_MAX_TABLES]; /* some without rows */
	int ntables;
	struct charts charts;
};

/* The command; argv[0] is "gilbench report".  Returns the exit status. */
int report_main(int argc, char **argv);

/* Fill in everything but the model; report_free() frees all of it. */
void report_make(struct report *report);
void report_free(struct report *report);

/* The head of the text; the caller frees it. */
char *report_header(const struct report_model *model);

/* How many launches ended so. */
int report_count_status(const struct report_model *model, const char *status);

/* The report as text and as JSON. */
void report_print(const struct report *report, bool is_coloured, FILE *stream);
json_t *report_json(const struct report *report);

/*
 * Write all files into dir, which is made if need be, and draw the charts with
 * the scripts in plot_dir.  What went wrong is said on stderr.  Returns the
 * exit status.
 */
int report_write(
	const struct report *report, const char *dir, const char *plot_dir);

#endif
