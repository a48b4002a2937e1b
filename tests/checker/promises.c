/* SPDX-License-Identifier: MIT */
/* What each policy promises, one line each; rules.h says what the words mean. */
#include "tests/checker/rules.h"

#include <string.h>

#include "common/compiler.h"

/* Rows with an option come before those without. */
static const struct promise promises[] = {
	{.policy = "cpython",
		.option = "force_switching=off",
		.max_overtaking = ANY_NUMBER},
	{.policy = "cpython",
		.max_overtaking = ANY_NUMBER,
		.lets_in = LETS_IN_FORCED},
	{.policy = "eventual", /* who has not parked yet may be overtaken */
		.option = "fairness=0",
		.lets_in = LETS_IN_ALL,
		.decides_by_clock = true},
	{.policy = "eventual",
		.option = "fair_yield=on",
		.max_overtaking = ANY_NUMBER,
		.lets_in = LETS_IN_ALL,
		.decides_by_clock = true},
	{.policy = "eventual",
		.max_overtaking = ANY_NUMBER,
		.decides_by_clock = true},
	{.policy = "express",
		.max_overtaking = ANY_NUMBER,
		.lets_in = LETS_IN_EACH,
		.decides_by_clock = true},
	{.policy = "grace",
		.max_overtaking = ANY_NUMBER,
		.lets_in = LETS_IN_EACH,
		.relies_on_timeout = true,
		.decides_by_clock = true},
	{.policy = "handoff", .lets_in = LETS_IN_EACH},
	{.policy = "ocaml409",
		.option = "cond=fifo",
		.max_overtaking = ANY_NUMBER,
		.lets_in = LETS_IN_EACH},
	{.policy = "ocaml409",
		.max_overtaking = ANY_NUMBER,
		.lets_in = LETS_IN_ALL},
	{.policy = "pypy2011",
		.max_overtaking = ANY_NUMBER,
		.lets_in = LETS_IN_ALL},
	{.policy = "pypy7",
		.max_overtaking = ANY_NUMBER,
		.lets_in = LETS_IN_ALL,
		.relies_on_timeout = true},
	{.policy = "rrnojump", .lets_in = LETS_IN_EACH},
	{.policy = "ruby19",
		.max_overtaking = ANY_NUMBER,
		.yields_blindly = true},
	{.policy = "ruby193",
		.max_overtaking = ANY_NUMBER,
		.lets_in = LETS_IN_ALL},
	{.policy = "ruby2010", .lets_in = LETS_IN_EACH},
	{.policy = "ruby26",
		.max_overtaking = ANY_NUMBER,
		.lets_in = LETS_IN_ALL},
	{.policy = "ruby33", .lets_in = LETS_IN_EACH},
};

static const struct promise nothing = {
	.policy = "any other",
	.max_overtaking = ANY_NUMBER,
};

const struct promise *promise = &nothing;

void
promise_find(const char *policy, const char *option)
{
	for (size_t i = 0; i < ARRAY_LEN(promises); i++) {
		if (strcmp(promises[i].policy, policy) != 0)
			continue;
		if (promises[i].option == NULL ||
			(option != NULL &&
				strcmp(promises[i].option, option) == 0)) {
			promise = &promises[i];
			return;
		}
	}
}
