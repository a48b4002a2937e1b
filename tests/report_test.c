/* SPDX-License-Identifier: MIT */
/*
 * Tests of a report's figures and of how tables are written, without a result
 * file; tests/report_test.sh holds whole reports against committed ones.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/compiler.h"
#include "harness/report_figure.h"
#include "harness/report_table.h"

static void
expect_near(double value, double expected)
{
	if (!(fabs(value - expected) <= 1e-9))
		fail_msg("%.17g is not %.17g", value, expected);
}

static struct figure
make_figure(enum figure_unit unit, double value)
{
	return (struct figure){
		.state = FIGURE_OK, .unit = unit, .value = value, .n = 5};
}

static void
reads(enum figure_unit unit, double value, const char *expected)
{
	struct figure figure = make_figure(unit, value);
	char text[64];

	format_figure(&figure, text);
	assert_string_equal(text, expected);
}

static void
test_figures_have_three_digits_and_a_unit(void **state)
{
	(void)state;
	reads(UNIT_NS, 0.0, "0.00 ns");
	reads(UNIT_NS, 5.5, "5.50 ns");
	reads(UNIT_NS, 99.96, "100 ns");
	reads(UNIT_NS, 999.8, "1.00 us");
	reads(UNIT_NS, 5060000, "5.06 ms");
	reads(UNIT_NS, 1.2e9, "1.20 s");
	reads(UNIT_RATE, 0.0, "0.00 /s");
	reads(UNIT_RATE, 999.7, "1.00 k/s");
	reads(UNIT_RATE, 8.1e8, "810 M/s");
	reads(UNIT_RATIO, 1.03, "1.030");
	reads(UNIT_PERCENT, 0.9876, "98.8 %");
	reads(UNIT_PERCENT, -0.05, "-5.0 %");
	reads(UNIT_SLICES, 1.045, "1.04");
	reads(UNIT_BYTES, 64 * 1048576.0, "64.0 MiB");
	reads(UNIT_NONE, 12, "12");
}

static void
test_a_figure_without_a_value_is_a_word(void **state)
{
	struct figure figure = figure_none(FIGURE_TOO_FEW);
	char text[64];

	(void)state;
	format_figure(&figure, text);
	assert_string_equal(text, "too_few");
	format_range(&figure, text);
	assert_string_equal(text, "");
	figure = make_figure(UNIT_NS, 2e8);
	figure.is_lower_bound = true;
	format_figure(&figure, text);
	assert_string_equal(text, ">=200 ms");
}

static void
ranges(double low, double value, double high, const char *expected)
{
	struct figure figure = make_figure(UNIT_NS, value);
	char text[64];

	figure.has_range = true;
	figure.over.low = low;
	figure.over.high = high;
	format_range(&figure, text);
	assert_string_equal(text, expected);
}

static void
test_ranges_are_in_the_unit_of_their_figure(void **state)
{
	(void)state;
	ranges(5050000, 5060000, 5120000, "5.05..5.12");
	ranges(900, 1100, 1200, "0.90..1.20");
	ranges(51900, 61900, 157745000, "51.9 us..158 ms");
	ranges(5060000, 5060000, 5060001, ""); /* no difference to see */
}

static void
test_numbers_of_a_tsv_have_no_exponent(void **state)
{
	char text[32];

	(void)state;
	format_number(123456789.6, text);
	assert_string_equal(text, "123456790");
	format_number(3.0, text);
	assert_string_equal(text, "3");
	format_number(0.0123456, text);
	assert_string_equal(text, "0.012346");
	format_number(2.5, text);
	assert_string_equal(text, "2.5");
}

/* A set of histograms with counts samples of 1 to counts[i] ns each. */
static struct launch_hists
make_hists(const int *counts, int n)
{
	struct launch_hists list = {.n = n, .all = hist_new()};

	list.each = calloc((size_t)n, sizeof(*list.each));
	assert_non_null(list.each);
	for (int i = 0; i < n; i++) {
		list.each[i] = hist_new();
		for (int ns = 1; ns <= counts[i]; ns++)
			assert_true(hist_record(list.each[i], ns, 1));
		hist_merge(list.all, list.each[i]);
	}
	return list;
}

static void
test_quantiles_need_twenty_samples_beyond_them(void **state)
{
	static const int enough[] = {200, 200}, few[] = {199, 200};
	struct launch_hists hists = make_hists(enough, 2);
	struct figure p90 = figure_of_quantile(&hists, 0.9);

	(void)state;
	assert_int_equal(p90.state, FIGURE_OK);
	expect_near(p90.value, 180.0);
	assert_true(p90.has_range);
	/* 400 samples together are enough for 0.95, 200 of each are not. */
	assert_int_equal(figure_of_quantile(&hists, 0.95).state, FIGURE_OK);
	assert_false(figure_of_quantile(&hists, 0.95).has_range);
	assert_int_equal(
		figure_of_quantile(&hists, 0.951).state, FIGURE_TOO_FEW);
	/* A maximum needs no number of samples. */
	expect_near(figure_of_quantile(&hists, 1.0).value, 200.0);
	launch_hists_free(&hists);
	hists = make_hists(few, 2);
	assert_int_equal(
		figure_of_quantile(&hists, 0.95).state, FIGURE_TOO_FEW);
	launch_hists_free(&hists);
}

static struct launch_values
make_values(int n, const int *blocks, const double *values)
{
	struct launch_values list = launch_values_new(n);

	for (int i = 0; i < n; i++) {
		list.blocks[i] = blocks[i];
		list.values[i] = values[i];
	}
	return list;
}

static void
test_ratios_pair_launches_of_one_block(void **state)
{
	static const int blocks[] = {0, 1, 2, 3}, others[] = {3, 1, 0};
	static const double above[] = {10.0, 30.0, 7.0, 80.0};
	static const double below[] = {40.0, 10.0, 5.0};
	struct launch_values a = make_values(4, blocks, above);
	struct launch_values b = make_values(3, others, below);
	struct launch_values ratio = launch_values_ratio(&a, &b);
	struct figure figure = figure_of_values(&ratio, UNIT_RATIO);

	(void)state;
	expect_near(ratio.values[0], 2.0);
	expect_near(ratio.values[1], 3.0);
	assert_true(isnan(ratio.values[2])); /* no launch in block 2 */
	expect_near(ratio.values[3], 2.0);
	assert_int_equal(figure.n, 3);
	expect_near(figure.value, 2.0);
	launch_values_free(&a);
	launch_values_free(&b);
	launch_values_free(&ratio);
}

static const struct table_column columns[] = {
	{"group", "", COLUMN_GROUP, 0},
	{"name", "name", COLUMN_TEXT, 0},
	{"remark", "remark", COLUMN_TEXT, 0},
	{"time_ns", "time", COLUMN_FIGURE, COLUMN_BOUNDED},
};

static struct table *
make_table(void)
{
	struct table *table =
		table_new("t", columns, ARRAY_LEN(columns), "A table");
	double launches[] = {1000, 3000, 2000};
	struct figure figure = make_figure(UNIT_NS, 2000);

	figure.n = 3;
	figure.has_range = true;
	figure.over = stats_summarize(launches, 3);
	table_text(table, "g");
	table_text(table, "a\tb"); /* no field may hold a tab */
	table_text(table, "%s", "");
	table_figure(table, figure);
	table_text(table, "g");
	table_text(table, "c");
	table_text(table, "%s", "");
	table_figure(table, figure_none(FIGURE_DISABLED));
	table_note(table, "a note");
	return table;
}

static char *
print(void (*how)(const struct table *, FILE *), const struct table *table)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	assert_non_null(stream);
	how(table, stream);
	assert_int_equal(fclose(stream), 0);
	return text;
}

static void
print_plain(const struct table *table, FILE *stream)
{
	table_print(table, false, stream);
}

static void
test_a_table_as_text(void **state)
{
	struct table *table = make_table();
	char *text = print(print_plain, table);

	(void)state;
	assert_string_equal(text, "A table\n"
				  "  name        time\n"
				  " g\n"
				  "  a b      2.00 us\n"
				  "        1.00..3.00\n"
				  "  c       disabled\n"
				  " a note\n");
	free(text);
	table_free(table);
}

static void
test_a_table_as_tsv(void **state)
{
	struct table *table = make_table();
	char *text = print(table_print_tsv, table);

	(void)state;
	assert_string_equal(text,
		"name\tremark\ttime_ns\ttime_ns_min\ttime_ns_max\t"
		"time_ns_low\ttime_ns_high\ttime_ns_is_lower_bound\n"
		"a b\t\t2000\t1000\t3000\t1000\t3000\t0\n"
		"c\t\tdisabled\t\t\t\t\t0\n");
	free(text);
	table_free(table);
}

static void
test_a_table_as_json(void **state)
{
	struct table *table = make_table();
	json_t *object = table_json(table);
	const json_t *row = json_array_get(json_object_get(object, "rows"), 1);
	const json_t *time = json_object_get(row, "time_ns");

	(void)state;
	assert_int_equal(json_array_size(json_object_get(object, "rows")), 2);
	assert_string_equal(
		json_string_value(json_object_get(time, "status")), "disabled");
	assert_true(json_is_null(json_object_get(time, "value")));
	json_decref(object);
	table_free(table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figures_have_three_digits_and_a_unit),
		cmocka_unit_test(test_a_figure_without_a_value_is_a_word),
		cmocka_unit_test(test_ranges_are_in_the_unit_of_their_figure),
		cmocka_unit_test(test_numbers_of_a_tsv_have_no_exponent),
		cmocka_unit_test(
			test_quantiles_need_twenty_samples_beyond_them),
		cmocka_unit_test(test_ratios_pair_launches_of_one_block),
		cmocka_unit_test(test_a_table_as_text),
		cmocka_unit_test(test_a_table_as_tsv),
		cmocka_unit_test(test_a_table_as_json),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
