/* SPDX-License-Identifier: MIT */
/*
 * The table of counters: which were there, and why others were not.
 *
 * A line per counter and status, counted over the threads of all measured
 * phases; the sentence that explains a status is shown once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/compiler.h"
#include "common/die.h"
#include "harness/report_tables.h"

struct tally {
	const char *event;
	const char *status;
	const char *detail; /* the first one seen */
	int threads;
};

struct tallies {
	struct tally *items;
	int count;
};

static void
count(struct tallies *tallies, const char *event, const json_t *reading)
{
	const char *status = member_text(reading, "status", NULL);
	size_t bytes = (size_t)(tallies->count + 1) * sizeof(*tallies->items);

	if (status == NULL)
		return; /* a newer kind of reading: nothing is known of it */
	for (int i = 0; i < tallies->count; i++) {
		struct tally *tally = &tallies->items[i];

		if (strcmp(tally->event, event) == 0 &&
			strcmp(tally->status, status) == 0) {
			tally->threads++;
			return;
		}
	}
	tallies->items = realloc(tallies->items, bytes);
	if (tallies->items == NULL)
		DIE_ERRNO(ENOMEM, "tallies of counters");
	tallies->items[tallies->count++] = (struct tally){
		event, status, member_text(reading, "detail", ""), 1};
}

static void
count_thread(struct tallies *tallies, const json_t *thread)
{
	const json_t *usage = json_object_get(thread, "usage");
	const json_t *counter;
	size_t i;

	json_array_foreach (json_object_get(usage, "counters"), i, counter) {
		count(tallies, member_text(counter, "event", ""), counter);
	}
	count(tallies, "context switch records",
		json_object_get(usage, "switches"));
	count(tallies, "schedstat", json_object_get(usage, "schedstat"));
}

static void
count_run(struct tallies *tallies, const json_t *run)
{
	const json_t *phase, *thread;
	size_t i, j;

	json_array_foreach (json_object_get(run, "phases"), i, phase) {
		const json_t *threads = json_object_get(phase, "threads");

		if (json_is_true(json_object_get(phase, "warmup")))
			continue;
		json_array_foreach (threads, j, thread) {
			count_thread(tallies, thread);
		}
	}
}

static int
compare_tallies(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;
	int order = strcmp(x->event, y->event);

	return order != 0 ? order : strcmp(x->status, y->status);
}

/* Of "perf::CYCLES:u=1:k=1" the part before the attributes. */
static int
short_length(const char *event)
{
	const char *pmu = strstr(event, "::");
	const char *name = pmu == NULL ? event : pmu + 2;

	return (int)(name - event + (long)strcspn(name, ":"));
}

struct table *
table_counters(const struct report_model *model)
{
	static const struct table_column columns[] = {
		{"event", "", COLUMN_HIDDEN, 0},
		{"name", "event", COLUMN_TEXT, 0},
		{"status", "status", COLUMN_TEXT, 0},
		{"threads", "threads", COLUMN_NUMBER, 0},
		{"detail", "", COLUMN_HIDDEN, 0}};
	struct table *table = table_new("counters", columns, ARRAY_LEN(columns),
		"Counters, over all measured threads");
	struct tallies tallies = {NULL, 0};

	for (int i = 0; i < model->ncells; i++)
		for (int j = 0; j < model->cells[i].nlaunches; j++)
			count_run(&tallies, model->cells[i].launches[j].run);
	if (tallies.count > 1)
		qsort(tallies.items, (size_t)tallies.count,
			sizeof(*tallies.items), compare_tallies);
	for (int i = 0; i < tallies.count; i++) {
		const struct tally *tally = &tallies.items[i];

		table_text(table, "%s", tally->event);
		table_text(table, "%.*s", short_length(tally->event),
			tally->event);
		table_text(table, "%s", tally->status);
		table_text(table, "%d", tally->threads);
		table_text(table, "%s", tally->detail);
		if (tally->detail[0] != '\0')
			table_note(table, "%s", tally->detail);
	}
	free(tallies.items);
	return table;
}
