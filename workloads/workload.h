/* SPDX-License-Identifier: MIT */
/*
 * What a workload is, and what it is run with.
 *
 * A workload is one file: a struct workload, entered in table.c.  It runs in
 * one or more phases; each phase gathers a crew of threads (crew.h), lets it
 * work for its share of the duration, and leaves one struct phase behind.
 */
#ifndef WORKLOADS_WORKLOAD_H
#define WORKLOADS_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/thread/thread.h"
#include "workloads/phase.h"

#define WORKLOAD_MAX_OPTIONS 12
#define WORKLOAD_MAX_LIST    8

enum option_kind {
	OPTION_COUNT,   /* a whole number in [low, high] */
	OPTION_THREADS, /* a list of thread counts, "1,2,2c" */
	OPTION_CHOICE   /* one of the words in choices, "open,closed,both" */
};

struct workload_option {
	const char *name; /* on the command line: --name VALUE */
	enum option_kind kind;
	const char *initial;
	int64_t low;
	int64_t high;
	const char *choices;
	const char *summary;
};

/* A parsed option, in the order of the workload's table. */
struct workload_value {
	const char *text;              /* as given, or the initial value */
	int64_t number;                /* OPTION_COUNT; OPTION_CHOICE: index */
	int counts[WORKLOAD_MAX_LIST]; /* OPTION_THREADS */
	int length;
};

/* Where the threads of a crew run. */
enum place {
	PLACE_FREE,  /* wherever the kernel likes */
	PLACE_PIN1,  /* all on the first usable CPU */
	PLACE_SPREAD /* thread i on usable CPU i, round robin */
};

/* Called in each thread of a crew, by the harness's wish. */
struct run_hooks {
	/* GIL held, before the gate.  The result is kept in usage. */
	void *(*thread_begin)(void *context, int phase_index);
	/* At the gate's opening and after the last unit of work: GIL held or
	 * not, no allocation. */
	void (*thread_go)(void *usage);
	void (*thread_stop)(void *usage);
	void *context;
};

struct run {
	struct thread *main; /* holds the GIL when run() is called */
	int64_t duration_ns; /* of all measured phases together */
	int64_t warmup_ns;   /* before the first of them; may be 0 */
	int64_t iterations;  /* 0: by duration; else work per thread */
	int64_t slice_ns;    /* nominal; 0: none */
	enum place place;
	const int *cpus; /* usable CPUs, ascending */
	int ncpus;
	uint64_t nonce;          /* of this launch; datagrams carry it */
	const char *program_dir; /* where helper programs lie */
	struct workload_value values[WORKLOAD_MAX_OPTIONS];
	struct run_hooks hooks;
	struct phase_list phases; /* the results */
	char error[256];          /* why run() failed, one sentence */
};

struct workload {
	const char *name;
	const char *summary;    /* one line for `gilbench list` */
	const char *stands_for; /* the real program behind it */
	const struct workload_option *options; /* ends with a NULL name */
	bool can_separate; /* its computing threads may be processes */
	bool can_count;    /* --iterations ends it instead of the time */
	/* Most threads that use the GIL at once, main excepted. */
	int (*threads)(const struct workload_value *values);
	/*
	 * Main thread, GIL held, and again on return.  Returns 0, or -errno
	 * with run->error set: thread creation failed, a client could not be
	 * started, a reply was wrong.
	 */
	int (*run)(struct run *run);
};

/* All workloads; ends with NULL. */
extern const struct workload *const workloads[];

/* The workload of that name, or NULL. */
const struct workload *workload_find(const char *name);

/* Set run->error and return rc. */
int run_fail(struct run *run, int rc, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
