/* SPDX-License-Identifier: MIT */
/*
 * A thread's own place to sleep: a binary semaphore on a futex word.
 *
 * State        word  EMPTY, ASLEEP (its owner sleeps or is about to), TOKEN
 *              (somebody has called wake since the last wait)
 * Transitions  wait  EMPTY -> ASLEEP and sleep; TOKEN -> EMPTY and return; at
 *                    the deadline ASLEEP -> EMPTY and return
 *              wake  anything -> TOKEN; a system call only if it was ASLEEP
 * Who writes   its owner waits, anybody wakes.
 * Ordering     PARKER-1  wake (release) pairs with the wait that finds the
 *              TOKEN (acquire).
 * Promises     a wake before the wait is not lost; two wakes may count as one.
 *              A waker touches nothing of the thread after the TOKEN but the
 *              word's address: a late wake is only spurious, so callers loop.
 */
#ifndef RUNTIME_GIL_PARKER_H
#define RUNTIME_GIL_PARKER_H

#include "common/atomic.h"
#include "common/sync.h"

#define PARKER_FOREVER INT64_MAX

enum parker_word { PARKER_EMPTY, PARKER_ASLEEP, PARKER_TOKEN };

struct parker {
	atomic_uint word; /* [A] enum parker_word; the futex word */
};

/* Relaxed: not yet shared. */
static inline void
parker_init(struct parker *parker)
{
	atm_store(&parker->word, PARKER_EMPTY, relaxed);
}

/* Returns whether the kernel was asked to wake somebody. */
static inline bool
parker_wake(struct parker *parker)
{
	/* Release: PARKER-1. */
	if (atm_exchange(&parker->word, PARKER_TOKEN, release) != PARKER_ASLEEP)
		return false;
	(void)futex_wake(&parker->word, 1); /* 0: it does not sleep yet */
	return true;
}

/* Sleep until a wake.  Returns false when the deadline passed without one. */
static inline bool
parker_wait_until(struct parker *parker, int64_t deadline_ns)
{
	unsigned word = PARKER_EMPTY;

	/* Relaxed: only announces the sleep to the waker. */
	(void)atm_cas(&parker->word, &word, PARKER_ASLEEP, relaxed);
	while (atm_load(&parker->word, relaxed) == PARKER_ASLEEP) {
		bool in_time = true;

		if (deadline_ns == PARKER_FOREVER)
			futex_wait(&parker->word, PARKER_ASLEEP);
		else
			in_time = futex_wait_until(
				&parker->word, PARKER_ASLEEP, deadline_ns);
		if (!in_time)
			break;
	}
	/* Acquire: PARKER-1. */
	return atm_exchange(&parker->word, PARKER_EMPTY, acquire) ==
	       PARKER_TOKEN;
}

#endif
