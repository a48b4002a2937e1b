/* SPDX-License-Identifier: MIT */
/*
 * Histograms as they stand in a record (results/README.md, "A phase").
 */
#ifndef HARNESS_HIST_JSON_H
#define HARNESS_HIST_JSON_H

#include <jansson.h>

#include "common/hist.h"

/*
 * Add the samples of a recorded histogram to hist, its exact minimum, maximum
 * and sum included.  Returns 0; -EINVAL, and hist is unchanged, if the record
 * is not a histogram of our scheme whose buckets add up to its count.
 */
int hist_json_merge(struct hist *hist, const json_t *record);

#endif
