/* SPDX-License-Identifier: MIT */
/*
 * Hooks: who listens to what.
 *
 * State        table   the listeners; calls.listening is the union of what they
 *                      want to hear
 * Who writes   table: with the GIL held and the lock taken for writing; hooks
 *              run with it taken for reading, so that remove can promise that
 *              its hook no longer runs.
 */
#include "runtime/thread/hooks.h"

#include <errno.h>
#include <string.h>

#include "common/die.h"
#include "runtime/thread/runtime.h"

struct listener {
	unsigned events; /* 0: a free place */
	hook_function *function;
	void *context;
};

static struct listener table[HOOKS_MOST];
static pthread_rwlock_t table_lock = PTHREAD_RWLOCK_INITIALIZER;

static void
lock_for(bool writing)
{
	int err = writing ? pthread_rwlock_wrlock(&table_lock)
			  : pthread_rwlock_rdlock(&table_lock);

	if (err != 0)
		DIE_ERRNO(err, "pthread_rwlock");
}

static void
unlock(void)
{
	int err = pthread_rwlock_unlock(&table_lock);

	if (err != 0)
		DIE_ERRNO(err, "pthread_rwlock_unlock");
}

void
hook_call(struct gil_thread *gil, enum gil_event event, unsigned arg)
{
	struct hook_info info = {
		.event = (enum hook_event)event, .arg = arg, .gil_id = gil->id};

	/* A request may come when its thread has ended; see hooks.h. */
	if (event != GIL_EVENT_REQUEST)
		info.thread = gil->owner;
	lock_for(false);
	for (int i = 0; i < HOOKS_MOST; i++)
		if (table[i].events & HOOK_BIT(event))
			table[i].function(&info, table[i].context);
	unlock();
}

/* After each change: what must be told at all. */
static void
publish(struct gil *gil)
{
	unsigned events = 0;

	for (int i = 0; i < HOOKS_MOST; i++)
		events |= table[i].events;
	atm_store(&gil->calls.listening, events, relaxed); /* see gil_tell() */
}

int
thread_hook_add(struct thread *self, unsigned events, hook_function *function,
	void *context)
{
	int place = 0;

	if ((events & HOOK_ALL) == 0 || function == NULL)
		return thread_refuse(self, -EINVAL,
			"thread_hook_add: a hook is for at least one event");
	while (place < HOOKS_MOST && table[place].events != 0)
		place++;
	if (place == HOOKS_MOST)
		return thread_refuse(self, -EAGAIN,
			"thread_hook_add: as many hooks as fit listen");
	lock_for(true);
	table[place] = (struct listener){events & HOOK_ALL, function, context};
	unlock();
	publish(self->runtime->gil);
	return place;
}

void
thread_hook_remove(struct thread *self, int number)
{
	if (number < 0 || number >= HOOKS_MOST || table[number].events == 0)
		thread_misuse(self, "thread_hook_remove", "no such hook");
	lock_for(true);
	table[number].events = 0;
	unlock();
	publish(self->runtime->gil);
}

void
hooks_start(struct gil *gil)
{
	memset(table, 0, sizeof(table)); /* of an earlier runtime */
	gil->calls.event = hook_call;
}

void
hooks_atfork_child(void)
{
	/* Who held it is not here; what it protects the GIL protects too. */
	table_lock = (pthread_rwlock_t)PTHREAD_RWLOCK_INITIALIZER;
}
