/* SPDX-License-Identifier: MIT */
/* Interrupts: flag word, pending errors, raise and kill. */
#include "runtime/thread/interrupt.h"

#include <errno.h>

#include "common/clock.h"
#include "runtime/thread/runtime.h"
#include "runtime/thread/sleep.h"

/* ---- the flag word ------------------------------------------------------ */

unsigned
thread_pending_flags(const struct thread *self)
{
	/* Relaxed: what comes with a flag is ordered by the GIL, or by
	 * interrupt_lock. */
	return atm_load(&self->gil->flags, relaxed) & GIL_FLAGS_ABOVE &
	       ~self->held_flags;
}

/* Take those of bits that are set and not held.  Returns what was taken. */
static unsigned
take_flags(struct thread *self, unsigned bits)
{
	unsigned flags = atm_load(&self->gil->flags, relaxed);
	unsigned taken;

	do {
		taken = flags & bits & ~self->held_flags;
		if (taken == 0)
			return 0;
		/* Acquire: SIG-1 (signals.c). */
	} while (!atm_cas(&self->gil->flags, &flags, flags & ~taken, acquire));
	return taken;
}

void
thread_interrupt(struct thread *thread, unsigned bits)
{
	/* Relaxed: interrupt_lock orders it before the look at unblock. */
	atm_fetch_or(&thread->gil->flags, bits, relaxed);
	mutex_lock(&thread->interrupt_lock);
	if (thread->unblock != NULL)
		thread->unblock(thread, thread->unblock_arg);
	mutex_unlock(&thread->interrupt_lock);
}

/* ---- pending errors ----------------------------------------------------- */

bool
thread_pend(struct thread *thread, struct thread_error error)
{
	unsigned last;

	if (thread->npending == THREAD_ERRORS)
		return false;
	last = (thread->first_pending + thread->npending) % THREAD_ERRORS;
	thread->pending[last] = error;
	thread->npending++;
	return true;
}

static struct thread_error *
pending_at(const struct thread *thread, unsigned i)
{
	return (struct thread_error *)&thread
		->pending[(thread->first_pending + i) % THREAD_ERRORS];
}

/* The first that the mask lets in, or npending. */
static unsigned
find_deliverable(const struct thread *thread, bool is_blocking)
{
	uint32_t kept_out = thread->mask.never;
	unsigned i = 0;

	if (!is_blocking)
		kept_out |= thread->mask.on_blocking;
	while (i < thread->npending &&
		(kept_out >> pending_at(thread, i)->class & 1) != 0)
		i++;
	return i;
}

bool
thread_would_throw(const struct thread *self, bool is_blocking)
{
	return (self->held_flags & GIL_FLAG_ASYNC) == 0 &&
	       find_deliverable(self, is_blocking) < self->npending;
}

/* Throw the first error that the mask lets in, if there is one. */
static void
deliver(struct thread *self, bool is_blocking)
{
	unsigned i = find_deliverable(self, is_blocking);
	struct thread_error error;

	if (!thread_would_throw(self, is_blocking))
		return;
	error = *pending_at(self, i);
	for (; i > 0; i--)
		*pending_at(self, i) = *pending_at(self, i - 1);
	self->first_pending = (self->first_pending + 1) % THREAD_ERRORS;
	self->npending--;
	trace(TRACE_ERROR_DELIVERED, self->number);
	thread_throw(self, error);
}

void
thread_renew_flags(struct thread *self)
{
	unsigned bits = 0;

	if (self->npending > 0)
		bits |= GIL_FLAG_ASYNC;
	if (self == self->runtime->main && signals_are_pending())
		bits |= GIL_FLAG_SIGNAL;
	if (bits != 0)
		atm_fetch_or(&self->gil->flags, bits, relaxed); /* our own */
}

struct error_mask
thread_set_mask(struct thread *self, struct error_mask mask)
{
	struct error_mask before = self->mask;

	self->mask = mask;
	thread_renew_flags(self);
	thread_check_interrupts(self, false);
	return before;
}

/* ---- what a thread does about it ---------------------------------------- */

void
thread_execute_interrupts(
	struct thread *self, bool is_blocking, bool slice_is_over)
{
	trace(TRACE_EXECUTE_INTERRUPTS, self->number);
	/* One bit at a time: a handler may throw, and what was not taken yet
	 * must not be lost. */
	do {
		(void)take_flags(self, GIL_FLAG_INTERRUPT); /* we look up */
		if (take_flags(self, GIL_FLAG_SIGNAL) != 0)
			signals_run(self);
		/* An earlier look may have left some for a place that blocks. */
		if (take_flags(self, GIL_FLAG_ASYNC) != 0 || is_blocking)
			deliver(self, is_blocking);
	} while (thread_pending_flags(self) != 0);
	if (slice_is_over) {
		trace(TRACE_SCHEDULE, self->number);
		gil_schedule(self->gil);
	}
}

void
thread_interrupted(struct gil_thread *gil, bool slice_is_over)
{
	struct thread *self = gil->owner;

	trace(TRACE_CHECK_INTS, self->number);
	thread_execute_interrupts(self, false, slice_is_over);
}

/* ---- raise and kill ----------------------------------------------------- */

/* One at a time: wait, as Ruby 1.9 does, until the slot is free. */
static void
wait_for_slot(struct thread *self, struct thread *target)
{
	while (target->status != THREAD_KILLED && target->npending > 0) {
		/* Timed out or woken: it looks again. */
		(void)thread_sleep_until(self, clock_now_ns() + NS_PER_MS);
	}
}

/* The target learns of it where it is. */
static int
send(struct thread *self, struct thread *target, struct thread_error error)
{
	if (self->runtime->config.error_rule == ERRORS_SLOT)
		wait_for_slot(self, target);
	if (target->status == THREAD_KILLED)
		return thread_refuse(
			self, -ESRCH, "thread_raise: the thread has ended");
	if (!thread_pend(target, error))
		return thread_refuse(self, -EAGAIN,
			"thread_raise: too many errors are under way to the "
			"thread");
	thread_interrupt(target, GIL_FLAG_ASYNC);
	return 0;
}

int
thread_raise(
	struct thread *self, struct thread *target, struct thread_error error)
{
	if (target->status == THREAD_NEW || target->status == THREAD_KILLED)
		return thread_refuse(
			self, -ESRCH, "thread_raise: the thread does not live");
	if (error.kind != ERROR_RAISED || error.class == ERROR_CLASS_KILL ||
		error.class >= ERROR_CLASSES)
		return thread_refuse(self, -EINVAL,
			"thread_raise: an error is of class 1 to 31");
	if (target == self)
		thread_throw(self, error);
	return send(self, target, error);
}

int
thread_kill(struct thread *self, struct thread *target)
{
	struct thread_error error = {
		.kind = ERROR_KILLED, .class = ERROR_CLASS_KILL};

	if (target->status == THREAD_NEW || target->status == THREAD_KILLED)
		return thread_refuse(
			self, -ESRCH, "thread_kill: the thread does not live");
	if (target == self)
		thread_throw(self, error);
	return send(self, target, error);
}

/* ---- regions that can be left ------------------------------------------- */

void
region_begin_unblock(struct thread *self,
	void (*unblock)(struct thread *thread, void *arg), void *arg)
{
	int saved_errno = errno;

	if (self->activity != THREAD_RUNS)
		thread_misuse(self, "region_begin_unblock",
			"the GIL must be held, and regions do not nest");
	for (;;) {
		bool is_quiet;

		thread_check_interrupts(self, true);
		mutex_lock(&self->interrupt_lock);
		is_quiet = thread_pending_flags(self) == 0;
		if (is_quiet) {
			self->unblock = unblock;
			self->unblock_arg = arg;
		}
		mutex_unlock(&self->interrupt_lock);
		if (is_quiet)
			break;
	}
	self->activity = THREAD_IN_REGION;
	hook_tell(self, HOOK_REGION, 1);
	gil_drop(self->gil, GIL_REASON_REGION);
	errno = saved_errno;
}

void
region_end_unblock(struct thread *self)
{
	int saved_errno = errno;

	if (self->activity != THREAD_IN_REGION)
		thread_misuse(
			self, "region_end_unblock", "no region has begun");
	/* Before the GIL: an unblocked thread must not be disturbed in its
	 * wait for it. */
	mutex_lock(&self->interrupt_lock);
	self->unblock = NULL;
	mutex_unlock(&self->interrupt_lock);
	resender_remove(self);
	gil_take(self->gil);
	self->activity = THREAD_RUNS;
	hook_tell(self, HOOK_REGION, 0);
	thread_check_interrupts(self, true);
	errno = saved_errno;
}

int
region_begin_select(struct thread *self)
{
	int rc = resender_start();

	if (rc != 0)
		return thread_refuse(self, rc,
			"region_begin_select: the re-sender's thread cannot be "
			"created");
	region_begin_unblock(self, ubf_select, NULL);
	return 0;
}

void
thread_leave_gil(struct thread *self)
{
	if (self->activity != THREAD_RUNS)
		thread_misuse(self, "thread_leave_gil",
			"the GIL must be held, and regions do not nest");
	thread_check_interrupts(self, true);
	self->activity = THREAD_IN_REGION;
	hook_tell(self, HOOK_REGION, 1);
	gil_drop(self->gil, GIL_REASON_REGION);
}

void
thread_take_gil(struct thread *self)
{
	if (self->activity != THREAD_IN_REGION)
		thread_misuse(self, "thread_take_gil", "no region has begun");
	gil_take(self->gil);
	self->activity = THREAD_RUNS;
	hook_tell(self, HOOK_REGION, 0);
	thread_check_interrupts(self, true);
}
