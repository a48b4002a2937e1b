/* SPDX-License-Identifier: MIT */
/* Tables of a report as people read them in a terminal. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"
#include "harness/report_table.h"

#define GAP        "  "
#define NOTE_WIDTH 96

/* What one printed unit is, and how it is called. */
struct scale {
	double from; /* smallest value that is printed so */
	double divisor;
	const char *suffix;
};

static const struct scale ns_scales[] = {
	{1e9, 1e9, " s"},
	{1e6, 1e6, " ms"},
	{1e3, 1e3, " us"},
	{0.0, 1.0, " ns"},
};
static const struct scale rate_scales[] = {
	{1e9, 1e9, " G/s"},
	{1e6, 1e6, " M/s"},
	{1e3, 1e3, " k/s"},
	{0.0, 1.0, " /s"},
};
static const struct scale byte_scales[] = {
	{1048576.0, 1048576.0, " MiB"},
	{0.0, 1024.0, " KiB"},
};
static const struct scale percent_scales[] = {{0.0, 0.01, " %"}};
static const struct scale plain_scales[] = {{0.0, 1.0, ""}};

static const struct scale *
scale_of(enum figure_unit unit, double value)
{
	const struct scale *scale = plain_scales;

	if (unit == UNIT_NS)
		scale = ns_scales;
	else if (unit == UNIT_RATE)
		scale = rate_scales;
	else if (unit == UNIT_BYTES)
		scale = byte_scales;
	else if (unit == UNIT_PERCENT)
		scale = percent_scales;
	/* 999.7 /s would be printed as 1000 /s: it is 1.00 k/s. */
	while (scale->from > 0.0 && value * 1.0005 < scale->from)
		scale++;
	return scale;
}

/* The number in that scale: three digits, ratios to the third decimal. */
static void
format_scaled(double value, enum figure_unit unit, const struct scale *scale,
	char text[24])
{
	double scaled = value / scale->divisor;
	int decimals = 2;

	if (unit == UNIT_RATIO)
		decimals = 3;
	else if (unit == UNIT_PERCENT)
		decimals = 1;
	else if (unit == UNIT_NONE || fabs(scaled) >= 99.95)
		decimals = 0;
	else if (fabs(scaled) >= 9.995)
		decimals = 1;
	snprintf(text, 24, "%.*f", decimals, scaled);
}

void
format_figure(const struct figure *figure, char text[64])
{
	const struct scale *scale;
	char number[24];

	if (figure->state == FIGURE_ABSENT) {
		snprintf(text, 64, "-");
		return;
	}
	if (figure->state != FIGURE_OK) {
		snprintf(text, 64, "%s", figure_state_name(figure->state));
		return;
	}
	scale = scale_of(figure->unit, figure->value);
	format_scaled(figure->value, figure->unit, scale, number);
	snprintf(text, 64, "%s%s%s", figure->is_lower_bound ? ">=" : "", number,
		scale->suffix);
}

void
format_range(const struct figure *figure, char text[64])
{
	const struct scale *scale = scale_of(figure->unit, figure->value);
	const struct scale *far = scale_of(figure->unit, figure->over.high);
	char low[24], high[24];

	text[0] = '\0';
	if (figure->state != FIGURE_OK || !figure->has_range || figure->n < 2)
		return;
	/* Both ends in the figure's own unit, unless one is far away. */
	format_scaled(figure->over.low, figure->unit, scale, low);
	if (far > scale)
		far = scale;
	format_scaled(figure->over.high, figure->unit, far, high);
	if (far < scale)
		snprintf(text, 64, "%s%s..%s%s", low, scale->suffix, high,
			far->suffix);
	else if (strcmp(low, high) != 0)
		snprintf(text, 64, "%s..%s", low, high);
}

static bool
is_shown(const struct table *table, int column)
{
	enum column_kind kind = table->columns[column].kind;

	if (kind == COLUMN_HIDDEN || kind == COLUMN_GROUP)
		return false;
	if (kind != COLUMN_TEXT)
		return true;
	for (int row = 0; row < table_rows(table); row++)
		if (table_at(table, row, column)->text[0] != '\0')
			return true;
	return false;
}

/* What stands in a column on the first or second line of a row. */
static void
format_line(const struct table_value *value, bool is_range, char text[128])
{
	char figure[64];

	if (value->text != NULL) {
		snprintf(text, 128, "%s", is_range ? "" : value->text);
		return;
	}
	if (is_range)
		format_range(&value->figure, figure);
	else
		format_figure(&value->figure, figure);
	snprintf(text, 128, "%s", figure);
}

static int
column_width(const struct table *table, int column)
{
	int widest = (int)strlen(table->columns[column].title);

	for (int row = 0; row < table_rows(table); row++)
		for (int line = 0; line < 2; line++) {
			char text[128];
			int width;

			format_line(table_at(table, row, column), line, text);
			width = (int)strlen(text);
			if (width > widest)
				widest = width;
		}
	return widest;
}

static const char *
verdict_colour(const char *verdict)
{
	if (strncmp(verdict, "reached", 7) == 0)
		return "\033[32m";
	if (strncmp(verdict, "missed", 6) == 0)
		return "\033[31m";
	return "";
}

/* A line of a row, without blanks at its end. */
struct line {
	char text[4096];
	size_t length;
};

static void
line_add(struct line *line, const char *text)
{
	size_t length = strlen(text);

	if (line->length + length >= sizeof(line->text))
		DIE("a line of a table has more than %zu bytes",
			sizeof(line->text));
	memcpy(line->text + line->length, text, length + 1);
	line->length += length;
}

static void
line_add_padded(struct line *line, const char *text, int width, bool is_left)
{
	char padded[256];

	snprintf(padded, sizeof(padded), is_left ? "%-*s" : "%*s", width, text);
	line_add(line, padded);
}

static void
line_print(struct line *line, FILE *stream)
{
	while (line->length > 0 && line->text[line->length - 1] == ' ')
		line->length--;
	line->text[line->length] = '\0';
	if (line->length > 0)
		fprintf(stream, "%s\n", line->text);
	line->length = 0;
	line->text[0] = '\0';
}

static bool
is_left_aligned(const struct table_column *column)
{
	return column->kind == COLUMN_TEXT;
}

static void
print_head(const struct table *table, const int *widths, FILE *stream)
{
	struct line line = {.length = 0};

	for (int i = 0; i < table->ncolumns; i++) {
		if (widths[i] < 0)
			continue;
		line_add(&line, GAP);
		line_add_padded(&line, table->columns[i].title, widths[i],
			is_left_aligned(&table->columns[i]));
	}
	line_print(&line, stream);
}

static void
print_line(const struct table *table, int row, bool is_range, bool is_coloured,
	const int *widths, FILE *stream)
{
	struct line line = {.length = 0};

	for (int i = 0; i < table->ncolumns; i++) {
		const struct table_column *column = &table->columns[i];
		const char *colour = "";
		char text[128];

		if (widths[i] < 0)
			continue;
		format_line(table_at(table, row, i), is_range, text);
		if (is_coloured && is_range)
			colour = "\033[2m";
		else if (is_coloured && (column->flags & COLUMN_VERDICT))
			colour = verdict_colour(text);
		line_add(&line, GAP);
		line_add(&line, text[0] == '\0' ? "" : colour);
		line_add_padded(
			&line, text, widths[i], is_left_aligned(column));
		if (text[0] != '\0' && colour[0] != '\0')
			line_add(&line, "\033[0m");
	}
	line_print(&line, stream);
}

/* The heading of a row's group where it differs from the row's before. */
static void
print_group(const struct table *table, int row, FILE *stream)
{
	for (int i = 0; i < table->ncolumns; i++) {
		const char *text = table_at(table, row, i)->text;

		if (table->columns[i].kind != COLUMN_GROUP)
			continue;
		if (row == 0 ||
			strcmp(text, table_at(table, row - 1, i)->text) != 0)
			fprintf(stream, "%s %s\n", row == 0 ? "" : "\n", text);
	}
}

/* A note, broken between words, later lines indented. */
static void
print_wrapped(const char *text, FILE *stream)
{
	const char *indent = " ";

	while (*text != '\0') {
		size_t length = strlen(text), cut = NOTE_WIDTH;

		while (length > NOTE_WIDTH && cut > 0 && text[cut] != ' ')
			cut--;
		if (length > NOTE_WIDTH && cut > 0)
			length = cut;
		fprintf(stream, "%s%.*s\n", indent, (int)length, text);
		text += length;
		text += strspn(text, " ");
		indent = "   ";
	}
}

void
table_print(const struct table *table, bool is_coloured, FILE *stream)
{
	int *widths = calloc((size_t)table->ncolumns, sizeof(*widths));

	if (widths == NULL)
		DIE("no memory for the columns of a table");
	for (int i = 0; i < table->ncolumns; i++)
		widths[i] = is_shown(table, i) ? column_width(table, i) : -1;
	fprintf(stream, "%s%s%s\n", is_coloured ? "\033[1m" : "", table->title,
		is_coloured ? "\033[0m" : "");
	print_head(table, widths, stream);
	for (int row = 0; row < table_rows(table); row++) {
		print_group(table, row, stream);
		print_line(table, row, false, is_coloured, widths, stream);
		print_line(table, row, true, is_coloured, widths, stream);
	}
	for (int i = 0; i < table->nnotes; i++)
		print_wrapped(table->notes[i], stream);
	free(widths);
}
