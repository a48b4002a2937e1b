/* SPDX-License-Identifier: MIT */
/* A run as a whole: its cells, its plan and what they follow from. */
#include "harness/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/build_info.h"
#include "common/clock.h"
#include "common/compiler.h"
#include "common/die.h"
#include "common/parse.h"
#include "harness/host.h"
#include "harness/text.h"

/* What a launch takes beyond its duration, for estimates: 30 ms for countdown,
 * 100 ms and more for echo, which waits for late replies (seen on 2 CPUs). */
#define LAUNCH_OVERHEAD_NS (70 * NS_PER_MS)

/* What must not change between a run and its resumption. */
static const char *const host_keys[] = {"cpu_model", "cpus", "kernel"};

int64_t
session_launch_ns(const struct session *session, const struct cell *cell)
{
	return cell->duration_ns + session->warmup_ns + LAUNCH_OVERHEAD_NS;
}

int64_t
session_left_ns(const struct session *session)
{
	int64_t sum_ns = 0;

	for (int i = 0; i < session->plan.count; i++) {
		int cell = session->plan.launches[i].cell;

		if (!session->is_done[i])
			sum_ns += session_launch_ns(
				session, &session->cells.list[cell]);
	}
	return sum_ns;
}

static int
check_timeout(const struct session *session, struct sentence *why)
{
	char timeout[24], needed[24];

	for (int i = 0; i < session->cells.count; i++) {
		const struct cell *cell = &session->cells.list[i];
		int64_t needed_ns = cell->duration_ns + session->warmup_ns;

		if (session->timeout_ns > needed_ns)
			continue;
		format_duration(session->timeout_ns, timeout);
		format_duration(needed_ns, needed);
		return sentence_set(why,
			"the timeout of %s ends every launch of %s, which "
			"takes %s with its warm-up",
			timeout, cell->workload, needed);
	}
	return 0;
}

int
session_plan(struct session *session, struct sentence *why)
{
	int ncells = session->cells.count;
	bool *is_run = calloc((size_t)ncells + 1, sizeof(*is_run));
	int rc;

	if (is_run == NULL)
		DIE_ERRNO(ENOMEM, "calloc");
	for (int i = 0; i < ncells; i++)
		is_run[i] = session->cells.list[i].refused == NULL;
	rc = plan_make(&session->plan, is_run, ncells, session->blocks,
		(uint64_t)session->seed);
	free(is_run);
	if (rc != 0)
		return sentence_set(why, "that is more than %d launches",
			PLAN_MAX_LAUNCHES);
	session->is_done = calloc(
		(size_t)session->plan.count + 1, sizeof(*session->is_done));
	if (session->is_done == NULL)
		DIE_ERRNO(ENOMEM, "calloc");
	return check_timeout(session, why);
}

void
session_free(struct session *session)
{
	free(session->matrix);
	free(session->is_done);
	cells_free(&session->cells);
	plan_free(&session->plan);
	memset(session, 0, sizeof(*session));
}

/* What the variants in use said about themselves, by name. */
static json_t *
used_variants(const struct session *session, const struct variants *variants)
{
	json_t *object = json_object();

	for (int i = 0; i < session->cells.count; i++) {
		const char *name = session->cells.list[i].variant;
		const struct variant *variant = variants_get(variants, name);

		if (variant == NULL)
			DIE("no variant %s", name);
		if (json_object_set(object, name, variant->about) != 0)
			DIE("the variant %s does not fit into JSON", name);
	}
	return object;
}

json_t *
session_to_json(const struct session *session, const struct variants *variants)
{
	char utc[17];
	json_t *record;

	clock_utc_name(utc);
	record = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:i, s:I, s:I, "
			   "s:I, s:o, s:o, s:o}",
		"rec", "session", "schema", RESULTS_SCHEMA, "version",
		build_version, "revision", build_revision, "started_utc", utc,
		"matrix", session->matrix, "seed", (json_int_t)session->seed,
		"blocks", session->blocks, "duration_ns",
		(json_int_t)session->duration_ns, "warmup_ns",
		(json_int_t)session->warmup_ns, "timeout_ns",
		(json_int_t)session->timeout_ns, "cells",
		cells_to_json(&session->cells), "variants",
		used_variants(session, variants), "host", host_describe());
	if (record == NULL)
		DIE("a session does not fit into JSON");
	return record;
}

/* Fill in everything but the launches. */
static int
read_record(struct session *session, const char *path, json_t *record,
	struct sentence *why)
{
	json_int_t seed, duration_ns, warmup_ns, timeout_ns;
	const char *matrix;
	json_t *cells;
	size_t bad;

	if (json_unpack(record, "{s:s, s:I, s:i, s:I, s:I, s:I, s:o}", "matrix",
		    &matrix, "seed", &seed, "blocks", &session->blocks,
		    "duration_ns", &duration_ns, "warmup_ns", &warmup_ns,
		    "timeout_ns", &timeout_ns, "cells", &cells) != 0)
		return sentence_set(why,
			"%s: the session record lacks a part of the plan",
			path);
	if (cells_from_json(cells, &session->cells, &bad) != 0)
		return sentence_set(why,
			"%s: cell %zu of the session record is not valid", path,
			bad);
	session->matrix = text_copy(matrix);
	session->seed = seed;
	session->duration_ns = duration_ns;
	session->warmup_ns = warmup_ns;
	session->timeout_ns = timeout_ns;
	return session_plan(session, why);
}

static int
check_variants(const struct session *session, const char *path,
	const json_t *record, const struct variants *variants,
	struct sentence *why)
{
	const json_t *recorded = json_object_get(record, "variants");

	for (int i = 0; i < session->cells.count; i++) {
		const struct cell *cell = &session->cells.list[i];
		const struct variant *variant =
			variants_get(variants, cell->variant);

		if (cell->refused != NULL)
			continue;
		if (variant == NULL)
			return sentence_set(why,
				"%s needs the variant %s, which is not in %s",
				path, cell->variant, variants->bindir);
		if (!json_equal(variant->about,
			    json_object_get(recorded, cell->variant)))
			return sentence_set(why,
				"%s was begun with another build of %s than "
				"the one in %s: its launches would not be "
				"comparable",
				path, cell->variant, variants->bindir);
	}
	return 0;
}

static int
check_host(const char *path, const json_t *record, struct sentence *why)
{
	const json_t *then = json_object_get(record, "host");
	json_t *now = host_describe();
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(host_keys) && rc == 0; i++)
		if (!json_equal(json_object_get(then, host_keys[i]),
			    json_object_get(now, host_keys[i])))
			rc = sentence_set(why,
				"%s was begun on another machine: its %s "
				"differs",
				path, host_keys[i]);
	json_decref(now);
	return rc;
}

/* Mark what the file holds; each launch must stand where the plan has it. */
static int
mark_done(struct session *session, const char *path,
	const struct results *results, struct sentence *why)
{
	for (size_t i = 0; i < results->nlaunches; i++) {
		const json_t *record = results->launches[i];
		json_int_t id =
			json_integer_value(json_object_get(record, "id"));
		json_int_t cell =
			json_integer_value(json_object_get(record, "cell"));

		if (id >= session->plan.count ||
			session->plan.launches[id].cell != cell)
			return sentence_set(why,
				"%s: launch %lld is not where its plan has it",
				path, (long long)id);
		session->is_done[id] = true;
		session->done++;
	}
	return 0;
}

int
session_resume(struct session *session, const char *path,
	const struct results *results, const struct variants *variants,
	struct sentence *why)
{
	json_t *record = results->session;
	int rc;

	*session = (struct session){0};
	rc = read_record(session, path, record, why);
	if (rc == 0)
		rc = check_variants(session, path, record, variants, why);
	if (rc == 0)
		rc = check_host(path, record, why);
	if (rc == 0)
		rc = mark_done(session, path, results, why);
	return rc;
}
