/* SPDX-License-Identifier: MIT */
/*
 * A first-in-first-out list whose links lie in its members.
 *
 * It takes no lock and no memory: the caller's lock protects it, and a member
 * brings its own node, which is in at most one list.  A member may also leave
 * from the middle, for waiters that get what they wait for out of turn.
 */
#ifndef RUNTIME_GIL_FIFO_H
#define RUNTIME_GIL_FIFO_H

#include <stdbool.h>
#include <stddef.h>

struct fifo_node {
	struct fifo_node *next;
	struct fifo_node *previous;
};

/* A ring: the node before the first and after the last is `ends`. */
struct fifo {
	struct fifo_node ends;
};

static inline void
fifo_init(struct fifo *fifo)
{
	fifo->ends.next = &fifo->ends;
	fifo->ends.previous = &fifo->ends;
}

static inline bool
fifo_is_empty(const struct fifo *fifo)
{
	return fifo->ends.next == &fifo->ends;
}

/* The oldest and the newest member, or NULL. */
static inline struct fifo_node *
fifo_first(const struct fifo *fifo)
{
	return fifo_is_empty(fifo) ? NULL : fifo->ends.next;
}

static inline struct fifo_node *
fifo_last(const struct fifo *fifo)
{
	return fifo_is_empty(fifo) ? NULL : fifo->ends.previous;
}

static inline void
fifo_append(struct fifo *fifo, struct fifo_node *node)
{
	node->next = &fifo->ends;
	node->previous = fifo->ends.previous;
	node->previous->next = node;
	fifo->ends.previous = node;
}

static inline void
fifo_prepend(struct fifo *fifo, struct fifo_node *node)
{
	node->previous = &fifo->ends;
	node->next = fifo->ends.next;
	node->next->previous = node;
	fifo->ends.next = node;
}

/* The node must be in a list. */
static inline void
fifo_remove(struct fifo_node *node)
{
	node->previous->next = node->next;
	node->next->previous = node->previous;
}

/* Take the oldest member out; NULL if there is none. */
static inline struct fifo_node *
fifo_pop(struct fifo *fifo)
{
	struct fifo_node *first = fifo_first(fifo);

	if (first != NULL)
		fifo_remove(first);
	return first;
}

#endif
