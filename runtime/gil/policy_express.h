/* SPDX-License-Identifier: MIT */
/*
 * express: direct handoff with an express lane for threads back from I/O.
 *
 * Stands for no system: the project's own policy for mixed work.  A thread
 * that returns from a blocking region asks the holder to stop at once, is
 * served at its next safepoint, and the holder resumes as soon as that thread
 * blocks again, its slice going on.  Both wait by spinning first, since both
 * waits are short; everybody else parks in a FIFO queue.
 *
 * State        arrivals  FREE, HELD, or HELD with a stack of newcomers
 *              urgent    FIFO of threads back from a region
 *              normal    FIFO of all others; a displaced holder at its head
 *              credit_ns GIL time that the lane may still use
 *              boosts    grants to the lane in the current window
 * Transitions  acquire   FREE -> HELD; else push oneself on the stack; a
 *                        thread back from a region then requests a switch, and
 *                        repeats the request until it has been heard
 *              yield     asked by an urgent waiter that may use the lane: go to
 *                        the head of normal, grant that one; asked in vain:
 *                        keep; the slice is over: go to the tail, grant the
 *                        first of the lane, else of normal
 *              release   grant the first urgent, else the first normal, else
 *                        HELD -> FREE
 *              demotion  when the lane may not be used, its threads move to
 *                        the tail of normal: they wait as everybody does
 * Who writes   arrivals: anybody; everything else: the holder
 * Ordering     EXP-1  release or push (release) pairs with acquire or taking
 *              the stack (acquire).  The grant itself is WAIT-1 (waiting.h).
 * Promises     FIFO within normal, but for the displaced holder.  The lane has
 *              at most `share` of the time (a bucket that fills at that rate
 *              and holds half a slice) and at most EXPRESS_MAX_BOOSTS grants
 *              in any window of one slice: so a thread at place i of normal is
 *              overtaken at most EXPRESS_MAX_BOOSTS times per slice that it
 *              waits, and i slices of the others bound its wait.
 * Pathology    avoids the convoy (bpo-7946): a request pays for a safepoint
 *              and a cache line, not for a slice.  Avoids the starvation of
 *              static priorities: the bucket.  Has: where threads outnumber
 *              the CPUs, a spinning waiter takes some microseconds from
 *              others; on one CPU nobody spins.
 * Source       the queue is that of policy_handoff.h; the idea of a boost
 *              after blocking is old (Multics, Unix; for the GIL: Beazley 2010,
 *              Ruby Feature 20861); the bucket is a leaky bucket (Turner 1986).
 */
#ifndef RUNTIME_GIL_POLICY_EXPRESS_H
#define RUNTIME_GIL_POLICY_EXPRESS_H

#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "runtime/gil/fifo.h"
#include "runtime/gil/waiting.h"

#if GIL_TICK == 3 || GIL_TICK == 4
#	error "express's waiters never time out: a timer or the holder must tick"
#endif

#define POLICY_MAX_THREADS 0
#define POLICY_SPINS       0
#define POLICY_TICK_NS     0
#define POLICY_OPTIONS                                                         \
	{"share", "0,10,25,50,75,90", "50",                                    \
		"percent of the GIL's time that the express lane may use"},

#define EXPRESS_FREE ((uintptr_t)0)
#define EXPRESS_HELD ((uintptr_t)1)

/* Who stops counting as a waiter: see HANDOFF_GRANT in policy_handoff.h. */
#define EXPRESS_GRANT      WAIT_GRANT_FIRST
#define EXPRESS_GRANT_SWAP (WAIT_GRANT_FIRST + 1)

#define EXPRESS_MAX_BOOSTS 512
/* Pauses between two requests of an urgent waiter, and requests until it parks
 * for EXPRESS_NAP_NS between them. */
#define EXPRESS_REQUEST_PAUSES 64
#ifndef EXPRESS_SPIN_REQUESTS /* the checker explores fewer */
#	define EXPRESS_SPIN_REQUESTS 16
#endif
#define EXPRESS_NAP_NS (100 * NS_PER_US)
/* A displaced holder's patience: some tens of microseconds. */
#define EXPRESS_DISPLACED_PAUSES 1024

struct policy {
	atomic_uintptr_t arrivals; /* [A] FREE, HELD or a waiter's address */
	int nqueued;               /* [H] in both lists */
	struct fifo urgent CACHELINE_ALIGNED; /* [H] */
	struct fifo normal;                   /* [H] */
	int64_t credit_ns;                    /* [H] may be negative */
	int64_t filled_ns; /* [H] when credit was topped up */
	int64_t window_ns; /* [H] when the boosts were last set to 0 */
	int64_t boosts;    /* [H] grants to the lane since */
	int64_t share;     /* [C] percent */
};

struct policy_waiter {
	struct fifo_node node;       /* first; holder's lists */
	struct wait_slot slot;       /* of its owner */
	struct policy_waiter *older; /* owner until pushed, then the holder */
	bool is_urgent;              /* the same */
	int64_t boosted_ns; /* [H] when it was boosted; 0: it was not */
};

static inline void
policy_init(struct policy *policy)
{
	atm_store(&policy->arrivals, EXPRESS_FREE, relaxed);
	policy->nqueued = 0;
	fifo_init(&policy->urgent);
	fifo_init(&policy->normal);
	policy->credit_ns = 0;
	policy->filled_ns = 0;
	policy->window_ns = 0;
	policy->boosts = 0;
	policy->share = 50;
}

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	wait_slot_init(&waiter->slot);
	waiter->boosted_ns = 0;
}

/* Sort the newcomers, oldest first, into the two lists. */
static inline void
express_take_arrivals(struct policy *policy)
{
	struct policy_waiter *newest, *oldest_first = NULL;

	if (atm_load(&policy->arrivals, relaxed) == EXPRESS_HELD)
		return;
	/* Acquire: EXP-1, the newcomers' links. */
	newest = (struct policy_waiter *)atm_exchange(
		&policy->arrivals, EXPRESS_HELD, acquire);
	while (newest != NULL) {
		struct policy_waiter *older = newest->older;

		newest->older = oldest_first;
		oldest_first = newest;
		newest = older;
	}
	for (; oldest_first != NULL; oldest_first = oldest_first->older) {
		fifo_append(oldest_first->is_urgent ? &policy->urgent
						    : &policy->normal,
			&oldest_first->node);
		policy->nqueued++;
	}
}

/* Top up the bucket and say whether the lane may be used now. */
static inline bool
express_may_boost(struct policy *policy, int64_t now_ns)
{
	int64_t slice_ns = gil_of(policy)->tick.slice_ns;
	int64_t elapsed_ns = now_ns - policy->filled_ns;

	if (elapsed_ns > slice_ns)
		elapsed_ns =
			slice_ns; /* the bucket is full after that anyway */
	policy->credit_ns += elapsed_ns * policy->share / 100;
	policy->filled_ns = now_ns;
	if (policy->credit_ns > slice_ns / 2)
		policy->credit_ns = slice_ns / 2;
	if (now_ns - policy->window_ns >= slice_ns) {
		policy->window_ns = now_ns;
		policy->boosts = 0;
	}
	return policy->credit_ns > 0 && policy->boosts < EXPRESS_MAX_BOOSTS;
}

/* The lane is closed: its threads queue as everybody does. */
static inline void
express_demote(struct policy *policy)
{
	struct fifo_node *node;

	while ((node = fifo_pop(&policy->urgent)) != NULL)
		fifo_append(&policy->normal, node);
}

/* Make a queued thread the owner. */
static inline void
express_grant(struct policy *policy, struct gil_thread *self,
	struct fifo_node *node, int64_t boosted_ns, unsigned grant)
{
	struct policy_waiter *heir =
		CONTAINER_OF(node, struct policy_waiter, node);

	policy->nqueued--;
	if (boosted_ns != 0)
		policy->boosts++;
	heir->boosted_ns = boosted_ns;
	self->counters.handoffs++;
	if (wait_slot_grant(&heir->slot, grant))
		self->counters.wake_calls++;
}

/* A hold in the lane ends: it has used up credit. */
static inline void
express_settle(struct policy *policy, struct policy_waiter *me, int64_t now_ns)
{
	if (me->boosted_ns == 0)
		return;
	policy->credit_ns -= now_ns - me->boosted_ns;
	me->boosted_ns = 0;
}

/* Wait in the lane: ask again and again, first spinning, then napping. */
static inline unsigned
express_wait_urgent(struct gil *gil, struct policy_waiter *me)
{
	unsigned grant = 0;

	for (int i = 0; grant == 0; i++) {
		tick_ask_switch(gil);
		if (i < EXPRESS_SPIN_REQUESTS && gil->usable_cpus > 1)
			grant = wait_slot_spin(
				&me->slot, EXPRESS_REQUEST_PAUSES);
		else
			grant = wait_slot_park_until(
				&me->slot, clock_now_ns() + EXPRESS_NAP_NS);
	}
	return grant;
}

static NOINLINE UNUSED bool
express_acquire_slow(struct policy *policy, struct gil_thread *self)
{
	struct gil *gil = gil_of(policy);
	struct policy_waiter *me = gil_waiter_of(self);
	uintptr_t found = EXPRESS_FREE;

	gil_wait_begin(gil, self);
	wait_slot_arm(&me->slot);
	me->is_urgent = self->reason == GIL_REASON_REGION;
	for (;;) {
		unsigned grant;

		if (found == EXPRESS_FREE) {
			/* Acquire: EXP-1. */
			if (atm_cas(&policy->arrivals, &found, EXPRESS_HELD,
				    acquire))
				break;
			continue;
		}
		me->older = found == EXPRESS_HELD
				    ? NULL
				    : (struct policy_waiter *)found;
		/* Release: EXP-1, our link. */
		if (!atm_cas(&policy->arrivals, &found, (uintptr_t)me, release))
			continue;
		grant = me->is_urgent ? express_wait_urgent(gil, me)
				      : wait_slot_wait(&me->slot,
						gil->usable_cpus == 1);
		if (grant == EXPRESS_GRANT)
			break;
		return true;
	}
	gil_wait_end(gil);
	return true;
}

static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	uintptr_t free = EXPRESS_FREE;

	/* Acquire: EXP-1. */
	if (likely(atm_cas(&policy->arrivals, &free, EXPRESS_HELD, acquire)))
		return false;
	return express_acquire_slow(policy, self);
}

/* Somebody waits, or the hold was in the lane. */
static NOINLINE UNUSED void
express_release_slow(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);
	int64_t now_ns = clock_now_ns();
	bool was_boosted = me->boosted_ns != 0;

	express_settle(policy, me, now_ns);
	for (;;) {
		uintptr_t held = EXPRESS_HELD;

		express_take_arrivals(policy);
		if (policy->nqueued != 0)
			break;
		/* Release: EXP-1. */
		if (atm_cas(&policy->arrivals, &held, EXPRESS_FREE, release))
			return;
	}
	if (!fifo_is_empty(&policy->urgent)) {
		if (express_may_boost(policy, now_ns)) {
			express_grant(policy, self, fifo_pop(&policy->urgent),
				now_ns, EXPRESS_GRANT);
			return;
		}
		express_demote(policy);
	}
	if (!was_boosted) /* a displaced holder's slice goes on */
		tick_contended_release(gil_of(policy));
	express_grant(
		policy, self, fifo_pop(&policy->normal), 0, EXPRESS_GRANT);
}

static inline void
policy_release(
	struct policy *policy, struct gil_thread *self, enum gil_reason reason)
{
	struct policy_waiter *me = gil_waiter_of(self);
	uintptr_t held = EXPRESS_HELD;

	(void)reason; /* why it ends matters at its next acquire */
	if (likely(policy->nqueued == 0 && me->boosted_ns == 0) &&
		/* Release: EXP-1. */
		likely(atm_cas(
			&policy->arrivals, &held, EXPRESS_FREE, release)))
		return;
	express_release_slow(policy, self);
}

/* The yielder's own wait, and what a plain grant means for the count. */
static inline void
express_await_turn(
	struct policy *policy, struct policy_waiter *me, bool is_displaced)
{
	struct gil *gil = gil_of(policy);
	unsigned grant = 0;

	if (is_displaced && gil->usable_cpus > 1)
		grant = wait_slot_spin(&me->slot, EXPRESS_DISPLACED_PAUSES);
	if (grant == 0)
		grant = wait_slot_wait(&me->slot, gil->usable_cpus == 1);
	if (grant == EXPRESS_GRANT)
		gil_wait_end(gil);
}

static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);
	bool may_boost = false;
	struct fifo_node *next;
	int64_t now_ns;

	express_take_arrivals(policy);
	if (policy->nqueued == 0)
		return false;
	now_ns = clock_now_ns();
	if (!fifo_is_empty(&policy->urgent)) {
		may_boost = express_may_boost(policy, now_ns);
		if (!may_boost)
			express_demote(policy);
	}
	/* Asked, but whoever asked has been served, or may not overtake. */
	if (self->reason == GIL_REASON_ASKED && !may_boost)
		return false;
	gil_giving_up(self);
	express_settle(policy, me, now_ns);
	wait_slot_arm(&me->slot);
	policy->nqueued++;
	if (self->reason == GIL_REASON_ASKED) /* the slice goes on afterwards */
		fifo_prepend(&policy->normal, &me->node);
	else
		fifo_append(&policy->normal, &me->node);
	next = fifo_pop(may_boost ? &policy->urgent : &policy->normal);
	express_grant(
		policy, self, next, may_boost ? now_ns : 0, EXPRESS_GRANT_SWAP);
	express_await_turn(policy, me, self->reason == GIL_REASON_ASKED);
	return true;
}

static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	int64_t share = policy->share;

	policy_init(policy);
	policy->share = share;
	policy_waiter_init(gil_waiter_of(self));
	atm_store(&policy->arrivals, EXPRESS_HELD, relaxed); /* one thread */
}

static inline const char *
policy_set_option(struct policy *policy, const char *name, const char *value)
{
	if (strcmp(name, "share") != 0)
		return "the policy has no such option";
	return parse_count(value, 0, 90, &policy->share);
}

static inline void
policy_dump(struct policy *policy, char *text, int capacity)
{
	uintptr_t arrivals = atm_load(&policy->arrivals, relaxed);

	snprintf(text, (size_t)capacity, "arrivals=%s queued=%d credit=%lld",
		arrivals == EXPRESS_FREE   ? "free"
		: arrivals == EXPRESS_HELD ? "held"
					   : "held with newcomers",
		policy->nqueued, (long long)policy->credit_ns);
}

static inline void
policy_bare_pair(atomic_uint *word)
{
	unsigned expected = 0;

	(void)atm_cas(word, &expected, 1, acquire); /* as policy_acquire */
	expected = 1;
	(void)atm_cas(word, &expected, 0, release); /* as policy_release */
}

#endif
