/* SPDX-License-Identifier: MIT */
/*
 * How a queued waiter waits until somebody grants it the GIL.
 *
 * Order and waiting are separate axes: a queue policy decides who is next,
 * this header decides how that thread finds out.  One slot per thread.
 *
 * State        word = ARMED, PARKED, or a grant (>= GRANT_FIRST, the queue's
 *              own meaning).
 * Transitions  owner: ARMED before it enqueues; ARMED -> PARKED before it
 *              sleeps (futex, stp); granter: anything -> grant, once.
 * Modes        cond   mutex and condition variable, one pair per slot
 *              futex  sleeps at once in the kernel
 *              spin   never sleeps; on one CPU it calls sched_yield(2) instead
 *                     of pausing, since its granter could not run otherwise
 *              stp    spins for a while, then sleeps as futex does
 * Ordering     WAIT-1  grant (release or stronger) pairs with the load that
 *              sees it (acquire): what the granter wrote before the grant is
 *              visible to the new holder.
 * Pathologies  spin: a granted waiter that is not on a CPU stops everybody
 *              until the kernel runs it.  futex, cond: one wake-up latency per
 *              grant, with the GIL idle.
 */
#ifndef RUNTIME_GIL_WAITING_H
#define RUNTIME_GIL_WAITING_H

#include "common/atomic.h"
#include "common/sync.h"
#include "runtime/gil/variant.h"

#define WAIT_ARMED       0u
#define WAIT_PARKED      1u
#define WAIT_GRANT_FIRST 2u

/*
 * Pauses before an stp waiter sleeps: about 10 us where a pause takes 40 to 60
 * cycles, the order of one context switch.
 */
#define WAIT_STP_PAUSES 400

struct wait_slot {
	atomic_uint word; /* [A] see State; the futex word */
#if GIL_MODE == GIL_MODE_COND
	struct mutex mutex;
	struct cond cond;
#endif
};

static inline void
wait_slot_init(struct wait_slot *slot)
{
	atm_store(&slot->word, WAIT_ARMED, relaxed);
#if GIL_MODE == GIL_MODE_COND
	mutex_init(&slot->mutex);
	cond_init(&slot->cond);
#endif
}

/* Relaxed: the owner publishes the slot by enqueueing it. */
static inline void
wait_slot_arm(struct wait_slot *slot)
{
	atm_store(&slot->word, WAIT_ARMED, relaxed);
}

#if GIL_MODE == GIL_MODE_COND

static inline unsigned
wait_slot_wait(struct wait_slot *slot, bool one_cpu)
{
	unsigned word;

	(void)one_cpu;
	mutex_lock(&slot->mutex);
	/* Relaxed: the mutex orders (WAIT-1). */
	while ((word = atm_load(&slot->word, relaxed)) < WAIT_GRANT_FIRST)
		cond_wait(&slot->cond, &slot->mutex);
	mutex_unlock(&slot->mutex);
	return word;
}

/* Returns whether somebody had to be woken. */
static inline bool
wait_slot_grant(struct wait_slot *slot, unsigned grant)
{
	mutex_lock(&slot->mutex);
	atm_store(&slot->word, grant, relaxed);
	cond_signal(&slot->cond);
	mutex_unlock(&slot->mutex);
	return true;
}

#elif GIL_MODE == GIL_MODE_SPIN

static inline unsigned
wait_slot_wait(struct wait_slot *slot, bool one_cpu)
{
	unsigned word;

	/* Acquire: WAIT-1. */
	while ((word = atm_load(&slot->word, acquire)) < WAIT_GRANT_FIRST) {
		if (one_cpu)
			os_yield();
		else
			cpu_relax();
	}
	return word;
}

static inline bool
wait_slot_grant(struct wait_slot *slot, unsigned grant)
{
	/* Release: WAIT-1. */
	atm_store(&slot->word, grant, release);
	return false;
}

#elif GIL_MODE == GIL_MODE_FUTEX || GIL_MODE == GIL_MODE_STP

/* Pause until a grant comes, so often at most; 0: none came. */
static inline unsigned
wait_slot_spin(struct wait_slot *slot, int pauses)
{
	for (int i = 0; i < pauses; i++) {
		unsigned word = atm_load(&slot->word, acquire); /* WAIT-1 */

		if (word >= WAIT_GRANT_FIRST)
			return word;
		cpu_relax();
	}
	return 0;
}

static inline unsigned
wait_slot_park(struct wait_slot *slot)
{
	unsigned word = WAIT_ARMED;

	/* Relaxed on success: only announces the sleep to the granter. */
	(void)atm_cas(&slot->word, &word, WAIT_PARKED, relaxed);
	/* Acquire: WAIT-1. */
	while ((word = atm_load(&slot->word, acquire)) < WAIT_GRANT_FIRST)
		futex_wait(&slot->word, WAIT_PARKED);
	return word;
}

/* The same until a deadline; 0: none came.  May be called again. */
static inline unsigned
wait_slot_park_until(struct wait_slot *slot, int64_t deadline_ns)
{
	unsigned word = WAIT_ARMED;
	bool in_time = true;

	/* Relaxed on success: only announces the sleep to the granter. */
	(void)atm_cas(&slot->word, &word, WAIT_PARKED, relaxed);
	do {
		word = atm_load(&slot->word, acquire); /* WAIT-1 */
		if (word >= WAIT_GRANT_FIRST)
			return word;
		if (in_time)
			in_time = futex_wait_until(
				&slot->word, WAIT_PARKED, deadline_ns);
		else
			return 0;
	} while (true);
}

static inline unsigned
wait_slot_wait(struct wait_slot *slot, bool one_cpu)
{
	unsigned grant = 0;

	if (GIL_MODE == GIL_MODE_STP && !one_cpu)
		grant = wait_slot_spin(slot, WAIT_STP_PAUSES);
	return grant != 0 ? grant : wait_slot_park(slot);
}

/* After the exchange the slot may be reused: a late wake is only spurious. */
static inline bool
wait_slot_grant(struct wait_slot *slot, unsigned grant)
{
	/* Release: WAIT-1. */
	if (atm_exchange(&slot->word, grant, release) != WAIT_PARKED)
		return false;
	(void)futex_wake(&slot->word, 1); /* 0: it has not slept yet */
	return true;
}

#else
#	error "waiting.h needs GIL_MODE cond, futex, spin or stp"
#endif

#endif
