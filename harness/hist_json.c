/* SPDX-License-Identifier: MIT */
/* Histograms as they stand in a record. */
#include "harness/hist_json.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* One [bucket, count] pair; false if it is not one. */
static bool
read_pair(const json_t *pair, int *bucket, uint64_t *count)
{
	const json_t *where = json_array_get(pair, 0);
	const json_t *many = json_array_get(pair, 1);

	if (json_array_size(pair) != 2 || !json_is_integer(where) ||
		!json_is_integer(many) || json_integer_value(where) < 0 ||
		json_integer_value(where) >= HIST_BUCKET_COUNT ||
		json_integer_value(many) < 1)
		return false;
	*bucket = (int)json_integer_value(where);
	*count = (uint64_t)json_integer_value(many);
	return true;
}

/* Whether a bucket's samples can lie between the recorded extremes. */
static bool
is_within(int bucket, int64_t min_ns, int64_t max_ns)
{
	return bucket >= hist_bucket_of(min_ns) &&
	       bucket <= hist_bucket_of(max_ns);
}

static bool
is_histogram(const json_t *record)
{
	const json_t *buckets = json_object_get(record, "buckets"), *pair;
	const char *scheme =
		json_string_value(json_object_get(record, "scheme"));
	const json_t *count = json_object_get(record, "count");
	int64_t min_ns = json_integer_value(json_object_get(record, "min_ns"));
	int64_t max_ns = json_integer_value(json_object_get(record, "max_ns"));
	uint64_t total = 0;
	size_t i;

	if (scheme == NULL || strcmp(scheme, HIST_SCHEME) != 0 ||
		!json_is_integer(count) || !json_is_array(buckets) ||
		min_ns < 0 || max_ns < min_ns)
		return false;
	json_array_foreach (buckets, i, pair) {
		int bucket;
		uint64_t many;

		if (!read_pair(pair, &bucket, &many) ||
			!is_within(bucket, min_ns, max_ns))
			return false;
		total += many;
	}
	return total == (uint64_t)json_integer_value(count);
}

int
hist_json_merge(struct hist *hist, const json_t *record)
{
	const json_t *buckets = json_object_get(record, "buckets"), *pair;
	int64_t min_ns = json_integer_value(json_object_get(record, "min_ns"));
	int64_t max_ns = json_integer_value(json_object_get(record, "max_ns"));
	uint64_t count =
		(uint64_t)json_integer_value(json_object_get(record, "count"));
	size_t i;

	if (!is_histogram(record))
		return -EINVAL;
	if (count == 0)
		return 0;
	if (hist->count == 0 || min_ns < hist->min_ns)
		hist->min_ns = min_ns;
	if (hist->count == 0 || max_ns > hist->max_ns)
		hist->max_ns = max_ns;
	hist->count += count;
	hist->sum_ns += json_number_value(json_object_get(record, "sum_ns"));
	json_array_foreach (buckets, i, pair)
		hist->buckets[json_integer_value(json_array_get(pair, 0))] +=
			(uint64_t)json_integer_value(json_array_get(pair, 1));
	return 0;
}
