/* SPDX-License-Identifier: MIT */
/*
 * Hooks: functions that are called when something happens to a thread.
 *
 * Eight events, after Ruby's instrumentation of its lock (Feature #18339).  A
 * hook must not take or give up the GIL, block for long, or change hooks.
 * Where nobody listens an event costs a load and a branch.
 *
 *   event      called by          GIL held  arg
 *   STARTED    the creator        yes
 *   READY      the thread         no        wants the GIL, must wait
 *   RESUMED    the thread         yes       1: it had to wait
 *   SUSPENDED  the thread         yes       enum gil_reason
 *   EXITED     the thread         yes
 *   REQUEST    who asks           either    the flag that was set
 *   TICK       the thread         yes       saw that its slice is over
 *   REGION     the thread         yes       1: begins, 0: has ended
 */
#ifndef RUNTIME_THREAD_HOOKS_H
#define RUNTIME_THREAD_HOOKS_H

#include <stdint.h>

#include "runtime/thread/thread.h"

enum hook_event {
	HOOK_READY = GIL_EVENT_READY,
	HOOK_RESUMED = GIL_EVENT_RESUMED,
	HOOK_SUSPENDED = GIL_EVENT_SUSPENDED,
	HOOK_REQUEST = GIL_EVENT_REQUEST,
	HOOK_TICK = GIL_EVENT_TICK,
	HOOK_STARTED,
	HOOK_EXITED,
	HOOK_REGION,
	HOOK_EVENTS
};

#define HOOK_BIT(event) (1u << (event))
#define HOOK_ALL        (HOOK_BIT(HOOK_EVENTS) - 1)
#define HOOKS_MOST      8

struct hook_info {
	enum hook_event event;
	unsigned arg;
	/* The thread that it happens to.  NULL for REQUEST, whose thread may
	 * end meanwhile; gil_id still tells it from the others. */
	struct thread *thread;
	uint32_t gil_id;
};

typedef void hook_function(const struct hook_info *info, void *context);

/*
 * Call function for each of events (HOOK_BIT()s), from now on.  Caller holds
 * the GIL.  Returns a number for thread_hook_remove(), or -EAGAIN if
 * HOOKS_MOST listen, -EINVAL without events.
 */
int thread_hook_add(struct thread *self, unsigned events,
	hook_function *function, void *context);

/* On return the hook does not run, and will not. */
void thread_hook_remove(struct thread *self, int number);

/* Tell those who listen; gil.h does it for its own events. */
void hook_call(struct gil_thread *gil, enum gil_event event, unsigned arg);
static inline void
hook_tell(struct thread *thread, enum hook_event event, unsigned arg)
{
	gil_tell(thread->gil->gil, thread->gil, (enum gil_event)event, arg);
}

#endif
