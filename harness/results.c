/* SPDX-License-Identifier: MIT */
/*
 * A result file in memory: read whole, checked line by line.
 *
 * A line counts once its newline is there, since the driver writes a record
 * and its newline at once: whatever follows the last newline was cut off.
 * Keys and kinds of record that are not known are passed over, as the format
 * promises within one major number.
 */
#include "harness/results.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "common/compiler.h"
#include "common/die.h"

#define SCHEMA_PREFIX "gilbench.results/"

struct reader {
	const char *path;
	FILE *file;
	char *line;
	size_t line_capacity;
	size_t line_number;
	bool keep_runs;
	size_t launches_capacity;
	bool *is_seen; /* by launch id */
	size_t nplanned;
	struct results *results;
	char *error;
	size_t error_capacity;
};

/* Set the sentence and return -1. */
static int PRINTF_LIKE(2, 3) refuse(struct reader *reader, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(reader->error, reader->error_capacity, fmt, args);
	va_end(args);
	return -1;
}

static int
check_schema(struct reader *reader, const json_t *session)
{
	const char *schema =
		json_string_value(json_object_get(session, "schema"));
	size_t prefix = strlen(SCHEMA_PREFIX);

	if (schema == NULL || strncmp(schema, SCHEMA_PREFIX, prefix) != 0)
		return refuse(reader,
			"%s is not a gilbench results file: its "
			"first line names no schema " SCHEMA_PREFIX "N",
			reader->path);
	if (strcmp(schema, RESULTS_SCHEMA) != 0)
		return refuse(reader,
			"%s has the schema %.64s, but this "
			"gilbench reads only " RESULTS_SCHEMA,
			reader->path, schema);
	return 0;
}

/* The first line: what all others are checked against. */
static int
take_session(struct reader *reader, json_t *record)
{
	const json_t *cells = json_object_get(record, "cells");
	json_int_t blocks =
		json_integer_value(json_object_get(record, "blocks"));
	size_t ncells = json_array_size(cells);

	if (check_schema(reader, record) != 0)
		return -1;
	if (ncells == 0 || ncells > 10000 || blocks < 1 || blocks > 10000)
		return refuse(reader,
			"%s is not a whole gilbench results "
			"file: its session record has no cells "
			"or no blocks",
			reader->path);
	reader->nplanned = ncells * (size_t)blocks;
	reader->is_seen = calloc(reader->nplanned, sizeof(bool));
	if (reader->is_seen == NULL)
		DIE_ERRNO(ENOMEM, "calloc");
	reader->results->session = json_incref(record);
	return 0;
}

/* Whether the member is a whole number in [0, bound). */
static bool
is_below(const json_t *record, const char *key, size_t bound)
{
	const json_t *member = json_object_get(record, key);
	json_int_t number = json_integer_value(member);

	return json_is_integer(member) && number >= 0 && (size_t)number < bound;
}

static int
take_launch(struct reader *reader, json_t *record)
{
	struct results *results = reader->results;
	size_t ncells =
		json_array_size(json_object_get(results->session, "cells"));
	json_int_t number = json_integer_value(json_object_get(record, "id"));

	if (!is_below(record, "id", reader->nplanned) ||
		!is_below(record, "cell", ncells) ||
		!is_below(record, "block", reader->nplanned / ncells) ||
		!json_is_string(json_object_get(record, "status")))
		return refuse(reader,
			"%s, line %zu: a launch without a valid id, block, "
			"cell or status",
			reader->path, reader->line_number);
	if (reader->is_seen[number])
		return refuse(reader,
			"%s, line %zu: launch %lld is there "
			"twice",
			reader->path, reader->line_number, (long long)number);
	reader->is_seen[number] = true;
	if (!reader->keep_runs)
		(void)json_object_del(record, "run"); /* absent: no matter */
	if (results->nlaunches == reader->launches_capacity) {
		reader->launches_capacity = reader->launches_capacity * 2 + 64;
		results->launches = reallocarray(results->launches,
			reader->launches_capacity, sizeof(json_t *));
		if (results->launches == NULL)
			DIE_ERRNO(ENOMEM, "reallocarray");
	}
	results->launches[results->nlaunches++] = json_incref(record);
	return 0;
}

static int
take_record(struct reader *reader, json_t *record)
{
	const char *rec = json_string_value(json_object_get(record, "rec"));
	struct results *results = reader->results;

	if (rec == NULL)
		return refuse(reader, "%s, line %zu: not a gilbench record",
			reader->path, reader->line_number);
	if (results->session == NULL) {
		if (strcmp(rec, "session") != 0)
			return refuse(reader,
				"%s is not a gilbench results "
				"file: its first line is not a "
				"session record",
				reader->path);
		return take_session(reader, record);
	}
	if (strcmp(rec, "session") == 0)
		return refuse(reader, "%s, line %zu: a second session record",
			reader->path, reader->line_number);
	if (strcmp(rec, "launch") == 0)
		return take_launch(reader, record);
	if (strcmp(rec, "end") == 0) {
		json_decref(results->end);
		results->end = json_incref(record);
	}
	return 0;
}

/* One whole line, its newline included. */
static int
take_line(struct reader *reader, size_t length)
{
	json_error_t trouble;
	json_t *record;
	int rc;

	record = json_loadb(reader->line, length, 0, &trouble);
	if (record == NULL && reader->results->session == NULL)
		return refuse(reader,
			"%s is not a gilbench results file: its "
			"first line is not JSON (%s)",
			reader->path, trouble.text);
	if (record == NULL)
		return refuse(reader, "%s, line %zu is damaged: %s",
			reader->path, reader->line_number, trouble.text);
	rc = take_record(reader, record);
	json_decref(record);
	return rc;
}

static int
take_cut_off(struct reader *reader, bool allow_cut_off)
{
	struct results *results = reader->results;

	if (results->session == NULL)
		return refuse(reader,
			"%s is not a gilbench results file, or "
			"is cut off in its first line",
			reader->path);
	if (!allow_cut_off)
		return refuse(reader,
			"%s is cut off in line %zu: `gilbench "
			"run --resume %s` mends it",
			reader->path, reader->line_number, reader->path);
	results->is_cut_off = true;
	return 0;
}

static int
read_lines(struct reader *reader, bool allow_cut_off)
{
	struct results *results = reader->results;
	ssize_t length;

	for (;;) {
		errno = 0;
		length = getline(
			&reader->line, &reader->line_capacity, reader->file);
		if (length < 0)
			break;
		reader->line_number++;
		if (reader->line[length - 1] != '\n')
			return take_cut_off(reader, allow_cut_off);
		if (take_line(reader, (size_t)length) != 0)
			return -1;
		results->whole_bytes += (long)length;
	}
	if (!feof(reader->file))
		return refuse(reader, "cannot read %s: %s", reader->path,
			strerror(errno));
	if (results->session == NULL)
		return refuse(reader, "%s is empty", reader->path);
	return 0;
}

static int
load(const char *path, bool allow_cut_off, bool keep_runs,
	struct results *results, char *error, size_t capacity)
{
	struct reader reader = {
		.path = path,
		.keep_runs = keep_runs,
		.results = results,
		.error = error,
		.error_capacity = capacity,
	};
	int rc;

	memset(results, 0, sizeof(*results));
	reader.file = fopen(path, "re");
	if (reader.file == NULL)
		return refuse(
			&reader, "cannot read %s: %s", path, strerror(errno));
	rc = read_lines(&reader, allow_cut_off);
	(void)fclose(reader.file); /* only read: nothing can get lost */
	free(reader.line);
	free(reader.is_seen);
	if (rc != 0)
		results_free(results);
	return rc;
}

int
results_load(const char *path, bool allow_cut_off, struct results *results,
	char *error, size_t capacity)
{
	return load(path, allow_cut_off, true, results, error, capacity);
}

int
results_load_heads(const char *path, bool allow_cut_off,
	struct results *results, char *error, size_t capacity)
{
	return load(path, allow_cut_off, false, results, error, capacity);
}

void
results_free(struct results *results)
{
	for (size_t i = 0; i < results->nlaunches; i++)
		json_decref(results->launches[i]);
	free(results->launches);
	json_decref(results->session);
	json_decref(results->end);
	memset(results, 0, sizeof(*results));
}
