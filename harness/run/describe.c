/* SPDX-License-Identifier: MIT */
/* What this executable is: the answer to --describe. */
#include <gnu/libc-version.h>
#include <stdio.h>

#include "common/build_info.h"
#include "harness/run/gilrun.h"
#include "runtime/gil/variant.h"

static const char *const kind_names[] = {
	[OPTION_COUNT] = "count",
	[OPTION_THREADS] = "threads",
	[OPTION_CHOICE] = "choice",
};

static json_t *
describe_option(const struct workload_option *option)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "name", option->name,
		"kind", kind_names[option->kind], "initial", option->initial,
		"summary", option->summary);

	if (option->kind == OPTION_CHOICE)
		json_object_set_new(
			object, "choices", json_string(option->choices));
	else
		json_object_update_new(object,
			json_pack("{s:I, s:I}", "low", (json_int_t)option->low,
				"high", (json_int_t)option->high));
	return object;
}

static json_t *
describe_workload(const struct workload *workload)
{
	json_t *list = json_array();

	for (int i = 0; workload->options[i].name != NULL; i++)
		json_array_append_new(
			list, describe_option(&workload->options[i]));
	return json_pack("{s:s, s:s, s:s, s:o}", "name", workload->name,
		"summary", workload->summary, "stands_for",
		workload->stands_for, "options", list);
}

static json_t *
describe_policy_options(void)
{
	const struct gil_option *option = gil_options();
	json_t *list = json_array();

	for (; option->name != NULL; option++)
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s, s:s}", "name", option->name,
				"values", option->values, "initial",
				option->initial, "summary", option->summary));
	return list;
}

json_t *
gilrun_describe(void)
{
	json_t *list = json_array(), *object;
	char tick[8] = "none";

	for (int i = 0; workloads[i] != NULL; i++)
		if (!gil_separates() || workloads[i]->can_separate)
			json_array_append_new(
				list, describe_workload(workloads[i]));
	if (gil_variant.tick != 0)
		snprintf(tick, sizeof(tick), "T%d", gil_variant.tick);
	object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:b, s:s, s:s}",
		"schema", "gilbench.describe/1", "name", gil_variant.name,
		"policy", gil_variant.policy, "mode", gil_variant.mode, "tick",
		tick, "slice_ns", (json_int_t)gil_variant.slice_ns, "own_slice",
		gil_variant.own_slice, "bare", gil_variant.bare, "poll",
		gil_variant.tick == 5   ? "counter"
		: gil_variant.tick == 7 ? "clock"
					: "flag",
		"stands_for", gil_variant.system);
	json_object_set_new(
		object, "in_default", json_boolean(gil_variant.in_default));
	json_object_set_new(object, "slice_count",
		json_integer((json_int_t)gil_variant.slice_count));
	json_object_update_new(object,
		json_pack("{s:i, s:b, s:o, s:o, s:o}", "max_threads",
			gil_separates() ? 0 : gil_max_threads(), "spins",
			gil_spins(), "options", describe_policy_options(),
			"workloads", list, "build",
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s}",
				"version", build_version, "revision",
				build_revision, "compiler", build_compiler,
				"cflags", build_cflags, "sanitizer",
				build_sanitizer, "optimised",
				build_is_optimised, "libc",
				gnu_get_libc_version())));
	return object;
}
