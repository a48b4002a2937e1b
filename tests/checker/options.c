/* SPDX-License-Identifier: MIT */
/* The command line of a checker program. */
#include "tests/checker/options.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/die.h"
#include "tests/checker/explore.h"
#include "tests/checker/subject.h"

#define MAX_BOUND 100

const char *
checker_name(void)
{
	static char name[64];

	snprintf(name, sizeof(name), "checker-%s%s%s", subject.policy,
		subject.mode[0] == '\0' ? "" : "-", subject.mode);
	return name;
}

_Noreturn void
refuse(const char *what, const char *value)
{
	fprintf(stderr, "%s: %s: %s\n", checker_name(), what, value);
	exit(EXIT_USAGE);
}

enum {
	KEY_THREADS = 1000,
	KEY_BOUND,
	KEY_PROGRAM,
	KEY_REPLAY,
	KEY_BUDGET,
	KEY_STATES,
	KEY_CPUS,
	KEY_SET,
	KEY_LIST,
	KEY_FULL,
	KEY_PLAIN,
	KEY_UNCACHED
};

static const struct argp_option entries[] = {
	{"threads", KEY_THREADS, "N", 0, "2 or 3 threads (default: both)", 0},
	{"bound", KEY_BOUND, "N", 0,
		"preemptions at most (default: 3 with 2 threads, 2 with 3)", 0},
	{"program", KEY_PROGRAM, "NAME", 0, "this program only", 0},
	{"full", KEY_FULL, NULL, 0,
		"as many ticks, time-outs and spurious wake-ups with 3 threads "
		"as with 2",
		0},
	{"plain", KEY_PLAIN, NULL, 0,
		"without reductions: slow, but finds the same", 0},
	{"uncached", KEY_UNCACHED, NULL, 0,
		"visit known states again: slower still, but as many states",
		0},
	{"budget", KEY_BUDGET, "SECONDS", 0,
		"end with status 3 if it takes longer", 0},
	{"states", KEY_STATES, "MILLIONS", 0,
		"end with status 3 if there are more; 24 to 48 MB each "
		"(default 10)",
		0},
	{"cpus", KEY_CPUS, "N", 0, "what the policy believes (default 2)", 0},
	{"set", KEY_SET, "NAME=VALUE", 0, "an option of the policy", 0},
	{"replay", KEY_REPLAY, "SCHEDULE", 0,
		"perform one schedule of --program and --threads, and print it",
		0},
	{"list", KEY_LIST, NULL, 0, "print the programs", 0},
	{0},
};

static int
parse_number(const char *what, const char *text, int least, int most)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || number < least ||
		number > most)
		refuse(what, text);
	return (int)number;
}

static double
parse_seconds(const char *what, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !(seconds > 0) || seconds > 1e6)
		refuse(what, text);
	return seconds;
}

static error_t
parse_limit(int key, const char *arg, struct options *options)
{
	switch (key) {
	case KEY_THREADS:
		options->threads =
			parse_number("--threads is 2 or 3, not", arg, 2, 3);
		return 0;
	case KEY_BOUND:
		options->bound = parse_number(
			"--bound is 0 to 100, not", arg, 0, MAX_BOUND);
		return 0;
	case KEY_STATES:
		options->states_millions = parse_number(
			"--states is 1 to 1000 millions, not", arg, 1, 1000);
		return 0;
	case KEY_CPUS:
		options->cpus =
			parse_number("--cpus is 1 to 1024, not", arg, 1, 1024);
		return 0;
	case KEY_BUDGET:
		options->budget_s = parse_seconds(
			"--budget is a number of seconds, not", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t
parse_switch(int key, struct options *options)
{
	switch (key) {
	case KEY_FULL:
		options->is_full = true;
		return 0;
	case KEY_PLAIN:
		is_plain = true;
		return 0;
	case KEY_UNCACHED:
		is_uncached = true;
		return 0;
	case KEY_LIST:
		options->lists = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_PROGRAM:
		options->program = arg;
		return 0;
	case KEY_REPLAY:
		options->replay = arg;
		return 0;
	case KEY_SET:
		options->option = arg;
		return 0;
	case ARGP_KEY_ARG:
		refuse("there are no arguments", arg);
	default:
		return parse_switch(key, options) == 0
			       ? 0
			       : parse_limit(key, arg, options);
	}
}

void
options_parse(struct options *options, int argc, char **argv)
{
	const struct argp argp = {.options = entries,
		.parser = parse_option,
		.doc = "Explore the interleavings of a GIL policy."};

	*options =
		(struct options){.bound = -1, .cpus = 2, .states_millions = 10};
	argp_err_exit_status = EXIT_USAGE;
	(void)argp_parse(&argp, argc, argv, 0, NULL, options); /* exits */
}
