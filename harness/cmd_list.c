/* SPDX-License-Identifier: MIT */
/* `gilbench list`: the variants, the workloads with options, the matrices. */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"
#include "common/parse.h"
#include "harness/commands.h"
#include "harness/matrix.h"
#include "harness/text.h"
#include "harness/variants.h"
#include "harness/sentence.h"

enum { KEY_JSON = 1000, KEY_BINDIR };

struct list_options {
	bool is_json;
	const char *bindir;
};

static const struct argp_option entries[] = {
	{"json", KEY_JSON, NULL, 0, "print JSON instead of text", 0},
	{"bindir", KEY_BINDIR, "DIR", 0,
		"where the gilrun-* are (default: $GILBENCH_BINDIR, else "
		"beside gilbench, else where they were installed)",
		0},
	{0},
};

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
	struct list_options *options = state->input;

	switch (key) {
	case KEY_JSON:
		options->is_json = true;
		return 0;
	case KEY_BINDIR:
		options->bindir = arg;
		return 0;
	case ARGP_KEY_INIT:
		return sentence_only(state);
	case ARGP_KEY_ARG:
		argp_failure(
			state, EXIT_USAGE, 0, "there is no use for '%s'", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *
member(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

/* The matrices as JSON; MATRIX_* classes are told by their effect. */
static json_t *
matrix_to_json(const struct matrix *matrix)
{
	json_t *cells = json_array();

	for (int i = 0; matrix->rows[i].workload != NULL; i++) {
		const struct matrix_row *row = &matrix->rows[i];
		unsigned class = matrix->class | row->class;
		int64_t duration_ns = row->duration_ns ? row->duration_ns
						       : matrix->duration_ns;
		json_t *cell = json_pack("{s:s, s:b, s:s?, s:s, s:I}",
			"variants", row->variants, "own_slice_only",
			(class & MATRIX_OWN_SLICE) != 0, "probes",
			class & MATRIX_WITH_PROBES ? "on"
			: class & MATRIX_BARE      ? "off"
						   : NULL,
			"workload", row->workload, "duration_ns",
			(json_int_t)duration_ns);

		if (json_array_append_new(cells, cell) != 0)
			DIE("a matrix does not fit into JSON");
	}
	return json_pack("{s:s, s:s, s:i, s:I, s:I, s:o}", "name", matrix->name,
		"summary", matrix->summary, "blocks", matrix->blocks,
		"duration_ns", (json_int_t)matrix->duration_ns, "warmup_ns",
		(json_int_t)matrix->warmup_ns, "cells", cells);
}

static void
print_json(const struct variants *variants)
{
	json_t *list = json_array(), *named = json_array(), *object;
	char *text;
	int rc = 0;

	for (int i = 0; i < variants->count; i++)
		rc |= json_array_append(list, variants->list[i].about);
	for (int i = 0; matrices[i].name != NULL; i++)
		rc |= json_array_append_new(
			named, matrix_to_json(&matrices[i]));
	object = json_pack("{s:s, s:o, s:o}", "schema", "gilbench.list/1",
		"variants", list, "matrices", named);
	text = json_dumps(object, JSON_INDENT(2));
	if (rc != 0 || text == NULL)
		DIE("the list does not fit into JSON");
	puts(text);
	free(text);
	json_decref(object);
}

static void
print_variants(const struct variants *variants)
{
	char slice[24];

	printf("Variants in %s (* at the policy's own slice):\n",
		variants->bindir);
	printf("    %-24s %-12s %-6s %-5s %-6s %s\n", "name", "policy", "mode",
		"tick", "slice", "stands for");
	for (int i = 0; i < variants->count; i++) {
		const struct variant *variant = &variants->list[i];

		if (variant->slice_ns > 0)
			format_duration(variant->slice_ns, slice);
		else if (variant->slice_count > 0)
			snprintf(slice, sizeof(slice), "n%lld",
				(long long)variant->slice_count);
		else
			snprintf(slice, sizeof(slice), "none");
		printf("  %c %-24s %-12s %-6s %-5s %-6s %s%s\n",
			variant->is_own_slice ? '*' : ' ', variant->name,
			variant->policy, variant->mode, variant->tick, slice,
			variant->stands_for,
			variant->is_bare ? " (without probes)" : "");
	}
}

static void
print_option(const json_t *option)
{
	const char *choices = member(option, "choices");

	printf("      %s=%s", member(option, "name"),
		member(option, "initial"));
	if (choices[0] != '\0')
		printf("  (%s)", choices);
	printf("  %s\n", member(option, "summary"));
}

/* Each workload once, as the first variant that has it describes it. */
static void
print_workloads(const struct variants *variants)
{
	json_t *seen = json_object();

	printf("\nWorkloads, with their options' initial values:\n");
	for (int v = 0; v < variants->count; v++) {
		const json_t *list =
			json_object_get(variants->list[v].about, "workloads");

		for (size_t i = 0; i < json_array_size(list); i++) {
			const json_t *workload = json_array_get(list, i);
			const json_t *options =
				json_object_get(workload, "options");
			const char *name = member(workload, "name");

			if (json_object_get(seen, name) != NULL)
				continue;
			if (json_object_set_new(seen, name, json_true()) != 0)
				DIE("a name does not fit into JSON");
			printf("    %-12s %s\n", name,
				member(workload, "summary"));
			for (size_t j = 0; j < json_array_size(options); j++)
				print_option(json_array_get(options, j));
		}
	}
	json_decref(seen);
}

static void
print_matrices(void)
{
	printf("\nMatrices, for `gilbench run --matrix`:\n");
	for (int i = 0; matrices[i].name != NULL; i++) {
		char duration[24];

		format_duration(matrices[i].duration_ns, duration);
		printf("    %-12s %s; %d launch%s of %s per cell\n",
			matrices[i].name, matrices[i].summary,
			matrices[i].blocks, matrices[i].blocks == 1 ? "" : "es",
			duration);
	}
}

int
cmd_list_main(int argc, char **argv)
{
	static const struct argp argp = {entries, parse_option, NULL,
		"Show the variants that can be run, the workloads with their "
		"options, and the named matrices.",
		NULL, NULL, NULL};
	struct list_options options = {0};
	struct variants variants;
	struct sentence why;
	char *dir;
	int rc;

	/* Errors end the process inside argp, with its sentence. */
	(void)argp_parse(&argp, argc, argv, 0, NULL, &options);
	dir = variants_dir(options.bindir, commands_installed_dir);
	rc = variants_load(dir, &variants, &why);
	free(dir);
	if (rc != 0) {
		fprintf(stderr, "gilbench: %s\n", why.text);
		return EXIT_USAGE;
	}
	if (options.is_json) {
		print_json(&variants);
	} else {
		print_variants(&variants);
		print_workloads(&variants);
		print_matrices();
	}
	variants_free(&variants);
	return EXIT_OK;
}
