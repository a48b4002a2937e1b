/* SPDX-License-Identifier: MIT */
/* What `gilbench run` prints: the plan of a dry run, and the closing words. */
#include "harness/run_print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/die.h"
#include "harness/text.h"

int
tally_total(const struct tally *tally)
{
	int total = 0;

	for (int i = 0; i < LAUNCH_STATUS_COUNT; i++)
		total += tally->counts[i];
	return total;
}

int
tally_trouble(const struct tally *tally)
{
	int trouble = 0;

	for (int i = 0; i < LAUNCH_STATUS_COUNT; i++)
		if (launch_is_trouble((enum launch_status)i))
			trouble += tally->counts[i];
	return trouble;
}

json_t *
tally_to_json(const struct tally *tally)
{
	json_t *object = json_object();

	for (int i = 0; i < LAUNCH_STATUS_COUNT; i++)
		if (json_object_set_new(object, launch_status_names[i],
			    json_integer(tally->counts[i])) != 0)
			DIE("a count does not fit into JSON");
	return object;
}

/* Print and free; whether stdout took it is checked at the very end. */
static void
print_json(json_t *object)
{
	char *text = json_dumps(object, JSON_INDENT(2));

	if (text == NULL)
		DIE("the output does not fit into JSON");
	puts(text);
	free(text);
	json_decref(object);
}

/* The cells of each block, in the order of their launches. */
static json_t *
order_to_json(const struct session *session)
{
	json_t *blocks = json_array(), *block = NULL;
	int rc = 0;

	for (int i = 0; i < session->plan.count; i++) {
		const struct plan_launch *launch = &session->plan.launches[i];

		if (launch->position == 0) {
			block = json_array();
			rc |= json_array_append_new(blocks, block);
		}
		rc |= json_array_append_new(block, json_integer(launch->cell));
	}
	if (rc != 0)
		DIE("the order of launches does not fit into JSON");
	return blocks;
}

static void
print_plan_json(const struct session *session)
{
	double minutes = (double)session_left_ns(session) / (60.0 * NS_PER_S);
	json_t *object = json_pack("{s:s, s:s, s:I, s:i, s:I, s:I, s:I, s:i, "
				   "s:i, s:f, s:o, s:o}",
		"schema", "gilbench.plan/1", "matrix", session->matrix, "seed",
		(json_int_t)session->seed, "blocks", session->blocks,
		"duration_ns", (json_int_t)session->duration_ns, "warmup_ns",
		(json_int_t)session->warmup_ns, "timeout_ns",
		(json_int_t)session->timeout_ns, "launches",
		session->plan.count, "done", session->done, "minutes", minutes,
		"cells", cells_to_json(&session->cells), "order",
		order_to_json(session));

	if (object == NULL)
		DIE("a plan does not fit into JSON");
	print_json(object);
}

void
print_plan(const struct session *session, bool as_json)
{
	double minutes = (double)session_left_ns(session) / (60.0 * NS_PER_S);
	int refused = 0;

	if (as_json) {
		print_plan_json(session);
		return;
	}
	for (int i = 0; i < session->cells.count; i++) {
		const struct cell *cell = &session->cells.list[i];
		char *label = cell_label(cell);

		refused += cell->refused != NULL;
		printf("%4d  %-24s %s", i, cell->variant, label);
		if (cell->note != NULL)
			printf("  (%s)", cell->note);
		if (cell->refused != NULL)
			printf("  refused: %s", cell->refused);
		putchar('\n');
		free(label);
	}
	printf("%d cells, %d of them refused; %d blocks; %d launches",
		session->cells.count, refused, session->blocks,
		session->plan.count);
	if (session->done > 0)
		printf(", %d of them done", session->done);
	printf("; about %.1f minutes; seed %" PRId64 "\n", minutes,
		session->seed);
}

/* "183 ok, 2 starved"; the caller frees it. */
static char *
tally_text(const struct tally *tally)
{
	char *text = NULL;

	for (int i = 0; i < LAUNCH_STATUS_COUNT; i++)
		if (tally->counts[i] > 0)
			text_append(&text, "%s%d %s", text == NULL ? "" : ", ",
				tally->counts[i], launch_status_names[i]);
	return text == NULL ? text_copy("none") : text;
}

static void
print_summary_json(const struct session *session, const struct tally *tally,
	const char *path, char *report)
{
	char *file = text_copy(path);
	json_t *object = json_pack("{s:s, s:o, s:i, s:i, s:I, s:o, s:o}",
		"schema", "gilbench.summary/1", "file",
		text_to_json(file, strlen(file)), "launches",
		tally_total(tally), "planned", session->plan.count, "seed",
		(json_int_t)session->seed, "statuses", tally_to_json(tally),
		"report", text_to_json(report, strlen(report)));

	if (object == NULL)
		DIE("a summary does not fit into JSON");
	print_json(object);
	free(file);
}

void
print_summary(const struct session *session, const struct tally *tally,
	const char *path, bool as_json)
{
	char *word = text_shell_word(path);
	char *report = text_format("gilbench report %s", word);
	char *counts = tally_text(tally);

	if (as_json)
		print_summary_json(session, tally, path, report);
	else
		printf("%d launches: %s\nresults: %s\nreport:  %s\n",
			tally_total(tally), counts, path, report);
	free(counts);
	free(report);
	free(word);
}
