/* SPDX-License-Identifier: MIT */
/* The registry of metrics (metrics.def) as data. */
#include "common/metrics.h"

#include <string.h>

const struct metric metrics[METRIC_ID_COUNT] = {
#define METRIC(id, name, unit, direction, kind, definition, from, to)          \
	{name, unit, METRIC_##direction, METRIC_##kind, definition, from, to},
#include "common/metrics.def"
#undef METRIC
};

int
metric_find(const char *name)
{
	for (int i = 0; i < METRIC_ID_COUNT; i++)
		if (strcmp(metrics[i].name, name) == 0)
			return i;
	return -1;
}
