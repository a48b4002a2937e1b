/* SPDX-License-Identifier: MIT */
/*
 * Root stacks and nothing behind them: the heap's side of thread switches.
 *
 * State        current  the stack of the thread that runs
 *              map      thread -> stack, which holds its top; a dead thread's
 *                       place stays, without a stack, until the next rebuild
 *              fresh    a stack that nobody uses: a prepared one, or a dead
 *                       thread's (a pool of one)
 * Transitions  prepare: fresh is filled if it is empty; run: look the thread
 *              up, adopt fresh if it has no stack, make it current; die: the
 *              stack to fresh or to free(), main's stack becomes current
 * Not as there PyPy keeps the current top in a global and saves it in the map
 *              at each switch.  Here it stays in the stack: two threads that
 *              take turns on two CPUs would else fetch three more cache lines
 *              from each other at each switch.
 * Pathology    one fresh slot: two starts that nobody serialises leave the
 *              second thread without a stack, which dies loudly.
 */
#include "runtime/heap/heap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/die.h"

#define FIRST_MAP_SIZE 16

struct stack_entry {
	uint64_t thread;          /* 0: a free place */
	struct root_stack *stack; /* NULL: dead */
};

/* ---- the map ------------------------------------------------------------ */

/* Multiplicative hashing: thread numbers are consecutive. */
static size_t
place_of(const struct heap *heap, uint64_t thread)
{
	return (size_t)(thread * UINT64_C(0x9e3779b97f4a7c15) >> 32) &
	       (heap->map_size - 1);
}

/* The thread's place, or the free place where it would be. */
static struct stack_entry *
find(const struct heap *heap, uint64_t thread)
{
	size_t place = place_of(heap, thread);

	while (heap->map[place].thread != thread &&
		heap->map[place].thread != 0)
		place = (place + 1) & (heap->map_size - 1);
	return &heap->map[place];
}

/* Copy the living into a map of so many places.  Returns 0 or -ENOMEM. */
static int
rebuild(struct heap *heap, size_t size)
{
	struct stack_entry *old = heap->map;
	size_t old_size = heap->map_size;
	struct stack_entry *map = calloc(size, sizeof(*map));

	if (map == NULL)
		return -ENOMEM;
	heap->map = map;
	heap->map_size = size;
	heap->map_used = 0;
	for (size_t i = 0; i < old_size; i++) {
		if (old[i].stack == NULL)
			continue;
		*find(heap, old[i].thread) = old[i];
		heap->map_used++;
	}
	free(old);
	return 0;
}

/* Keep half of the map free, for one thread more than are under way. */
static int
make_room(struct heap *heap)
{
	if (2 * (heap->map_used + heap->detached + 1) <= heap->map_size)
		return 0;
	return rebuild(heap, 2 * heap->map_size);
}

/* ---- stacks ------------------------------------------------------------- */

static struct root_stack *
new_stack(const struct heap *heap)
{
	struct root_stack *stack =
		malloc(sizeof(*stack) + heap->stack_entries * sizeof(void *));

	if (stack != NULL)
		stack->limit = stack->roots + heap->stack_entries;
	return stack;
}

/* Put a stack that nobody uses into the slot, or free it. */
static void
keep_or_free(struct heap *heap, struct root_stack *stack)
{
	if (heap->fresh == NULL)
		heap->fresh = stack;
	else
		free(stack);
}

int
heap_init(struct heap *heap, void **current, size_t stack_entries)
{
	memset(heap, 0, sizeof(*heap));
	heap->current = current;
	heap->stack_entries =
		stack_entries == 0 ? HEAP_DEFAULT_STACK_ENTRIES : stack_entries;
	return rebuild(heap, FIRST_MAP_SIZE);
}

void
heap_destroy(struct heap *heap)
{
	for (size_t i = 0; i < heap->map_size; i++)
		free(heap->map[i].stack);
	free(heap->map);
	free(heap->fresh);
	*heap->current = NULL;
	memset(heap, 0, sizeof(*heap));
}

int
gc_thread_prepare(struct heap *heap)
{
	/* The room too: gc_thread_run() has nobody to report to. */
	int rc = make_room(heap);

	if (rc != 0 || heap->fresh != NULL)
		return rc;
	heap->fresh = new_stack(heap);
	return heap->fresh == NULL ? -ENOMEM : 0;
}

static void
adopt_fresh(struct heap *heap, struct stack_entry *entry, uint64_t thread)
{
	if (heap->fresh == NULL)
		DIE("missing gc_thread_prepare: thread %llu runs without a "
		    "root stack",
			(unsigned long long)thread);
	if (entry->thread == 0)
		heap->map_used++;
	entry->thread = thread;
	entry->stack = heap->fresh;
	entry->stack->thread = thread;
	entry->stack->top = entry->stack->roots;
	heap->fresh = NULL;
	if (heap->main == NULL)
		heap->main = entry->stack;
}

void
gc_thread_run(struct heap *heap, uint64_t thread)
{
	struct stack_entry *entry = find(heap, thread);

	if (unlikely(entry->stack == NULL))
		adopt_fresh(heap, entry, thread);
	*heap->current = entry->stack;
}

void
gc_thread_die(struct heap *heap, uint64_t thread)
{
	struct stack_entry *entry = find(heap, thread);

	if (entry->stack == NULL)
		DIE("gc_thread_die: thread %llu has no root stack",
			(unsigned long long)thread);
	if (entry->stack == heap->main)
		DIE("gc_thread_die: the main thread's root stack is the last "
		    "one");
	*heap->current = heap->main;
	keep_or_free(heap, entry->stack);
	entry->stack = NULL;
	if (++heap->dead < HEAP_DEATHS_PER_REBUILD)
		return;
	if (rebuild(heap, heap->map_size) == 0) { /* else at the next death */
		heap->dead = 0;
		heap->rebuilds++;
	}
}

void
gc_threads_forget(struct heap *heap, uint64_t survivor)
{
	gc_thread_run(heap, survivor);
	for (size_t i = 0; i < heap->map_size; i++) {
		struct stack_entry *entry = &heap->map[i];

		if (entry->thread == survivor)
			continue;
		free(entry->stack);
		entry->stack = NULL;
	}
	heap->main = *heap->current;
	heap->detached = 0; /* those stacks went with their threads' objects */
}

struct root_stack *
gc_fresh_detach(struct heap *heap)
{
	struct root_stack *stack = heap->fresh;

	heap->fresh = NULL;
	heap->detached++;
	return stack;
}

void
gc_fresh_attach(struct heap *heap, struct root_stack *stack)
{
	/* A dead thread's may lie there: one of them is enough. */
	keep_or_free(heap, stack);
	heap->detached--;
}

/* ---- roots -------------------------------------------------------------- */

void
gc_walk_roots(struct heap *heap,
	void (*visit)(void *context, uint64_t thread, void **root),
	void *context)
{
	for (size_t i = 0; i < heap->map_size; i++) {
		struct stack_entry *entry = &heap->map[i];

		if (entry->stack == NULL)
			continue;
		for (void **root = entry->stack->roots;
			root < entry->stack->top; root++)
			visit(context, entry->thread, root);
	}
}

size_t
gc_thread_count(const struct heap *heap)
{
	size_t count = 0;

	for (size_t i = 0; i < heap->map_size; i++)
		count += heap->map[i].stack != NULL;
	return count;
}

void
gc_root_overflow(const struct heap *heap)
{
	DIE("gc_push_root: thread %llu has more than %zu roots",
		(unsigned long long)gc_current_stack(heap)->thread,
		heap->stack_entries);
}

void
gc_root_underflow(const struct heap *heap)
{
	DIE("gc_pop_root: thread %llu has no roots",
		(unsigned long long)gc_current_stack(heap)->thread);
}
