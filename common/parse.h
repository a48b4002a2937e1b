/* SPDX-License-Identifier: MIT */
/*
 * Reading what a user typed: durations, counts, lists.
 *
 * Every function returns 0 on success, else a sentence-ready reason in static
 * storage ("is not a duration: give a number and ns, us, ms, s or m"), so that
 * each program can say: option, value, reason.
 */
#ifndef COMMON_PARSE_H
#define COMMON_PARSE_H

#include <stdint.h>

/*
 * "5ms", "0.8s", "250us", "2m", "100ns": a duration greater than 0 and at
 * most 24 h.  A bare number is refused, except "0", which is out of range.
 */
const char *parse_duration_ns(const char *text, int64_t *duration_ns);

/* A whole number in [low, high]; digits only. */
const char *parse_count(
	const char *text, int64_t low, int64_t high, int64_t *count);

/*
 * A list of thread counts: "1,2,4c".  A trailing c means "times the number of
 * usable CPUs".  Fills counts and *length; each count is in [1, 1024].
 */
const char *parse_thread_list(
	const char *text, int cpus, int *counts, int capacity, int *length);

/* Format a duration so that parse_duration_ns() reads it back: "5ms". */
void format_duration(int64_t duration_ns, char text[24]);

#endif
