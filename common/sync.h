/* SPDX-License-Identifier: MIT */
/*
 * Blocking primitives: mutex, condition variable, futex, pause and yield.
 *
 * Thin names over pthreads and the futex system call, for two reasons: what
 * cannot fail dies loudly in one place, and a checker build can replace them
 * by versions that its scheduler controls (as common/atomic.h does for
 * atomics).  Deadlines are absolute, in CLOCK_MONOTONIC nanoseconds, so a
 * spurious wake-up never lengthens a wait and a deadline in the past never
 * blocks.
 */
#ifndef COMMON_SYNC_H
#define COMMON_SYNC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef GILBENCH_CHECKER
#	include "tests/checker/sync.h"
#else

#	include <errno.h>
#	include <pthread.h>

#	include "common/die.h"

struct mutex {
	pthread_mutex_t native;
};

struct cond {
	pthread_cond_t native; /* its deadlines use CLOCK_MONOTONIC */
};

void mutex_init(struct mutex *mutex);
void mutex_destroy(struct mutex *mutex);

void cond_init(struct cond *cond);
void cond_destroy(struct cond *cond);
void cond_wait(struct cond *cond, struct mutex *mutex);
/* Return false when the deadline passed, true on any wake-up. */
bool cond_wait_until(
	struct cond *cond, struct mutex *mutex, int64_t deadline_ns);
void cond_broadcast(struct cond *cond);

static inline void
mutex_lock(struct mutex *mutex)
{
	int err = pthread_mutex_lock(&mutex->native);

	if (unlikely(err != 0))
		DIE_ERRNO(err, "pthread_mutex_lock");
}

/* Return whether the mutex was free and is now held. */
static inline bool
mutex_trylock(struct mutex *mutex)
{
	int err = pthread_mutex_trylock(&mutex->native);

	if (unlikely(err != 0 && err != EBUSY))
		DIE_ERRNO(err, "pthread_mutex_trylock");
	return err == 0;
}

static inline void
mutex_unlock(struct mutex *mutex)
{
	int err = pthread_mutex_unlock(&mutex->native);

	if (unlikely(err != 0))
		DIE_ERRNO(err, "pthread_mutex_unlock");
}

static inline void
cond_signal(struct cond *cond)
{
	int err = pthread_cond_signal(&cond->native);

	if (unlikely(err != 0))
		DIE_ERRNO(err, "pthread_cond_signal");
}

/*
 * Sleep while *word == expected, until a wake or a spurious wake-up.
 *
 * Returns at once if the word differs.  The caller loops.  The second form
 * also returns at the deadline, with false.
 */
void futex_wait(atomic_uint *word, unsigned expected);
bool futex_wait_until(
	atomic_uint *word, unsigned expected, int64_t deadline_ns);
/* Wake at most count sleepers of word; return how many there were. */
int futex_wake(atomic_uint *word, int count);

/* Let another runnable thread of this CPU run: sched_yield(2). */
void os_yield(void);

/* Tell the CPU that this is a spin loop. */
static inline void
cpu_relax(void)
{
#	if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#	elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#	else
	__asm__ volatile("" ::: "memory");
#	endif
}

#endif
#endif
