/* SPDX-License-Identifier: MIT */
/*
 * Acquire, release and yield, inlined: compiled once per policy.
 *
 * The build says which policy: GIL_POLICY_HEADER is its header's path in
 * quotes, GIL_MODE its waiting mode, GIL_TICK its tick source, GIL_PROBES
 * whether events are stamped.  They are read here, in waiting.h and in tick.h,
 * and nowhere else.
 */
#ifndef RUNTIME_GIL_FAST_H
#define RUNTIME_GIL_FAST_H

#if !defined(GIL_POLICY_HEADER) || !defined(GIL_MODE) || !defined(GIL_TICK) || \
	!defined(GIL_PROBES)
#	error "fast.h needs GIL_POLICY_HEADER, GIL_MODE, GIL_TICK, GIL_PROBES"
#endif

#include "common/clock.h"
#include "runtime/gil/gil.h"
#include "runtime/gil/variant.h"

#if GIL_TICK == 5
/* Safepoint by counting: the holder ends its slice itself, after so many. */
static inline bool
gil_slice_is_over(struct gil_thread *self)
{
	return --self->ticks_left <= 0;
}
#elif GIL_TICK == 7
/* Safepoint by the clock: the holder ends its slice itself, at a deadline. */
static inline bool
gil_slice_is_over(struct gil_thread *self)
{
	return clock_now_ns() >= self->slice_end_ns;
}
#else
/* Safepoint by flag: a tick source or a waiter ends the slice. */
static inline bool
gil_slice_is_over(struct gil_thread *self)
{
	(void)self;
	return false;
}
#endif

/*
 * The safepoint.  Caller holds the GIL, and again on return; other threads may
 * have run in between.
 *
 * By flag it is one load and one branch that is predicted not taken; gcc 12
 * -O2 makes of it
 *     mov (%rbx),%eax ; test %eax,%eax ; jne slow
 * Relaxed: the flag is only a hint; what another thread wrote before it set
 * the flag is ordered by the lock itself.
 */
static inline void
gil_poll(struct gil_thread *self)
{
	if (unlikely(gil_slice_is_over(self) ||
		     atm_load(&self->flags, relaxed) != 0))
		gil_safepoint(self);
}

/* Stamp an event of the current hold into the thread's own ring. */
static inline void
gil_probe(struct gil_thread *self, enum ring_kind kind, unsigned arg)
{
#if GIL_PROBES
	if (self->ring.events != NULL)
		ring_put(&self->ring, clock_now_ns(),
			(uint32_t)atm_load(&self->gil->hold_seq, relaxed), kind,
			arg);
#else
	(void)self;
	(void)kind;
	(void)arg;
#endif
}

/*
 * Called by a policy before it lets the GIL go: stamps the release.  In a
 * yield the same stamp begins the yielder's wait.  Caller holds the GIL.
 */
static inline void
gil_giving_up(struct gil_thread *self)
{
	gil_probe(self, RING_RELEASE, self->reason);
	gil_tell(self->gil, self, GIL_EVENT_SUSPENDED, self->reason);
}

/*
 * Called by a policy when acquire finds the GIL taken, before the thread
 * enqueues or sleeps.
 */
static inline void
gil_wait_begin(struct gil *gil, struct gil_thread *self)
{
	gil_probe(self, RING_WAIT_BEGIN, 0);
	gil_tell(gil, self, GIL_EVENT_READY, 0);
	self->counters.waits++;
	/* TICK-1 (tick.c): count, then look for a sleeping timer. */
	if (atm_fetch_add(&gil->nwaiters, 1, seq_cst) == 0)
		tick_first_waiter(gil);
}

/* The thread that began to wait owns the GIL.  Relaxed: only a count. */
static inline void
gil_wait_end(struct gil *gil)
{
	atm_fetch_sub(&gil->nwaiters, 1, relaxed);
}

/* Whether somebody waits.  A hint: it may change at once. */
static inline bool
gil_has_waiters(struct gil *gil)
{
	return atm_load(&gil->nwaiters, relaxed) > 0;
}

static inline struct gil_thread *gil_thread_of(void *waiter);
static inline void *gil_waiter_of(struct gil_thread *thread);
static inline struct gil *gil_of(void *policy);

#include GIL_POLICY_HEADER
#include "runtime/gil/policy_contract.h"

/* The lock and a descriptor with their policy's parts. */
struct gil_lock {
	struct gil gil;
	struct policy policy CACHELINE_ALIGNED;
};

struct gil_member {
	struct gil_thread thread;
	struct policy_waiter waiter CACHELINE_ALIGNED;
};

static inline struct gil_thread *
gil_thread_of(void *waiter)
{
	return &CONTAINER_OF(waiter, struct gil_member, waiter)->thread;
}

static inline void *
gil_waiter_of(struct gil_thread *thread)
{
	return &CONTAINER_OF(thread, struct gil_member, thread)->waiter;
}

static inline struct gil *
gil_of(void *policy)
{
	return &CONTAINER_OF(policy, struct gil_lock, policy)->gil;
}

static inline struct policy *
gil_policy(struct gil *gil)
{
	return &CONTAINER_OF(gil, struct gil_lock, gil)->policy;
}

/* A new hold begins.  Caller has just acquired the GIL. */
static inline void
gil_took(struct gil *gil, struct gil_thread *self, bool waited)
{
	uint64_t seq = atm_load(&gil->hold_seq, relaxed) + 1;
	bool is_switch = atm_load(&gil->holder, relaxed) != self;

	/* Relaxed: written by the holder, which the lock orders. */
	atm_store(&gil->hold_seq, seq, relaxed);
	if (is_switch) {
		/* Release: HOLD-1, the timer will touch our flag word. */
		atm_store(&gil->holder, self, release);
		self->counters.switches++;
	}
	self->counters.acquisitions++;
#if GIL_TICK == 7
	self->slice_end_ns = clock_now_ns() + gil->tick.slice_ns;
#endif
	/* A tick meant for an earlier hold must not end this one. */
	if (unlikely(atm_load(&self->flags, relaxed) & GIL_FLAGS_OF_HOLD))
		atm_fetch_and(&self->flags, ~GIL_FLAGS_OF_HOLD, relaxed);
	gil_probe(self, RING_ACQUIRED, waited);
	/* The quick half of gc_thread_run(): no call on the way of a switch. */
	if (is_switch && likely(self->above != NULL))
		gil->above = self->above;
	else if (is_switch && gil->calls.switched != NULL)
		gil->calls.switched(self);
	gil_tell(gil, self, GIL_EVENT_RESUMED, waited);
}

/* Get the GIL.  Caller does not hold it. */
static inline void
gil_acquire(struct gil_thread *self)
{
	struct gil *gil = self->gil;
	bool waited = policy_acquire(gil_policy(gil), self);

	gil_took(gil, self, waited);
}

/* Give the GIL up.  Caller holds it. */
static inline void
gil_release(struct gil_thread *self, enum gil_reason reason)
{
	self->reason = reason;
	gil_giving_up(self);
	policy_release(gil_policy(self->gil), self, reason);
}

/*
 * Let the waiters have a turn.  Caller holds the GIL, and again on return.
 * Returns false if nobody waited and it was kept.
 */
static inline bool
gil_yield(struct gil_thread *self, enum gil_reason reason)
{
	struct gil *gil = self->gil;
	uint64_t seq = atm_load(&gil->hold_seq, relaxed);

	self->reason = reason;
	if (!policy_yield(gil_policy(gil), self))
		return false;
	gil_took(gil, self, true);
	if (reason == GIL_REASON_FORCED) {
		self->counters.forced_yields++;
		/* Every hold of another thread in between counted once. */
		if (atm_load(&gil->hold_seq, relaxed) != seq + 1)
			self->counters.forced_switches++;
	}
	return true;
}

#endif
