/* SPDX-License-Identifier: MIT */
/*
 * Reading result files into a report's model, and refusing to pool what does
 * not belong together.
 */
#include "harness/report_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/compiler.h"
#include "common/die.h"
#include "common/metrics.h"
#include "harness/hist_json.h"

/* Launches in these states have figures; the others have none to show. */
static const char *const evaluated[] = {"ok", "starved", "overloaded"};

/* What must be equal before launches of two files are one sample. */
static const char *const host_keys[] = {"cpu_model", "cpus", "kernel", "libc"};
static const char *const plan_keys[] = {
	"duration_ns", "warmup_ns", "cells", "variants"};

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static int64_t
blocks_of(const json_t *session)
{
	return json_integer_value(json_object_get(session, "blocks"));
}

static int
find_style(const struct report_model *model, const char *variant)
{
	int styles = 0;

	for (int i = 0; i < model->ncells; i++) {
		const struct report_cell *cell = &model->cells[i];

		if (cell->style > styles)
			styles = cell->style;
		if (cell->style > 0 && strcmp(cell->variant, variant) == 0)
			return cell->style;
	}
	return styles + 1;
}

bool
launch_has_figures(const json_t *launch)
{
	const char *status = member_text(launch, "status", "");

	for (size_t i = 0; i < ARRAY_LEN(evaluated); i++)
		if (strcmp(status, evaluated[i]) == 0)
			return json_is_object(json_object_get(launch, "run"));
	return false;
}

/* The name of a histogram that cannot be read, or NULL. */
static const char *
find_broken_histogram(const json_t *run, struct hist *scratch)
{
	const json_t *phase, *record;
	const char *name;
	size_t i;

	json_array_foreach (json_object_get(run, "phases"), i, phase) {
		json_t *all = json_object_get(phase, "histograms");

		json_object_foreach (all, name, record) {
			if (hist_json_merge(scratch, record) != 0)
				return name;
		}
	}
	return NULL;
}

static int
add_launch(struct report_model *model, int file, const json_t *launch,
	struct hist *scratch, struct sentence *error)
{
	int64_t cell_index =
		json_integer_value(json_object_get(launch, "cell"));
	const json_t *run = json_object_get(launch, "run");
	struct report_cell *cell = &model->cells[cell_index];
	int64_t block = json_integer_value(json_object_get(launch, "block"));
	size_t bytes = (size_t)(cell->nlaunches + 1) * sizeof(*cell->launches);
	long long id = json_integer_value(json_object_get(launch, "id"));
	const char *broken;

	if (!launch_has_figures(launch))
		return 0;
	broken = find_broken_histogram(run, scratch);
	if (broken != NULL)
		return sentence_set(error,
			"%s: launch %lld: the histogram %s is damaged",
			model->names[file], id, broken);
	cell->launches = realloc(cell->launches, bytes);
	if (cell->launches == NULL)
		DIE_ERRNO(ENOMEM, "launches of a cell");
	cell->launches[cell->nlaunches++] = (struct report_launch){
		.block = (int)(block * model->nfiles) + file, .run = run};
	return 0;
}

static int
add_launches(struct report_model *model, int file, struct sentence *error)
{
	const struct results *results = &model->files[file];
	const json_t *cell, *cells = json_object_get(results->session, "cells");
	struct hist *scratch = hist_new();
	int rc = 0;
	size_t i;

	json_array_foreach (cells, i, cell) {
		if (json_is_null(json_object_get(cell, "refused")))
			model->planned += (int)blocks_of(results->session);
	}
	model->done += (int)results->nlaunches;
	for (i = 0; i < results->nlaunches && rc == 0; i++)
		rc = add_launch(
			model, file, results->launches[i], scratch, error);
	hist_free(scratch);
	return rc;
}

static int
read_cell(struct report_model *model, const json_t *record, int index,
	struct sentence *error)
{
	const json_t *variants =
		json_object_get(model_session(model), "variants");
	struct report_cell *cell = &model->cells[index];
	const json_t *about;

	*cell = (struct report_cell){
		.executable = member_text(record, "variant", ""),
		.workload = member_text(record, "workload", ""),
		.place = member_text(record, "place", ""),
		.refused = member_text(record, "refused", NULL),
		.note = member_text(record, "note", NULL),
		.options = json_object_get(record, "options"),
	};
	if (cell->executable[0] == '\0' || cell->workload[0] == '\0')
		return sentence_set(error,
			"%s: cell %d of the plan has no variant or workload",
			model->names[0], index);
	about = json_object_get(variants, cell->executable);
	cell->policy = member_text(about, "policy", "");
	cell->mode = member_text(about, "mode", "");
	cell->poll = member_text(about, "poll", "");
	cell->is_bare = json_is_true(json_object_get(about, "bare"));
	cell->is_own_slice = json_is_true(json_object_get(about, "own_slice"));
	cell->variant = cell->executable;
	return 0;
}

static int
read_plan(struct report_model *model, struct sentence *error)
{
	const json_t *cells = json_object_get(model_session(model), "cells");
	const json_t *record;
	size_t i;

	model->cells = calloc(json_array_size(cells), sizeof(*model->cells));
	if (model->cells == NULL)
		DIE_ERRNO(ENOMEM, "cells of a plan");
	json_array_foreach (cells, i, record) {
		if (read_cell(model, record, (int)i, error) != 0)
			return -1;
		model->ncells++;
	}
	return 0;
}

/* What a cell is called, once its launches are known. */
static void
name_cells(struct report_model *model)
{
	for (int i = 0; i < model->ncells; i++) {
		struct report_cell *cell = &model->cells[i];
		const json_t *run;

		if (cell->nlaunches > 0) {
			run = cell->launches[0].run;
			cell->variant =
				member_text(run, "variant", cell->executable);
			if (json_is_object(json_object_get(run, "options")))
				cell->options = json_object_get(run, "options");
		}
		cell->style = find_style(model, cell->variant);
	}
}

static int
refuse_pool(const struct report_model *model, int file, const char *key,
	struct sentence *error)
{
	return sentence_set(error,
		"%s and %s are not pooled: their %s differ; report them one "
		"by one",
		model->names[0], model->names[file], key);
}

/* Whether the launches of a file may stand beside those of the first. */
static int
check_pool(const struct report_model *model, int file, struct sentence *error)
{
	const json_t *first = model_session(model);
	const json_t *other = model->files[file].session;
	const json_t *host = json_object_get(first, "host");
	const json_t *other_host = json_object_get(other, "host");

	for (size_t i = 0; i < ARRAY_LEN(host_keys); i++)
		if (!json_equal(json_object_get(host, host_keys[i]),
			    json_object_get(other_host, host_keys[i])))
			return refuse_pool(model, file, host_keys[i], error);
	for (size_t i = 0; i < ARRAY_LEN(plan_keys); i++)
		if (!json_equal(json_object_get(first, plan_keys[i]),
			    json_object_get(other, plan_keys[i])))
			return refuse_pool(model, file, plan_keys[i], error);
	for (int i = 0; i < file; i++)
		if (json_equal(model->files[i].session, other))
			return sentence_set(error,
				"%s and %s hold the same run: it would count "
				"twice",
				model->names[i], model->names[file]);
	return 0;
}

static int
load_file(struct report_model *model, const char *path, struct sentence *error)
{
	int file = model->nfiles;

	model->names[file] = strdup(base_name(path));
	if (model->names[file] == NULL)
		DIE_ERRNO(ENOMEM, "name of a file");
	if (results_load(path, false, &model->files[file], error->text,
		    sizeof(error->text)) != 0) {
		free(model->names[file]);
		return -1;
	}
	model->nfiles++;
	if (model->files[file].nlaunches == 0)
		return sentence_set(error,
			"%s holds no launches: there is nothing to report",
			path);
	return file == 0 ? 0 : check_pool(model, file, error);
}

int
model_load(struct report_model *model, char *const *paths, int npaths,
	struct sentence *error)
{
	int rc = 0;

	memset(model, 0, sizeof(*model));
	model->files = calloc((size_t)npaths, sizeof(*model->files));
	model->names = calloc((size_t)npaths, sizeof(*model->names));
	if (model->files == NULL || model->names == NULL)
		DIE_ERRNO(ENOMEM, "files of a report");
	for (int i = 0; i < npaths && rc == 0; i++)
		rc = load_file(model, paths[i], error);
	if (rc == 0)
		rc = read_plan(model, error);
	for (int i = 0; i < npaths && rc == 0; i++)
		rc = add_launches(model, i, error);
	if (rc != 0)
		model_free(model);
	else
		name_cells(model);
	return rc;
}

void
model_free(struct report_model *model)
{
	for (int i = 0; i < model->nfiles; i++) {
		results_free(&model->files[i]);
		free(model->names[i]);
	}
	for (int i = 0; i < model->ncells; i++)
		free(model->cells[i].launches);
	free(model->files);
	free(model->names);
	free(model->cells);
	memset(model, 0, sizeof(*model));
}
