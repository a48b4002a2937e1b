/* SPDX-License-Identifier: MIT */
/* Which rows a table has, in which order, under which headings. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"
#include "harness/report_tables.h"

/* Whether any launch of the cell has the metric in this phase. */
static bool
has_metric(const struct report_cell *cell, const char *phase, enum metric_id id)
{
	for (int i = 0; i < cell->nlaunches; i++) {
		const json_t *record, *phases = json_object_get(
					      cell->launches[i].run, "phases");
		size_t p;

		json_array_foreach (phases, p, record) {
			const char *name = member_text(record, "name", "");
			const json_t *values =
				json_object_get(record, "metrics");
			const json_t *hists =
				json_object_get(record, "histograms");

			if (strcmp(name, phase) == 0 &&
				(json_object_get(values, metrics[id].name) ||
					json_object_get(
						hists, metrics[id].name)))
				return true;
		}
	}
	return false;
}

static void
add_rows(struct rows *rows, const struct report_cell *cell, enum metric_id id,
	const char *number_option)
{
	int count;
	const char **phases = cell_phases(cell, &count);
	size_t room = (size_t)(rows->count + count + 1);

	rows->items = realloc(rows->items, room * sizeof(*rows->items));
	if (rows->items == NULL)
		DIE_ERRNO(ENOMEM, "rows of a table");
	for (int i = 0; i < count; i++) {
		if (!has_metric(cell, phases[i], id))
			continue;
		rows->items[rows->count++] = (struct row){.cell = cell,
			.phase = phases[i],
			.number = number_option == NULL
					  ? phase_threads(phases[i])
					  : cell_option_number(
						    cell, number_option, -1)};
	}
	free(phases);
}

static int
compare_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = strcmp(x->cell->place, y->cell->place);

	if (order == 0)
		order = x->number - y->number;
	if (order == 0) /* both point into one array: the plan's order */
		order = (x->cell > y->cell) - (x->cell < y->cell);
	return order;
}

struct rows
rows_of(const struct report_model *model, const char *workload,
	enum metric_id id, const char *number_option)
{
	struct rows rows = {NULL, 0};

	for (int i = 0; i < model->ncells; i++)
		if (strcmp(model->cells[i].workload, workload) == 0)
			add_rows(&rows, &model->cells[i], id, number_option);
	if (rows.count > 1)
		qsort(rows.items, (size_t)rows.count, sizeof(*rows.items),
			compare_rows);
	return rows;
}

void
rows_free(struct rows *rows)
{
	free(rows->items);
}

const char *
place_words(const char *place)
{
	if (strcmp(place, "free") == 0)
		return "placed freely";
	if (strcmp(place, "pin1") == 0)
		return "all on one CPU";
	if (strcmp(place, "spread") == 0)
		return "one thread per CPU";
	return place;
}

void
row_heading(const struct row *row, const char *noun, char text[96])
{
	int cpus = cell_cpus(row->cell);

	snprintf(text, 96, "%d %s%s on %d CPU%s, %s", row->number, noun,
		row->number == 1 ? "" : "s", cpus, cpus == 1 ? "" : "s",
		place_words(row->cell->place));
}

void
note_options(struct table *table, const struct report_model *model,
	const char *workload)
{
	char *options = model_common_options(model, workload);

	if (options[0] != '\0')
		table_note(table, "options of all cells: %s", options);
	free(options);
}
