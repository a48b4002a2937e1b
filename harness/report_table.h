/* SPDX-License-Identifier: MIT */
/*
 * A table of a report: made once, written as aligned text, .tsv and JSON.
 *
 * A value is a text or a figure.  In text a figure takes two lines, the value
 * and below it its range; in .tsv it takes the columns KEY, KEY_min, KEY_max,
 * KEY_low, KEY_high in the unit that the key names, and KEY_is_lower_bound
 * where that can happen.  A figure without a value is the word that says why.
 */
#ifndef HARNESS_REPORT_TABLE_H
#define HARNESS_REPORT_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/compiler.h"
#include "harness/report_figure.h"

enum column_kind {
	COLUMN_TEXT,   /* left aligned; left out of the text when all empty */
	COLUMN_NUMBER, /* a text too, right aligned */
	COLUMN_FIGURE,
	COLUMN_GROUP, /* in the text a heading over the rows that share it */
	COLUMN_HIDDEN /* not in the text */
};

enum column_flag {
	COLUMN_BOUNDED = 1 << 0, /* its figures may be lower bounds */
	COLUMN_VERDICT = 1 << 1  /* coloured on a terminal */
};

struct table_column {
	const char *key; /* with the unit: "oneway_ns" */
	const char *title;
	enum column_kind kind;
	int flags;
};

struct table_value {
	char *text; /* NULL: a figure */
	struct figure figure;
};

struct table {
	const char *name; /* of the files: "countdown" */
	char *title;
	char **notes;
	int nnotes;
	const struct table_column *columns;
	int ncolumns;
	struct table_value *values; /* row by row */
	int nvalues;
};

struct table *table_new(const char *name, const struct table_column *columns,
	int ncolumns, const char *title, ...) PRINTF_LIKE(4, 5);
void table_free(struct table *table);

/* The next value of the row under way; a row is full by itself. */
void table_text(struct table *table, const char *fmt, ...) PRINTF_LIKE(2, 3);
void table_figure(struct table *table, struct figure figure);

/* A line below the table. */
void table_note(struct table *table, const char *fmt, ...) PRINTF_LIKE(2, 3);

int table_rows(const struct table *table);
const struct table_value *table_at(
	const struct table *table, int row, int column);

/* Fixed formats of a .tsv: "123", "0.012346", never an exponent below 1e15. */
void format_number(double number, char text[32]);

/* A figure as people read it: "5.06 ms", ">=1.20 s", "too_few". */
void format_figure(const struct figure *figure, char text[64]);

/* Its range: "5.05..5.12"; "" without one. */
void format_range(const struct figure *figure, char text[64]);

/* The word of a figure without a value; "ok" of one that has one. */
const char *figure_state_name(enum figure_state state);

/* The three forms.  Errors of the stream are the caller's to find. */
void table_print(const struct table *table, bool is_coloured, FILE *stream);
void table_print_tsv(const struct table *table, FILE *stream);
json_t *table_json(const struct table *table);

#endif
