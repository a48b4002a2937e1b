/* SPDX-License-Identifier: MIT */
/*
 * A histogram of nanoseconds: fixed memory, bounded relative error.
 *
 * Scheme "loglin10": below 2,048 ns every value has its own bucket; above,
 * each power of two is cut into 1,024 equal buckets, so that a bucket's middle
 * is within 0.05 % of every value in it.  Values up to 2^40 - 1 ns (18
 * minutes) are resolved, larger ones fall into the last bucket and still count
 * in max_ns and sum_ns.
 *
 * One writer at a time; readers only after it is done.
 */
#ifndef COMMON_HIST_H
#define COMMON_HIST_H

#include <stdbool.h>
#include <stdint.h>

#define HIST_SCHEME   "loglin10"
#define HIST_SUB_BITS 10
#define HIST_LINEAR   (2 << HIST_SUB_BITS)
#define HIST_TOP_BIT  39
#define HIST_BUCKET_COUNT                                                      \
	(HIST_LINEAR + ((HIST_TOP_BIT - HIST_SUB_BITS) << HIST_SUB_BITS))

struct hist {
	uint64_t count;
	int64_t min_ns; /* meaningless while count == 0 */
	int64_t max_ns;
	double sum_ns;
	uint64_t buckets[HIST_BUCKET_COUNT];
};

/* An empty histogram of 250 KiB; dies without memory.  hist_free(NULL) is ok */
struct hist *hist_new(void);
void hist_free(struct hist *hist);

/* Forget all samples. */
void hist_reset(struct hist *hist);

/*
 * Add count samples of value_ns.  A negative value is refused: returns false,
 * nothing is recorded, and the caller decides what it means.
 */
bool hist_record(struct hist *hist, int64_t value_ns, uint64_t count);

/* Add all samples of other.  Exact: the scheme is the same. */
void hist_merge(struct hist *hist, const struct hist *other);

/*
 * The smallest recorded value that at least quantile_ratio of all samples do
 * not exceed, to within half a bucket; exact minimum and maximum at 0 and 1.
 * Returns -1 without samples.
 */
int64_t hist_quantile_ns(const struct hist *hist, double quantile_ratio);

/* Arithmetic mean; 0 without samples. */
double hist_mean_ns(const struct hist *hist);

/* Share of the samples in [low_ns, high_ns], by bucket middles. */
double hist_share_ratio(
	const struct hist *hist, int64_t low_ns, int64_t high_ns);

/* Lowest value and width of a bucket, and the bucket of a value. */
int64_t hist_bucket_low_ns(int bucket);
int64_t hist_bucket_width_ns(int bucket);
int hist_bucket_of(int64_t value_ns);

/*
 * Whether quantile_ratio may be printed from count samples: at least
 * 20 / (1 - q) of them, so that 20 samples lie beyond it.
 */
bool hist_enough_samples(uint64_t count, double quantile_ratio);

#endif
