/* SPDX-License-Identifier: MIT */
/*
 * Lists of threads that wait for something, first come, first served.
 *
 * All of it with the GIL held: a waker and a waiter never meet.
 */
#ifndef RUNTIME_THREAD_WAIT_H
#define RUNTIME_THREAD_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct thread;

/* Deadlines are absolute, in nanoseconds of CLOCK_MONOTONIC. */
#define WAIT_FOREVER INT64_MAX

struct waiter {
	struct thread *thread;
	struct waiter *next, *previous;
	bool is_granted; /* got what it waited for, and is off the list */
};

struct wait_list {
	struct waiter *first, *last;
};

static inline bool
wait_list_is_empty(const struct wait_list *list)
{
	return list->first == NULL;
}

/* Append self, or put it in front; prepare it for its sleep. */
void wait_enlist(struct wait_list *list, struct waiter *waiter,
	struct thread *self, bool in_front);

/*
 * Sleep until granted, interrupted, or the deadline.  The waiter is off the
 * list on return.  Returns 0 if granted, -EINTR if there are interrupts to
 * look at, else -ETIMEDOUT.  is_deadly: a wait for ever may be a deadlock.
 */
int wait_for_grant(struct thread *self, struct wait_list *list,
	struct waiter *waiter, int64_t deadline_ns, bool is_deadly);

/* Take the first waiter off the list and wake it.  Returns it, or NULL. */
struct thread *wait_grant_first(struct wait_list *list);

/* The same, but a thread that sleeps is left to the caller to wake (park). */
struct thread *wait_grant_quietly(struct wait_list *list);

/* Take a thread that will never run again off the list that it is on. */
void wait_give_up(struct thread *thread);

#endif
