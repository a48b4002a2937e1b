/* SPDX-License-Identifier: MIT */
/*
 * The global interpreter lock's cold half: creation, safepoint, dumps.
 *
 * Compiled once per policy, since it is here that the policy's types are
 * known to the code that does not inline them.
 */
#include "runtime/gil/gil.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"
#include "common/sync.h"
#include "runtime/gil/fast.h"

/* One GIL per process; its descriptors are kept until it is destroyed. */
static struct gil_lock *the_lock;
static struct {
	pthread_mutex_t mutex;
	struct gil_thread *free;
	struct gil_member **members;
	uint32_t count;
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static const struct gil_option options[] = {
	POLICY_OPTIONS{NULL, NULL, NULL, NULL},
};

static void *
aligned_zeroed(size_t bytes)
{
	void *memory = NULL;

	if (posix_memalign(&memory, CACHELINE_BYTES, bytes) != 0)
		return NULL;
	memset(memory, 0, bytes);
	return memory;
}

int
gil_create(struct gil **gil, int usable_cpus, int64_t slice_ns)
{
	struct gil_lock *lock;

	if (the_lock != NULL)
		return -EEXIST;
	lock = aligned_zeroed(sizeof(*lock));
	if (lock == NULL)
		return -ENOMEM;
	lock->gil.usable_cpus = usable_cpus;
	policy_init(&lock->policy);
	lock->gil.tick.slice_count = gil_variant.slice_count;
	if (slice_ns == 0)
		slice_ns = gil_variant.slice_ns;
	tick_init(&lock->gil, gil_variant.tick, slice_ns,
		POLICY_TICK_NS != 0 && POLICY_TICK_NS < slice_ns
			? POLICY_TICK_NS
			: slice_ns);
	the_lock = lock;
	*gil = &lock->gil;
	return 0;
}

void
gil_destroy(struct gil *gil)
{
	struct gil_lock *lock = CONTAINER_OF(gil, struct gil_lock, gil);

	tick_stop(gil);
	for (uint32_t i = 0; i < pool.count; i++) {
		ring_destroy(&pool.members[i]->thread.ring);
		free(pool.members[i]);
	}
	free(pool.members);
	pool.members = NULL;
	pool.count = 0;
	pool.free = NULL;
	free(lock);
	the_lock = NULL;
}

/* Caller holds pool.mutex. */
static struct gil_member *
new_member(void)
{
	struct gil_member **members =
		realloc(pool.members, (pool.count + 1) * sizeof(*pool.members));
	struct gil_member *member = aligned_zeroed(sizeof(*member));

	if (members != NULL)
		pool.members = members;
	if (members == NULL || member == NULL) {
		free(member);
		return NULL;
	}
	member->thread.id = pool.count;
	policy_waiter_init(&member->waiter);
	pool.members[pool.count++] = member;
	return member;
}

static struct gil_thread *
take_from_pool(void)
{
	struct gil_thread *thread = pool.free;

	if (thread != NULL) {
		pool.free = thread->next_free;
		return thread;
	}
	struct gil_member *member = new_member();

	return member == NULL ? NULL : &member->thread;
}

static void
pool_lock(void)
{
	int err = pthread_mutex_lock(&pool.mutex);

	if (err != 0)
		DIE_ERRNO(err, "pthread_mutex_lock");
}

static void
pool_unlock(void)
{
	int err = pthread_mutex_unlock(&pool.mutex);

	if (err != 0)
		DIE_ERRNO(err, "pthread_mutex_unlock");
}

struct gil_thread *
gil_thread_new(struct gil *gil, uint64_t ring_events)
{
	struct gil_thread *thread;

	pool_lock();
	thread = take_from_pool();
	pool_unlock();
	if (thread == NULL)
		return NULL;
	thread->gil = gil;
	thread->owner = NULL;
	thread->priority = 0;
	thread->ticks_served = 0;
	memset(&thread->counters, 0, sizeof(thread->counters));
	atm_store(&thread->flags, 0, relaxed); /* not yet shared */
	thread->above = NULL;
	thread->reason = GIL_REASON_EXIT; /* it comes from no region */
	thread->ticks_left = (int32_t)gil->tick.slice_count;
	if (ring_events != 0 && GIL_PROBES && thread->ring.events == NULL &&
		ring_init(&thread->ring, ring_events) != 0) {
		gil_thread_retire(thread);
		return NULL;
	}
	ring_clear(&thread->ring);
	return thread;
}

void
gil_thread_retire(struct gil_thread *thread)
{
	pool_lock();
	thread->next_free = pool.free;
	pool.free = thread;
	pool_unlock();
}

/*
 * A policy that excludes nobody is for one thread's loop; but threads are still
 * started, joined and ended beside it, which needs a lock.  So the calls that
 * are not inlined hold one, throughout: a region of such a policy gives up
 * nothing, and the next thread comes when this one ends or calls gil_drop().
 */
#if POLICY_MAX_THREADS == 1
static struct mutex outer = {PTHREAD_MUTEX_INITIALIZER};

static void
outer_lock(void)
{
	mutex_lock(&outer);
}

static void
outer_unlock(void)
{
	mutex_unlock(&outer);
}
#else
static void
outer_lock(void)
{
}

static void
outer_unlock(void)
{
}
#endif

void
gil_attach(struct gil_thread *self)
{
	atm_fetch_add(&self->gil->living, 1, relaxed); /* only a count */
	outer_lock();
	gil_acquire(self);
}

void
gil_detach(struct gil_thread *self)
{
	atm_fetch_sub(&self->gil->living, 1, relaxed); /* only a count */
	gil_release(self, GIL_REASON_EXIT);
	outer_unlock();
}

void
gil_take(struct gil_thread *self)
{
	outer_lock();
	gil_acquire(self);
}

void
gil_drop(struct gil_thread *self, enum gil_reason reason)
{
	gil_release(self, reason);
	outer_unlock();
}

void
gil_safepoint(struct gil_thread *self)
{
	unsigned flags =
		atm_fetch_and(&self->flags, ~GIL_FLAGS_OF_HOLD, relaxed);

	gil_probe(self, RING_SAFEPOINT, flags);
#if GIL_TICK == 5
	if (self->ticks_left <= 0) {
		self->ticks_left = (int32_t)self->gil->tick.slice_count;
		flags |= GIL_FLAG_TIMER;
	}
#elif GIL_TICK == 7
	if (clock_now_ns() >= self->slice_end_ns) {
		self->slice_end_ns = clock_now_ns() + self->gil->tick.slice_ns;
		flags |= GIL_FLAG_TIMER;
	}
#endif
	if (flags & GIL_FLAG_TIMER)
		gil_tell(self->gil, self, GIL_EVENT_TICK, 0);
	/* The end of the slice answers it too. */
	if ((flags & GIL_FLAG_SWITCH) && !(flags & GIL_FLAG_TIMER))
		(void)gil_yield(self, GIL_REASON_ASKED); /* or it was served */
	if (flags == GIL_FLAG_SWITCH)
		return;
	if (self->gil->calls.interrupted != NULL)
		self->gil->calls.interrupted(self, flags & GIL_FLAG_TIMER);
	else if (flags & GIL_FLAG_TIMER)
		gil_schedule(self);
}

void
gil_schedule(struct gil_thread *self)
{
	int turns = 1;

	if (unlikely(self->priority > 0)) {
		if (++self->ticks_served < 1 << self->priority)
			return;
		self->ticks_served = 0;
	} else if (unlikely(self->priority < 0)) {
		turns = 1 << -self->priority;
	}
	while (turns-- > 0)
		if (!gil_yield(self, GIL_REASON_FORCED))
			break; /* nobody waits */
}

const char *
gil_set_option(struct gil *gil, const char *name, const char *value)
{
	return policy_set_option(gil_policy(gil), name, value);
}

const struct gil_option *
gil_options(void)
{
	return options;
}

int
gil_max_threads(void)
{
	return POLICY_MAX_THREADS;
}

bool
gil_separates(void)
{
	return POLICY_SEPARATES;
}

bool
gil_spins(void)
{
	return POLICY_SPINS;
}

void
gil_dump(struct gil *gil, char *text, int capacity)
{
	struct gil_thread *holder = atm_load(&gil->holder, relaxed);
	int length = snprintf(text, (size_t)capacity,
		"holder=%d hold=%llu waiters=%d living=%d ",
		holder == NULL ? -1 : (int)holder->id,
		(unsigned long long)atm_load(&gil->hold_seq, relaxed),
		atm_load(&gil->nwaiters, relaxed),
		atm_load(&gil->living, relaxed));

	if (length < capacity)
		policy_dump(gil_policy(gil), text + length, capacity - length);
}

int
gil_atfork_child(struct gil_thread *self)
{
	struct gil *gil = self->gil;

	atm_store(&gil->nwaiters, 0, relaxed); /* one thread */
	atm_store(&gil->living, 1, relaxed);
	atm_store(&gil->holder, self, relaxed);
	policy_atfork_child(gil_policy(gil), self);
	/* Descriptors of threads that do not exist here, used again later. */
	for (uint32_t i = 0; i < pool.count; i++)
		if (&pool.members[i]->thread != self)
			policy_waiter_init(&pool.members[i]->waiter);
	/* The thread that held it may not exist here. */
	pool.mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	tick_atfork_child(gil);
	return 0;
}

int
gil_start_ticks(struct gil *gil)
{
	return tick_ensure(gil);
}

void
gil_bare_pairs(int64_t count)
{
	static atomic_uint word[3] CACHELINE_ALIGNED;

	for (int64_t i = 0; i < count; i++)
		policy_bare_pair(word);
}
