/* SPDX-License-Identifier: MIT */
/* Blocking primitives over pthreads and the futex system call. */
#include "common/sync.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"

void
mutex_init(struct mutex *mutex)
{
	int err = pthread_mutex_init(&mutex->native, NULL);

	if (err != 0)
		DIE_ERRNO(err, "pthread_mutex_init");
}

void
mutex_destroy(struct mutex *mutex)
{
	int err = pthread_mutex_destroy(&mutex->native);

	if (err != 0)
		DIE_ERRNO(err, "pthread_mutex_destroy");
}

void
cond_init(struct cond *cond)
{
	pthread_condattr_t attr;
	int err = pthread_condattr_init(&attr);

	if (err == 0)
		err = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (err == 0)
		err = pthread_cond_init(&cond->native, &attr);
	if (err == 0)
		err = pthread_condattr_destroy(&attr);
	if (err != 0)
		DIE_ERRNO(err, "pthread_cond_init");
}

void
cond_destroy(struct cond *cond)
{
	int err = pthread_cond_destroy(&cond->native);

	if (err != 0)
		DIE_ERRNO(err, "pthread_cond_destroy");
}

void
cond_wait(struct cond *cond, struct mutex *mutex)
{
	int err = pthread_cond_wait(&cond->native, &mutex->native);

	if (err != 0)
		DIE_ERRNO(err, "pthread_cond_wait");
}

bool
cond_wait_until(struct cond *cond, struct mutex *mutex, int64_t deadline_ns)
{
	struct timespec until = clock_timespec(deadline_ns);
	int err = pthread_cond_timedwait(&cond->native, &mutex->native, &until);

	if (err != 0 && err != ETIMEDOUT)
		DIE_ERRNO(err, "pthread_cond_timedwait");
	return err == 0;
}

void
cond_broadcast(struct cond *cond)
{
	int err = pthread_cond_broadcast(&cond->native);

	if (err != 0)
		DIE_ERRNO(err, "pthread_cond_broadcast");
}

/* Return whether the wait ended before its deadline. */
static bool
futex_wait_timeout(
	atomic_uint *word, unsigned expected, const struct timespec *until)
{
	/* The BITSET form takes an absolute deadline of CLOCK_MONOTONIC. */
	long rc =
		syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG,
			expected, until, NULL, FUTEX_BITSET_MATCH_ANY);

	if (rc == 0 || errno == EAGAIN || errno == EINTR)
		return true;
	if (errno != ETIMEDOUT)
		DIE_ERRNO(errno, "futex(FUTEX_WAIT_BITSET)");
	return false;
}

void
futex_wait(atomic_uint *word, unsigned expected)
{
	(void)futex_wait_timeout(word, expected, NULL); /* no deadline */
}

bool
futex_wait_until(atomic_uint *word, unsigned expected, int64_t deadline_ns)
{
	struct timespec until = clock_timespec(deadline_ns);

	return futex_wait_timeout(word, expected, &until);
}

int
futex_wake(atomic_uint *word, int count)
{
	long rc = syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG,
		count, NULL, NULL, 0);

	if (rc < 0)
		DIE_ERRNO(errno, "futex(FUTEX_WAKE)");
	return (int)rc;
}

void
os_yield(void)
{
	if (sched_yield() != 0)
		DIE_ERRNO(errno, "sched_yield");
}
