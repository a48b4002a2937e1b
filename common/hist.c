/* SPDX-License-Identifier: MIT */
/* A histogram of nanoseconds: fixed memory, bounded relative error. */
#include "common/hist.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"

struct hist *
hist_new(void)
{
	struct hist *hist = calloc(1, sizeof(*hist));

	if (hist == NULL)
		DIE_ERRNO(errno, "histogram");
	return hist;
}

void
hist_free(struct hist *hist)
{
	free(hist);
}

void
hist_reset(struct hist *hist)
{
	memset(hist, 0, sizeof(*hist));
}

int
hist_bucket_of(int64_t value_ns)
{
	int top_bit, shift;

	if (value_ns < HIST_LINEAR)
		return (int)value_ns;
	top_bit = 63 - __builtin_clzll((uint64_t)value_ns);
	if (top_bit > HIST_TOP_BIT)
		return HIST_BUCKET_COUNT - 1;
	shift = top_bit - HIST_SUB_BITS;
	return HIST_LINEAR + ((shift - 1) << HIST_SUB_BITS) +
	       (int)(value_ns >> shift) - (1 << HIST_SUB_BITS);
}

int64_t
hist_bucket_width_ns(int bucket)
{
	if (bucket < HIST_LINEAR)
		return 1;
	return INT64_C(1) << (((bucket - HIST_LINEAR) >> HIST_SUB_BITS) + 1);
}

int64_t
hist_bucket_low_ns(int bucket)
{
	int above = bucket - HIST_LINEAR;
	int64_t sub =
		(above & ((1 << HIST_SUB_BITS) - 1)) + (1 << HIST_SUB_BITS);

	if (bucket < HIST_LINEAR)
		return bucket;
	return sub * hist_bucket_width_ns(bucket);
}

bool
hist_record(struct hist *hist, int64_t value_ns, uint64_t count)
{
	if (value_ns < 0)
		return false;
	if (count == 0)
		return true;
	if (hist->count == 0 || value_ns < hist->min_ns)
		hist->min_ns = value_ns;
	if (hist->count == 0 || value_ns > hist->max_ns)
		hist->max_ns = value_ns;
	hist->count += count;
	hist->sum_ns += (double)value_ns * (double)count;
	hist->buckets[hist_bucket_of(value_ns)] += count;
	return true;
}

void
hist_merge(struct hist *hist, const struct hist *other)
{
	if (other->count == 0)
		return;
	if (hist->count == 0 || other->min_ns < hist->min_ns)
		hist->min_ns = other->min_ns;
	if (hist->count == 0 || other->max_ns > hist->max_ns)
		hist->max_ns = other->max_ns;
	hist->count += other->count;
	hist->sum_ns += other->sum_ns;
	for (int i = 0; i < HIST_BUCKET_COUNT; i++)
		hist->buckets[i] += other->buckets[i];
}

/* The middle of a bucket, never outside what was recorded. */
static int64_t
bucket_middle_ns(const struct hist *hist, int bucket)
{
	int64_t middle_ns = hist_bucket_low_ns(bucket) +
			    (hist_bucket_width_ns(bucket) - 1) / 2;

	if (middle_ns < hist->min_ns)
		return hist->min_ns;
	if (middle_ns > hist->max_ns)
		return hist->max_ns;
	return middle_ns;
}

int64_t
hist_quantile_ns(const struct hist *hist, double quantile_ratio)
{
	uint64_t rank, seen = 0;

	if (hist->count == 0)
		return -1;
	if (quantile_ratio <= 0.0)
		return hist->min_ns;
	if (quantile_ratio >= 1.0)
		return hist->max_ns;
	/* The small term keeps 0.9 * 10 from becoming rank 10. */
	rank = (uint64_t)ceil(quantile_ratio * (double)hist->count - 1e-9);
	if (rank < 1)
		rank = 1;
	for (int i = 0; i < HIST_BUCKET_COUNT; i++) {
		seen += hist->buckets[i];
		if (seen >= rank)
			return bucket_middle_ns(hist, i);
	}
	return hist->max_ns;
}

double
hist_mean_ns(const struct hist *hist)
{
	return hist->count == 0 ? 0.0 : hist->sum_ns / (double)hist->count;
}

double
hist_share_ratio(const struct hist *hist, int64_t low_ns, int64_t high_ns)
{
	uint64_t inside = 0;

	if (hist->count == 0)
		return 0.0;
	for (int i = 0; i < HIST_BUCKET_COUNT; i++) {
		int64_t middle_ns;

		if (hist->buckets[i] == 0)
			continue;
		middle_ns = bucket_middle_ns(hist, i);
		if (middle_ns >= low_ns && middle_ns <= high_ns)
			inside += hist->buckets[i];
	}
	return (double)inside / (double)hist->count;
}

bool
hist_enough_samples(uint64_t count, double quantile_ratio)
{
	return (double)count * (1.0 - quantile_ratio) >= 20.0 - 1e-6;
}
