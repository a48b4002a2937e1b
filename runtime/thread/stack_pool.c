/* SPDX-License-Identifier: MIT */
/*
 * Machine stacks: mapped with a guard page, used again.
 *
 * Of our own, so that "no memory for a stack" is an error of the start and not
 * of something later, that a stack is given back by whoever joins its thread,
 * and that the child of a fork can drop those of the threads it has not.
 *
 * All calls with the GIL held.
 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/die.h"
#include "runtime/thread/runtime.h"

/* Stacks kept for the next start: as many threads as come and go at once. */
#define POOL_MOST 16

/* Lies at the upper end of its own mapping: the last that a stack reaches. */
struct thread_stack {
	struct thread_stack *next;
	char *mapping;
	size_t bytes;     /* of the mapping, guard page included */
	pthread_t native; /* of a zombie */
};

static struct thread_stack *pool;
static unsigned pool_count;

static size_t
page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static struct thread_stack *
map_stack(size_t bytes)
{
	size_t page = page_bytes();
	size_t total = (bytes + 2 * page - 1) / page * page;
	struct thread_stack *stack;
	char *mapping = mmap(NULL, total, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (mapping == MAP_FAILED)
		return NULL;
	if (mprotect(mapping, page, PROT_NONE) != 0) {
		if (munmap(mapping, total) != 0)
			DIE_ERRNO(errno, "munmap of a stack");
		return NULL;
	}
	stack = (struct thread_stack *)(void *)(mapping + total) - 1;
	stack->mapping = mapping;
	stack->bytes = total;
	return stack;
}

static void
unmap_stack(struct thread_stack *stack)
{
	if (munmap(stack->mapping, stack->bytes) != 0)
		DIE_ERRNO(errno, "munmap of a stack");
}

struct thread_stack *
stack_take(size_t bytes)
{
	struct thread_stack *stack = pool;

	if (stack == NULL)
		return map_stack(bytes);
	pool = stack->next;
	pool_count--;
	return stack;
}

void
stack_give_back(struct thread_stack *stack)
{
	if (pool_count == POOL_MOST) {
		unmap_stack(stack);
		return;
	}
	stack->next = pool;
	pool = stack;
	pool_count++;
}

/* Below this is the stack's, above it the word that keeps it in the pool. */
void *
stack_memory(struct thread_stack *stack, size_t *bytes)
{
	size_t page = page_bytes();
	size_t usable = stack->bytes - page - sizeof(*stack);

	*bytes = usable / 64 * 64; /* as stacks are aligned */
	return stack->mapping + page;
}

void
stack_pool_drop(void)
{
	stack_forget_chain(pool);
	pool = NULL;
	pool_count = 0;
}

unsigned
stack_pool_count(void)
{
	return pool_count;
}

void
stack_bury(struct thread_stack *stack, pthread_t native,
	struct thread_stack **zombies)
{
	stack->native = native;
	stack_chain(stack, zombies);
}

/* Returns whether the native thread has ended. */
static bool
join_native(const struct thread_stack *stack, bool waits)
{
	int err = waits ? pthread_join(stack->native, NULL)
			: pthread_tryjoin_np(stack->native, NULL);

	if (err != 0 && err != EBUSY)
		DIE_ERRNO(err, "pthread_join");
	return err == 0;
}

void
stack_reap(struct thread_stack **zombies, bool all)
{
	struct thread_stack **link = zombies;
	int left = 0;

	while (*link != NULL) {
		struct thread_stack *stack = *link;

		/* Those beyond a pool's worth are not left to lie. */
		if (join_native(stack, all || left == POOL_MOST)) {
			*link = stack->next;
			stack_give_back(stack);
		} else {
			link = &stack->next;
			left++;
		}
	}
}

void
stack_chain(struct thread_stack *stack, struct thread_stack **chain)
{
	stack->next = *chain;
	*chain = stack;
}

void
stack_forget_chain(struct thread_stack *chain)
{
	while (chain != NULL) {
		struct thread_stack *stack = chain;

		chain = stack->next;
		unmap_stack(stack);
	}
}
