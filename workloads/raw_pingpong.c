/* SPDX-License-Identifier: MIT */
/*
 * The bare primitive that a handoff is held against.
 *
 * Each side waits until its own word is 1, sets it to 0 and the other's to 1.
 * RAW-1: the store of 1 (release) pairs with the load that sees it (acquire).
 */
#include "workloads/raw_pingpong.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "common/affinity.h"
#include "common/atomic.h"
#include "common/clock.h"
#include "common/compiler.h"
#include "common/sync.h"

enum raw_mode { RAW_SPIN, RAW_FUTEX, RAW_COND };

struct side {
	atomic_uint word CACHELINE_ALIGNED; /* [A] 1: it is my turn */
	struct mutex mutex;
	struct cond cond;
	struct side *other;
	enum raw_mode mode;
	int cpu;           /* -1: any */
	int pin_error;     /* read after the join */
	uint64_t passages; /* read after the join */
	atomic_bool *stop;
};

static void
wait_turn(struct side *me)
{
	if (me->mode == RAW_COND) {
		mutex_lock(&me->mutex);
		while (atm_load(&me->word, relaxed) == 0) /* the mutex orders */
			cond_wait(&me->cond, &me->mutex);
		atm_store(&me->word, 0, relaxed);
		mutex_unlock(&me->mutex);
		return;
	}
	while (atm_load(&me->word, acquire) == 0) { /* RAW-1 */
		if (me->mode == RAW_FUTEX)
			futex_wait(&me->word, 0);
		else
			cpu_relax();
	}
	atm_store(&me->word, 0, relaxed); /* nobody else looks until we pass */
}

static void
pass_turn(struct side *other)
{
	if (other->mode == RAW_COND) {
		mutex_lock(&other->mutex);
		atm_store(&other->word, 1, relaxed); /* the mutex orders */
		cond_signal(&other->cond);
		mutex_unlock(&other->mutex);
		return;
	}
	atm_store(&other->word, 1, release); /* RAW-1 */
	if (other->mode == RAW_FUTEX)
		(void)futex_wake(&other->word, 1); /* it may not sleep yet */
}

/* After the stop each side passes once more, so that the other sees it. */
static void *
side_main(void *arg)
{
	struct side *me = arg;

	if (me->cpu >= 0)
		me->pin_error = affinity_pin(me->cpu);
	while (!atm_load(me->stop, relaxed)) {
		wait_turn(me);
		me->passages++;
		pass_turn(me->other);
	}
	pass_turn(me->other);
	return NULL;
}

static int
start_sides(struct side *sides, pthread_t *threads, atomic_bool *stop)
{
	int err = pthread_create(&threads[0], NULL, side_main, &sides[0]);

	if (err != 0)
		return -err;
	err = pthread_create(&threads[1], NULL, side_main, &sides[1]);
	if (err == 0)
		return 0;
	atm_store(stop, true, relaxed);
	pass_turn(&sides[0]);
	(void)pthread_join(threads[0], NULL); /* err is what the caller needs */
	return -err;
}

static int
find_mode(const char *name, enum raw_mode *mode)
{
	if (strcmp(name, "spin") == 0)
		*mode = RAW_SPIN;
	else if (strcmp(name, "futex") == 0)
		*mode = RAW_FUTEX;
	else if (strcmp(name, "cond") == 0)
		*mode = RAW_COND;
	else
		return -ENOTSUP;
	return 0;
}

int
raw_pingpong(const char *mode_name, const int *cpus, int64_t duration_ns,
	uint64_t *passages, int64_t *wall_ns)
{
	static struct side sides[2];
	atomic_bool stop = false;
	pthread_t threads[2];
	enum raw_mode mode;
	int64_t begin_ns;
	int rc = find_mode(mode_name, &mode);

	if (rc != 0)
		return rc;
	for (int i = 0; i < 2; i++) {
		sides[i] = (struct side){.other = &sides[1 - i],
			.mode = mode,
			.cpu = cpus == NULL ? -1 : cpus[i],
			.stop = &stop};
		mutex_init(&sides[i].mutex);
		cond_init(&sides[i].cond);
	}
	rc = start_sides(sides, threads, &stop);
	if (rc != 0)
		return rc;
	begin_ns = clock_now_ns();
	pass_turn(&sides[0]);
	clock_sleep_until_ns(begin_ns + duration_ns);
	atm_store(&stop, true, relaxed);
	*wall_ns += clock_now_ns() - begin_ns;
	for (int i = 0; i < 2; i++) {
		(void)pthread_join(threads[i], NULL); /* both were created */
		*passages += sides[i].passages;
		if (sides[i].pin_error != 0)
			rc = sides[i].pin_error;
	}
	return rc;
}
