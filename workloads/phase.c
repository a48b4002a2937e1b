/* SPDX-License-Identifier: MIT */
/* What one phase of a workload measured, as plain data. */
#include "workloads/phase.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/die.h"

struct phase *
phase_add(struct phase_list *list, const char *name, int nthreads)
{
	size_t bytes = (size_t)(list->length + 1) * sizeof(struct phase *);
	struct phase *phase = calloc(1, sizeof(*phase));

	list->items = realloc(list->items, bytes);
	if (phase == NULL || list->items == NULL)
		DIE_ERRNO(ENOMEM, "phase");
	phase->threads = calloc((size_t)nthreads + 1, sizeof(*phase->threads));
	if (phase->threads == NULL)
		DIE_ERRNO(ENOMEM, "threads of a phase");
	snprintf(phase->name, sizeof(phase->name), "%s", name);
	phase->nthreads = nthreads;
	list->items[list->length++] = phase;
	return phase;
}

void
phase_list_free(struct phase_list *list)
{
	for (int i = 0; i < list->length; i++) {
		for (int m = 0; m < METRIC_ID_COUNT; m++)
			hist_free(list->items[i]->hist[m]);
		free(list->items[i]->threads);
		free(list->items[i]);
	}
	free(list->items);
	list->items = NULL;
	list->length = 0;
}

void
phase_set(struct phase *phase, enum metric_id id, double value)
{
	phase->status_of[id] = METRIC_OK;
	phase->value[id] = value;
}

void
phase_mark(struct phase *phase, enum metric_id id, enum metric_status status)
{
	phase->status_of[id] = status;
}

struct hist *
phase_hist(struct phase *phase, enum metric_id id)
{
	if (phase->hist[id] == NULL)
		phase->hist[id] = hist_new();
	phase->status_of[id] = METRIC_OK;
	return phase->hist[id];
}

void
phase_worsen(struct phase *phase, enum phase_status status)
{
	if (status > phase->status)
		phase->status = status;
}

struct gil_counters
phase_gil_counters(const struct phase *phase)
{
	struct gil_counters sum = {0};

	for (int i = 0; i < phase->nthreads; i++) {
		const struct gil_counters *one = &phase->threads[i].gil;

		sum.acquisitions += one->acquisitions;
		sum.waits += one->waits;
		sum.switches += one->switches;
		sum.forced_yields += one->forced_yields;
		sum.forced_switches += one->forced_switches;
		sum.failed_acquisitions += one->failed_acquisitions;
		sum.barges += one->barges;
		sum.handoffs += one->handoffs;
		sum.wake_calls += one->wake_calls;
	}
	return sum;
}

const char *
phase_status_name(enum phase_status status)
{
	switch (status) {
	case PHASE_OK:
		return "ok";
	case PHASE_STARVED:
		return "starved";
	case PHASE_OVERLOADED:
		return "overloaded";
	case PHASE_FAILED:
		return "failed";
	}
	DIE("unknown phase status %d", (int)status);
}
