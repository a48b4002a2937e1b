/* SPDX-License-Identifier: MIT */
/*
 * Statistics over launches: one number per launch in, order statistics out.
 *
 * Nothing here assumes a distribution.  For n independent launches the number
 * of them below the true median is binomial(n, 1/2), so the coverage of any
 * interval between two order statistics is known exactly.
 */
#ifndef HARNESS_STATS_H
#define HARNESS_STATS_H

/* Coverage that an interval is asked for. */
#define STATS_LEVEL_RATIO 0.95

/* An interval between two of n sorted values, for their median. */
struct stats_interval {
	int low_rank; /* from 1 */
	int high_rank;
	double coverage_ratio; /* exact, for a continuous distribution */
};

struct stats_summary {
	int n;
	double median;
	double min;
	double max;
	double low; /* of the interval; min and max for n < 6 */
	double high;
	double coverage_ratio; /* of [low, high] */
};

/* Coverage of [min, max] of n values: 1 - 2 * 0.5^n; n >= 1. */
double stats_range_coverage_ratio(int n);

/*
 * The narrowest symmetric interval with at least level_ratio coverage, or the
 * whole range where n is too small for it.  1 <= n <= 16000.
 */
struct stats_interval stats_median_interval(int n, double level_ratio);

/*
 * Sort values in place and sum them up.  n >= 1; the median of an even number
 * is the mean of the two in the middle.
 */
struct stats_summary stats_summarize(double *values, int n);

#endif
