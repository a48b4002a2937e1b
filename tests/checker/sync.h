/* SPDX-License-Identifier: MIT */
/*
 * common/sync.h as the interleaving checker has it: the same calls, each of
 * them an operation that the checker's scheduler decides on.
 *
 * What they promise is what POSIX and the kernel promise, no more: a mutex
 * goes to any of those who want it; a signal wakes any of the waiters; a wait
 * may end for no reason; a timed wait may end at any moment.
 */
#ifndef TESTS_CHECKER_SYNC_H
#define TESTS_CHECKER_SYNC_H

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/die.h"

struct mutex {
	int holder; /* 0: free; else 1 + the number of the thread */
};

struct cond {
	int unused; /* the sleepers are known to the scheduler */
};

void mutex_init(struct mutex *mutex);
void mutex_destroy(struct mutex *mutex);
void mutex_lock(struct mutex *mutex);
bool mutex_trylock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

void cond_init(struct cond *cond);
void cond_destroy(struct cond *cond);
void cond_wait(struct cond *cond, struct mutex *mutex);
bool cond_wait_until(
	struct cond *cond, struct mutex *mutex, int64_t deadline_ns);
void cond_signal(struct cond *cond);
void cond_broadcast(struct cond *cond);

void futex_wait(atomic_uint *word, unsigned expected);
bool futex_wait_until(
	atomic_uint *word, unsigned expected, int64_t deadline_ns);
int futex_wake(atomic_uint *word, int count);

void os_yield(void);
void cpu_relax(void);

/*
 * For injected bugs only: the calling thread ends here and now, in the middle
 * of the policy, as a CPython thread does that finds the interpreter gone.
 */
_Noreturn void checker_quit(void);

#endif
