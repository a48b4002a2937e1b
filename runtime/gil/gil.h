/* SPDX-License-Identifier: MIT */
/*
 * The global interpreter lock: the part that every policy shares.
 *
 * A GIL is a lock with a handoff policy (runtime/gil/policy_*.h), a tick
 * source that asks the holder to stop (tick.h), and a safepoint where the
 * holder looks (gil_poll() in fast.h).  This header is what code compiled once for
 * all policies may know: the shared words, the thread's words, and calls.
 * Code that inlines acquire, release or yield includes runtime/gil/fast.h and
 * is compiled once per policy.
 *
 * Life of one forced switch:
 *   1. the tick source sets GIL_FLAG_TIMER in the flag word of the holder;
 *   2. the holder's next gil_poll() sees it and calls gil_safepoint();
 *   3. gil_safepoint() clears the bit and asks the policy to yield;
 *   4. the policy gives the lock up, wakes or hands to another thread, and
 *      waits for its own next turn;
 *   5. whoever acquired counts the switch in gil_took().
 *
 * Field tags: [A] atomic, any thread; [H] written by the holder only; [O] by
 * the owner thread only; [C] constant after init.
 */
#ifndef RUNTIME_GIL_GIL_H
#define RUNTIME_GIL_GIL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/atomic.h"
#include "common/compiler.h"
#include "common/ring.h"
#include "runtime/gil/tick.h"

struct gil;

/* The bits that end a hold; an acquire clears them (gil_took() in fast.h). */
#define GIL_FLAGS_OF_HOLD ((unsigned)(GIL_FLAG_TIMER | GIL_FLAG_SWITCH))

/* Bits of a thread's flag word. */
enum gil_flag {
	GIL_FLAG_TIMER = 1u << 0,  /* the slice is over: yield at a safepoint */
	GIL_FLAG_SWITCH = 1u << 4, /* a waiter asks for a turn before that */
	/* For the layer above, which is called at the safepoint: */
	GIL_FLAG_INTERRUPT = 1u << 1, /* look up from what you wait for */
	GIL_FLAG_SIGNAL = 1u << 2,    /* signals were recorded */
	GIL_FLAG_ASYNC = 1u << 3      /* an error of another thread's making */
};

/* What the layer above wants to be called for. */
#define GIL_FLAGS_ABOVE (GIL_FLAG_INTERRUPT | GIL_FLAG_SIGNAL | GIL_FLAG_ASYNC)

/* Why the GIL is given up. */
enum gil_reason {
	GIL_REASON_REGION, /* a blocking region begins */
	GIL_REASON_FORCED, /* the tick source asked */
	GIL_REASON_YIELD,  /* the thread asked for it itself */
	GIL_REASON_EXIT,   /* the thread ends */
	GIL_REASON_ASKED   /* a waiter asked, before the slice was over */
};

/* Counts since the thread started; summed up after it has been joined. */
struct gil_counters {
	uint64_t acquisitions;    /* holds begun */
	uint64_t waits;           /* acquisitions that found it taken */
	uint64_t switches;        /* holds after a hold of another thread */
	uint64_t forced_yields;   /* yields at a tick that gave it up */
	uint64_t forced_switches; /* ... after which another thread had it */
	uint64_t failed_acquisitions; /* wake-ups that did not obtain the GIL */
	uint64_t barges;     /* acquired without waiting while others waited */
	uint64_t handoffs;   /* ownership given to a chosen waiter */
	uint64_t wake_calls; /* system calls or signals that wake a waiter */
};

struct gil_thread {
	atomic_uint flags; /* [A] enum gil_flag; polled at safepoints */
	uint32_t id;       /* [C] small number, for dumps */
	struct gil_thread *next_free; /* under the lock of gil.c's pool */
	struct gil *gil;              /* [C] */
	struct ring ring;             /* [O] */
	enum gil_reason reason;       /* [O] of the last or present release */
	int32_t ticks_left;   /* [O] safepoints until the slice is over; T5 */
	int64_t slice_end_ns; /* [O] of the present hold; T7 */
	int32_t priority;     /* -3..3; GIL held: see gil_schedule() */
	int32_t ticks_served; /* [O] of the present slice */
	void *owner;          /* [C] whose descriptor it is: the layer above */
	void *above; /* [H] gil->above while this thread holds it; NULL: ask
		      * calls.switched, which may fill it in */
	struct gil_counters counters; /* [O] */
};

/* What happens to a thread and the GIL, for those who listen. */
enum gil_event {
	GIL_EVENT_READY,     /* wants the GIL and must wait; without the GIL */
	GIL_EVENT_RESUMED,   /* has got it */
	GIL_EVENT_SUSPENDED, /* is about to give it up; arg: enum gil_reason */
	GIL_EVENT_REQUEST,   /* was asked to stop; any thread, without the GIL*/
	GIL_EVENT_TICK /* has seen, at a safepoint, that its slice is over */
};

/*
 * What the layer above is told.  Set before there is a second thread; NULL:
 * nothing.  Both are called with the GIL held.
 */
struct gil_calls {
	/* self has the GIL, and another thread had it before. */
	void (*switched)(struct gil_thread *self);
	/*
	 * A safepoint found something to do.  The callee takes the bits of
	 * GIL_FLAGS_ABOVE, and calls gil_schedule() if the slice is over.
	 */
	void (*interrupted)(struct gil_thread *self, bool slice_is_over);
	/* One of the events in listening, by number, has happened. */
	void (*event)(
		struct gil_thread *thread, enum gil_event event, unsigned arg);
	atomic_uint listening; /* [A] 1 << enum gil_event; 0: nobody does */
};

struct gil {
	struct tick tick;

	/* Written at each acquire, on a line of their own. */
	_Atomic(struct gil_thread *) holder CACHELINE_ALIGNED;
	/* [H] the holder, or the last one while the GIL is free */
	atomic_uint_least64_t hold_seq; /* [H] number of the current hold */
	void *above; /* [H] what the layer above writes at each switch */

	/* Written by waiters only. */
	atomic_int nwaiters CACHELINE_ALIGNED;
	/* [A] threads in the slow path of acquire, from before they enqueue
	 * until they own the GIL */
	atomic_int living; /* [A] attached threads, waiting or not */
	int usable_cpus;   /* [C] CPUs that the threads may run on */

	/* Read at each switch: away from the words that waiters write. */
	struct gil_calls calls CACHELINE_ALIGNED; /* [C] */
};

/* Tell those who listen; a load and a branch where nobody does. */
static inline void
gil_tell(struct gil *gil, struct gil_thread *thread, enum gil_event event,
	unsigned arg)
{
	/* Relaxed: who begins to listen hears of it soon enough. */
	if (unlikely(atm_load(&gil->calls.listening, relaxed) & 1u << event))
		gil->calls.event(thread, event, arg);
}

/*
 * Make the process's GIL, for usable_cpus CPUs; slice_ns overrides the
 * variant's slice unless 0.  Nobody holds it, and nothing ticks before
 * gil_start_ticks().  Returns 0; -EEXIST while there is one; -ENOMEM.
 */
int gil_create(struct gil **gil, int usable_cpus, int64_t slice_ns);

/* Stop the tick source and free the GIL; nobody may hold it or wait. */
void gil_destroy(struct gil *gil);

/*
 * A thread's descriptor with a ring of ring_events (0: none; the probes then
 * write nothing).  Descriptors live as long as their GIL: a tick source may
 * still set the flag of a thread that has just ended.
 * Returns NULL without memory.
 */
struct gil_thread *gil_thread_new(struct gil *gil, uint64_t ring_events);

/* Give the descriptor of an ended thread back for reuse. */
void gil_thread_retire(struct gil_thread *thread);

/* A thread joins the living and gets the GIL; it gives it up for good. */
void gil_attach(struct gil_thread *self);
void gil_detach(struct gil_thread *self);

/* Out-of-line forms of the calls in fast.h, for code that is compiled once. */
void gil_take(struct gil_thread *self);
void gil_drop(struct gil_thread *self, enum gil_reason reason);

/*
 * Set an option of the policy ("force_switching" to "off"), before threads
 * exist.  Returns NULL, or why not.
 */
const char *gil_set_option(
	struct gil *gil, const char *name, const char *value);

/* The state of the lock in words, for dumps after a hang. */
void gil_dump(struct gil *gil, char *text, int capacity);

/*
 * In the child of a fork: the caller owns the GIL and nobody waits.  The tick
 * source has no thread; gil_start_ticks() gives it one.
 */
int gil_atfork_child(struct gil_thread *self);

/*
 * Start the timer thread, if the tick source has one and it does not run:
 * before a second thread is started.  Returns 0, or -errno of its
 * pthread_create, usually -EAGAIN.
 */
int gil_start_ticks(struct gil *gil);

/* Threads of the policy that exclude each other; 1: no lock at all. */
int gil_max_threads(void);

/* Whether computing threads are to be processes of their own. */
bool gil_separates(void);

/* Whether waiters burn their CPU until they own the GIL. */
bool gil_spins(void);

/* The policy's run-time options, for --describe; ends with a NULL name. */
struct gil_option {
	const char *name;
	const char *values; /* "on,off" */
	const char *initial;
	const char *summary;
};
const struct gil_option *gil_options(void);

/* The atomic operations of one uncontended acquire and release, alone. */
void gil_bare_pairs(int64_t count);

/*
 * The slow half of gil_poll().  Caller holds the GIL, and holds it again on
 * return; other threads may have run in between.
 */
void gil_safepoint(struct gil_thread *self);

/*
 * The slice is over: yield.  Caller holds the GIL, and again on return.
 *
 * A thread of priority p > 0 yields at every 2^p-th tick only; one of p < 0
 * lets 2^-p turns of the others pass.
 */
void gil_schedule(struct gil_thread *self);

#endif
