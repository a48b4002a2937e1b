/* SPDX-License-Identifier: MIT */
/* One launch of the plan, and the record that comes of it. */
#include "harness/launch.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/compiler.h"
#include "common/die.h"
#include "harness/host.h"
#include "harness/prng.h"
#include "harness/text.h"

#define RUN_SCHEMA      "gilbench.run/1"
#define RUN_LIMIT_BYTES (4 << 20)

const char *const launch_status_names[LAUNCH_STATUS_COUNT] = {
	[LAUNCH_OK] = "ok",
	[LAUNCH_STARVED] = "starved",
	[LAUNCH_OVERLOADED] = "overloaded",
	[LAUNCH_FAILED] = "failed",
	[LAUNCH_CRASHED] = "crashed",
	[LAUNCH_TIMEOUT] = "timeout",
};

enum launch_status
launch_status_find(const char *name)
{
	int status = 0;

	while (status < LAUNCH_STATUS_COUNT &&
		strcmp(launch_status_names[status], name) != 0)
		status++;
	return (enum launch_status)status;
}

/* Why the output is not the record of this launch, or NULL. */
static const char *
check_run(const json_t *run, int64_t nonce)
{
	const char *schema = json_string_value(json_object_get(run, "schema"));
	const char *status = json_string_value(json_object_get(run, "status"));

	if (schema == NULL || strcmp(schema, RUN_SCHEMA) != 0)
		return "it printed no " RUN_SCHEMA " record";
	if (status == NULL || launch_status_find(status) > LAUNCH_FAILED)
		return "its record has no valid status";
	if (json_integer_value(json_object_get(run, "nonce")) != nonce)
		return "its record is of another launch";
	return NULL;
}

/* The process ended by itself, without a signal. */
static enum launch_status
judge_exit(int exit_status, const json_t *run, int64_t nonce, char **error)
{
	const char *reason, *sentence;
	enum launch_status status;

	if (exit_status != EXIT_OK && exit_status != EXIT_USAGE &&
		exit_status != EXIT_CRASHED) {
		*error = text_format("it ended with status %d", exit_status);
		return LAUNCH_CRASHED;
	}
	reason = check_run(run, nonce);
	if (exit_status == EXIT_USAGE)
		reason = "it could not be set up (status 2)";
	if (reason != NULL) {
		*error = text_copy(reason);
		return LAUNCH_FAILED;
	}
	status = launch_status_find(
		json_string_value(json_object_get(run, "status")));
	if (exit_status == EXIT_OK && status != LAUNCH_FAILED)
		return status;
	sentence = json_string_value(json_object_get(run, "error"));
	*error = text_copy(
		sentence != NULL ? sentence : "it found a wrong answer");
	return LAUNCH_FAILED;
}

enum launch_status
launch_judge(const struct spawn_result *result, const json_t *run,
	int64_t nonce, char **error)
{
	*error = NULL;
	switch (result->end) {
	case SPAWN_EXITED:
		return judge_exit(result->exit_status, run, nonce, error);
	case SPAWN_SIGNALLED:
		*error = text_format("it was ended by signal %d (%s)",
			result->signal, strsignal(result->signal));
		return LAUNCH_CRASHED;
	case SPAWN_TIMEOUT:
		*error = text_copy("it hung and was killed at the timeout");
		return LAUNCH_TIMEOUT;
	case SPAWN_FLOODED:
		*error = text_format("it printed more than %d bytes and was "
				     "killed",
			RUN_LIMIT_BYTES);
		return LAUNCH_FAILED;
	case SPAWN_NOT_STARTED:
		*error = text_format(
			"it could not be started: %s", strerror(result->err));
		return LAUNCH_FAILED;
	case SPAWN_INTERRUPTED:
		break;
	}
	DIE("an interrupted launch is not judged");
}

/* Put "..." for a path wherever it is; the text only gets shorter. */
static void
hide_path(char *text, const char *path)
{
	static const char mark[] = "...";
	size_t length = strlen(path), kept = sizeof(mark) - 1;

	if (length < kept + 1)
		return; /* "/" or the like: tells nothing */
	while ((text = strstr(text, path)) != NULL) {
		memcpy(text, mark, kept);
		memmove(text + kept, text + length, strlen(text + length) + 1);
		text += kept;
	}
}

/* The end of stderr as JSON, without this machine's paths; null if empty. */
static json_t *
stderr_to_json(struct spawn_result *result, const char *bindir)
{
	char *resolved = realpath(bindir, NULL), *home = getenv("HOME");

	if (result->err_bytes == 0) {
		free(resolved);
		return json_null();
	}
	for (size_t i = 0; i < result->err_bytes; i++)
		if (result->err_tail[i] == '\0')
			result->err_tail[i] = '?';
	hide_path(result->err_tail, bindir);
	if (resolved != NULL)
		hide_path(result->err_tail, resolved);
	if (home != NULL)
		hide_path(result->err_tail, home);
	free(resolved);
	return text_to_json(result->err_tail, strlen(result->err_tail));
}

static json_t *
integer_if(bool is_there, int64_t number)
{
	return is_there ? json_integer(number) : json_null();
}

/* The launch record but for `host` and `run`. */
static json_t *
record_of(const struct plan_launch *planned, const struct launch *launch,
	struct spawn_result *result, const char *bindir, int padding_bytes)
{
	bool is_started = result->end != SPAWN_NOT_STARTED;
	json_t *record = json_pack(
		"{s:s, s:i, s:i, s:i, s:i, s:s, s:o, s:o, s:s?, s:o, s:o, s:o, "
		"s:o, s:o, s:i}",
		"rec", "launch", "id", planned->id, "block", planned->block,
		"position", planned->position, "cell", planned->cell, "status",
		launch_status_names[launch->status], "exit_status",
		integer_if(result->end == SPAWN_EXITED, result->exit_status),
		"signal",
		integer_if(is_started && result->signal != 0, result->signal),
		"error", launch->error, "stderr",
		stderr_to_json(result, bindir), "wall_ns",
		integer_if(is_started, result->wall_ns), "user_ns",
		integer_if(is_started, result->user_ns), "sys_ns",
		integer_if(is_started, result->sys_ns), "maxrss_bytes",
		integer_if(is_started, result->maxrss_bytes),
		"env_padding_bytes", padding_bytes);

	if (record == NULL)
		DIE("a launch does not fit into JSON");
	return record;
}

bool
launch_run(const struct session *session, int id,
	const struct variants *variants, struct launch *launch)
{
	const struct plan_launch *planned = &session->plan.launches[id];
	const struct cell *cell = &session->cells.list[planned->cell];
	int64_t nonce = prng_entropy(); /* no other launch has it */
	char **argv = cell_argv(cell, session->warmup_ns, nonce);
	struct spawn_request request = {
		.path = variants_get(variants, cell->variant)->path,
		.argv = argv,
		.env_padding_bytes =
			plan_padding_bytes((uint64_t)session->seed, id),
		.timeout_ns = session->timeout_ns,
		.stdout_limit_bytes = RUN_LIMIT_BYTES,
	};
	struct host_sample before, after;
	struct spawn_result result;
	json_t *run;

	host_sample(&before);
	spawn_run(&request, &result);
	host_sample(&after);
	cell_argv_free(argv);
	*launch = (struct launch){.wall_ns = result.wall_ns};
	if (result.end == SPAWN_INTERRUPTED) {
		spawn_free(&result);
		return false;
	}
	run = json_loadb(result.out, result.out_bytes, 0, NULL);
	launch->status = launch_judge(&result, run, nonce, &launch->error);
	launch->record = record_of(planned, launch, &result, variants->bindir,
		request.env_padding_bytes);
	if (check_run(run, nonce) != NULL) {
		json_decref(run);
		run = json_null(); /* what it printed is no record */
	}
	if (json_object_set_new(launch->record, "host",
		    host_between(&before, &after)) != 0 ||
		json_object_set_new(launch->record, "run", run) != 0)
		DIE("a launch does not fit into JSON");
	spawn_free(&result);
	return true;
}

void
launch_free(struct launch *launch)
{
	free(launch->error);
	launch->error = NULL;
}
