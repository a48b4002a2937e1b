/* SPDX-License-Identifier: MIT */
/* Questions to a report's model. */
#include "harness/report_model.h"

#include <stdlib.h>
#include <string.h>

#include "harness/text.h"

const char *
member_text(const json_t *object, const char *key, const char *fallback)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? fallback : text;
}

const json_t *
model_session(const struct report_model *model)
{
	return model->files[0].session;
}

bool
model_has(const struct report_model *model, const char *workload)
{
	for (int i = 0; i < model->ncells; i++)
		if (model->cells[i].nlaunches > 0 &&
			strcmp(model->cells[i].workload, workload) == 0)
			return true;
	return false;
}

int
cell_option_number(
	const struct report_cell *cell, const char *name, int fallback)
{
	const char *text = member_text(cell->options, name, NULL);

	return text == NULL ? fallback : atoi(text);
}

int
cell_cpus(const struct report_cell *cell)
{
	if (cell->nlaunches == 0)
		return 0;
	if (strcmp(cell->place, "pin1") == 0)
		return 1;
	return (int)json_integer_value(
		json_object_get(cell->launches[0].run, "cpus"));
}

int64_t
cell_slice_ns(const struct report_cell *cell)
{
	if (cell->nlaunches == 0)
		return 0;
	return json_integer_value(
		json_object_get(cell->launches[0].run, "slice_ns"));
}

/* Whether name is one of the words of a list. */
static bool
is_word_of(const char *name, const char *list)
{
	size_t length = strlen(name);

	for (const char *at = list; (at = strstr(at, name)) != NULL; at++)
		if ((at == list || at[-1] == ' ') &&
			(at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

/* Whether all cells of the workload that ran have this value. */
static bool
is_common(const struct report_model *model, const char *workload,
	const char *name, const json_t *value)
{
	for (int i = 0; i < model->ncells; i++) {
		const struct report_cell *cell = &model->cells[i];

		if (cell->nlaunches > 0 &&
			strcmp(cell->workload, workload) == 0 &&
			!json_equal(
				json_object_get(cell->options, name), value))
			return false;
	}
	return true;
}

/* Join the options whose being common is as asked. */
static char *
join_options(const struct report_model *model, const struct report_cell *cell,
	const char *known, bool common)
{
	char *text = text_copy("");
	const char *name;
	json_t *value;

	json_object_foreach (cell->options, name, value) {
		if (!is_word_of(name, known) && json_is_string(value) &&
			is_common(model, cell->workload, name, value) == common)
			text_append(&text, "%s%s=%s", *text ? " " : "", name,
				json_string_value(value));
	}
	return text;
}

char *
cell_peculiar_options(const struct report_model *model,
	const struct report_cell *cell, const char *known)
{
	return join_options(model, cell, known, false);
}

char *
model_common_options(const struct report_model *model, const char *workload)
{
	static const struct report_cell none;
	const struct report_cell *cell = &none;

	for (int i = 0; i < model->ncells; i++)
		if (model->cells[i].nlaunches > 0 &&
			strcmp(model->cells[i].workload, workload) == 0)
			cell = &model->cells[i];
	return join_options(model, cell, "", true);
}
