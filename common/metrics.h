/* SPDX-License-Identifier: MIT */
/* The registry of metrics (metrics.def) as data. */
#ifndef COMMON_METRICS_H
#define COMMON_METRICS_H

enum metric_direction { METRIC_LOWER, METRIC_HIGHER, METRIC_NEITHER };
enum metric_kind { METRIC_VALUE, METRIC_HIST };

enum metric_id {
#define METRIC(id, name, unit, direction, kind, definition, from, to)          \
	METRIC_ID_##id,
#include "common/metrics.def"
#undef METRIC
	METRIC_ID_COUNT
};

struct metric {
	const char *name; /* also the key in records */
	const char *unit;
	enum metric_direction direction;
	enum metric_kind kind;
	const char *definition;
	const char *from;
	const char *to;
};

extern const struct metric metrics[METRIC_ID_COUNT];

/* The metric of that name, or -1. */
int metric_find(const char *name);

#endif
