/* SPDX-License-Identifier: MIT */
/*
 * The threads of one phase: gathered at a gate, let go together, stopped.
 *
 *   crew_gather()  starts the threads; each pins itself, opens its counters
 *                  and waits at the gate outside the GIL
 *   crew_work()    opens the gate, sleeps until the deadline (or until all are
 *                  done, if the work is counted), raises the stop flag
 *   crew_dismiss() joins them, and takes the phase's figures from their
 *                  counters and rings
 *
 * The body polls crew_is_running() at every safepoint.  A thread that never
 * got the GIL gets it when the others stop, so it ends too: it has done zero
 * units, and the phase is marked starved.
 */
#ifndef WORKLOADS_CREW_H
#define WORKLOADS_CREW_H

#include <sys/types.h>

#include "common/atomic.h"
#include "workloads/workload.h"

struct crew;

/* What the members read while they work, also when they are processes. */
struct crew_shared {
	atomic_bool stop;    /* [A] main writes */
	atomic_bool is_open; /* [A] main writes; the gate of processes */
	uint64_t units[];    /* [O] of member i, if it is a process */
};

struct crew_member {
	struct thread thread;
	char name[16];     /* [C] "compute0" */
	struct crew *crew; /* [C] */
	int index;         /* [C] in the crew */
	/* [C] GIL held; returns the units of work done */
	uint64_t (*body)(struct crew_member *self);
	bool computes;  /* [C] its units count as iterations */
	void *arg;      /* [C] for the body */
	uint64_t units; /* [O] read after the join */
	void *usage;    /* [O] of the harness's hooks */
	int pin_error;  /* [O] read after the gathering */
	pid_t process;  /* [O] of a member that is a process; else 0 */
};

struct crew {
	struct run *run;
	struct phase *phase;
	struct crew_member *members;
	int count;
	int capacity;
	int phase_index;
	int64_t end_ns;                     /* when the stop flag went up */
	atomic_uint gate CACHELINE_ALIGNED; /* [A] 0 closed, 1 open; futex */
	atomic_uint arrived;                /* [A] at the gate; futex */
	atomic_uint done;                   /* [A] bodies ended; futex */
	struct crew_shared *shared CACHELINE_ALIGNED; /* [C] */
};

/* Describe member i before crew_gather(): name, body, arg, computes. */
struct crew_member *crew_enlist(struct crew *crew, const char *name, int number,
	uint64_t (*body)(struct crew_member *), void *arg, bool computes);

/*
 * An empty crew for a phase named name, with room for count members.
 * warmup marks a phase whose figures nobody shall use.
 */
void crew_init(struct crew *crew, struct run *run, const char *name, int count,
	bool is_warmup);

/* Main, GIL held.  Returns 0, or -errno with run->error; the crew is empty. */
int crew_gather(struct crew *crew);

/*
 * Main, GIL held, and again on return.  Works for duration_ns, or until all
 * bodies have returned when run->iterations is set.
 */
void crew_work(struct crew *crew, int64_t duration_ns);

/* The halves of crew_work(), for a main thread with work of its own. */
void crew_go(struct crew *crew);
void crew_stop(struct crew *crew);

/* Main, GIL held, and again on return. */
void crew_dismiss(struct crew *crew);

/* Whether the stop flag is down.  Relaxed: only a signal to end. */
static inline bool
crew_is_running(struct crew *crew)
{
	return !atm_load(&crew->shared->stop, relaxed);
}

#endif
