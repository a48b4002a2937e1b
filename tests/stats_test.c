/* SPDX-License-Identifier: MIT */
/*
 * Tests of the statistics over launches and of histograms in records.
 *
 * Expected coverages are binomial sums worked out by hand: for n = 9 and ranks
 * 2 to 8 it is 1 - 2 * (1 + 9) / 512.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>

#include "common/compiler.h"
#include "harness/hist_json.h"
#include "harness/stats.h"

static void
expect_near(double value, double expected)
{
	if (!(fabs(value - expected) <= 1e-9))
		fail_msg("%.17g is not %.17g", value, expected);
}

static void
test_the_range_covers_what_the_binomial_says(void **state)
{
	(void)state;
	expect_near(stats_range_coverage_ratio(1), 0.0);
	expect_near(stats_range_coverage_ratio(2), 0.5);
	expect_near(stats_range_coverage_ratio(5), 0.9375);
	expect_near(stats_range_coverage_ratio(6), 0.96875);
}

static void
test_intervals_have_the_ranks_of_the_tables(void **state)
{
	static const struct {
		int n, low, high;
		double coverage;
	} known[] = {
		{1, 1, 1, 0.0},
		{2, 1, 2, 0.5},
		{5, 1, 5, 0.9375}, /* too few for 95 %: the whole range */
		{6, 1, 6, 0.96875},
		{8, 1, 8, 1.0 - 2.0 / 256.0},
		{9, 2, 8, 1.0 - 2.0 * 10.0 / 512.0},
		{10, 2, 9, 1.0 - 2.0 * 11.0 / 1024.0},
		{20, 6, 15, 1.0 - 2.0 * 21700.0 / 1048576.0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		struct stats_interval interval =
			stats_median_interval(known[i].n, 0.95);

		assert_int_equal(interval.low_rank, known[i].low);
		assert_int_equal(interval.high_rank, known[i].high);
		expect_near(interval.coverage_ratio, known[i].coverage);
	}
}

static void
test_intervals_are_symmetric_and_as_narrow_as_can_be(void **state)
{
	(void)state;
	for (int n = 6; n <= 16000; n = n * 3 / 2) {
		struct stats_interval interval = stats_median_interval(n, 0.95);

		assert_int_equal(interval.low_rank + interval.high_rank, n + 1);
		assert_true(interval.coverage_ratio >= 0.95);
		/* One rank further in would leave less than the level; the
		 * mass there is at most that of the middle. */
		assert_true(
			interval.coverage_ratio - 0.95 < 2.0 / sqrt((double)n));
	}
}

static void
test_summaries_sort_and_take_the_middle(void **state)
{
	double odd[] = {5.0, 1.0, 4.0, 2.0, 3.5};
	double even[] = {4.0, 1.0, 2.0, 8.0};
	double ten[] = {10, 9, 8, 7, 6, 5, 4, 3, 2, 1};
	struct stats_summary summary = stats_summarize(odd, 5);

	(void)state;
	expect_near(summary.median, 3.5);
	expect_near(summary.min, 1.0);
	expect_near(summary.max, 5.0);
	expect_near(summary.low, 1.0);
	expect_near(summary.high, 5.0);
	assert_int_equal(summary.n, 5);
	expect_near(stats_summarize(even, 4).median, 3.0);
	summary = stats_summarize(ten, 10);
	expect_near(summary.min, 1.0);
	expect_near(summary.low, 2.0);
	expect_near(summary.high, 9.0);
	expect_near(summary.max, 10.0);
}

/* {"scheme": ..., "buckets": [[5, 2], [3000, 1]]}: 5 ns twice, 3904 ns. */
static json_t *
make_record(void)
{
	return json_pack("{s:s, s:i, s:i, s:i, s:f, s:[[i, i], [i, i]]}",
		"scheme", "loglin10", "count", 3, "min_ns", 5, "max_ns", 3904,
		"sum_ns", 3914.0, "buckets", 5, 2, 2976, 1);
}

static void
test_a_recorded_histogram_is_read_back(void **state)
{
	struct hist *hist = hist_new();
	json_t *record = make_record();

	(void)state;
	assert_int_equal(hist_bucket_of(3904), 2976);
	assert_int_equal(hist_json_merge(hist, record), 0);
	assert_int_equal(hist_json_merge(hist, record), 0);
	assert_int_equal(hist->count, 6);
	assert_int_equal(hist->min_ns, 5);
	assert_int_equal(hist->max_ns, 3904);
	assert_int_equal(hist->buckets[5], 4);
	assert_int_equal(hist->buckets[2976], 2);
	expect_near(hist_mean_ns(hist), 3914.0 / 3.0);
	json_decref(record);
	hist_free(hist);
}

static void
refuses(json_t *record)
{
	struct hist *hist = hist_new();

	assert_int_equal(hist_json_merge(hist, record), -EINVAL);
	assert_int_equal(hist->count, 0);
	json_decref(record);
	hist_free(hist);
}

static json_t *
record_with(const char *key, json_t *value)
{
	json_t *record = make_record();

	assert_int_equal(json_object_set_new(record, key, value), 0);
	return record;
}

static void
test_damaged_histograms_are_refused(void **state)
{
	(void)state;
	refuses(json_null());
	refuses(record_with("scheme", json_string("loglin11")));
	refuses(record_with("scheme", json_null()));
	refuses(record_with("count", json_integer(4)));
	refuses(record_with("count", json_string("3")));
	refuses(record_with("min_ns", json_integer(-1)));
	refuses(record_with("max_ns", json_integer(4)));
	refuses(record_with("min_ns", json_integer(6)));
	refuses(record_with("buckets", json_object()));
	refuses(record_with("buckets", json_pack("[[i, i]]", 5, -3)));
	refuses(record_with("buckets", json_pack("[[i, i]]", -1, 3)));
	refuses(record_with("buckets", json_pack("[[i, i]]", 31744, 3)));
	refuses(record_with("buckets", json_pack("[[i, i, i]]", 5, 3, 1)));
	refuses(record_with("buckets", json_pack("[[f, i]]", 5.5, 3)));
}

static void
test_an_empty_histogram_adds_nothing(void **state)
{
	struct hist *hist = hist_new();
	json_t *record = json_pack("{s:s, s:i, s:i, s:i, s:f, s:[]}", "scheme",
		"loglin10", "count", 0, "min_ns", 0, "max_ns", 0, "sum_ns", 0.0,
		"buckets");

	(void)state;
	assert_true(hist_record(hist, 7, 1));
	assert_int_equal(hist_json_merge(hist, record), 0);
	assert_int_equal(hist->count, 1);
	assert_int_equal(hist->min_ns, 7);
	json_decref(record);
	hist_free(hist);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_range_covers_what_the_binomial_says),
		cmocka_unit_test(test_intervals_have_the_ranks_of_the_tables),
		cmocka_unit_test(
			test_intervals_are_symmetric_and_as_narrow_as_can_be),
		cmocka_unit_test(test_summaries_sort_and_take_the_middle),
		cmocka_unit_test(test_a_recorded_histogram_is_read_back),
		cmocka_unit_test(test_damaged_histograms_are_refused),
		cmocka_unit_test(test_an_empty_histogram_adds_nothing),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
