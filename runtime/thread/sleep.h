/* SPDX-License-Identifier: MIT */
/*
 * Sleep, wake-up, stop.
 *
 * Deadlines are absolute, in nanoseconds of CLOCK_MONOTONIC; one that has
 * passed ends a sleep at once.  Interrupts are looked at before, during and
 * after: each call may be unwound by an error thrown at self.  Callers hold
 * the GIL, and again on return.
 */
#ifndef RUNTIME_THREAD_SLEEP_H
#define RUNTIME_THREAD_SLEEP_H

#include "runtime/thread/thread.h"

/* Returns 0 if thread_wakeup() ended it, or -ETIMEDOUT. */
int thread_sleep_until(struct thread *self, int64_t deadline_ns);

/* Until thread_wakeup(). */
void thread_sleep_forever(struct thread *self);

/* The same; if all threads sleep in such ways, that is a deadlock. */
void thread_stop(struct thread *self);

/*
 * End the sleep of a thread.  Returns 0; -EAGAIN if it does not sleep, and
 * then nothing is remembered; -ESRCH if it has ended.
 */
int thread_wakeup(struct thread *self, struct thread *thread);

#endif
