/* SPDX-License-Identifier: MIT */
/*
 * The command line of gilrun-*: its own options and the workload's.
 *
 * argp gets one table made of both: a workload's options are listed once, in
 * its own file, and appear here under the workload's heading.
 */
#include <argp.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/affinity.h"
#include "common/clock.h"
#include "common/die.h"
#include "common/parse.h"
#include "harness/run/gilrun.h"
#include "runtime/gil/variant.h"

#define MAX_ENTRIES 64
#define MAX_GIVEN   32

enum {
	KEY_DURATION = 1000,
	KEY_WARMUP,
	KEY_ITERATIONS,
	KEY_PLACE,
	KEY_SLICE,
	KEY_SET,
	KEY_RING,
	KEY_SLACK,
	KEY_NONCE,
	KEY_DESCRIBE,
	KEY_WORKLOAD_FIRST = 2000
};

static const struct argp_option own_entries[] = {
	{"duration", KEY_DURATION, "TIME", 0,
		"measure for this long, all phases together (default 0.8s)", 1},
	{"warmup", KEY_WARMUP, "TIME", 0,
		"run unmeasured before (default 50ms; 0 for none)", 1},
	{"iterations", KEY_ITERATIONS, "N", 0,
		"end after this much work per thread, not by time", 1},
	{"place", KEY_PLACE, "free|pin1|spread", 0,
		"where threads run: anywhere, all on one CPU, one per CPU", 1},
	{"slice", KEY_SLICE, "TIME", 0,
		"another slice; becomes part of the variant's name", 1},
	{"set", KEY_SET, "NAME=VALUE", 0,
		"an option of the policy; becomes part of the name", 1},
	{"ring", KEY_RING, "EVENTS", 0,
		"events kept per thread (default 65536; 0 for none)", 1},
	{"timer-slack", KEY_SLACK, "TIME", 0,
		"how late the kernel may wake a sleeper (default 50us)", 1},
	{"nonce", KEY_NONCE, "N", 0, "number of this launch, in datagrams", 1},
	{"describe", KEY_DESCRIBE, NULL, 0,
		"print what this executable is, as JSON", 1},
};

/* What the user gave for workloads, until the workload is known. */
struct given {
	const char *name;
	const char *text;
};

struct parse {
	struct gilrun_options *options;
	struct argp_option entries[MAX_ENTRIES];
	struct given given[MAX_GIVEN];
	int ngiven;
};

const char *const place_names[] = {"free", "pin1", "spread", NULL};

void
gilrun_usage(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "gilrun-%s: ", gil_variant.name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(EXIT_USAGE);
}

static int64_t
duration_of(const char *option, const char *text)
{
	int64_t ns = 0;
	const char *reason = parse_duration_ns(text, &ns);

	if (reason != NULL)
		gilrun_usage("--%s: '%s' %s", option, text, reason);
	return ns;
}

static int64_t
count_of(const char *option, const char *text, int64_t low, int64_t high)
{
	int64_t count = 0;
	const char *reason = parse_count(text, low, high, &count);

	if (reason != NULL)
		gilrun_usage("--%s: '%s' %s", option, text, reason);
	return count;
}

static enum place
place_of(const char *text)
{
	for (int i = 0; place_names[i] != NULL; i++)
		if (strcmp(text, place_names[i]) == 0)
			return (enum place)i;
	gilrun_usage("--place: '%s' is not free, pin1 or spread", text);
}

static void
add_set(struct gilrun_options *options, const char *text)
{
	const char *equals = strchr(text, '=');
	size_t length = equals == NULL ? 0 : (size_t)(equals - text);

	if (length == 0 || length >= sizeof(options->sets[0].name))
		gilrun_usage("--set: '%s' is not NAME=VALUE", text);
	if (options->nsets == GILRUN_MAX_SETS)
		gilrun_usage("--set: '%s' is one too many", text);
	memcpy(options->sets[options->nsets].name, text, length);
	options->sets[options->nsets++].value = equals + 1;
}

static error_t
parse_own(int key, char *arg, struct gilrun_options *options)
{
	switch (key) {
	case KEY_DURATION:
		options->duration_ns = duration_of("duration", arg);
		return 0;
	case KEY_WARMUP:
		options->warmup_ns =
			strcmp(arg, "0") == 0 ? 0 : duration_of("warmup", arg);
		return 0;
	case KEY_ITERATIONS:
		options->iterations = count_of("iterations", arg, 1, INT64_MAX);
		return 0;
	case KEY_PLACE:
		options->place = place_of(arg);
		return 0;
	case KEY_SLICE:
		options->slice_ns = duration_of("slice", arg);
		return 0;
	case KEY_SET:
		add_set(options, arg);
		return 0;
	case KEY_RING:
		options->ring_events = count_of("ring", arg, 0, 1 << 24);
		return 0;
	case KEY_SLACK:
		options->timer_slack_ns = duration_of("timer-slack", arg);
		return 0;
	case KEY_NONCE:
		options->nonce = count_of("nonce", arg, 0, INT64_MAX);
		return 0;
	case KEY_DESCRIBE:
		options->describe = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
	struct parse *parse = state->input;

	if (key >= KEY_WORKLOAD_FIRST &&
		key < KEY_WORKLOAD_FIRST + MAX_ENTRIES) {
		if (parse->ngiven == MAX_GIVEN)
			gilrun_usage("too many options, from '%s' on", arg);
		parse->given[parse->ngiven++] = (struct given){
			parse->entries[key - KEY_WORKLOAD_FIRST].name, arg};
		return 0;
	}
	if (key == ARGP_KEY_INIT) {
		/* getopt's sentence is enough; "Try --help" would follow it. */
		state->err_stream = fopen("/dev/null", "w");
		return state->err_stream == NULL ? errno : 0;
	}
	if (key != ARGP_KEY_ARG)
		return parse_own(key, arg, parse->options);
	if (parse->options->workload != NULL)
		gilrun_usage("'%s' is a second workload; give one", arg);
	parse->options->workload = workload_find(arg);
	if (parse->options->workload == NULL)
		gilrun_usage("there is no workload '%s'", arg);
	return 0;
}

/* Put the options of all workloads behind our own, each name once. */
static void
collect_entries(struct parse *parse)
{
	int n = ARRAY_LEN(own_entries);

	memcpy(parse->entries, own_entries, sizeof(own_entries));
	for (int w = 0; workloads[w] != NULL; w++) {
		const struct workload_option *option = workloads[w]->options;

		for (; option->name != NULL; option++) {
			bool is_known = false;

			for (int i = 0; i < n; i++)
				is_known |= strcmp(parse->entries[i].name,
						    option->name) == 0;
			if (is_known)
				continue;
			if (n == MAX_ENTRIES - 1)
				DIE("more than %d options", MAX_ENTRIES - 1);
			parse->entries[n] = (struct argp_option){option->name,
				KEY_WORKLOAD_FIRST + n, "VALUE", 0,
				option->summary, 2};
			n++;
		}
	}
}

static const struct workload_option *
find_option(const struct workload *workload, const char *name, int *index)
{
	const struct workload_option *option = workload->options;

	for (int i = 0; option[i].name != NULL; i++) {
		if (strcmp(option[i].name, name) == 0) {
			*index = i;
			return &option[i];
		}
	}
	gilrun_usage("--%s: the workload %s has no such option", name,
		workload->name);
}

/* The position of text in the comma-separated choices. */
static int64_t
choice_of(const struct workload_option *option, const char *text)
{
	const char *word = option->choices;

	for (int64_t i = 0; word != NULL; i++) {
		size_t length = strcspn(word, ",");

		if (strlen(text) == length && strncmp(word, text, length) == 0)
			return i;
		word = word[length] == ',' ? word + length + 1 : NULL;
	}
	gilrun_usage("--%s: '%s' is none of %s", option->name, text,
		option->choices);
}

static void
set_value(const struct workload_option *option, const char *text,
	struct workload_value *value)
{
	int cpus[CPU_SETSIZE];
	const char *reason;

	value->text = text;
	switch (option->kind) {
	case OPTION_COUNT:
		value->number =
			count_of(option->name, text, option->low, option->high);
		break;
	case OPTION_CHOICE:
		value->number = choice_of(option, text);
		break;
	case OPTION_THREADS:
		reason = parse_thread_list(text,
			affinity_cpus(cpus, CPU_SETSIZE), value->counts,
			WORKLOAD_MAX_LIST, &value->length);
		if (reason != NULL)
			gilrun_usage(
				"--%s: '%s' %s", option->name, text, reason);
		break;
	}
}

static void
resolve_values(struct parse *parse)
{
	struct gilrun_options *options = parse->options;
	const struct workload_option *option = options->workload->options;
	int index;

	for (int i = 0; option[i].name != NULL; i++)
		set_value(&option[i], option[i].initial, &options->values[i]);
	for (int i = 0; i < parse->ngiven; i++) {
		option = find_option(
			options->workload, parse->given[i].name, &index);
		set_value(
			option, parse->given[i].text, &options->values[index]);
	}
}

/* Options that this variant or workload could only ignore are refused. */
static void
check_meaning(const struct gilrun_options *options)
{
	if (options->iterations != 0 && !options->workload->can_count)
		gilrun_usage("--iterations: %s runs by time only",
			options->workload->name);
	if (options->slice_ns != 0 && gil_variant.slice_ns == 0)
		gilrun_usage("--slice: this variant has no slice of time");
	if (options->ring_events > 0 && gil_variant.bare)
		gilrun_usage("--ring: a bare twin has no event rings");
}

void
gilrun_parse(int argc, char **argv, struct gilrun_options *options)
{
	static struct parse parse;
	const struct argp argp = {parse.entries, parse_option, "WORKLOAD",
		"Run one workload under one variant of the GIL runtime and "
		"print a record as one line of JSON.",
		NULL, NULL, NULL};

	*options = (struct gilrun_options){.duration_ns = 800 * NS_PER_MS,
		.warmup_ns = 50 * NS_PER_MS,
		.timer_slack_ns = 50 * NS_PER_US,
		.ring_events = -1 /* not given */};
	parse.options = options;
	collect_entries(&parse);
	argp_err_exit_status = EXIT_USAGE;
	/* Errors end the process inside argp, with its sentence. */
	(void)argp_parse(&argp, argc, argv, 0, NULL, &parse);
	if (options->describe)
		return;
	if (options->workload == NULL)
		gilrun_usage("which workload? try --help");
	check_meaning(options);
	resolve_values(&parse);
	if (options->ring_events < 0)
		options->ring_events = gil_variant.bare ? 0 : 65536;
}
