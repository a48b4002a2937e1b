/* SPDX-License-Identifier: MIT */
/*
 * What one phase of a workload measured, as plain data.
 *
 * The harness turns it into a record; workloads know nothing of JSON.
 */
#ifndef WORKLOADS_PHASE_H
#define WORKLOADS_PHASE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/hist.h"
#include "common/metrics.h"
#include "runtime/gil/gil.h"

enum phase_status {
	PHASE_OK,
	PHASE_STARVED,    /* a thread never got the GIL */
	PHASE_OVERLOADED, /* fewer than 99 % of the requests were answered */
	PHASE_FAILED      /* a wrong, duplicated or foreign reply */
};

/* Why a metric has no value. */
enum metric_status {
	METRIC_ABSENT, /* the phase does not have it */
	METRIC_OK,
	METRIC_DISABLED, /* a bare twin stamps no events */
	METRIC_NO_SAMPLES
};

struct phase_thread {
	char name[16];
	int cpu;        /* pinned to, or -1 */
	uint64_t units; /* iterations or requests */
	struct gil_counters gil;
	uint64_t events;      /* stamped */
	uint64_t events_lost; /* ... and overwritten in the ring */
	void *usage;          /* what the harness's hooks returned */
};

struct phase {
	char name[24]; /* unique within the launch: "threads=2" */
	int nthreads;
	struct phase_thread *threads;
	int64_t wall_ns; /* from the gate to the stop */
	int64_t cpu_ns;  /* of the process, in that time */
	uint64_t ticks;  /* requests made by the tick source */
	enum phase_status status;
	bool is_warmup;
	enum metric_status status_of[METRIC_ID_COUNT];
	double value[METRIC_ID_COUNT];
	struct hist *hist[METRIC_ID_COUNT]; /* of kind METRIC_HIST */
};

struct phase_list {
	struct phase **items;
	int length;
};

/* Append an empty phase; dies without memory. */
struct phase *phase_add(
	struct phase_list *list, const char *name, int nthreads);
void phase_list_free(struct phase_list *list);

void phase_set(struct phase *phase, enum metric_id id, double value);
void phase_mark(
	struct phase *phase, enum metric_id id, enum metric_status status);

/* The phase's histogram of that metric, made on first use. */
struct hist *phase_hist(struct phase *phase, enum metric_id id);

/* A worse status replaces a better one. */
void phase_worsen(struct phase *phase, enum phase_status status);

/* Counters of all threads of the phase, added up. */
struct gil_counters phase_gil_counters(const struct phase *phase);

const char *phase_status_name(enum phase_status status);

#endif
