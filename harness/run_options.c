/* SPDX-License-Identifier: MIT */
/* The command line of `gilbench run`. */
#include "harness/run_options.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/parse.h"
#include "harness/plan.h"
#include "harness/sentence.h"

#define MIN_DURATION_NS NS_PER_MS
#define MAX_DURATION_NS (3600 * NS_PER_S)
#define MAX_BLOCKS      10000

enum {
	KEY_MATRIX = 1000,
	KEY_LAUNCHES,
	KEY_DURATION,
	KEY_WARMUP,
	KEY_TIMEOUT,
	KEY_PLACE,
	KEY_SET,
	KEY_SLICE,
	KEY_SEED,
	KEY_DRY_RUN,
	KEY_JSON,
	KEY_RESUME,
	KEY_BINDIR
};

static const struct argp_option entries[] = {
	{NULL, 0, NULL, 0, "What is run:", 1},
	{"workload", 'w', "GLOB[:OPTION=VALUE]...", 0,
		"workloads with their options, e.g. echo:compute=1:place=pin1; "
		"may be repeated (default: those of the matrix)",
		1},
	{"matrix", KEY_MATRIX, "NAME", 0,
		"a named set of cells (default: default)", 1},
	{"place", KEY_PLACE, "free|pin1|spread", 0,
		"where threads run; repeated: in each of these places", 1},
	{"slice", KEY_SLICE, "TIME", 0, "another slice for all variants", 1},
	{"set", KEY_SET, "NAME=VALUE", 0,
		"an option of the policies; may be repeated", 1},
	{NULL, 0, NULL, 0, "How often and how long:", 2},
	{"launches", KEY_LAUNCHES, "N", 0,
		"launches per cell (default: the matrix's)", 2},
	{"duration", KEY_DURATION, "TIME", 0,
		"measured time of a launch, e.g. 0.8s (default: the matrix's)",
		2},
	{"warmup", KEY_WARMUP, "TIME", 0,
		"unmeasured time before (default: the matrix's; 0 for none)",
		2},
	{"timeout", KEY_TIMEOUT, "TIME", 0,
		"kill a launch after this long (default: 5s and five times "
		"the longest launch)",
		2},
	{"seed", KEY_SEED, "N", 0,
		"of the order of launches (default: drawn, and recorded)", 2},
	{NULL, 0, NULL, 0, "Output:", 3},
	{"output", 'o', "FILE", 0,
		"result file, never overwritten (default: "
		"results/raw/<UTC time>.jsonl)",
		3},
	{"resume", KEY_RESUME, "FILE", 0,
		"go on with the plan of an unfinished result file", 3},
	{"dry-run", KEY_DRY_RUN, NULL, 0,
		"print the cells, the launches and the minutes; run nothing",
		3},
	{"json", KEY_JSON, NULL, 0, "print JSON instead of text", 3},
	{"bindir", KEY_BINDIR, "DIR", 0,
		"where the gilrun-* are (default: $GILBENCH_BINDIR, else "
		"beside gilbench, else where they were installed)",
		3},
	{0},
};

static int64_t
duration_of(struct argp_state *state, const char *option, const char *text,
	int64_t low_ns)
{
	int64_t ns = 0;
	const char *reason = parse_duration_ns(text, &ns);

	if (reason == NULL && (ns < low_ns || ns > MAX_DURATION_NS))
		reason = "is out of range: 1ms to 1 hour";
	if (reason != NULL)
		argp_failure(state, EXIT_USAGE, 0, "%s '%s' %s", option, text,
			reason);
	return ns;
}

static int64_t
count_of(struct argp_state *state, const char *option, const char *text,
	int64_t low, int64_t high)
{
	int64_t count = 0;
	const char *reason = parse_count(text, low, high, &count);

	if (reason != NULL)
		argp_failure(state, EXIT_USAGE, 0, "%s '%s' %s", option, text,
			reason);
	return count;
}

static void
append(struct argp_state *state, struct select_list *list, char *text)
{
	if (list->count == SELECT_MAX)
		argp_failure(state, EXIT_USAGE, 0,
			"'%s' is one too many: at most %d of a kind", text,
			SELECT_MAX);
	list->items[list->count++] = text;
}

/* Options that say what is run; they make up the plan. */
static error_t
parse_what(int key, char *arg, struct argp_state *state)
{
	struct run_options *options = state->input;
	struct selection *selection = &options->selection;

	switch (key) {
	case 'w':
		append(state, &selection->workloads, arg);
		options->plan_option = "-w";
		return 0;
	case KEY_MATRIX:
		selection->matrix = arg;
		options->plan_option = "--matrix";
		return 0;
	case KEY_PLACE:
		if (!cell_is_place(arg))
			argp_failure(state, EXIT_USAGE, 0,
				"--place '%s' is not free, pin1 or spread",
				arg);
		append(state, &selection->places, arg);
		options->plan_option = "--place";
		return 0;
	case KEY_SLICE:
		selection->slice_ns = duration_of(state, "--slice", arg, 1);
		options->plan_option = "--slice";
		return 0;
	case KEY_SET:
		append(state, &selection->sets, arg);
		options->plan_option = "--set";
		return 0;
	case ARGP_KEY_INIT:
		return sentence_only(state);
	case ARGP_KEY_ARG:
		append(state, &selection->variants, arg);
		options->plan_option = "naming variants";
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Options that say how often and how long; part of the plan as well. */
static error_t
parse_how(int key, char *arg, struct argp_state *state)
{
	struct run_options *options = state->input;

	switch (key) {
	case KEY_LAUNCHES:
		options->blocks =
			count_of(state, "--launches", arg, 1, MAX_BLOCKS);
		options->plan_option = "--launches";
		return 0;
	case KEY_DURATION:
		options->selection.duration_ns =
			duration_of(state, "--duration", arg, MIN_DURATION_NS);
		options->plan_option = "--duration";
		return 0;
	case KEY_WARMUP:
		options->warmup_ns =
			strcmp(arg, "0") == 0
				? 0
				: duration_of(state, "--warmup", arg, 1);
		options->plan_option = "--warmup";
		return 0;
	case KEY_TIMEOUT:
		options->timeout_ns =
			duration_of(state, "--timeout", arg, MIN_DURATION_NS);
		options->plan_option = "--timeout";
		return 0;
	case KEY_SEED:
		options->seed = count_of(state, "--seed", arg, 0, INT64_MAX);
		options->plan_option = "--seed";
		return 0;
	default:
		return parse_what(key, arg, state);
	}
}

/* What cannot be said together. */
static void
check_together(const struct run_options *options, struct argp_state *state)
{
	if (options->resume != NULL && options->plan_option != NULL)
		argp_failure(state, EXIT_USAGE, 0,
			"--resume takes the plan from %s: %s cannot change it",
			options->resume, options->plan_option);
	if (options->resume != NULL && options->output != NULL)
		argp_failure(state, EXIT_USAGE, 0,
			"--resume appends to %s: there is no use for -o %s",
			options->resume, options->output);
	if (options->selection.matrix != NULL &&
		options->selection.workloads.count > 0)
		argp_failure(state, EXIT_USAGE, 0,
			"--matrix %s and -w %s exclude each other",
			options->selection.matrix,
			options->selection.workloads.items[0]);
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
	struct run_options *options = state->input;

	switch (key) {
	case 'o':
		options->output = arg;
		return 0;
	case KEY_RESUME:
		options->resume = arg;
		return 0;
	case KEY_DRY_RUN:
		options->is_dry_run = true;
		return 0;
	case KEY_JSON:
		options->is_json = true;
		return 0;
	case KEY_BINDIR:
		options->bindir = arg;
		return 0;
	case ARGP_KEY_END:
		check_together(options, state);
		return 0;
	default:
		return parse_how(key, arg, state);
	}
}

void
run_options_parse(int argc, char **argv, struct run_options *options)
{
	static const struct argp argp = {entries, parse_option,
		"[VARIANT-GLOB...]",
		"Launch variants under workloads, in a seeded random order, "
		"and record every launch.\v"
		"Variants are named without gilrun-; `gilbench list` shows "
		"them, the workloads with their options, and the matrices.  "
		"Without globs all policies run at their own slice.\n\n"
		"Exit status: 0; 2 for bad input; 5 if a launch crashed, hung "
		"or failed; 130 if interrupted.",
		NULL, NULL, NULL};

	*options = (struct run_options){.warmup_ns = -1, .seed = -1};
	/* Errors end the process inside argp, with its sentence. */
	(void)argp_parse(&argp, argc, argv, 0, NULL, options);
}
