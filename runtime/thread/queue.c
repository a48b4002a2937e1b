/* SPDX-License-Identifier: MIT */
/*
 * Semaphore, event and queue of the language.
 *
 * A semaphore's unit goes to the first waiter directly.  A queue's waiters are
 * woken to look again, since whoever runs may have been faster.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/thread/runtime.h"

#define QUEUE_FIRST_SIZE 16

/*
 * Wait once.  Returns 0 if granted, -EINTR if handlers ran and the caller may
 * go on, -ETIMEDOUT.  If self is to be unwound, give_back(object) comes first
 * for what was granted.
 */
static int
wait_once(struct thread *self, struct wait_list *list, int64_t deadline_ns,
	void (*give_back)(void *object), void *object)
{
	struct waiter waiter;
	int rc;

	wait_enlist(list, &waiter, self, false);
	rc = wait_for_grant(self, list, &waiter, deadline_ns, true);
	if (rc == 0 && thread_would_throw(self, true))
		give_back(object);
	thread_check_interrupts(self, true);
	return rc;
}

/* ---- semaphore ---------------------------------------------------------- */

void
thread_semaphore_init(struct thread_semaphore *semaphore, unsigned long count)
{
	memset(semaphore, 0, sizeof(*semaphore));
	semaphore->count = count;
}

static void
post_again(void *semaphore)
{
	thread_semaphore_post(semaphore);
}

int
thread_semaphore_wait(struct thread *self, struct thread_semaphore *semaphore,
	int64_t deadline_ns)
{
	int rc = -EINTR;

	while (rc == -EINTR) {
		if (semaphore->count > 0) {
			semaphore->count--;
			return 0;
		}
		rc = wait_once(self, &semaphore->waiters, deadline_ns,
			post_again, semaphore);
	}
	return rc;
}

void
thread_semaphore_wait_firmly(
	struct thread *self, struct thread_semaphore *semaphore)
{
	unsigned held = self->held_flags;

	self->held_flags = GIL_FLAGS_ABOVE;
	while (thread_semaphore_wait(self, semaphore, WAIT_FOREVER) != 0)
		continue; /* for nothing, which cannot be */
	self->held_flags = held;
}

void
thread_semaphore_post(struct thread_semaphore *semaphore)
{
	if (wait_grant_first(&semaphore->waiters) == NULL)
		semaphore->count++;
}

/* ---- event -------------------------------------------------------------- */

void
thread_event_init(struct thread_event *event)
{
	memset(event, 0, sizeof(*event));
}

static void
give_nothing_back(void *object)
{
	(void)object; /* an event is for all who wait */
}

int
thread_event_wait(
	struct thread *self, struct thread_event *event, int64_t deadline_ns)
{
	int rc = -EINTR;

	while (rc == -EINTR && !event->is_set)
		rc = wait_once(self, &event->waiters, deadline_ns,
			give_nothing_back, event);
	return event->is_set ? 0 : rc;
}

void
thread_event_set(struct thread_event *event)
{
	event->is_set = true;
	while (wait_grant_first(&event->waiters) != NULL)
		continue;
}

void
thread_event_clear(struct thread_event *event)
{
	event->is_set = false;
}

/* ---- queue -------------------------------------------------------------- */

void
thread_queue_init(struct thread_queue *queue, size_t limit)
{
	memset(queue, 0, sizeof(*queue));
	queue->limit = limit;
}

void
thread_queue_destroy(struct thread_queue *queue)
{
	free(queue->items);
	memset(queue, 0, sizeof(*queue));
}

static int
grow(struct thread_queue *queue)
{
	size_t size = queue->size == 0 ? QUEUE_FIRST_SIZE : 2 * queue->size;
	void **items = calloc(size, sizeof(*items));

	if (items == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < queue->used; i++)
		items[i] = queue->items[(queue->first + i) % queue->size];
	free(queue->items);
	queue->items = items;
	queue->size = size;
	queue->first = 0;
	return 0;
}

static bool
is_full(const struct thread_queue *queue)
{
	return queue->limit != 0 && queue->used == queue->limit;
}

/* Who was woken for an item or a place leaves it to the next. */
static void
wake_popper(void *object)
{
	struct thread_queue *queue = object;

	if (queue->used > 0)
		(void)wait_grant_first(&queue->poppers); /* if there is one */
}

static void
wake_pusher(void *object)
{
	struct thread_queue *queue = object;

	if (!is_full(queue))
		(void)wait_grant_first(&queue->pushers); /* if there is one */
}

int
thread_queue_push(struct thread *self, struct thread_queue *queue, void *item,
	int64_t deadline_ns)
{
	while (is_full(queue) && !queue->is_closed) {
		int rc = wait_once(
			self, &queue->pushers, deadline_ns, wake_pusher, queue);

		if (rc == -ETIMEDOUT && is_full(queue))
			return rc;
	}
	if (queue->is_closed)
		return thread_refuse(
			self, -EPIPE, "thread_queue_push: the queue is closed");
	if (queue->used == queue->size) {
		int rc = grow(queue);

		if (rc != 0)
			return rc;
	}
	queue->items[(queue->first + queue->used++) % queue->size] = item;
	wake_popper(queue);
	return 0;
}

int
thread_queue_pop(struct thread *self, struct thread_queue *queue, void **item,
	int64_t deadline_ns)
{
	while (queue->used == 0) {
		int rc;

		if (queue->is_closed)
			return -EPIPE;
		rc = wait_once(
			self, &queue->poppers, deadline_ns, wake_popper, queue);
		if (rc == -ETIMEDOUT && queue->used == 0)
			return rc;
	}
	*item = queue->items[queue->first];
	queue->first = (queue->first + 1) % queue->size;
	queue->used--;
	wake_pusher(queue);
	return 0;
}

void
thread_queue_close(struct thread_queue *queue)
{
	queue->is_closed = true;
	while (wait_grant_first(&queue->poppers) != NULL)
		continue;
	while (wait_grant_first(&queue->pushers) != NULL)
		continue;
}
