/* SPDX-License-Identifier: MIT */
/*
 * Mutex, condition, queue, semaphore and event of the language.
 *
 * They are for the programs that the runtime executes: a thread that waits
 * gives the GIL up.  All state changes with the GIL held, so a free lock costs
 * no atomic operation.  Callers hold the GIL, and again on return.
 *
 * Waits end at an absolute deadline (WAIT_FOREVER: none) with -ETIMEDOUT, and
 * are interrupted: signal handlers run and the wait goes on; an error thrown
 * at self unwinds it, and what had been granted meanwhile goes to the next in
 * line.  Waits without a deadline count for deadlock detection.
 *
 * The structures may lie anywhere and need no destruction; nobody may wait.
 */
#ifndef RUNTIME_THREAD_LOCK_H
#define RUNTIME_THREAD_LOCK_H

#include "runtime/thread/wait.h"

struct thread_mutex {
	struct thread *owner;
	unsigned depth; /* locks of a recursive mutex by its owner */
	bool is_recursive;
	bool is_abandoned;   /* its owner has ended */
	struct thread *heir; /* woken, and not yet the owner (MUTEX_HEIR) */
	struct wait_list waiters;
	struct thread_mutex *next_held; /* of the same owner */
	unsigned long waits;            /* locks that had to wait */
};

void thread_mutex_init(struct thread_mutex *mutex, bool is_recursive);

/*
 * Returns 0; -EOWNERDEAD: locked, but its last owner ended with it; -EDEADLK:
 * self owns it and it is not recursive; -ETIMEDOUT.
 */
int thread_mutex_lock(
	struct thread *self, struct thread_mutex *mutex, int64_t deadline_ns);

/* Returns 0 or -EOWNERDEAD, or -EBUSY: somebody else has it; -EDEADLK. */
int thread_mutex_trylock(struct thread *self, struct thread_mutex *mutex);

/* Returns 0, or -EPERM: self does not own it. */
int thread_mutex_unlock(struct thread *self, struct thread_mutex *mutex);

struct thread_condition {
	struct wait_list waiters;
};

void thread_condition_init(struct thread_condition *condition);

/*
 * Unlock the mutex, wait for a signal, lock it again, all levels of it.
 * Returns 0, -ETIMEDOUT, or -EPERM: self does not own the mutex.  An error is
 * thrown with the mutex locked.
 */
int thread_condition_wait(struct thread *self,
	struct thread_condition *condition, struct thread_mutex *mutex,
	int64_t deadline_ns);
void thread_condition_signal(struct thread_condition *condition);
void thread_condition_broadcast(struct thread_condition *condition);

struct thread_semaphore {
	unsigned long count;
	struct wait_list waiters;
};

void thread_semaphore_init(
	struct thread_semaphore *semaphore, unsigned long count);
/* Returns 0 or -ETIMEDOUT. */
int thread_semaphore_wait(struct thread *self,
	struct thread_semaphore *semaphore, int64_t deadline_ns);
/* The same until it is there: interrupts stay pending meanwhile. */
void thread_semaphore_wait_firmly(
	struct thread *self, struct thread_semaphore *semaphore);
void thread_semaphore_post(struct thread_semaphore *semaphore);

struct thread_event {
	bool is_set;
	struct wait_list waiters;
};

void thread_event_init(struct thread_event *event);
int thread_event_wait(
	struct thread *self, struct thread_event *event, int64_t deadline_ns);
void thread_event_set(struct thread_event *event);
void thread_event_clear(struct thread_event *event);

struct thread_queue {
	void **items;      /* a ring */
	size_t size, used; /* places; taken */
	size_t first;
	size_t limit; /* most items; 0: any number */
	bool is_closed;
	struct wait_list poppers, pushers;
};

void thread_queue_init(struct thread_queue *queue, size_t limit);
void thread_queue_destroy(struct thread_queue *queue);
/* Returns 0; -ETIMEDOUT: full; -EPIPE: closed; -ENOMEM. */
int thread_queue_push(struct thread *self, struct thread_queue *queue,
	void *item, int64_t deadline_ns);
/* Returns 0; -ETIMEDOUT: empty; -EPIPE: empty and closed. */
int thread_queue_pop(struct thread *self, struct thread_queue *queue,
	void **item, int64_t deadline_ns);
/* No more pushes; who waits for a push that will not come, wakes up. */
void thread_queue_close(struct thread_queue *queue);

#endif
