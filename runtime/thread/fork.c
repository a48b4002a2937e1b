/* SPDX-License-Identifier: MIT */
/*
 * Fork: what the child keeps of its parent's threads.
 *
 * The child has one thread, a copy of the one that forked, which held the GIL,
 * so all that the GIL protects is whole.  What another thread may have held at
 * that moment is made anew: the GIL's own locks, interrupt_lock, the
 * re-sender's mutex.  The others' stacks hold their waiters and may hold
 * threads' objects: they are unmapped last.
 */
#include "runtime/thread/fork.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/thread/runtime.h"

/* This thread is not in the child.  Its stack is returned. */
static struct thread_stack *
bury(struct thread *thread)
{
	struct thread_stack *stack = thread->stack;

	wait_give_up(thread);
	thread_unprepare_roots(thread);
	if (thread->status != THREAD_KILLED)
		thread->error = (struct thread_error){.kind = ERROR_KILLED};
	thread->status = THREAD_KILLED;
	thread->activity = THREAD_RUNS;
	thread->waker = WAKER_NONE;
	thread->unblock = NULL;
	thread->is_resent = false;
	atm_store(&thread->is_out, true, relaxed); /* one thread */
	thread->stack = NULL;
	mutex_init(&thread->interrupt_lock); /* whoever held it is not here */
	return stack;
}

/* Those of a list except self; their stacks are added to *stacks. */
static void
bury_all(struct thread **list, struct thread *self,
	struct thread_stack **stacks, struct thread **detached)
{
	struct thread *thread = *list;

	while (thread != NULL) {
		struct thread *next = thread->next;
		struct thread_stack *stack;

		if (thread != self) {
			thread_list_remove(list, thread);
			stack = bury(thread);
			if (stack != NULL)
				stack_chain(stack, stacks);
			if (thread->frees_itself)
				thread_list_add(detached, thread);
			else
				thread_abandon_mutexes(thread);
		}
		thread = next;
	}
}

static void
free_all(struct thread *thread)
{
	while (thread != NULL) {
		struct thread *next = thread->next;

		thread_abandon_mutexes(thread);
		thread_retire(thread);
		free(thread);
		thread = next;
	}
}

void
thread_atfork_child(struct thread *self)
{
	struct runtime *runtime = self->runtime;
	struct thread_stack *stacks = NULL;
	struct thread *detached = NULL;

	(void)gil_atfork_child(self->gil); /* it cannot fail */
	runtime->pid = getpid();
	runtime->main = self;
	self->unblock = NULL;
	self->is_resent = false;
	mutex_init(&self->interrupt_lock);
	resender_atfork_child();
	hooks_atfork_child();
	if (!BUG_FORK_KEEPS_THREADS)
		bury_all(&runtime->living, self, &stacks, &detached);
	bury_all(&runtime->dead, self, &stacks, &detached);
	free_all(detached);
	runtime->nliving = 1;
	runtime->nsleep_forever = 0;
	gc_threads_forget(&runtime->heap, self->number);
	bootstrapper_init(&runtime->bootstrapper);
	signals_set_main(self);
	stack_forget_chain(runtime->zombies);
	runtime->zombies = NULL;
	stack_forget_chain(stacks);
}

pid_t
thread_fork(struct thread *self)
{
	pid_t pid;

	if (self->activity != THREAD_RUNS)
		thread_misuse(self, "thread_fork", "the GIL must be held");
	pid = fork();
	if (pid == 0)
		thread_atfork_child(self);
	return pid < 0 ? (pid_t)-errno : pid;
}
