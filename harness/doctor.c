/* SPDX-License-Identifier: MIT */
/* `gilbench doctor`: what this machine can and cannot measure. */
#include "harness/doctor.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"
#include "harness/findings.h"
#include "harness/text.h"

#define LINE_COLUMNS 80

/* Column of the explanations, and of commands. */
#define INDENT 8

static int
longest_name(const struct findings *findings)
{
	size_t longest = 0;

	for (int i = 0; i < findings->length; i++) {
		size_t length = strlen(findings->items[i].name);

		if (length > longest)
			longest = length;
	}
	return (int)longest;
}

/* Print text from that column on, broken at blanks. */
static void
print_wrapped(FILE *out, const char *text, int column, int indent)
{
	while (*text != '\0') {
		int word = (int)strcspn(text, " ");

		if (column + 1 + word > LINE_COLUMNS && column > indent) {
			fprintf(out, "\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", word, text);
		column += word;
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void
print_findings(FILE *out, const char *title, const struct findings *findings)
{
	int width = longest_name(findings);

	fprintf(out, "%s\n\n", title);
	for (int i = 0; i < findings->length; i++) {
		const struct finding *finding = &findings->items[i];
		char line[512];

		fprintf(out, "%c %-*s ", finding->is_concern ? '!' : ' ', width,
			finding->name);
		snprintf(line, sizeof(line), "%s%s%s", finding->state,
			finding->why[0] == '\0' ? "" : ": ", finding->why);
		print_wrapped(out, line, width + 3, width + 3);
	}
	fputc('\n', out);
}

/* Whether an earlier finding has the same remedy. */
static bool
is_repeated(const struct findings *findings, int i)
{
	for (int k = 0; k < i; k++)
		if (strcmp(findings->items[k].remedy,
			    findings->items[i].remedy) == 0)
			return true;
	return false;
}

/* Each command once, below the names of what it helps. */
static void
print_remedies(FILE *out, const struct findings *findings)
{
	for (int i = 0; i < findings->length; i++) {
		const char *remedy = findings->items[i].remedy;
		char names[512] = "";

		if (remedy[0] == '\0' || is_repeated(findings, i))
			continue;
		for (int k = i; k < findings->length; k++) {
			size_t used = strlen(names);

			if (strcmp(findings->items[k].remedy, remedy) != 0)
				continue;
			snprintf(names + used, sizeof(names) - used, "%s%s",
				used == 0 ? "" : ", ", findings->items[k].name);
		}
		fprintf(out, "  ");
		print_wrapped(out, names, 2, 2);
		fprintf(out, "%*s%s\n", INDENT, "", remedy);
	}
}

static bool
has_remedies(const struct findings *findings)
{
	for (int i = 0; i < findings->length; i++)
		if (findings->items[i].remedy[0] != '\0')
			return true;
	return false;
}

/* A program's version may hold any bytes; JSON may not. */
static json_t *
text_or_null(const char *text)
{
	char copy[sizeof(((struct finding *)0)->why)];

	if (text[0] == '\0')
		return json_null();
	snprintf(copy, sizeof(copy), "%s", text);
	return text_to_json(copy, strlen(copy));
}

static json_t *
findings_json(const struct findings *findings)
{
	json_t *list = json_array();

	for (int i = 0; i < findings->length; i++) {
		const struct finding *finding = &findings->items[i];
		json_t *row = json_pack("{s:s, s:s?, s:o, s:b, s:o, s:o}",
			"name", finding->name, "status", finding->status,
			"state", text_or_null(finding->state), "concern",
			finding->is_concern, "why", text_or_null(finding->why),
			"remedy", text_or_null(finding->remedy));

		if (json_array_append_new(list, row) != 0)
			DIE("a finding does not fit into JSON");
	}
	return list;
}

static void
print_json(FILE *out, const struct findings *measures,
	const struct findings *environment)
{
	json_t *report =
		json_pack("{s:o, s:o}", "measures", findings_json(measures),
			"environment", findings_json(environment));

	if (report == NULL)
		DIE("the findings do not fit into JSON");
	/* A failure to write shows in ferror(). */
	(void)json_dumpf(report, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(report);
}

static void
print_text(FILE *out, const struct findings *measures,
	const struct findings *environment)
{
	print_findings(
		out, "What can be measured here (! not, or in part)", measures);
	print_findings(out, "What bears upon the figures (! to their harm)",
		environment);
	if (!has_remedies(measures) && !has_remedies(environment))
		return;
	fprintf(out, "What would help\n\n");
	print_remedies(out, measures);
	print_remedies(out, environment);
}

int
doctor_main(FILE *out, bool json)
{
	static struct findings measures, environment;

	measures.length = 0;
	environment.length = 0;
	findings_of_measures(&measures);
	findings_of_environment(&environment);
	if (json)
		print_json(out, &measures, &environment);
	else
		print_text(out, &measures, &environment);
	if (fflush(out) != 0 || ferror(out)) {
		fprintf(stderr, "gilbench: cannot write the findings: %s\n",
			strerror(errno));
		return EXIT_USAGE;
	}
	return EXIT_OK;
}
