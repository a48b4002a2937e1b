/* SPDX-License-Identifier: MIT */
/*
 * Tests of common/: histogram, event ring, parsing, metrics, affinity.
 *
 * Random samples come from a fixed seed, printed when a check on them fails.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/affinity.h"
#include "common/clock.h"
#include "common/compiler.h"
#include "common/hist.h"
#include "common/metrics.h"
#include "common/parse.h"
#include "common/ring.h"
#include "harness/prng.h"

#define SEED         UINT64_C(20080121)
#define SAMPLE_COUNT 20011
#define TOP_VALUE_NS ((INT64_C(1) << (HIST_TOP_BIT + 1)) - 1)

/* ---- histogram ---------------------------------------------------------- */

static void
test_every_bucket_holds_its_own_range(void **state)
{
	int64_t next_ns = 0;

	(void)state;
	for (int i = 0; i < HIST_BUCKET_COUNT; i++) {
		int64_t low_ns = hist_bucket_low_ns(i);
		int64_t width_ns = hist_bucket_width_ns(i);

		assert_int_equal(low_ns, next_ns);
		assert_int_equal(hist_bucket_of(low_ns), i);
		assert_int_equal(hist_bucket_of(low_ns + width_ns - 1), i);
		/* The middle of a bucket is near enough to its ends. */
		assert_true(width_ns == 1 || width_ns * 1000 <= low_ns);
		next_ns = low_ns + width_ns;
	}
	assert_int_equal(next_ns, TOP_VALUE_NS + 1);
	assert_int_equal(
		hist_bucket_of(TOP_VALUE_NS + 1), HIST_BUCKET_COUNT - 1);
	assert_int_equal(hist_bucket_of(INT64_MAX), HIST_BUCKET_COUNT - 1);
}

/* Samples of a shape: what waits look like, and what breaks buckets. */
enum shape { SHAPE_SMALL, SHAPE_UNIFORM, SHAPE_LOG, SHAPE_SLICES, SHAPE_COUNT };

static int64_t
draw_ns(struct prng *prng, enum shape shape)
{
	switch (shape) {
	case SHAPE_SMALL:
		return (int64_t)prng_below(prng, HIST_LINEAR);
	case SHAPE_UNIFORM:
		return (int64_t)prng_below(prng, 100 * 1000 * 1000);
	case SHAPE_LOG: /* every power of two alike */
		return (int64_t)(prng_next(prng) >>
				 (64 - 1 - prng_below(prng, HIST_TOP_BIT)));
	case SHAPE_SLICES: /* one slice or two, and a little more */
		return (int64_t)(5000000 * (1 + prng_below(prng, 2)) +
				 prng_below(prng, 60000));
	case SHAPE_COUNT:
		break;
	}
	fail_msg("no such shape");
	return 0;
}

static int
compare_ns(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The smallest sample that at least ratio of all samples do not exceed. */
static int64_t
exact_quantile_ns(const int64_t *sorted, size_t count, double ratio)
{
	size_t rank = 1;

	while (rank < count && (double)rank < ratio * (double)count - 1e-9)
		rank++;
	return sorted[rank - 1];
}

static void
check_quantiles(enum shape shape)
{
	static const double ratios[] = {
		0.0, 0.001, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0};
	static int64_t samples[SAMPLE_COUNT];
	struct hist *hist = hist_new();
	struct prng prng;

	prng_init(&prng, SEED, shape);
	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		samples[i] = draw_ns(&prng, shape);
		assert_true(hist_record(hist, samples[i], 1));
	}
	qsort(samples, SAMPLE_COUNT, sizeof(samples[0]), compare_ns);
	for (size_t i = 0; i < ARRAY_LEN(ratios); i++) {
		int64_t exact_ns =
			exact_quantile_ns(samples, SAMPLE_COUNT, ratios[i]);
		int64_t ours_ns = hist_quantile_ns(hist, ratios[i]);

		if (llabs(ours_ns - exact_ns) * 1000 > exact_ns)
			fail_msg("seed %llu shape %d q %g: %lld, exact %lld",
				(unsigned long long)SEED, (int)shape, ratios[i],
				(long long)ours_ns, (long long)exact_ns);
	}
	assert_int_equal(hist->min_ns, samples[0]);
	assert_int_equal(hist->max_ns, samples[SAMPLE_COUNT - 1]);
	hist_free(hist);
}

static void
test_quantiles_are_within_a_thousandth(void **state)
{
	(void)state;
	for (int shape = 0; shape < SHAPE_COUNT; shape++)
		check_quantiles((enum shape)shape);
}

static void
test_quantile_ranks_are_exact_in_the_linear_part(void **state)
{
	struct hist *hist = hist_new();

	(void)state;
	assert_int_equal(hist_quantile_ns(hist, 0.5), -1);
	for (int64_t value_ns = 1; value_ns <= 10; value_ns++)
		assert_true(hist_record(hist, value_ns * 10, 1));
	assert_int_equal(hist_quantile_ns(hist, 0.0), 10);
	assert_int_equal(hist_quantile_ns(hist, 0.1), 10);
	assert_int_equal(hist_quantile_ns(hist, 0.11), 20);
	assert_int_equal(hist_quantile_ns(hist, 0.5), 50);
	assert_int_equal(hist_quantile_ns(hist, 0.9), 90);
	assert_int_equal(hist_quantile_ns(hist, 0.91), 100);
	assert_int_equal(hist_quantile_ns(hist, 1.0), 100);
	hist_free(hist);
}

static void
test_negative_values_are_refused(void **state)
{
	struct hist *hist = hist_new();

	(void)state;
	assert_false(hist_record(hist, -1, 1));
	assert_false(hist_record(hist, INT64_MIN, 3));
	assert_int_equal(hist->count, 0);
	assert_true(hist_record(hist, 0, 1));
	assert_false(hist_record(hist, -1, 1));
	assert_int_equal(hist->count, 1);
	assert_int_equal(hist->min_ns, 0);
	assert_int_equal(hist->max_ns, 0);
	hist_free(hist);
}

static void
test_extremes_mean_and_counts(void **state)
{
	struct hist *hist = hist_new();

	(void)state;
	assert_true(hist_mean_ns(hist) == 0.0);
	assert_true(hist_record(hist, 100, 3));
	assert_true(hist_record(hist, 500, 1));
	assert_true(hist_record(hist, 7, 0)); /* no sample at all */
	assert_int_equal(hist->count, 4);
	assert_int_equal(hist->min_ns, 100);
	assert_int_equal(hist->max_ns, 500);
	assert_true(hist_mean_ns(hist) == 200.0);
	assert_true(hist_share_ratio(hist, 100, 100) == 0.75);
	assert_true(hist_share_ratio(hist, 101, 499) == 0.0);
	hist_reset(hist);
	assert_int_equal(hist->count, 0);
	assert_int_equal(hist_quantile_ns(hist, 0.5), -1);
	hist_free(hist);
	hist_free(NULL);
}

/* Beyond the resolved range a sample still counts, with its true maximum. */
static void
test_huge_values_keep_their_maximum(void **state)
{
	struct hist *hist = hist_new();

	(void)state;
	assert_true(hist_record(hist, 5 * TOP_VALUE_NS, 1));
	assert_int_equal(hist->max_ns, 5 * TOP_VALUE_NS);
	assert_int_equal(hist_quantile_ns(hist, 1.0), 5 * TOP_VALUE_NS);
	assert_true(hist_mean_ns(hist) == (double)(5 * TOP_VALUE_NS));
	hist_free(hist);
}

static void
test_merging_equals_recording_together(void **state)
{
	struct hist *a = hist_new(), *b = hist_new(), *both = hist_new();
	struct prng prng;

	(void)state;
	prng_init(&prng, SEED, SHAPE_COUNT);
	hist_merge(a, b); /* nothing into nothing */
	assert_int_equal(a->count, 0);
	/* The extremes come from the other side. */
	assert_true(hist_record(b, 0, 1) && hist_record(both, 0, 1));
	assert_true(hist_record(b, TOP_VALUE_NS, 1));
	assert_true(hist_record(both, TOP_VALUE_NS, 1));
	for (int i = 0; i < 1000; i++) {
		int64_t value_ns = 1 + draw_ns(&prng, SHAPE_LOG);

		assert_true(hist_record(i % 3 == 0 ? a : b, value_ns, 1));
		assert_true(hist_record(both, value_ns, 1));
	}
	hist_merge(a, b);
	assert_int_equal(a->count, both->count);
	assert_int_equal(a->min_ns, both->min_ns);
	assert_int_equal(a->max_ns, both->max_ns);
	assert_memory_equal(a->buckets, both->buckets, sizeof(a->buckets));
	/* Sums of whole numbers below 2^53 are exact in any order. */
	assert_true(a->sum_ns == both->sum_ns);
	hist_reset(b);
	hist_merge(b, a); /* into nothing */
	assert_memory_equal(b, a, sizeof(*a));
	hist_free(a);
	hist_free(b);
	hist_free(both);
}

/* 20 / (1 - q) samples: 40 for the median, 20,000 for p99.9. */
static void
test_quantiles_need_twenty_samples_beyond(void **state)
{
	(void)state;
	assert_false(hist_enough_samples(39, 0.5));
	assert_true(hist_enough_samples(40, 0.5));
	assert_false(hist_enough_samples(199, 0.9));
	assert_true(hist_enough_samples(200, 0.9));
	assert_false(hist_enough_samples(1999, 0.99));
	assert_true(hist_enough_samples(2000, 0.99));
	assert_false(hist_enough_samples(19999, 0.999));
	assert_true(hist_enough_samples(20000, 0.999));
}

/* ---- event ring --------------------------------------------------------- */

static void
test_ring_keeps_the_last_events_in_order(void **state)
{
	struct ring ring = {0};

	(void)state;
	assert_int_equal(ring_init(&ring, 5), 0);
	assert_int_equal(ring.mask, 7); /* the next power of two */
	for (int i = 0; i < 8; i++) {
		assert_int_equal(ring_kept(&ring), i);
		ring_put(&ring, i, (uint32_t)i + 100, RING_ACQUIRED, 1);
	}
	assert_int_equal(ring_lost(&ring), 0);
	for (int i = 8; i < 21; i++)
		ring_put(&ring, i, (uint32_t)i + 100, RING_RELEASE, 2);
	assert_int_equal(ring.written, 21);
	assert_int_equal(ring_kept(&ring), 8);
	assert_int_equal(ring_lost(&ring), 13);
	for (unsigned i = 0; i < 8; i++) {
		const struct ring_event *event = ring_at(&ring, i);

		assert_int_equal(event->at_ns, 13 + i);
		assert_int_equal(event->hold_seq, 113 + i);
		assert_int_equal(event->kind, RING_RELEASE);
		assert_int_equal(event->arg, 2);
	}
	ring_clear(&ring);
	assert_int_equal(ring_kept(&ring), 0);
	assert_int_equal(ring_lost(&ring), 0);
	ring_destroy(&ring);
	assert_null(ring.events);
	ring_destroy(&ring); /* again: nothing to do */
}

static void
test_ring_without_memory_says_so(void **state)
{
	struct ring ring = {0};

	(void)state;
	assert_int_equal(ring_init(&ring, UINT64_C(1) << 58), -ENOMEM);
	assert_null(ring.events);
}

/* ---- metrics ------------------------------------------------------------ */

static void
test_metric_names_are_unique_and_found(void **state)
{
	(void)state;
	assert_true(METRIC_ID_COUNT > 0);
	for (int i = 0; i < METRIC_ID_COUNT; i++) {
		assert_int_equal(metric_find(metrics[i].name), i);
		assert_true(strlen(metrics[i].definition) > 0);
		assert_true(strlen(metrics[i].unit) > 0);
		/* A histogram holds nanoseconds, and says so in its name. */
		if (metrics[i].kind == METRIC_HIST)
			assert_non_null(strstr(metrics[i].name, "_ns"));
	}
	assert_int_equal(metric_find("no_such_metric"), -1);
	assert_int_equal(metric_find(""), -1);
}

/* ---- affinity ----------------------------------------------------------- */

static void
test_a_pin_is_read_back(void **state)
{
	static int cpus[CPU_SETSIZE], now[CPU_SETSIZE];
	int count = affinity_cpus(cpus, CPU_SETSIZE);

	(void)state;
	if (count == 1) {
		print_message("a_pin_is_read_back needs 2 CPUs\n");
		skip();
	}
	for (int i = 0; i < count; i++) {
		assert_int_equal(affinity_pin(cpus[i]), 0);
		assert_int_equal(affinity_cpus(now, CPU_SETSIZE), 1);
		assert_int_equal(now[0], cpus[i]);
		assert_int_equal(sched_getcpu(), cpus[i]);
	}
	assert_int_equal(affinity_set(cpus, count), 0);
	assert_int_equal(affinity_cpus(now, CPU_SETSIZE), count);
	assert_memory_equal(now, cpus, (size_t)count * sizeof(cpus[0]));
	assert_int_equal(affinity_cpus(now, 1), 1); /* as many as fit */
}

/* A CPU that is not there is no pin, and no other CPU instead. */
static void
test_a_pin_that_fails_is_an_error(void **state)
{
	static int cpus[CPU_SETSIZE], now[CPU_SETSIZE];
	int count = affinity_cpus(cpus, CPU_SETSIZE);

	(void)state;
	if (cpus[count - 1] == CPU_SETSIZE - 1) {
		print_message("a_pin_that_fails_is_an_error needs a gap\n");
		skip();
	}
	assert_int_equal(affinity_pin(CPU_SETSIZE - 1), -EINVAL);
	assert_int_equal(affinity_cpus(now, CPU_SETSIZE), count);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_bucket_holds_its_own_range),
		cmocka_unit_test(test_quantiles_are_within_a_thousandth),
		cmocka_unit_test(
			test_quantile_ranks_are_exact_in_the_linear_part),
		cmocka_unit_test(test_negative_values_are_refused),
		cmocka_unit_test(test_extremes_mean_and_counts),
		cmocka_unit_test(test_huge_values_keep_their_maximum),
		cmocka_unit_test(test_merging_equals_recording_together),
		cmocka_unit_test(test_quantiles_need_twenty_samples_beyond),
		cmocka_unit_test(test_ring_keeps_the_last_events_in_order),
		cmocka_unit_test(test_ring_without_memory_says_so),
		cmocka_unit_test(test_metric_names_are_unique_and_found),
		cmocka_unit_test(test_a_pin_is_read_back),
		cmocka_unit_test(test_a_pin_that_fails_is_an_error),
	};

	return cmocka_run_group_tests_name("common", tests, NULL, NULL);
}
