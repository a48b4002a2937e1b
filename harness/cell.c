/* SPDX-License-Identifier: MIT */
/* A cell of the plan: one variant, one workload, one setting of everything. */
#include "harness/cell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/compiler.h"
#include "common/die.h"
#include "common/parse.h"
#include "harness/text.h"

const char *const cell_places[] = {"free", "pin1", "spread", NULL};

bool
cell_is_place(const char *text)
{
	for (int i = 0; cell_places[i] != NULL; i++)
		if (strcmp(cell_places[i], text) == 0)
			return true;
	return false;
}

static void
cell_release(struct cell *cell)
{
	free(cell->variant);
	free(cell->workload);
	json_decref(cell->options);
	json_decref(cell->sets);
	free(cell->place);
	free(cell->note);
	free(cell->refused);
}

static bool
is_alike(const struct cell *a, const struct cell *b)
{
	return strcmp(a->variant, b->variant) == 0 &&
	       strcmp(a->workload, b->workload) == 0 &&
	       strcmp(a->place, b->place) == 0 && a->slice_ns == b->slice_ns &&
	       a->duration_ns == b->duration_ns &&
	       json_equal(a->options, b->options) == 1 &&
	       json_equal(a->sets, b->sets) == 1;
}

bool
cells_add(struct cells *cells, struct cell *cell)
{
	for (int i = 0; i < cells->count; i++) {
		if (is_alike(&cells->list[i], cell)) {
			cell_release(cell);
			return true;
		}
	}
	if (cells->count == CELLS_MAX) {
		cell_release(cell);
		return false;
	}
	cells->list = reallocarray(
		cells->list, (size_t)cells->count + 1, sizeof(*cells->list));
	if (cells->list == NULL)
		DIE_ERRNO(ENOMEM, "reallocarray");
	cells->list[cells->count++] = *cell;
	return true;
}

void
cells_free(struct cells *cells)
{
	for (int i = 0; i < cells->count; i++)
		cell_release(&cells->list[i]);
	free(cells->list);
	cells->list = NULL;
	cells->count = 0;
}

json_t *
cells_to_json(const struct cells *cells)
{
	json_t *list = json_array();

	for (int i = 0; i < cells->count; i++) {
		const struct cell *cell = &cells->list[i];
		json_t *object = json_pack(
			"{s:i, s:s, s:s, s:O, s:O, s:s, s:I, s:I, s:s?, s:s?}",
			"id", i, "variant", cell->variant, "workload",
			cell->workload, "options", cell->options, "set",
			cell->sets, "place", cell->place, "slice_ns",
			(json_int_t)cell->slice_ns, "duration_ns",
			(json_int_t)cell->duration_ns, "note", cell->note,
			"refused", cell->refused);

		if (object == NULL || json_array_append_new(list, object) != 0)
			DIE("a cell does not fit into JSON");
	}
	return list;
}

/* Whether every member is a string: what a command line is made of. */
static bool
is_text_object(const json_t *object)
{
	const char *name;
	json_t *value;

	if (!json_is_object(object))
		return false;
	json_object_foreach ((json_t *)object, name, value) {
		if (!json_is_string(value))
			return false;
	}
	return true;
}

/* The member's text, or NULL if it is null or not there. */
static char *
copy_member(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? NULL : text_copy(text);
}

static int
cell_from_json(json_t *object, struct cell *cell)
{
	const char *variant, *workload, *place;
	json_int_t slice_ns, duration_ns;
	json_t *options, *sets;

	if (json_unpack(object, "{s:s, s:s, s:o, s:o, s:s, s:I, s:I}",
		    "variant", &variant, "workload", &workload, "options",
		    &options, "set", &sets, "place", &place, "slice_ns",
		    &slice_ns, "duration_ns", &duration_ns) != 0)
		return -1;
	if (!is_text_object(options) || !is_text_object(sets) ||
		!cell_is_place(place) || slice_ns < 0 || duration_ns <= 0)
		return -1;
	*cell = (struct cell){
		.variant = text_copy(variant),
		.workload = text_copy(workload),
		.options = json_incref(options),
		.sets = json_incref(sets),
		.place = text_copy(place),
		.slice_ns = slice_ns,
		.duration_ns = duration_ns,
		.note = copy_member(object, "note"),
		.refused = copy_member(object, "refused"),
	};
	return 0;
}

int
cells_from_json(const json_t *list, struct cells *cells, size_t *bad)
{
	struct cell cell;

	*cells = (struct cells){NULL, 0};
	for (*bad = 0; *bad < json_array_size(list); ++*bad) {
		int before = cells->count;

		/* A cell that is there twice would shift all later ones. */
		if (cell_from_json(json_array_get(list, *bad), &cell) != 0 ||
			!cells_add(cells, &cell) || cells->count == before) {
			cells_free(cells);
			return -1;
		}
	}
	return 0;
}

char *
cell_label(const struct cell *cell)
{
	char *text = text_copy(cell->workload);
	char slice[24];
	const char *name;
	json_t *value;

	json_object_foreach (cell->options, name, value) {
		text_append(&text, ":%s=%s", name, json_string_value(value));
	}
	text_append(&text, " place=%s", cell->place);
	if (cell->slice_ns != 0) {
		format_duration(cell->slice_ns, slice);
		text_append(&text, " slice=%s", slice);
	}
	json_object_foreach (cell->sets, name, value) {
		text_append(&text, " %s=%s", name, json_string_value(value));
	}
	return text;
}

static void
add_duration(char **argv, size_t *count, const char *option, int64_t ns)
{
	char text[24];

	format_duration(ns, text);
	argv[(*count)++] = text_copy(option);
	argv[(*count)++] = text_copy(text);
}

char **
cell_argv(const struct cell *cell, int64_t warmup_ns, int64_t nonce)
{
	size_t pairs = json_object_size(cell->options) +
		       json_object_size(cell->sets) + 5;
	char **argv = calloc(2 + 2 * pairs + 1, sizeof(*argv));
	size_t n = 0;
	const char *name;
	json_t *value;

	if (argv == NULL)
		DIE_ERRNO(ENOMEM, "calloc");
	argv[n++] = text_format("gilrun-%s", cell->variant);
	argv[n++] = text_copy(cell->workload);
	json_object_foreach (cell->options, name, value) {
		argv[n++] = text_format("--%s", name);
		argv[n++] = text_copy(json_string_value(value));
	}
	add_duration(argv, &n, "--duration", cell->duration_ns);
	if (warmup_ns > 0) {
		add_duration(argv, &n, "--warmup", warmup_ns);
	} else {
		argv[n++] = text_copy("--warmup");
		argv[n++] = text_copy("0");
	}
	argv[n++] = text_copy("--place");
	argv[n++] = text_copy(cell->place);
	if (cell->slice_ns != 0)
		add_duration(argv, &n, "--slice", cell->slice_ns);
	json_object_foreach (cell->sets, name, value) {
		argv[n++] = text_copy("--set");
		argv[n++] =
			text_format("%s=%s", name, json_string_value(value));
	}
	argv[n++] = text_copy("--nonce");
	argv[n++] = text_format("%" PRId64, nonce);
	return argv;
}

void
cell_argv_free(char **argv)
{
	for (size_t i = 0; argv[i] != NULL; i++)
		free(argv[i]);
	free(argv);
}
