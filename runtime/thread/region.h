/* SPDX-License-Identifier: MIT */
/*
 * Blocking regions: code that runs without the GIL.
 *
 * A thread that is about to block gives the GIL up, so that the others may
 * run beside it, and takes it back afterwards.  Between the two calls it must
 * not touch what the GIL protects.  errno survives both.
 *
 * Interrupts are looked at before and after: signal handlers run there, and
 * errors of other threads' making are thrown.  Nothing ends the region early;
 * interrupt.h has regions that can be left.
 *
 * Inlined, hence compiled once per policy.
 */
#ifndef RUNTIME_THREAD_REGION_H
#define RUNTIME_THREAD_REGION_H

#include <errno.h>

#include "runtime/gil/fast.h"
#include "runtime/thread/hooks.h"
#include "runtime/thread/interrupt.h"
#include "runtime/thread/misuse.h"
#include "runtime/thread/thread.h"

/* Caller holds the GIL; on return it does not. */
static inline void
region_begin(struct thread *self)
{
	int saved_errno = errno;

	if (unlikely(self->activity != THREAD_RUNS))
		thread_misuse(self, "region_begin",
			"the GIL must be held, and regions do not nest");
	thread_check_interrupts(self, true);
	self->activity = THREAD_IN_REGION;
	hook_tell(self, HOOK_REGION, 1);
	gil_probe(self->gil, RING_REGION_BEGIN, 0);
	gil_release(self->gil, GIL_REASON_REGION);
	errno = saved_errno;
}

/* Caller is in a region; on return it holds the GIL. */
static inline void
region_end(struct thread *self)
{
	int saved_errno = errno;

	if (unlikely(self->activity != THREAD_IN_REGION))
		thread_misuse(self, "region_end", "no region has begun");
	gil_probe(self->gil, RING_REGION_END, 0);
	gil_acquire(self->gil);
	self->activity = THREAD_RUNS;
	hook_tell(self, HOOK_REGION, 0);
	thread_check_interrupts(self, true);
	errno = saved_errno;
}

/* The safepoint and the voluntary yield, for code that has a struct thread. */
static inline void
thread_poll(struct thread *self)
{
	gil_poll(self->gil);
}

static inline void
thread_pass(struct thread *self)
{
	(void)gil_yield(self->gil, GIL_REASON_YIELD); /* or nobody waits */
}

#endif
