/* SPDX-License-Identifier: MIT */
/* `gilbench run`: plan, launch, record. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/die.h"
#include "harness/commands.h"
#include "harness/launch.h"
#include "harness/matrix.h"
#include "harness/prng.h"
#include "harness/proc.h"
#include "harness/progress.h"
#include "harness/record.h"
#include "harness/run_options.h"
#include "harness/run_print.h"
#include "harness/session.h"
#include "harness/text.h"

struct runner {
	struct run_options options;
	struct variants variants;
	struct session session;
	struct record record;
	struct tally tally; /* of the whole file */
	int64_t begin_ns;
	int64_t measured_ns; /* wall time of the launches of this process */
	int launched;        /* by this process */
	struct sentence why;
};

/* Say what is wrong; the exit status of bad input. */
static int
refuse(const struct runner *runner)
{
	fprintf(stderr, "gilbench: %s\n", runner->why.text);
	return EXIT_USAGE;
}

/* Whether the user changed the matrix's cells, so that its name would lie. */
static bool
is_custom(const struct run_options *options)
{
	const struct selection *selection = &options->selection;

	return selection->variants.count > 0 ||
	       selection->workloads.count > 0 || selection->places.count > 0 ||
	       selection->sets.count > 0 || selection->slice_ns != 0;
}

static int64_t
default_timeout_ns(const struct session *session)
{
	int64_t longest_ns = 0;

	for (int i = 0; i < session->cells.count; i++)
		if (session->cells.list[i].duration_ns > longest_ns)
			longest_ns = session->cells.list[i].duration_ns;
	return 5 * (longest_ns + session->warmup_ns) + 5 * NS_PER_S;
}

static int
begin_new(struct runner *runner)
{
	const struct run_options *options = &runner->options;
	const struct selection *selection = &options->selection;
	struct session *session = &runner->session;
	const char *name =
		selection->matrix != NULL ? selection->matrix : MATRIX_DEFAULT;
	const struct matrix *matrix;

	if (select_cells(selection, &runner->variants, &session->cells,
		    &runner->why) != 0)
		return -1;
	matrix = matrix_find(name); /* it is there: select_cells() looked */
	session->matrix = text_copy(is_custom(options) ? "custom" : name);
	session->seed = options->seed >= 0 ? options->seed : prng_entropy();
	session->blocks =
		options->blocks > 0 ? (int)options->blocks : matrix->blocks;
	session->duration_ns = selection->duration_ns > 0
				       ? selection->duration_ns
				       : matrix->duration_ns;
	session->warmup_ns = options->warmup_ns >= 0 ? options->warmup_ns
						     : matrix->warmup_ns;
	session->timeout_ns = options->timeout_ns > 0
				      ? options->timeout_ns
				      : default_timeout_ns(session);
	return session_plan(session, &runner->why);
}

/* The plan, what is done of it, and how that ended. */
static int
begin_resumed(struct runner *runner, struct results *results)
{
	const char *path = runner->options.resume;

	if (results_load_heads(path, true, results, runner->why.text,
		    sizeof(runner->why.text)) != 0)
		return -1;
	if (session_resume(&runner->session, path, results, &runner->variants,
		    &runner->why) != 0)
		return -1;
	for (size_t i = 0; i < results->nlaunches; i++) {
		const char *name = json_string_value(
			json_object_get(results->launches[i], "status"));
		enum launch_status status = launch_status_find(name);

		if (status == LAUNCH_STATUS_COUNT)
			return sentence_set(&runner->why,
				"%s holds a launch with the unknown status "
				"'%.32s'",
				path, name);
		runner->tally.counts[status]++;
	}
	return 0;
}

static int
write_record(struct runner *runner, json_t *object)
{
	return record_write(&runner->record, object, &runner->why);
}

static int
open_new(struct runner *runner)
{
	if (record_create(
		    &runner->record, runner->options.output, &runner->why) != 0)
		return -1;
	return write_record(
		runner, session_to_json(&runner->session, &runner->variants));
}

static int
open_resumed(struct runner *runner, const struct results *results)
{
	char utc[17];

	if (record_reopen(&runner->record, runner->options.resume,
		    results->whole_bytes, &runner->why) != 0)
		return -1;
	if (results->is_cut_off)
		fprintf(stderr,
			"gilbench: the last line of %s was cut off; it is "
			"removed, and its launch runs again\n",
			runner->record.path);
	clock_utc_name(utc);
	return write_record(runner,
		json_pack("{s:s, s:s, s:i}", "rec", "resume", "resumed_utc",
			utc, "done", runner->session.done));
}

/* Peak memory of this program alone: ru_maxrss would count the shell that it
 * was forked from. */
static json_t *
peak_memory(void)
{
	char text[4096], value[64];

	if (proc_read("/proc/self/status", text, sizeof(text)) < 0 ||
		!proc_field(text, "VmHWM", value, sizeof(value)))
		return json_null();
	return json_integer(strtoll(value, NULL, 10) * 1024); /* "123 kB" */
}

static json_t *
end_record(const struct runner *runner)
{
	char utc[17];

	clock_utc_name(utc);
	return json_pack("{s:s, s:s, s:i, s:o, s:I, s:I, s:I, s:o}", "rec",
		"end", "ended_utc", utc, "launches", runner->launched,
		"statuses", tally_to_json(&runner->tally), "wall_ns",
		(json_int_t)(clock_now_ns() - runner->begin_ns), "measured_ns",
		(json_int_t)runner->measured_ns, "cpu_ns",
		(json_int_t)clock_process_cpu_ns(), "maxrss_bytes",
		peak_memory());
}

/* Run and record one launch.  Returns 0, or the exit status that ends it. */
static int
run_one(struct runner *runner, int id, struct progress *progress)
{
	struct session *session = &runner->session;
	const struct cell *cell =
		&session->cells.list[session->plan.launches[id].cell];
	char *workload = cell_label(cell);
	char *label = text_format("%s %s", cell->variant, workload);
	struct launch launch;
	int status = EXIT_OK;

	free(workload);
	progress_show(progress, label);
	if (!launch_run(session, id, &runner->variants, &launch)) {
		free(label);
		return EXIT_INTERRUPT;
	}
	if (write_record(runner, launch.record) != 0)
		status = EXIT_USAGE;
	runner->measured_ns += launch.wall_ns;
	if (status == EXIT_OK) {
		runner->launched++;
		runner->tally.counts[launch.status]++;
		session->is_done[id] = true;
		session->done++;
		progress_step(progress, label, session_launch_ns(session, cell),
			launch.error);
	}
	launch_free(&launch);
	free(label);
	return status;
}

static int
run_all(struct runner *runner)
{
	struct session *session = &runner->session;
	struct progress progress;
	int status = EXIT_OK;

	progress_begin(&progress, stderr, session->plan.count, session->done,
		session_left_ns(session));
	for (int id = 0; id < session->plan.count && status == EXIT_OK; id++) {
		if (session->is_done[id])
			continue;
		if (spawn_is_interrupted())
			status = EXIT_INTERRUPT;
		else
			status = run_one(runner, id, &progress);
	}
	progress_end(&progress);
	if (status == EXIT_OK && write_record(runner, end_record(runner)) != 0)
		status = EXIT_USAGE;
	return status;
}

/* The command that goes on from here; the caller frees it. */
static char *
resume_command(const struct runner *runner)
{
	char *file = text_shell_word(runner->record.path);
	char *command = text_format("gilbench run --resume %s", file);

	free(file);
	if (runner->options.bindir != NULL) {
		char *dir = text_shell_word(runner->options.bindir);

		text_append(&command, " --bindir %s", dir);
		free(dir);
	}
	return command;
}

/* Say how it ended; returns the exit status. */
static int
conclude(struct runner *runner, int status)
{
	int done = runner->session.done, total = runner->session.plan.count;
	int trouble = tally_trouble(&runner->tally);
	char *command = resume_command(runner);

	if (status == EXIT_INTERRUPT)
		fprintf(stderr,
			"gilbench: interrupted after %d of %d launches; `%s` "
			"goes on from there\n",
			done, total, command);
	else if (status != EXIT_OK && runner->record.is_regular)
		fprintf(stderr,
			"gilbench: %s; %d of %d launches are in it, and `%s` "
			"goes on from there\n",
			runner->why.text, done, total, command);
	else if (status != EXIT_OK)
		status = refuse(runner);
	free(command);
	if (status != EXIT_OK)
		return status;
	print_summary(&runner->session, &runner->tally, runner->record.path,
		runner->options.is_json);
	if (trouble == 0)
		return EXIT_OK;
	fprintf(stderr,
		"gilbench: %d of %d launches crashed, hung or failed; their "
		"records in %s say how\n",
		trouble, total, runner->record.path);
	return EXIT_CRASHED;
}

/* Variants and plan are there: do what was asked. */
static int
execute(struct runner *runner, const struct results *results)
{
	bool is_resumed = runner->options.resume != NULL;
	bool is_complete = runner->session.done == runner->session.plan.count;
	int rc;

	if (runner->options.is_dry_run) {
		print_plan(&runner->session, runner->options.is_json);
		return EXIT_OK;
	}
	if (is_resumed && is_complete && results->end != NULL) {
		fprintf(stderr, "gilbench: %s is complete: nothing to resume\n",
			runner->options.resume);
		return EXIT_OK;
	}
	rc = is_resumed ? open_resumed(runner, results) : open_new(runner);
	if (rc != 0)
		return refuse(runner);
	return conclude(runner, run_all(runner));
}

static int
run_command(struct runner *runner)
{
	struct results results = {0};
	char *dir =
		variants_dir(runner->options.bindir, commands_installed_dir);
	int rc, status;

	rc = variants_load(dir, &runner->variants, &runner->why);
	free(dir);
	if (rc == 0 && runner->options.resume != NULL)
		rc = begin_resumed(runner, &results);
	else if (rc == 0)
		rc = begin_new(runner);
	if (spawn_is_interrupted())
		status = EXIT_INTERRUPT; /* before anything was measured */
	else
		status = rc == 0 ? execute(runner, &results) : refuse(runner);
	results_free(&results);
	return status;
}

int
cmd_run_main(int argc, char **argv)
{
	static struct runner runner;
	int status;

	runner.begin_ns = clock_now_ns();
	runner.record.fd = -1;
	run_options_parse(argc, argv, &runner.options);
	spawn_catch_signals();
	status = run_command(&runner);
	record_close(&runner.record);
	session_free(&runner.session);
	variants_free(&runner.variants);
	return status;
}
