/* SPDX-License-Identifier: MIT */
/* Statistics over launches: order statistics and their exact coverage. */
#include "harness/stats.h"

#include <math.h>
#include <stdlib.h>

double
stats_range_coverage_ratio(int n)
{
	return 1.0 - 2.0 * ldexp(1.0, -n);
}

struct stats_interval
stats_median_interval(int n, double level_ratio)
{
	/* P(binomial(n, 1/2) = k), then P(... <= k); long double reaches
	 * 0.5^16000. */
	long double mass = ldexpl(1.0L, -n), below = 0.0L;
	struct stats_interval best = {1, n, stats_range_coverage_ratio(n)};

	for (int k = 0; 2 * (k + 1) <= n; k++) {
		double coverage_ratio;

		below += mass;
		coverage_ratio = (double)(1.0L - 2.0L * below);
		if (coverage_ratio < level_ratio)
			break;
		best = (struct stats_interval){k + 1, n - k, coverage_ratio};
		mass *= (long double)(n - k) / (long double)(k + 1);
	}
	return best;
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct stats_summary
stats_summarize(double *values, int n)
{
	struct stats_interval interval =
		stats_median_interval(n, STATS_LEVEL_RATIO);

	qsort(values, (size_t)n, sizeof(*values), compare_doubles);
	return (struct stats_summary){
		.n = n,
		.median = (values[(n - 1) / 2] + values[n / 2]) / 2.0,
		.min = values[0],
		.max = values[n - 1],
		.low = values[interval.low_rank - 1],
		.high = values[interval.high_rank - 1],
		.coverage_ratio = interval.coverage_ratio,
	};
}
