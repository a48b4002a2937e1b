/* SPDX-License-Identifier: MIT */
/*
 * Captured blocks: variables move to the heap, frames follow them.
 *
 * An env lives as long as its frame, an inner env or a proc refers to it; all
 * counts change with the GIL held.
 */
#include "runtime/thread/block.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/thread/proc.h"
#include "runtime/thread/runtime.h"

struct proc {
	block_code *code;
	struct env *env; /* NULL: uses no variables */
};

static struct env *
env_refer(struct env *env)
{
	if (env != NULL)
		env->references++;
	return env;
}

static void
env_forget(struct env *env)
{
	while (env != NULL && --env->references == 0) {
		struct env *outer = env->outer;

		free(env);
		env = outer;
	}
}

/*
 * The frame's variables on the heap, those of the frames round it first, as
 * Ruby's vm_make_env_each does.  Returns NULL without memory; what was moved
 * until then stays moved, which nobody notices.
 */
static struct env *
make_env_each(struct frame *frame)
{
	struct env *outer = NULL, *env;

	if (frame->env != NULL)
		return frame->env;
	if (frame->outer != NULL) {
		outer = make_env_each(frame->outer);
		if (outer == NULL)
			return NULL;
	}
	env = malloc(sizeof(*env) + frame->count * sizeof(env->variables[0]));
	if (env == NULL)
		return NULL;
	trace(TRACE_MAKE_ENV, 0);
	env->outer = env_refer(outer);
	env->references = 1; /* the frame's */
	env->count = frame->count;
	memcpy(env->variables, frame->variables,
		frame->count * sizeof(env->variables[0]));
	/* The creator uses the copy from now on: that is what "shared" means */
	frame->variables = env->variables;
	frame->env = env;
	return env;
}

struct proc *
block_proc(const struct block *block)
{
	struct proc *proc = malloc(sizeof(*proc));
	struct env *env = NULL;

	trace(TRACE_BLOCK_PROC, 0);
	if (proc == NULL)
		return NULL;
	if (block->frame != NULL) {
		env = make_env_each(block->frame);
		if (env == NULL) {
			free(proc);
			return NULL;
		}
	}
	proc->code = block->code;
	proc->env = env_refer(env);
	return proc;
}

void
proc_call(struct proc *proc, struct thread *self, void *arg)
{
	proc->code(self, proc->env, arg);
}

void
proc_free(struct proc *proc)
{
	env_forget(proc->env);
	free(proc);
}

void
frame_end(struct frame *frame)
{
	env_forget(frame->env);
	frame->env = NULL;
	frame->variables = NULL;
}
