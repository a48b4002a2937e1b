/* SPDX-License-Identifier: MIT */
/*
 * Interrupts: what other threads and signals ask of a thread.
 *
 * State        flags    the thread's word in gil.h: TIMER, INTERRUPT (look up
 *                       from what you wait for), SIGNAL (main: signals were
 *                       recorded), ASYNC (errors are pending)
 *              held     bits that the thread leaves alone for now: SIGNAL in a
 *                       handler, all of them in a wait that must not end
 *              unblock  how to end the thread's present wait, or NULL
 *              pending  errors of other threads' making, in their order
 * Transitions  anybody sets bits (atomic or), then calls unblock; the thread
 *              takes the bits that are not held (compare and swap) at a
 *              safepoint, at the beginning and the end of a region, and in
 *              every wait of this layer, and then runs signal handlers, throws
 *              a pending error, or yields, in this order
 * Who writes   flags: anybody; unblock: its thread, under interrupt_lock, GIL
 *              held; pending: with the GIL held; held: its thread
 * Lost?        never: a wait installs its unblock function and looks at the
 *              flags under one lock; an interrupter sets the flags and then
 *              looks for the function under the same lock.  A signal that ends
 *              a system call may come before the call: it is sent again until
 *              the thread has left its region (resender.c).
 * Recursion    a signal's handler may reach a safepoint: no second handler
 *              runs there, only an error or a yield, so there are at most two
 *              levels.
 * Source       Ruby 1.9.0 thread.c (the seed); 2.0 for queue and masks.
 */
#ifndef RUNTIME_THREAD_INTERRUPT_H
#define RUNTIME_THREAD_INTERRUPT_H

#include <stdbool.h>

#include "runtime/thread/thread.h"

/*
 * Throw an error at a thread.  Caller self holds the GIL, and again on return.
 *
 * The target meets it at its next safepoint, or at once where it waits.  At
 * self, it is thrown here.  Returns 0: it will be delivered, or the thread ends
 * before that; -ESRCH: the thread has ended; -EAGAIN: as many as fit are under
 * way, or the re-sender cannot be started; -EINVAL: no class of the program's.
 * With ERRORS_SLOT the caller waits until the slot is free.
 */
int thread_raise(
	struct thread *self, struct thread *target, struct thread_error error);

/* The same with a kill, which ends the thread. */
int thread_kill(struct thread *self, struct thread *target);

/* Errors that arrive meanwhile.  Returns the mask before; may throw. */
struct error_mask thread_set_mask(struct thread *self, struct error_mask mask);

/*
 * Look at what is asked of this thread.  Caller holds the GIL, and again on
 * return; errors are thrown, handlers run, the GIL may be yielded if
 * slice_is_over.  is_blocking: the thread is about to block, or comes from it.
 */
void thread_execute_interrupts(
	struct thread *self, bool is_blocking, bool slice_is_over);

/* The same, where nothing may be asked: a load and a branch, or two. */
static inline void
thread_check_interrupts(struct thread *self, bool is_blocking)
{
	if (unlikely((atm_load(&self->gil->flags, relaxed) & GIL_FLAGS_ABOVE) ||
		     (is_blocking && self->npending > 0)))
		thread_execute_interrupts(self, is_blocking, false);
}

/*
 * Call handler(self, signal) in the main thread when the signal comes, once
 * for each time; NULL: as before the first call for this signal.
 *
 * The C handler only counts.  Caller holds the GIL.  Returns 0, -EINVAL for a
 * signal that cannot be caught or is the runtime's own, -EAGAIN if the
 * re-sender cannot be started.  The handler may throw.
 */
int thread_trap(
	struct thread *self, int signal, void (*handler)(struct thread *, int));

/*
 * Blocking regions that can be left early.
 *
 * unblock(thread, arg) must make the region's code return soon, whenever it is
 * called between begin and end, however often; it may be called from any
 * thread, without the GIL.  Interrupts are looked at before and after, so both
 * calls may throw.  errno survives the second.
 */
void region_begin_unblock(struct thread *self,
	void (*unblock)(struct thread *thread, void *arg), void *arg);
void region_end_unblock(struct thread *self);

/*
 * An unblock function: a signal to the native thread, sent again until it has
 * left the region.  System calls end with EINTR.
 */
void ubf_select(struct thread *thread, void *arg);

/*
 * region_begin_unblock() with ubf_select.  Returns 0, or -EAGAIN, GIL held, if
 * the re-sender cannot be started.
 */
int region_begin_select(struct thread *self);

#endif
