/* SPDX-License-Identifier: MIT */
/* `gilbench report`: the command line. */
#include "harness/report.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/compiler.h"
#include "common/die.h"
#include "harness/text.h"
#include "harness/sentence.h"

#define PROGRAM    "gilbench report"
#define COMMON_SET "common.gp" /* is in every folder of chart scripts */

enum { KEY_TEXT = 256, KEY_JSON, KEY_PLOTDIR };

struct report_options {
	char **paths;
	int npaths;
	const char *dir;
	const char *plot_dir;
	bool is_json;
};

static const struct argp_option argp_options[] = {
	{"output", 'o', "DIR", 0,
		"Write tables (.tsv), report.txt, report.json and charts (.svg "
		"and .png) into DIR, which is made if need be",
		0},
	{"text", KEY_TEXT, NULL, 0, "Print the report as text (default)", 0},
	{"json", KEY_JSON, NULL, 0, "Print the report as JSON", 0},
	{"plotdir", KEY_PLOTDIR, "DIR", 0,
		"Take the chart scripts from DIR (default: $GILBENCH_PLOTDIR, "
		"else those that belong to this gilbench)",
		0},
	{0},
};

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
	struct report_options *options = state->input;

	switch (key) {
	case 'o':
		options->dir = arg;
		return 0;
	case KEY_TEXT:
		options->is_json = false;
		return 0;
	case KEY_JSON:
		options->is_json = true;
		return 0;
	case KEY_PLOTDIR:
		options->plot_dir = arg;
		return 0;
	case ARGP_KEY_INIT:
		return sentence_only(state);
	case ARGP_KEY_ARGS:
		options->paths = state->argv + state->next;
		options->npaths = state->argc - state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_failure(state, EXIT_USAGE, 0,
			"no result file is named: gilbench report FILE...");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse_option,
	.args_doc = "FILE...",
	.doc = "Show what the launches in the result FILEs found; several "
	       "files of the same plan, builds and machine are taken "
	       "together."
	       "\vThe exit status is 0, 1 if gnuplot could not draw a chart, "
	       "or 2 for bad input.",
};

static bool
is_plot_dir(const char *dir)
{
	char *path = text_format("%s/%s", dir, COMMON_SET);
	bool is_there = access(path, R_OK) == 0;

	free(path);
	return is_there;
}

/* The scripts in the tree that this executable was built in, or NULL. */
static char *
find_source_plots(void)
{
	char exe[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	static const char *const places[] = {"plots", "../plots"};

	if (length <= 0)
		return NULL;
	exe[length] = '\0';
	*strrchr(exe, '/') = '\0';
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		char *dir = text_format("%s/%s", exe, places[i]);

		if (is_plot_dir(dir))
			return dir;
		free(dir);
	}
	return NULL;
}

/*
 * The folder of chart scripts; the caller frees it.  One that was named and is
 * none ends in NULL and a sentence.
 */
static char *
find_plots(const char *named)
{
	const char *from = "--plotdir";
	char *found;

	if (named == NULL) {
		named = getenv("GILBENCH_PLOTDIR");
		from = "GILBENCH_PLOTDIR";
	}
	found = named != NULL ? text_copy(named) : find_source_plots();
	if (found == NULL) {
		found = text_copy(PKGDATADIR "/plots");
		from = "this installation";
	}
	if (is_plot_dir(found))
		return found;
	fprintf(stderr,
		PROGRAM ": no chart scripts in %s (from %s): it has "
			"no %s\n",
		found, from, COMMON_SET);
	free(found);
	return NULL;
}

static bool
is_colour_wanted(void)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && (no_color == NULL || !*no_color);
}

/* gilbench's main() finds out whether stdout could be written. */
static void
print_report(const struct report *report, bool is_json)
{
	json_t *object;

	if (!is_json) {
		report_print(report, is_colour_wanted(), stdout);
		return;
	}
	object = report_json(report);
	if (object == NULL)
		DIE("a report does not fit into JSON");
	(void)json_dumpf(object, stdout, JSON_INDENT(1)); /* as above */
	putchar('\n');
	json_decref(object);
}

static int
report_files(const struct report_options *options, const char *plot_dir)
{
	struct report report = {.ntables = 0};
	struct sentence error;
	int rc = EXIT_OK;

	if (model_load(&report.model, options->paths, options->npaths,
		    &error) != 0) {
		fprintf(stderr, PROGRAM ": %s\n", error.text);
		return EXIT_USAGE;
	}
	report_make(&report);
	print_report(&report, options->is_json);
	if (options->dir != NULL)
		rc = report_write(&report, options->dir, plot_dir);
	report_free(&report);
	return rc;
}

int
report_main(int argc, char **argv)
{
	struct report_options options = {.npaths = 0};
	char *plot_dir = NULL;
	int rc;

	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
		return EXIT_USAGE;
	if (options.dir != NULL || options.plot_dir != NULL) {
		plot_dir = find_plots(options.plot_dir);
		if (plot_dir == NULL)
			return EXIT_USAGE;
	}
	rc = report_files(&options, plot_dir);
	free(plot_dir);
	return rc;
}
