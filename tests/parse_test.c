/* SPDX-License-Identifier: MIT */
/* Tests of common/parse.h: what a user may type, and what is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/clock.h"
#include "common/compiler.h"
#include "common/parse.h"

#define UNTOUCHED INT64_C(-77)

static void
test_durations_that_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
		{"1ns", 1},
		{"100ns", 100},
		{"0.5ns", 1}, /* rounded */
		{"250us", 250 * NS_PER_US},
		{"5ms", 5 * NS_PER_MS},
		{"0.8s", 800 * NS_PER_MS},
		{"0.000001s", 1000},
		{"2m", 120 * NS_PER_S},
		{"1440m", 24 * 3600 * NS_PER_S},
		{"86400s", 24 * 3600 * NS_PER_S},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		int64_t ns = UNTOUCHED;

		assert_null(parse_duration_ns(good[i].text, &ns));
		assert_int_equal(ns, good[i].ns);
	}
}

static void
test_durations_that_are_refused(void **state)
{
	static const struct {
		const char *text;
		const char *reason; /* a word of the sentence */
	} bad[] = {
		{"", "not a duration"},
		{"abc", "not a duration"},
		{"ms", "not a duration"},
		{"-1s", "not a duration"},
		{"+1s", "not a duration"},
		{" 1s", "not a duration"},
		{"1 s", "not a duration"},
		{"1s ", "not a duration"},
		{"1sec", "not a duration"},
		{"1h", "not a duration"},
		{"1.2.3s", "not a duration"},
		{"0x10ms", "not a duration"},
		{"1e3s", "not a duration"},
		{"nan", "not a duration"},
		{"inf", "not a duration"},
		{"5", "no unit"},
		{"0.5", "no unit"},
		{"0", "out of range"},
		{"0s", "out of range"},
		{"0.0ms", "out of range"},
		{"0.4ns", "out of range"},
		{"86401s", "out of range"},
		{"99999999999999999999s", "out of range"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t ns = UNTOUCHED;
		const char *reason = parse_duration_ns(bad[i].text, &ns);

		if (reason == NULL || strstr(reason, bad[i].reason) == NULL)
			fail_msg("'%s': %s", bad[i].text,
				reason == NULL ? "accepted" : reason);
		assert_int_equal(ns, UNTOUCHED);
	}
}

static void
test_durations_survive_a_round_trip(void **state)
{
	static const struct {
		int64_t ns;
		const char *text;
	} cases[] = {
		{1, "1ns"},
		{1500, "1500ns"},
		{250 * NS_PER_US, "250us"},
		{5 * NS_PER_MS, "5ms"},
		{800 * NS_PER_MS, "800ms"},
		{NS_PER_S, "1s"},
		{90 * NS_PER_S, "90s"},
		{24 * 3600 * NS_PER_S, "86400s"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[24];
		int64_t ns = UNTOUCHED;

		format_duration(cases[i].ns, text);
		assert_string_equal(text, cases[i].text);
		assert_null(parse_duration_ns(text, &ns));
		assert_int_equal(ns, cases[i].ns);
	}
}

static void
test_counts(void **state)
{
	static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "1.0",
		"0x1", "x", "1e3", "0", "11", "99999999999999999999"};
	int64_t count = UNTOUCHED;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (parse_count(bad[i], 1, 10, &count) == NULL)
			fail_msg("'%s' accepted", bad[i]);
		assert_int_equal(count, UNTOUCHED);
	}
	/* The sentence names the range. */
	assert_non_null(strstr(parse_count("11", 1, 10, &count), "1 to 10"));
	assert_null(parse_count("1", 1, 10, &count));
	assert_int_equal(count, 1);
	assert_null(parse_count("10", 1, 10, &count));
	assert_int_equal(count, 10);
	assert_null(parse_count("007", 1, 10, &count));
	assert_int_equal(count, 7);
	assert_null(parse_count("9223372036854775807", 0, INT64_MAX, &count));
	assert_int_equal(count, INT64_MAX);
}

static void
test_thread_lists(void **state)
{
	int counts[4], length = -1;

	(void)state;
	assert_null(parse_thread_list("3", 2, counts, 4, &length));
	assert_int_equal(length, 1);
	assert_int_equal(counts[0], 3);
	assert_null(parse_thread_list("1,1c,2c,1024", 2, counts, 4, &length));
	assert_int_equal(length, 4);
	assert_int_equal(counts[0], 1);
	assert_int_equal(counts[1], 2);
	assert_int_equal(counts[2], 4);
	assert_int_equal(counts[3], 1024);
}

static void
test_thread_lists_that_are_refused(void **state)
{
	static const char *const bad[] = {"", ",", "1,", ",1", "1,,2", "x", "c",
		"0", "0c", "1025", "5000", "513c", "1cc", "1 ,2", "-1",
		"1,2,3,4,5", "11111111111111111111"};
	int counts[4], length;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (parse_thread_list(bad[i], 2, counts, 4, &length) == NULL)
			fail_msg("'%s' accepted", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations_that_are_read),
		cmocka_unit_test(test_durations_that_are_refused),
		cmocka_unit_test(test_durations_survive_a_round_trip),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_thread_lists),
		cmocka_unit_test(test_thread_lists_that_are_refused),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}
