/* SPDX-License-Identifier: MIT */
/*
 * The heap as threads see it: whose root stack is current.
 *
 * A collector must find the roots of threads that do not run.  Each thread
 * keeps them on a root stack ("shadow stack") of its own, which remembers how
 * high it is; one is current, that of the thread that runs.  Four calls tell
 * the heap what happens to threads:
 *
 *   gc_thread_prepare()  a thread is about to be started: a fresh stack is
 *                        allocated, and not used yet.  That memory runs out
 *                        is seen here, by the one who starts it.
 *   gc_thread_run()      this thread runs now.  One that was never seen before
 *                        gets the fresh stack; else its own is made current.
 *   gc_thread_die()      this thread ends; its stack becomes the fresh one, or
 *                        is freed.
 *   gc_walk_roots()      visit the roots of all threads.
 *
 * Callers exclude each other: the heap knows nothing of locks.  Threads are
 * numbers that are never used twice, except after gc_thread_die().
 *
 * There is one fresh stack only, so a second start may be prepared before the
 * first thread has run if the first fresh stack has been taken out of the slot
 * (gc_fresh_detach()) or if starts wait for each other, as in the PyPy of 2008.
 *
 * Source: PyPy r55343 (2008), rpython/memory/gctransform/framework.py.
 */
#ifndef RUNTIME_HEAP_HEAP_H
#define RUNTIME_HEAP_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "common/compiler.h"

/* 64 KiB a thread: deep enough for any program here, cheap to allocate. */
#define HEAP_DEFAULT_STACK_ENTRIES 8192

/* Dead threads leave holes in the map; it is made anew after so many. */
#define HEAP_DEATHS_PER_REBUILD 512

struct stack_entry;

/* A thread writes its own stack only: a switch touches no other's lines. */
struct root_stack {
	void **top;   /* the next free place */
	void **limit; /* behind the last place */
	uint64_t thread;
	void *roots[];
};

struct heap {
	/*
	 * The current stack lies where the caller wants it: beside what a
	 * switch writes anyway, so that it costs no cache line of its own.
	 */
	void **current;          /* [C] -> struct root_stack, NULL: none yet */
	struct stack_entry *map; /* thread -> stack; hashed */
	size_t map_size;         /* places, a power of two */
	size_t map_used;         /* places taken, by the dead too */
	size_t detached;         /* stacks taken out and not yet put back */
	struct root_stack *fresh;
	size_t stack_entries;    /* [C] capacity of a stack */
	struct root_stack *main; /* of the first thread that ran */
	unsigned dead;           /* since the last rebuild */
	unsigned rebuilds;       /* for tests */
};

/*
 * *current, which must hold NULL, belongs to the heap until heap_destroy().
 * stack_entries 0: HEAP_DEFAULT_STACK_ENTRIES.  Returns 0, or -ENOMEM.
 */
int heap_init(struct heap *heap, void **current, size_t stack_entries);

/* All threads have died, or will never run again. */
void heap_destroy(struct heap *heap);

/* Returns 0, or -ENOMEM; nothing is left behind then. */
int gc_thread_prepare(struct heap *heap);

/*
 * Dies with "missing gc_thread_prepare" if the thread is new and no fresh
 * stack is there.  Cost: a look into the map and a store.
 */
void gc_thread_run(struct heap *heap, uint64_t thread);

/*
 * The thread that runs ends: the main thread's stack is current until the next
 * gc_thread_run().  It must have run, and not be the main thread.
 */
void gc_thread_die(struct heap *heap, uint64_t thread);

/* In the child of a fork: all threads but this one are gone, and their stacks */
void gc_threads_forget(struct heap *heap, uint64_t survivor);

/*
 * Take the fresh stack out of the slot, to travel with the thread that it is
 * for; put it back before that thread's first gc_thread_run(), or after a
 * failed start.
 */
struct root_stack *gc_fresh_detach(struct heap *heap);
void gc_fresh_attach(struct heap *heap, struct root_stack *stack);

/* Visit every root of every thread, by the place where it is kept. */
void gc_walk_roots(struct heap *heap,
	void (*visit)(void *context, uint64_t thread, void **root),
	void *context);

/* Threads that have a stack in use. */
size_t gc_thread_count(const struct heap *heap);

_Noreturn void gc_root_overflow(const struct heap *heap);
_Noreturn void gc_root_underflow(const struct heap *heap);

/* The stack of the thread that runs. */
static inline struct root_stack *
gc_current_stack(const struct heap *heap)
{
	return *heap->current;
}

/* Keep an object alive until gc_pop_root(). */
static inline void
gc_push_root(struct heap *heap, void *object)
{
	struct root_stack *stack = gc_current_stack(heap);

	if (unlikely(stack->top == stack->limit))
		gc_root_overflow(heap);
	*stack->top++ = object;
}

static inline void *
gc_pop_root(struct heap *heap)
{
	struct root_stack *stack = gc_current_stack(heap);

	if (unlikely(stack->top == stack->roots))
		gc_root_underflow(heap);
	return *--stack->top;
}

#endif
