/* SPDX-License-Identifier: MIT */
/*
 * handoff: a FIFO queue, and the releaser chooses the next owner.
 *
 * Stands for direct handoff as in the lock literature; Ruby 3.3's scheduler
 * has the same order.  Four waiting modes on the same queue (waiting.h).
 *
 * State        arrivals  FREE, HELD, or HELD with a stack of newcomers (the
 *                        word points to the newest; each points to an older)
 *              queue     first and last waiter in FIFO order, written by the
 *                        holder alone: it travels with the ownership, in the
 *                        waiter that is granted, so no shared line is touched
 *                        while two threads hand the GIL to and fro
 * Transitions  acquire   FREE -> HELD, or push oneself on the stack and wait
 *              release   queue empty: HELD -> FREE, or take the stack; else
 *                        grant the first and give it the rest of the queue
 *              yield     append oneself behind all who wait, grant the first
 * Who writes   arrivals: anybody; queue: the holder; a waiter's next: its
 *              owner until it is pushed, then the holder
 * Ordering     HAND-1  release or push (release) pairs with acquire or taking
 *              the stack (acquire).  The grant itself is WAIT-1 (waiting.h).
 * Promises     FIFO by arrival on the stack; run length 1 for yields; nobody
 *              can barge, since the word is never FREE while somebody waits.
 * Pathology    has: the GIL belongs to a thread that does not run yet for one
 *              wake-up latency per switch; the convoy of direct handoff.
 *              avoids: barging, starvation, lost wake-ups (a grant is a state,
 *              not an event).
 * Source       Ruby thread_pthread.c (3.3) for the order; the stack that the
 *              holder drains is Treiber's (IBM RJ 5118, 1986).
 */
#ifndef RUNTIME_GIL_POLICY_HANDOFF_H
#define RUNTIME_GIL_POLICY_HANDOFF_H

#include <stdio.h>

#include "runtime/gil/waiting.h"

#if GIL_TICK == 3 || GIL_TICK == 4
#	error "handoff's waiters never time out: a timer or the holder must tick"
#endif

#define POLICY_MAX_THREADS 0
#define POLICY_SPINS       (GIL_MODE == GIL_MODE_SPIN)
#define POLICY_TICK_NS     0
#define POLICY_OPTIONS

#define HANDOFF_FREE ((uintptr_t)0)
#define HANDOFF_HELD ((uintptr_t)1)

/* Who stops counting as a waiter when the grant arrives. */
#define HANDOFF_GRANT      WAIT_GRANT_FIRST
#define HANDOFF_GRANT_SWAP (WAIT_GRANT_FIRST + 1)
/* the yielder takes over the place in gil->nwaiters, nobody counts */

struct policy {
	atomic_uintptr_t arrivals; /* [A] FREE, HELD or a waiter's address */
};

struct policy_waiter {
	struct wait_slot slot;
	struct policy_waiter *next;  /* see Who writes */
	struct policy_waiter *first; /* [H] queue, valid while it holds */
	struct policy_waiter *last;  /* [H] */
};

static inline void
policy_init(struct policy *policy)
{
	atm_store(&policy->arrivals, HANDOFF_FREE, relaxed);
}

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	wait_slot_init(&waiter->slot);
	waiter->first = NULL;
	waiter->last = NULL;
}

/* Move the newcomers, oldest first, to the end of the holder's queue. */
static inline void
handoff_take_arrivals(struct policy *policy, struct policy_waiter *holder)
{
	struct policy_waiter *newest, *oldest, *reversed = NULL;

	/* Acquire: HAND-1, the newcomers' links. */
	newest = (struct policy_waiter *)atm_exchange(
		&policy->arrivals, HANDOFF_HELD, acquire);
	oldest = newest;
	while (oldest != NULL) {
		struct policy_waiter *older = oldest->next;

		oldest->next = reversed;
		reversed = oldest;
		oldest = older;
	}
	if (holder->first == NULL)
		holder->first = reversed;
	else
		holder->last->next = reversed;
	holder->last = newest;
}

static inline bool
handoff_has_arrivals(struct policy *policy)
{
	return atm_load(&policy->arrivals, relaxed) != HANDOFF_HELD;
}

/* Make the first waiter the owner; it inherits the rest of the queue. */
static inline void
handoff_grant_first(
	struct gil_thread *self, struct policy_waiter *holder, unsigned grant)
{
	struct policy_waiter *heir = holder->first;

	heir->first = heir->next;
	heir->last = holder->last;
	holder->first = NULL;
	self->counters.handoffs++;
	if (wait_slot_grant(&heir->slot, grant))
		self->counters.wake_calls++;
}

static NOINLINE UNUSED bool
handoff_acquire_slow(struct policy *policy, struct gil_thread *self)
{
	struct gil *gil = gil_of(policy);
	struct policy_waiter *me = gil_waiter_of(self);
	uintptr_t found = HANDOFF_FREE;

	gil_wait_begin(gil, self);
	wait_slot_arm(&me->slot);
	for (;;) {
		if (found == HANDOFF_FREE) {
			/* Acquire: HAND-1. */
			if (atm_cas(&policy->arrivals, &found, HANDOFF_HELD,
				    acquire))
				break;
			continue;
		}
		me->next = found == HANDOFF_HELD
				   ? NULL
				   : (struct policy_waiter *)found;
		/* Release: HAND-1, our link. */
		if (!atm_cas(&policy->arrivals, &found, (uintptr_t)me, release))
			continue;
		if (wait_slot_wait(&me->slot, gil->usable_cpus == 1) ==
			HANDOFF_GRANT)
			break;
		return true;
	}
	gil_wait_end(gil);
	return true;
}

static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	uintptr_t free = HANDOFF_FREE;

	/* Acquire: HAND-1. */
	if (likely(atm_cas(&policy->arrivals, &free, HANDOFF_HELD, acquire)))
		return false;
	return handoff_acquire_slow(policy, self);
}

static inline void
policy_release(
	struct policy *policy, struct gil_thread *self, enum gil_reason reason)
{
	struct policy_waiter *me = gil_waiter_of(self);

	(void)reason; /* every release is alike here */
	if (me->first == NULL) {
		uintptr_t held = HANDOFF_HELD;

		/* Release: HAND-1. */
		if (likely(atm_cas(
			    &policy->arrivals, &held, HANDOFF_FREE, release)))
			return;
		handoff_take_arrivals(policy, me);
	}
	tick_contended_release(gil_of(policy));
	handoff_grant_first(self, me, HANDOFF_GRANT);
}

static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	struct gil *gil = gil_of(policy);
	struct policy_waiter *me = gil_waiter_of(self);

	if (handoff_has_arrivals(policy))
		handoff_take_arrivals(policy, me);
	if (me->first == NULL)
		return false;
	gil_giving_up(self);
	wait_slot_arm(&me->slot);
	me->next = NULL;
	me->last->next = me;
	me->last = me;
	handoff_grant_first(self, me, HANDOFF_GRANT_SWAP);
	if (wait_slot_wait(&me->slot, gil->usable_cpus == 1) == HANDOFF_GRANT)
		gil_wait_end(gil);
	return true;
}

static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	struct policy_waiter *me = gil_waiter_of(self);

	policy_waiter_init(me);
	atm_store(&policy->arrivals, HANDOFF_HELD, relaxed); /* one thread */
}

static inline const char *
policy_set_option(struct policy *policy, const char *name, const char *value)
{
	(void)policy;
	(void)name;
	(void)value;
	return "the policy has no options";
}

static inline void
policy_dump(struct policy *policy, char *text, int capacity)
{
	uintptr_t arrivals = atm_load(&policy->arrivals, relaxed);

	snprintf(text, (size_t)capacity, "arrivals=%s",
		arrivals == HANDOFF_FREE   ? "free"
		: arrivals == HANDOFF_HELD ? "held"
					   : "held with newcomers");
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
