/* SPDX-License-Identifier: MIT */
/*
 * Blocks with captured variables, and threads that run them.
 *
 * A block is code and the frame that it was written in.  A frame's variables
 * live on its method's stack; a block that outlives the method must not refer
 * to them there.  So block_proc() moves the variables of that frame and of all
 * frames round it to the heap and makes the frames refer to the copies: from
 * then on the creator and the thread share them, by reference.
 *
 * Cost: depth x variables copied, once per frame (Ruby's vm_make_env_each).
 */
#ifndef RUNTIME_THREAD_BLOCK_H
#define RUNTIME_THREAD_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/thread/thread.h"

/* Variables of one frame on the heap.  [G] all of it. */
struct env {
	struct env *outer; /* of the frame round it, or NULL */
	unsigned references;
	size_t count;
	intptr_t variables[];
};

/* A frame: in C, whatever has variables that a block may use. */
struct frame {
	struct frame *outer; /* the frame round it, or NULL */
	intptr_t *variables; /* on the stack; in env once captured */
	size_t count;
	struct env *env; /* NULL: never captured */
};

struct proc;

/* GIL held; env's variables are the innermost frame's. */
typedef void block_code(struct thread *self, struct env *env, void *arg);

struct block {
	block_code *code;
	struct frame *frame; /* NULL: uses no variables */
};

/* Returns a block that may outlive its frames, or NULL without memory. */
struct proc *block_proc(const struct block *block);
void proc_free(struct proc *proc);

/* The method of this frame returns: its variables may live on in the heap. */
void frame_end(struct frame *frame);

/* The variable number i of the frame depth levels further out. */
static inline intptr_t *
env_variable(struct env *env, unsigned depth, size_t i)
{
	while (depth-- > 0)
		env = env->outer;
	return &env->variables[i];
}

/*
 * Ruby's Thread.new: allocate, initialize, start.  The thread calls the block
 * with arg.  Returns 0 and *thread, to be given back with thread_free() or
 * thread_detach(); or -errno as thread_start(), -EINVAL without a block.
 */
int thread_s_new(struct thread *self, const char *name,
	const struct block *block, void *arg, struct thread **thread);

/*
 * Its two halves, for subclasses.  thread_alloc() returns NULL without memory.
 * thread_initialize(): -EINVAL: no block; -EALREADY: initialized twice.
 */
struct thread *thread_alloc(struct thread *self, const char *name);
int thread_initialize(struct thread *self, struct thread *thread,
	const struct block *block, void *arg);

/* Join, retire, free.  Never started: only freed. */
void thread_free(struct thread *self, struct thread *thread);

/* Nobody will join it: it is freed after its end. */
void thread_detach(struct thread *thread);

#endif
