/* SPDX-License-Identifier: MIT */
/* Tables of a report: how they are made, as .tsv and as JSON. */
#include "harness/report_table.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"

static char *PRINTF_LIKE(1, 0) format_text(const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) < 0)
		DIE_ERRNO(ENOMEM, "text of a table");
	/* One line, one field: whatever a record's sentence holds. */
	for (char *c = text; *c != '\0'; c++)
		if (iscntrl((unsigned char)*c))
			*c = ' ';
	return text;
}

struct table *
table_new(const char *name, const struct table_column *columns, int ncolumns,
	const char *title, ...)
{
	struct table *table = calloc(1, sizeof(*table));
	va_list args;

	if (table == NULL)
		DIE_ERRNO(ENOMEM, "table");
	va_start(args, title);
	*table = (struct table){.name = name,
		.title = format_text(title, args),
		.columns = columns,
		.ncolumns = ncolumns};
	va_end(args);
	return table;
}

void
table_free(struct table *table)
{
	if (table == NULL)
		return;
	for (int i = 0; i < table->nvalues; i++)
		free(table->values[i].text);
	for (int i = 0; i < table->nnotes; i++)
		free(table->notes[i]);
	free(table->values);
	free(table->notes);
	free(table->title);
	free(table);
}

static struct table_value *
add_value(struct table *table)
{
	size_t bytes = (size_t)(table->nvalues + 1) * sizeof(*table->values);

	table->values = realloc(table->values, bytes);
	if (table->values == NULL)
		DIE_ERRNO(ENOMEM, "values of a table");
	return &table->values[table->nvalues++];
}

void
table_text(struct table *table, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	*add_value(table) =
		(struct table_value){.text = format_text(fmt, args)};
	va_end(args);
}

void
table_figure(struct table *table, struct figure figure)
{
	*add_value(table) = (struct table_value){.figure = figure};
}

void
table_note(struct table *table, const char *fmt, ...)
{
	size_t bytes = (size_t)(table->nnotes + 1) * sizeof(*table->notes);
	va_list args;

	table->notes = realloc(table->notes, bytes);
	if (table->notes == NULL)
		DIE_ERRNO(ENOMEM, "notes of a table");
	va_start(args, fmt);
	table->notes[table->nnotes++] = format_text(fmt, args);
	va_end(args);
}

int
table_rows(const struct table *table)
{
	return table->nvalues / table->ncolumns;
}

const struct table_value *
table_at(const struct table *table, int row, int column)
{
	return &table->values[row * table->ncolumns + column];
}

const char *
figure_state_name(enum figure_state state)
{
	switch (state) {
	case FIGURE_ABSENT:
		return "not_measured";
	case FIGURE_OK:
		return "ok";
	case FIGURE_TOO_FEW:
		return "too_few";
	case FIGURE_NO_SAMPLES:
		return "no_samples";
	case FIGURE_DISABLED:
		return "disabled";
	}
	DIE("unknown state %d of a figure", (int)state);
}

void
format_number(double number, char text[32])
{
	double size = fabs(number);

	if (number == rint(number) || size >= 1e6)
		snprintf(text, 32, "%.0f", number);
	else if (size >= 1.0)
		snprintf(text, 32, "%.6g", number);
	else
		snprintf(text, 32, "%.6f", number);
}

static const char *const range_keys[] = {"min", "max", "low", "high"};

static void
range_of(const struct stats_summary *over, double range[4])
{
	range[0] = over->min;
	range[1] = over->max;
	range[2] = over->low;
	range[3] = over->high;
}

static void
print_tsv_head(const struct table *table, FILE *stream)
{
	const char *gap = "";

	for (int i = 0; i < table->ncolumns; i++) {
		const struct table_column *column = &table->columns[i];

		if (column->kind == COLUMN_GROUP)
			continue; /* its parts are hidden columns */
		fprintf(stream, "%s%s", gap, column->key);
		gap = "\t";
		if (column->kind != COLUMN_FIGURE)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(range_keys); k++)
			fprintf(stream, "\t%s_%s", column->key, range_keys[k]);
		if (column->flags & COLUMN_BOUNDED)
			fprintf(stream, "\t%s_is_lower_bound", column->key);
	}
	fputc('\n', stream);
}

static void
print_tsv_figure(const struct figure *figure, bool is_bounded, FILE *stream)
{
	char number[32];
	double range[4];

	range_of(&figure->over, range);
	if (figure->state == FIGURE_OK)
		format_number(figure->value, number);
	else
		snprintf(number, sizeof(number), "%s",
			figure_state_name(figure->state));
	fputs(number, stream);
	for (size_t k = 0; k < ARRAY_LEN(range); k++) {
		format_number(range[k], number);
		fprintf(stream, "\t%s", figure->has_range ? number : "");
	}
	if (is_bounded)
		fprintf(stream, "\t%d", figure->is_lower_bound);
}

void
table_print_tsv(const struct table *table, FILE *stream)
{
	print_tsv_head(table, stream);
	for (int row = 0; row < table_rows(table); row++) {
		const char *gap = "";

		for (int i = 0; i < table->ncolumns; i++) {
			const struct table_column *column = &table->columns[i];
			const struct table_value *value =
				table_at(table, row, i);

			if (column->kind == COLUMN_GROUP)
				continue;
			fputs(gap, stream);
			gap = "\t";
			if (value->text != NULL)
				fputs(value->text, stream);
			else
				print_tsv_figure(&value->figure,
					column->flags & COLUMN_BOUNDED, stream);
		}
		fputc('\n', stream);
	}
}

static json_t *
figure_json(const struct figure *figure, bool is_bounded)
{
	json_t *object = json_pack("{s:s, s:o, s:i}", "status",
		figure_state_name(figure->state), "value",
		figure->state == FIGURE_OK ? json_real(figure->value)
					   : json_null(),
		"launches", figure->n);
	double range[4];

	range_of(&figure->over, range);
	for (size_t k = 0; figure->has_range && k < ARRAY_LEN(range); k++)
		json_object_set_new(object, range_keys[k], json_real(range[k]));
	if (figure->has_range)
		json_object_set_new(object, "coverage_ratio",
			json_real(figure->over.coverage_ratio));
	if (is_bounded)
		json_object_set_new(object, "is_lower_bound",
			json_boolean(figure->is_lower_bound));
	return object;
}

static json_t *
row_json(const struct table *table, int row)
{
	json_t *object = json_object();

	for (int i = 0; i < table->ncolumns; i++) {
		const struct table_column *column = &table->columns[i];
		const struct table_value *value = table_at(table, row, i);

		if (column->kind == COLUMN_GROUP)
			continue;
		json_object_set_new(object, column->key,
			value->text != NULL
				? json_string(value->text)
				: figure_json(&value->figure,
					  column->flags & COLUMN_BOUNDED));
	}
	return object;
}

json_t *
table_json(const struct table *table)
{
	json_t *notes = json_array(), *rows = json_array();

	for (int i = 0; i < table->nnotes; i++)
		json_array_append_new(notes, json_string(table->notes[i]));
	for (int row = 0; row < table_rows(table); row++)
		json_array_append_new(rows, row_json(table, row));
	return json_pack("{s:s, s:s, s:o, s:o}", "name", table->name, "title",
		table->title, "notes", notes, "rows", rows);
}
