/* SPDX-License-Identifier: MIT */
/* The atomic operations of an uncontended mutex, for policy_bare_pair(). */
#ifndef RUNTIME_GIL_BARE_MUTEX_H
#define RUNTIME_GIL_BARE_MUTEX_H

#include "common/atomic.h"

/* Lock and unlock a mutex count times, as glibc does it, and no more. */
static inline void
bare_mutex_pairs(atomic_uint *word, int count)
{
	for (int i = 0; i < count; i++) {
		unsigned expected = 0;

		(void)atm_cas(word, &expected, 1, acquire);
		(void)atm_exchange(word, 0, release);
	}
}

#endif
