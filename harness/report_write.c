/* SPDX-License-Identifier: MIT */
/* A report on paper: text, JSON, and a folder of tables and charts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/compiler.h"
#include "common/die.h"
#include "harness/report.h"
#include "harness/report_tables.h"
#include "harness/text.h"

#define REPORT_SCHEMA "gilbench.report/1"

/* In the order of the report. */
static struct table *(*const makers[])(const struct report_model *) = {
	table_handoff, table_policies, table_countdown, table_yield_ping,
	table_echo_open, table_echo_closed, table_fast_path, table_goals,
	table_counters};

void
report_make(struct report *report)
{
	_Static_assert(ARRAY_LEN(makers) <= REPORT_MAX_TABLES, "too many");
	report->header = report_header(&report->model);
	for (size_t i = 0; i < ARRAY_LEN(makers); i++)
		report->tables[report->ntables++] = makers[i](&report->model);
	report->charts = charts_make(&report->model);
}

void
report_free(struct report *report)
{
	for (int i = 0; i < report->ntables; i++)
		table_free(report->tables[i]);
	charts_free(&report->charts);
	free(report->header);
	model_free(&report->model);
}

static void
print_absent_charts(const struct charts *charts, FILE *stream)
{
	const char *gap = "\n";

	for (int i = 0; i < charts->count; i++) {
		const struct chart *chart = &charts->items[i];

		if (chart->why_not == NULL)
			continue;
		fprintf(stream, "%sno chart %s: %s\n", gap, chart->name,
			chart->why_not);
		gap = "";
	}
}

void
report_print(const struct report *report, bool is_coloured, FILE *stream)
{
	fputs(report->header, stream);
	for (int i = 0; i < report->ntables; i++) {
		if (table_rows(report->tables[i]) == 0)
			continue;
		fputc('\n', stream);
		table_print(report->tables[i], is_coloured, stream);
	}
	print_absent_charts(&report->charts, stream);
}

static json_t *
charts_json(const struct charts *charts)
{
	json_t *list = json_array();

	for (int i = 0; i < charts->count; i++) {
		const struct chart *chart = &charts->items[i];

		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s, s:s?}", "name", chart->name,
				"subtitle", chart->subtitle, "caption",
				chart->caption, "why_not", chart->why_not));
	}
	return list;
}

json_t *
report_json(const struct report *report)
{
	const struct report_model *model = &report->model;
	const json_t *session = model_session(model);
	json_t *files = json_array(), *tables = json_array();

	for (int i = 0; i < model->nfiles; i++)
		json_array_append_new(files, json_string(model->names[i]));
	for (int i = 0; i < report->ntables; i++)
		json_array_append_new(tables, table_json(report->tables[i]));
	return json_pack("{s:s, s:o, s:O?, s:O?, s:O?, s:i, s:i, s:o, s:o}",
		"schema", REPORT_SCHEMA, "files", files, "revision",
		json_object_get(session, "revision"), "matrix",
		json_object_get(session, "matrix"), "host",
		json_object_get(session, "host"), "planned", model->planned,
		"done", model->done, "tables", tables, "charts",
		charts_json(&report->charts));
}

/* What a file of the report is made by. */
struct writer {
	void (*write)(const void *subject, FILE *stream);
	const void *subject;
};

static void
write_text(const void *subject, FILE *stream)
{
	report_print(subject, false, stream);
}

static void
write_json(const void *subject, FILE *stream)
{
	json_t *object = report_json(subject);

	if (object == NULL)
		DIE("a report does not fit into JSON");
	(void)json_dumpf(object, stream, JSON_INDENT(1)); /* ferror() tells */
	fputc('\n', stream);
	json_decref(object);
}

static void
write_tsv(const void *subject, FILE *stream)
{
	table_print_tsv(subject, stream);
}

static int
fail(const char *path, int err)
{
	fprintf(stderr, "gilbench report: cannot write %s: %s\n", path,
		strerror(err));
	return EXIT_USAGE;
}

/* Write DIR/NAME.SUFFIX whole or not at all. */
static int
write_file(const char *dir, const char *name, const char *suffix,
	struct writer writer)
{
	char *path = text_format("%s/%s.%s", dir, name, suffix);
	char *temporary = text_format("%s.tmp", path);
	FILE *stream = fopen(temporary, "we");
	int rc = EXIT_OK;

	if (stream == NULL) {
		rc = fail(path, errno);
	} else {
		bool is_bad;

		errno = 0;
		writer.write(writer.subject, stream);
		is_bad = ferror(stream) != 0;
		if (fclose(stream) != 0 || is_bad ||
			rename(temporary, path) != 0) {
			rc = fail(path, errno);
			(void)unlink(temporary); /* best effort */
		}
	}
	free(path);
	free(temporary);
	return rc;
}

/* A file of an earlier report must not pass for one of this. */
static void
remove_file(const char *dir, const char *name, const char *suffix)
{
	char *path = text_format("%s/%s.%s", dir, name, suffix);

	(void)unlink(path); /* mostly it is not there */
	free(path);
}

static int
write_table(const char *dir, const char *name, const struct table *table)
{
	if (table_rows(table) > 0)
		return write_file(
			dir, name, "tsv", (struct writer){write_tsv, table});
	remove_file(dir, name, "tsv");
	return EXIT_OK;
}

static int
write_tables(const struct report *report, const char *dir)
{
	int rc = write_file(
		dir, "report", "txt", (struct writer){write_text, report});

	if (rc == EXIT_OK)
		rc = write_file(dir, "report", "json",
			(struct writer){write_json, report});
	for (int i = 0; i < report->ntables && rc == EXIT_OK; i++)
		rc = write_table(
			dir, report->tables[i]->name, report->tables[i]);
	for (int i = 0; i < report->charts.count && rc == EXIT_OK; i++)
		rc = write_table(dir, report->charts.items[i].name,
			report->charts.items[i].data);
	return rc;
}

static int
draw_charts(const struct report *report, const char *dir, const char *plot_dir)
{
	int rc = EXIT_OK;

	for (int i = 0; i < report->charts.count; i++) {
		const struct chart *chart = &report->charts.items[i];
		struct sentence why;

		remove_file(dir, chart->name, "svg");
		remove_file(dir, chart->name, "png");
		if (chart->why_not != NULL)
			continue;
		switch (chart_draw(chart, dir, plot_dir, &why)) {
		case DRAWN:
			break;
		case DRAW_FAILED:
			fprintf(stderr, "gilbench report: %s\n", why.text);
			rc = EXIT_FAILURE;
			break;
		case DRAW_NO_GNUPLOT:
			fputs("gilbench report: no charts were drawn, since "
			      "gnuplot is not installed: `apt-get install "
			      "gnuplot-nox` installs it\n",
				stderr);
			return EXIT_OK;
		}
	}
	return rc;
}

int
report_write(const struct report *report, const char *dir, const char *plot_dir)
{
	int rc;

	if (mkdir(dir, 0777) != 0 && errno != EEXIST)
		return fail(dir, errno);
	rc = write_tables(report, dir);
	if (rc != EXIT_OK)
		return rc;
	return draw_charts(report, dir, plot_dir);
}
