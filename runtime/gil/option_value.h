/* SPDX-License-Identifier: MIT */
/* Reading the values of a policy's options: NULL, or why not. */
#ifndef RUNTIME_GIL_OPTION_VALUE_H
#define RUNTIME_GIL_OPTION_VALUE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/parse.h"

static inline const char *
option_on_or_off(const char *value, bool *is_on)
{
	bool says_on = strcmp(value, "on") == 0;

	if (!says_on && strcmp(value, "off") != 0)
		return "is neither on nor off";
	*is_on = says_on;
	return NULL;
}

/* range_reason is the answer to a duration outside of low_ns to high_ns. */
static inline const char *
option_duration(const char *value, int64_t low_ns, int64_t high_ns,
	const char *range_reason, int64_t *duration_ns)
{
	int64_t given_ns;
	const char *reason = parse_duration_ns(value, &given_ns);

	if (reason != NULL)
		return reason;
	if (given_ns < low_ns || given_ns > high_ns)
		return range_reason;
	*duration_ns = given_ns;
	return NULL;
}

#endif
