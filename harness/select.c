/* SPDX-License-Identifier: MIT */
/* From what a user asks for to the cells of a plan. */
#include "harness/select.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "common/affinity.h"
#include "common/die.h"
#include "common/parse.h"
#include "harness/matrix.h"
#include "harness/text.h"
#include "harness/workload_spec.h"

struct selector {
	const struct selection *selection;
	const struct variants *variants;
	const struct matrix *matrix; /* rows, unless workloads are given */
	bool is_named;               /* the user named the matrix */
	json_t *sets;                /* name -> text */
	int cpus;
	struct cells *cells;
	struct sentence *why;
};

static bool
is_match(const char *glob, const char *name)
{
	return fnmatch(glob, name, 0) == 0;
}

/* Whether one of the user's globs, or their absence, lets the variant in. */
static bool
is_wanted(const struct selection *selection, const struct variant *variant)
{
	for (int i = 0; i < selection->variants.count; i++)
		if (is_match(selection->variants.items[i], variant->name))
			return true;
	return selection->variants.count == 0;
}

/* Every glob must mean something: a name that is mistyped is an error. */
static int
check_globs(const struct selector *selector)
{
	const struct select_list *globs = &selector->selection->variants;

	for (int i = 0; i < globs->count; i++) {
		int matches = 0;

		for (int j = 0; j < selector->variants->count; j++)
			matches += is_match(globs->items[i],
				selector->variants->list[j].name);
		if (matches == 0)
			return sentence_set(selector->why,
				"no variant matches '%s'; `gilbench list` "
				"shows all",
				globs->items[i]);
	}
	return 0;
}

static int
parse_sets(struct selector *selector)
{
	const struct select_list *sets = &selector->selection->sets;

	for (int i = 0; i < sets->count; i++) {
		char *item = sets->items[i];
		char *equals = strchr(item, '=');
		char *name;
		int rc;

		if (equals == NULL || equals == item)
			return sentence_set(selector->why,
				"--set '%s' is not NAME=VALUE", item);
		name = strndup(item, (size_t)(equals - item));
		if (name == NULL)
			DIE("no memory for an option");
		rc = json_object_set_new(selector->sets, name,
			text_to_json(equals + 1, strlen(equals + 1)));
		free(name);
		if (rc != 0)
			return sentence_set(
				selector->why, "--set '%s' is not UTF-8", item);
	}
	return 0;
}

/* The option's text in this cell: as given, else its initial value; or NULL. */
static const char *
effective_text(
	const struct cell *cell, const json_t *workload, const char *name)
{
	const json_t *option = workload_option(workload, name);
	const json_t *given = json_object_get(cell->options, name);

	if (option == NULL)
		return NULL;
	return json_string_value(
		given != NULL ? given : json_object_get(option, "initial"));
}

/* A variant for one thread runs the entry 1 of a thread list, if any. */
static void
fit_thread_list(struct cell *cell, const char *text, int cpus)
{
	int counts[WORKLOAD_SPEC_MAX_LIST], length;
	bool has_one = false, has_more = false;

	if (parse_thread_list(text, cpus, counts, WORKLOAD_SPEC_MAX_LIST,
		    &length) != NULL)
		return; /* gilrun will say what is wrong with it */
	for (int i = 0; i < length; i++) {
		has_one |= counts[i] == 1;
		has_more |= counts[i] > 1;
	}
	if (!has_more)
		return;
	if (!has_one) {
		cell->refused =
			text_format("%s runs one thread only, not threads=%s",
				cell->variant, text);
		return;
	}
	cell->note =
		text_format("threads=%s cut down to 1: %s runs one thread only",
			text, cell->variant);
	/* The cell's options are its own: they were copied for it. */
	if (json_object_set_new(cell->options, "threads", json_string("1")) !=
		0)
		DIE("an option does not fit into JSON");
}

/* Decide whether the variant can run the cell. */
static void
judge(const struct selector *selector, const struct variant *variant,
	const json_t *workload, struct cell *cell)
{
	const char *threads = effective_text(cell, workload, "threads");
	const char *compute = effective_text(cell, workload, "compute");
	const char *name;
	json_t *value;

	json_object_foreach (cell->sets, name, value) {
		if (cell->refused == NULL && !variant_has_set(variant, name))
			cell->refused = text_format(
				"%s has no option '%s'", variant->name, name);
	}
	if (cell->refused == NULL && cell->slice_ns != 0 &&
		variant->slice_ns == 0)
		cell->refused =
			text_format("%s has no slice to set", variant->name);
	if (cell->refused != NULL || variant->max_threads != 1)
		return;
	if (threads != NULL)
		fit_thread_list(cell, threads, selector->cpus);
	else if (compute != NULL && strcmp(compute, "0") != 0)
		cell->refused = text_format("%s runs one thread only, and "
					    "compute=%s adds more",
			cell->variant, compute);
}

static int
add_cell(struct selector *selector, const struct variant *variant,
	const json_t *workload, const struct workload_spec *spec,
	const char *place, int64_t duration_ns)
{
	struct cell cell = {
		.variant = text_copy(variant->name),
		.workload = text_copy(
			json_string_value(json_object_get(workload, "name"))),
		.options = json_copy(spec->options),
		.sets = json_incref(selector->sets),
		.place = text_copy(place),
		.slice_ns = selector->selection->slice_ns,
		.duration_ns = duration_ns,
	};

	judge(selector, variant, workload, &cell);
	if (!cells_add(selector->cells, &cell))
		return sentence_set(
			selector->why, "that is more than %d cells", CELLS_MAX);
	return 0;
}

/* One variant, one workload setting: a cell for each place. */
static int
add_places(struct selector *selector, const struct variant *variant,
	const json_t *workload, const struct workload_spec *spec,
	int64_t duration_ns)
{
	const struct select_list *places = &selector->selection->places;
	bool is_fixed =
		selector->selection->workloads.count > 0 && spec->place != NULL;
	int rc = 0;

	if (places->count == 0 || is_fixed)
		return add_cell(selector, variant, workload, spec,
			spec->place != NULL ? spec->place : cell_places[0],
			duration_ns);
	for (int i = 0; i < places->count && rc == 0; i++)
		rc = add_cell(selector, variant, workload, spec,
			places->items[i], duration_ns);
	return rc;
}

/* All workloads of the variant that the setting means. */
static int
add_workloads(struct selector *selector, const struct variant *variant,
	const struct workload_spec *spec, int64_t duration_ns)
{
	const json_t *list = json_object_get(variant->about, "workloads");
	int matches = 0, rc = 0;

	for (size_t i = 0; i < json_array_size(list) && rc == 0; i++) {
		const json_t *workload = json_array_get(list, i);
		const char *name =
			json_string_value(json_object_get(workload, "name"));

		if (name == NULL || !is_match(spec->glob, name))
			continue;
		matches++;
		rc = workload_spec_check(
			spec, workload, selector->cpus, selector->why);
		if (rc == 0)
			rc = add_places(
				selector, variant, workload, spec, duration_ns);
	}
	if (rc == 0 && matches == 0)
		return sentence_set(selector->why,
			"no workload of %s matches '%s'; `gilbench list` shows "
			"all",
			variant->name, spec->glob);
	return rc;
}

/* Whether the row means the variant, given what the user asked for. */
static bool
row_holds(const struct selector *selector, const struct matrix_row *row,
	const struct variant *variant)
{
	if (!is_wanted(selector->selection, variant))
		return false;
	/* Whoever names variants means them, of whatever class. */
	if (!selector->is_named && selector->selection->variants.count > 0)
		return true;
	return is_match(row->variants, variant->name) &&
	       matrix_class_holds(row->class, variant);
}

static int
add_row(struct selector *selector, const struct matrix_row *row,
	int64_t duration_ns)
{
	struct workload_spec spec;
	int rc, matches = 0;

	rc = workload_spec_parse(row->workload, &spec, selector->why);
	for (int i = 0; i < selector->variants->count && rc == 0; i++) {
		const struct variant *variant = &selector->variants->list[i];

		if (!row_holds(selector, row, variant))
			continue;
		matches++;
		rc = add_workloads(selector, variant, &spec, duration_ns);
	}
	workload_spec_free(&spec);
	if (rc == 0 && matches == 0 && selector->selection->variants.count == 0)
		return sentence_set(selector->why,
			"the cell %s needs a variant '%s', and there is none "
			"in %s",
			row->workload, row->variants,
			selector->variants->bindir);
	return rc;
}

static int
add_rows(struct selector *selector)
{
	const struct selection *selection = selector->selection;
	const struct matrix *matrix = selector->matrix;
	int rc = 0;

	for (int i = 0; i < selection->workloads.count && rc == 0; i++) {
		struct matrix_row row = {
			"*", MATRIX_STANDARD, selection->workloads.items[i], 0};

		rc = add_row(selector, &row,
			selection->duration_ns ? selection->duration_ns
					       : matrix->duration_ns);
	}
	if (selection->workloads.count > 0)
		return rc;
	for (int i = 0; matrix->rows[i].workload != NULL && rc == 0; i++) {
		struct matrix_row row = matrix->rows[i];

		row.class |= matrix->class;
		if (row.duration_ns == 0)
			row.duration_ns = matrix->duration_ns;
		rc = add_row(selector, &row,
			selection->duration_ns ? selection->duration_ns
					       : row.duration_ns);
	}
	return rc;
}

static int
check_runnable(const struct selector *selector)
{
	const struct cells *cells = selector->cells;

	if (cells->count == 0)
		return sentence_set(selector->why,
			"the matrix %s holds no cell of these variants",
			selector->matrix->name);
	for (int i = 0; i < cells->count; i++)
		if (cells->list[i].refused == NULL)
			return 0;
	return sentence_set(
		selector->why, "nothing can run: %s", cells->list[0].refused);
}

int
select_cells(const struct selection *selection, const struct variants *variants,
	struct cells *cells, struct sentence *why)
{
	static int cpus[CPU_SETSIZE];
	struct selector selector = {
		.selection = selection,
		.variants = variants,
		.matrix = matrix_find(selection->matrix != NULL
					      ? selection->matrix
					      : MATRIX_DEFAULT),
		.is_named = selection->matrix != NULL,
		.sets = json_object(),
		.cpus = affinity_cpus(cpus, CPU_SETSIZE),
		.cells = cells,
		.why = why,
	};
	int rc;

	*cells = (struct cells){NULL, 0};
	if (selector.matrix == NULL)
		rc = sentence_set(why,
			"there is no matrix '%s'; `gilbench list` shows all",
			selection->matrix);
	else
		rc = check_globs(&selector);
	if (rc == 0)
		rc = parse_sets(&selector);
	if (rc == 0)
		rc = add_rows(&selector);
	if (rc == 0)
		rc = check_runnable(&selector);
	if (rc != 0)
		cells_free(cells);
	json_decref(selector.sets);
	return rc;
}
