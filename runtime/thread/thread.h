/* SPDX-License-Identifier: MIT */
/*
 * Threads of the runtime: start, exit, join.
 *
 * The main thread calls runtime_start() and holds the GIL from then on, as in
 * Ruby's Init_Thread.  Every other thread runs its function with the GIL held
 * and gives it up at its end, as its last act on shared state.
 *
 *   thread.h     this: the runtime's and a thread's life
 *   region.h     blocking regions, safepoint and yield, inlined
 *   error.h      errors that unwind a thread, and where they are caught
 *   interrupt.h  raise, kill, signals, unblock functions
 *   sleep.h      sleep, wake-up, stop
 *   lock.h       mutex, condition, queue, semaphore, event
 *   block.h      blocks with captured variables, and threads that run them
 *   fork.h       fork
 *
 * Field tags as in gil.h; [G] is read and written with the GIL held.
 */
#ifndef RUNTIME_THREAD_THREAD_H
#define RUNTIME_THREAD_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/sync.h"
#include "runtime/gil/gil.h"
#include "runtime/thread/error.h"
#include "runtime/thread/wait.h"

struct heap;
struct root_stack;
struct runtime;
struct thread;
struct thread_frame;
struct thread_mutex;
struct thread_stack;

/* How a thread is started; docs/threads.md has their steps. */
enum start_protocol {
	START_OBJECT,       /* Ruby: the thread's object carries everything */
	START_BOOTSTRAPPER, /* PyPy: one global slot; starts wait for it */
	START_LINKED,       /* OCaml: the descriptor is linked beforehand */
	START_PROTOCOLS
};

/* Where errors that other threads throw at a thread are kept. */
enum error_rule {
	ERRORS_QUEUE, /* Ruby 2.0 and later: a queue, with masks */
	ERRORS_SLOT   /* Ruby 1.9, CPython: one at a time; the second waits */
};

/* What runtime_stop() does with threads that still live. */
enum end_rule {
	END_KILL, /* Ruby: kill and join them */
	END_LEAVE /* CPython's daemons: they never get the GIL again */
};

/* Who gets a contended mutex when it is unlocked. */
enum mutex_rule {
	MUTEX_HEIR,  /* one waiter is woken and competes with whoever runs */
	MUTEX_DIRECT /* the first waiter owns it at once */
};

/* How the runtime starts; zeros are the defaults. */
struct runtime_config {
	int usable_cpus;      /* CPUs that its threads may run on */
	int64_t slice_ns;     /* 0: the variant's own */
	uint64_t ring_events; /* per thread; 0: no rings */
	enum start_protocol start_protocol;
	enum error_rule error_rule;
	enum end_rule end_rule;
	enum mutex_rule mutex_rule;
	size_t stack_bytes;  /* of a thread; 0: THREAD_STACK_BYTES */
	size_t root_entries; /* of a root stack; 0: the heap's own */
};

#define THREAD_STACK_BYTES ((size_t)1 << 20)

/* The names of the rules above, by their numbers; each ends with NULL. */
extern const char *const start_protocol_names[];
extern const char *const error_rule_names[];
extern const char *const end_rule_names[];
extern const char *const mutex_rule_names[];

/* What a thread does with respect to the GIL. */
enum thread_activity {
	THREAD_RUNS,          /* has the GIL, or waits for it */
	THREAD_IN_REGION,     /* is in a blocking region */
	THREAD_SLEEPS,        /* waits for a wake-up or a deadline */
	THREAD_SLEEPS_FOREVER /* ... for a wake-up alone */
};

enum thread_status {
	THREAD_NEW,     /* not started */
	THREAD_ALIVE,   /* see its activity */
	THREAD_TO_KILL, /* unwinds, since it was killed */
	THREAD_KILLED   /* has ended */
};

/* Who can end a thread's sleep, besides interrupts. */
enum thread_waker {
	WAKER_NONE,   /* it does not sleep */
	WAKER_CLOCK,  /* a deadline, or something outside the runtime */
	WAKER_THREADS /* only another thread of the runtime */
};

/* Values of thread->park. */
enum thread_park {
	PARKED,
	PARK_WOKEN,     /* by a thread that holds the GIL */
	PARK_UNBLOCKED, /* by an interrupt */
};

#define THREAD_LOCALS 16
#define THREAD_ERRORS 32 /* that may be under way to one thread */

struct thread {
	struct gil_thread *gil; /* [C] its side of the lock; NULL: not started,
				 * or retired */
	pthread_t native;       /* [C] */
	void (*body)(struct thread *self, void *arg); /* [C] */
	void *arg;                                    /* [C] */
	char name[16];                                /* [C] "compute0" */

	struct runtime *runtime;        /* [C] */
	uint64_t number;                /* [C] never used twice; main is 1 */
	enum thread_status status;      /* [G] */
	enum thread_activity activity;  /* [G] changed on the way out and in */
	struct thread *next, *previous; /* [G] in a list of the runtime */
	struct thread_stack *stack;     /* [C] machine stack; NULL: main's */
	struct root_stack *fresh;       /* [G] until the first switch to it */
	struct proc *proc;              /* [C] what it runs, or NULL */
	bool frees_itself;              /* [G] nobody will join it */
	const char *refusal;            /* [O] see thread_refusal() */

	/* The end. */
	struct thread_error error; /* [G] that ended it */
	struct wait_list joiners;  /* [G] */
	atomic_bool is_out;        /* [A] JOIN-1: it has released the GIL */

	/* Interrupts; see interrupt.h. */
	struct mutex interrupt_lock;
	void (*unblock)(struct thread *self, void *arg); /* [L:interrupt_lock]*/
	void *unblock_arg;                               /* ... */
	struct thread *next_resend;                      /* [L:resender] */
	bool is_resent;                                  /* [L:resender] */
	unsigned held_flags;    /* [O] bits that wait for later */
	struct error_mask mask; /* [G] */
	struct thread_error pending[THREAD_ERRORS]; /* [G] a ring */
	unsigned npending, first_pending;           /* [G] */

	/* Sleep; see sleep.c. */
	atomic_uint park;           /* [A] enum thread_park; futex */
	enum thread_waker waker;    /* [G] of the present sleep */
	bool may_be_woken;          /* [G] by thread_wakeup() */
	struct waiter *waiter;      /* [G] where it is in a list, or NULL */
	struct wait_list *waits_in; /* [G] that list */

	struct thread_frame *frames; /* [O] innermost catch */
	struct thread_mutex *held;   /* [G] mutexes that it owns */
	void *locals[THREAD_LOCALS]; /* [O] */
};

/*
 * Make the GIL, start the tick source; the caller becomes the main thread and
 * holds the GIL.  Returns 0, or -errno as gil_create() does; -ENOMEM.
 */
int runtime_start(const struct runtime_config *config, struct thread *main);

/*
 * End it all.  Caller is the main thread and holds the GIL.
 *
 * Threads that live still are killed and joined, or left behind (end_rule).
 * In the second case the GIL stays held for ever, and no other runtime can
 * start in this process.
 */
void runtime_stop(struct thread *main);

/*
 * Start a thread that runs body(thread, arg) with the GIL held.
 *
 * Caller is self, holds the GIL and keeps it, unless the protocol makes it
 * wait.  thread must stay where it is until it has been joined.  Returns 0, or
 * -errno: -EAGAIN from pthread_create, -ENOMEM, -ESHUTDOWN after
 * runtime_stop() has begun.  On failure nothing is left behind.
 */
int thread_start(struct thread *self, struct thread *thread, const char *name,
	void (*body)(struct thread *self, void *arg), void *arg);

/*
 * Wait until thread has ended, outside the GIL (a blocking region of self).
 * Caller holds the GIL, and again on return.  Its counters and ring may be
 * read from then on, until thread_retire().
 */
void thread_join(struct thread *self, struct thread *thread);

/*
 * The same until an absolute deadline; WAIT_FOREVER: none.
 *
 * Returns 0; -ETIMEDOUT; -EDEADLK if thread is self; -EINVAL if it was not
 * started.  Any number of threads may join one thread, any number of times.
 * What ended the thread is in thread->error, kind ERROR_NONE if its body
 * returned.  May be unwound by an error thrown at self.
 */
int thread_join_until(
	struct thread *self, struct thread *thread, int64_t deadline_ns);

/* The out-of-line forms of region.h, for code that is compiled once. */
void thread_leave_gil(struct thread *self);
void thread_take_gil(struct thread *self);

/* Give back what a joined thread left behind. */
void thread_retire(struct thread *thread);

/* The thread that calls, or NULL if it is none of the runtime's. */
struct thread *thread_current(void);

/* "run", "sleep", "sleep forever", "in region", "aborting", "dead", "new" */
const char *thread_status_name(const struct thread *thread);

/*
 * -3 to 3.  A thread of priority p > 0 keeps the GIL for 2^p ticks, one of
 * p < 0 lets 2^-p turns of others pass; a new thread inherits its creator's.
 * Caller holds the GIL.  Returns 0, or -ERANGE.
 */
int thread_set_priority(struct thread *thread, int priority);

/*
 * A variable of which each thread has its own, NULL at first.  The destructor,
 * if not NULL, is called with a value that is not NULL when its thread ends,
 * GIL held.  Returns a key, or -EAGAIN if THREAD_LOCALS are in use.
 */
int thread_local_new(void (*destructor)(void *value));
void thread_local_set(struct thread *self, int key, void *value);
void *thread_local_get(const struct thread *self, int key);

/*
 * Why the last call of this thread that returned an error did: one sentence
 * that names the function and the rule.  NULL: no call has.
 */
const char *thread_refusal(const struct thread *self);

/* Every thread's name and state, one a line.  Caller holds the GIL. */
void thread_report(const struct runtime *runtime, char *text, size_t capacity);

/* For dumps and tests: who runs, and how many live.  Caller holds the GIL. */
struct thread *runtime_running_thread(struct thread *self);
int runtime_living(const struct thread *self);

/* The heap that the threads of this runtime keep roots in. */
struct heap *runtime_heap(const struct thread *self);

#endif
