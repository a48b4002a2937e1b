/* SPDX-License-Identifier: MIT */
/*
 * Threads of the runtime: start, exit, join.
 *
 * The main thread calls runtime_start() and holds the GIL from then on, as in
 * Ruby's Init_Thread.  Every other thread runs its function with the GIL held
 * and gives it up at its end, as its last act on shared state.
 *
 * This is the first part of the thread layer: one start protocol (the
 * arguments travel in the thread's own object, the parent does not wait).
 */
#ifndef RUNTIME_THREAD_THREAD_H
#define RUNTIME_THREAD_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/gil/gil.h"

/* How the runtime starts. */
struct runtime_config {
	int usable_cpus;      /* CPUs that its threads may run on */
	int64_t slice_ns;     /* 0: the variant's own */
	uint64_t ring_events; /* per thread; 0: no rings */
};

struct thread {
	struct gil_thread *gil; /* [C] its side of the lock */
	pthread_t native;       /* [C] */
	void (*body)(struct thread *self, void *arg); /* [C] */
	void *arg;                                    /* [C] */
	char name[16];                                /* [C] "compute0" */
};

/*
 * Make the GIL, start the tick source; the caller becomes the main thread and
 * holds the GIL.  Returns 0, or -errno as gil_create() does; -ENOMEM.
 */
int runtime_start(const struct runtime_config *config, struct thread *main);

/* End it all.  Caller is the main thread, holds the GIL; all are joined. */
void runtime_stop(struct thread *main);

/*
 * Start a thread that runs body(thread, arg) with the GIL held.
 *
 * Caller is self, holds the GIL and keeps it.  thread must stay where it is until it
 * has been joined.  Returns 0, or -errno: -EAGAIN from pthread_create,
 * -ENOMEM.  On failure nothing is left behind.
 */
int thread_start(struct thread *self, struct thread *thread, const char *name,
	void (*body)(struct thread *self, void *arg), void *arg);

/*
 * Wait until thread has ended, outside the GIL (a blocking region of self).
 * Caller holds the GIL, and again on return.  Its counters and ring may be
 * read from then on, until thread_retire().
 */
void thread_join(struct thread *self, struct thread *thread);

/* The out-of-line forms of region.h, for code that is compiled once. */
void thread_leave_gil(struct thread *self);
void thread_take_gil(struct thread *self);

/* Give back what a joined thread left behind. */
void thread_retire(struct thread *thread);

#endif
