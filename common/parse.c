/* SPDX-License-Identifier: MIT */
/* Reading what a user typed: durations, counts, lists. */
#include "common/parse.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/compiler.h"

#define MAX_DURATION_NS (24 * 3600 * NS_PER_S)
#define MAX_THREADS     1024

static const struct unit {
	const char *suffix;
	int64_t ns;
} units[] = {
	{"ns", 1},
	{"us", NS_PER_US},
	{"ms", NS_PER_MS},
	{"s", NS_PER_S},
	{"m", 60 * NS_PER_S},
};

const char *
parse_duration_ns(const char *text, int64_t *duration_ns)
{
	char *end;
	double number, ns = 0.0;

	/* strtod() would also take hexadecimal, "inf" and leading blanks. */
	if (!isdigit((unsigned char)text[0]) ||
		strspn(text, "0123456789.") == 0 ||
		strpbrk(text, "xXeE") != NULL)
		return "is not a duration: give a number and ns, us, ms, s or "
		       "m";
	number = strtod(text, &end);
	if (*end == '\0' && number != 0.0)
		return "has no unit: add ns, us, ms, s or m";
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strcmp(end, units[i].suffix) == 0)
			ns = number * (double)units[i].ns;
	if (number == 0.0)
		return "is out of range: a duration must be greater than 0";
	if (ns == 0.0)
		return "is not a duration: give a number and ns, us, ms, s or "
		       "m";
	if (ns < 0.5 || ns > (double)MAX_DURATION_NS)
		return "is out of range: 1ns to 24 hours";
	*duration_ns = llround(ns);
	return NULL;
}

const char *
parse_count(const char *text, int64_t low, int64_t high, int64_t *count)
{
	static char reason[96];
	char *end;
	long long number;

	if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text))
		return "is not a whole number";
	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno != 0 || number < low || number > high) {
		snprintf(reason, sizeof(reason),
			"is out of range: %" PRId64 " to %" PRId64, low, high);
		return reason;
	}
	*count = number;
	return NULL;
}

/* One item of a thread list, without its comma. */
static const char *
parse_thread_item(const char *item, int cpus, int *threads)
{
	char digits[16];
	size_t length = strlen(item);
	const char *reason;
	int64_t count;

	if (length == 0 || length >= sizeof(digits))
		return "is not a list of thread counts such as 1,2,2c";
	memcpy(digits, item, length + 1);
	if (digits[length - 1] == 'c')
		digits[length - 1] = '\0';
	reason = parse_count(digits, 1, MAX_THREADS, &count);
	if (reason != NULL)
		return reason;
	if (item[length - 1] == 'c')
		count *= cpus;
	if (count > MAX_THREADS)
		return "is out of range: at most 1024 threads";
	*threads = (int)count;
	return NULL;
}

const char *
parse_thread_list(
	const char *text, int cpus, int *counts, int capacity, int *length)
{
	char *copy = strdup(text), *rest = copy, *item;
	const char *reason = NULL;

	if (copy == NULL)
		return "needs memory that is not there";
	*length = 0;
	while (reason == NULL && (item = strsep(&rest, ",")) != NULL) {
		if (*length == capacity)
			reason = "has too many entries";
		else
			reason = parse_thread_item(
				item, cpus, &counts[(*length)++]);
	}
	free(copy);
	return reason;
}

void
format_duration(int64_t duration_ns, char text[24])
{
	size_t best = 0;

	for (size_t i = 0; i < ARRAY_LEN(units) - 1; i++)
		if (duration_ns % units[i].ns == 0)
			best = i;
	snprintf(text, 24, "%" PRId64 "%s", duration_ns / units[best].ns,
		units[best].suffix);
}
