/* SPDX-License-Identifier: MIT */
/* Figures: from the launches of a cell to one number with its range. */
#include "harness/report_figure.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"
#include "harness/hist_json.h"

/* A workload that measures in two halves adds this to the second's name. */
#define SECOND_HALF " again"

static bool
is_second_half(const char *name)
{
	size_t length = strlen(name), tail = strlen(SECOND_HALF);

	return length > tail && strcmp(name + length - tail, SECOND_HALF) == 0;
}

/* Whether a recorded phase is the one of that name, or its second half. */
static bool
is_phase(const json_t *record, const char *phase)
{
	const char *name = member_text(record, "name", "");
	size_t length = strlen(phase);

	if (json_is_true(json_object_get(record, "warmup")) ||
		strncmp(name, phase, length) != 0)
		return false;
	return name[length] == '\0' || strcmp(name + length, SECOND_HALF) == 0;
}

const char **
cell_phases(const struct report_cell *cell, int *count)
{
	const json_t *phases =
		cell->nlaunches == 0
			? NULL
			: json_object_get(cell->launches[0].run, "phases");
	const char **names =
		calloc(json_array_size(phases) + 1, sizeof(*names));
	const json_t *phase;
	size_t i;

	if (names == NULL)
		DIE_ERRNO(ENOMEM, "names of phases");
	*count = 0;
	json_array_foreach (phases, i, phase) {
		const char *name = member_text(phase, "name", "");

		if (!json_is_true(json_object_get(phase, "warmup")) &&
			!is_second_half(name))
			names[(*count)++] = name;
	}
	return names;
}

int
phase_threads(const char *phase)
{
	int threads;

	return sscanf(phase, "threads=%d", &threads) == 1 ? threads : -1;
}

void
cell_trouble(const struct report_cell *cell, const char *phase, char *text,
	size_t capacity)
{
	const char *worst = NULL;
	int times = 0;

	text[0] = '\0';
	for (int i = 0; i < cell->nlaunches; i++) {
		const json_t *record, *phases = json_object_get(
					      cell->launches[i].run, "phases");
		bool is_troubled = false;
		size_t p;

		json_array_foreach (phases, p, record) {
			const char *status = member_text(record, "status", "");

			if (!is_phase(record, phase) ||
				strcmp(status, "ok") == 0)
				continue;
			is_troubled = true;
			if (worst == NULL || strcmp(status, "overloaded") == 0)
				worst = status;
		}
		times += is_troubled;
	}
	if (times > 0)
		snprintf(text, capacity, "%s %d/%d", worst, times,
			cell->nlaunches);
}

static enum figure_state
state_of_status(const char *status)
{
	if (strcmp(status, "disabled") == 0)
		return FIGURE_DISABLED;
	if (strcmp(status, "no_samples") == 0)
		return FIGURE_NO_SAMPLES;
	return FIGURE_ABSENT;
}

/* The mean over the phase and its second half; NAN if there is no value. */
static double
value_of_run(const json_t *run, const char *phase, const char *name,
	enum figure_state *why)
{
	const json_t *record, *phases = json_object_get(run, "phases");
	double sum = 0.0;
	int found = 0;
	size_t i;

	json_array_foreach (phases, i, record) {
		const json_t *metric = json_object_get(
			json_object_get(record, "metrics"), name);
		const json_t *value = json_object_get(metric, "value");

		if (!is_phase(record, phase) || metric == NULL)
			continue;
		if (json_is_number(value)) {
			sum += json_number_value(value);
			found++;
		} else {
			*why = state_of_status(
				member_text(metric, "status", ""));
		}
	}
	return found == 0 ? NAN : sum / found;
}

struct launch_values
launch_values_new(int n)
{
	struct launch_values list = {.n = n, .why = FIGURE_ABSENT};

	list.blocks = calloc((size_t)n + 1, sizeof(*list.blocks));
	list.values = calloc((size_t)n + 1, sizeof(*list.values));
	if (list.blocks == NULL || list.values == NULL)
		DIE_ERRNO(ENOMEM, "values of launches");
	for (int i = 0; i < n; i++)
		list.values[i] = NAN;
	return list;
}

struct launch_values
launch_values(
	const struct report_cell *cell, const char *phase, enum metric_id id)
{
	struct launch_values list = launch_values_new(cell->nlaunches);

	for (int i = 0; i < cell->nlaunches; i++) {
		list.blocks[i] = cell->launches[i].block;
		list.values[i] = value_of_run(cell->launches[i].run, phase,
			metrics[id].name, &list.why);
	}
	return list;
}

void
launch_values_free(struct launch_values *values)
{
	free(values->blocks);
	free(values->values);
}

struct launch_values
launch_values_ratio(
	const struct launch_values *above, const struct launch_values *below)
{
	struct launch_values list = launch_values_new(above->n);

	list.why = above->why != FIGURE_ABSENT ? above->why : below->why;
	for (int i = 0; i < above->n; i++) {
		list.blocks[i] = above->blocks[i];
		for (int j = 0; j < below->n; j++)
			if (below->blocks[j] == above->blocks[i] &&
				below->values[j] > 0.0)
				list.values[i] =
					above->values[i] / below->values[j];
	}
	return list;
}

/* Add the histograms of one launch; false if it has none. */
static bool
add_hists(struct hist *hist, const json_t *run, const char *phase,
	const char *name, enum figure_state *why)
{
	const json_t *record, *phases = json_object_get(run, "phases");
	bool found = false;
	size_t i;

	json_array_foreach (phases, i, record) {
		const json_t *saved = json_object_get(
			json_object_get(record, "histograms"), name);
		const json_t *metric = json_object_get(
			json_object_get(record, "metrics"), name);

		if (!is_phase(record, phase))
			continue;
		if (saved == NULL && metric != NULL)
			*why = state_of_status(
				member_text(metric, "status", ""));
		if (saved == NULL)
			continue;
		if (hist_json_merge(hist, saved) != 0)
			DIE("a histogram that was checked is damaged");
		found = true;
	}
	return found;
}

struct launch_hists
launch_hists(
	const struct report_cell *cell, const char *phase, enum metric_id id)
{
	struct launch_hists list = {.all = hist_new(), .why = FIGURE_ABSENT};

	list.each = calloc((size_t)cell->nlaunches + 1, sizeof(*list.each));
	if (list.each == NULL)
		DIE_ERRNO(ENOMEM, "histograms of launches");
	for (int i = 0; i < cell->nlaunches; i++) {
		struct hist *hist = hist_new();

		if (!add_hists(hist, cell->launches[i].run, phase,
			    metrics[id].name, &list.why)) {
			hist_free(hist);
			continue;
		}
		hist_merge(list.all, hist);
		list.each[list.n++] = hist;
	}
	if (list.n > 0 && list.all->count == 0)
		list.why = FIGURE_NO_SAMPLES;
	return list;
}

void
launch_hists_free(struct launch_hists *hists)
{
	for (int i = 0; i < hists->n; i++)
		hist_free(hists->each[i]);
	free(hists->each);
	hist_free(hists->all);
}

struct figure
figure_none(enum figure_state state)
{
	return (struct figure){.state = state};
}

struct figure
figure_of_values(const struct launch_values *values, enum figure_unit unit)
{
	double *numbers = calloc((size_t)values->n + 1, sizeof(*numbers));
	struct figure figure = {.state = values->why, .unit = unit};

	if (numbers == NULL)
		DIE_ERRNO(ENOMEM, "values of launches");
	for (int i = 0; i < values->n; i++)
		if (!isnan(values->values[i]))
			numbers[figure.n++] = values->values[i];
	if (figure.n > 0) {
		figure.state = FIGURE_OK;
		figure.over = stats_summarize(numbers, figure.n);
		figure.value = figure.over.median;
		figure.has_range = true;
	}
	free(numbers);
	return figure;
}

struct figure
figure_of_metric(const struct report_cell *cell, const char *phase,
	enum metric_id id, enum figure_unit unit)
{
	struct launch_values values = launch_values(cell, phase, id);
	struct figure figure = figure_of_values(&values, unit);

	launch_values_free(&values);
	return figure;
}

/* The range of the launches' own quantiles, if all have samples enough. */
static void
add_quantile_range(struct figure *figure, const struct launch_hists *hists,
	double quantile_ratio)
{
	double *numbers = calloc((size_t)hists->n + 1, sizeof(*numbers));

	if (numbers == NULL)
		DIE_ERRNO(ENOMEM, "quantiles of launches");
	figure->has_range = true;
	for (int i = 0; i < hists->n; i++) {
		const struct hist *hist = hists->each[i];

		if (hist->count == 0 ||
			(quantile_ratio < 1.0 &&
				!hist_enough_samples(
					hist->count, quantile_ratio)))
			figure->has_range = false;
		else
			numbers[i] =
				(double)hist_quantile_ns(hist, quantile_ratio);
	}
	if (figure->has_range)
		figure->over = stats_summarize(numbers, hists->n);
	free(numbers);
}

struct figure
figure_of_quantile(const struct launch_hists *hists, double quantile_ratio)
{
	struct figure figure = {.state = hists->why, .unit = UNIT_NS};

	if (hists->all->count == 0)
		return figure;
	figure.n = hists->n;
	if (quantile_ratio < 1.0 &&
		!hist_enough_samples(hists->all->count, quantile_ratio)) {
		figure.state = FIGURE_TOO_FEW;
		return figure;
	}
	figure.state = FIGURE_OK;
	figure.value = (double)hist_quantile_ns(hists->all, quantile_ratio);
	add_quantile_range(&figure, hists, quantile_ratio);
	return figure;
}
