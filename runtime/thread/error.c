/* SPDX-License-Identifier: MIT */
/* Errors that unwind a thread, and mistakes of those who use it. */
#include "runtime/thread/error.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/die.h"
#include "runtime/thread/runtime.h"

void
thread_misuse(const struct thread *self, const char *function, const char *rule)
{
	fprintf(stderr, "%s: %s (thread %s)\n", function, rule,
		self == NULL ? "unknown" : self->name);
	abort();
}

int
thread_refuse(struct thread *self, int rc, const char *sentence)
{
	if (self != NULL)
		self->refusal = sentence;
	return rc;
}

const char *
thread_refusal(const struct thread *self)
{
	return self->refusal;
}

/* Nobody in the main thread caught it: the process ends. */
static _Noreturn void
end_process(const struct thread *self, struct thread_error error)
{
	switch (error.kind) {
	case ERROR_FATAL:
		fprintf(stderr, "%s", (const char *)error.value);
		break;
	case ERROR_KILLED:
		exit(EXIT_SUCCESS); /* as Ruby's main thread, killed */
	case ERROR_NONE:
	case ERROR_RAISED:
		fprintf(stderr,
			"thread %s: nobody caught an error of class %u\n",
			self->name, error.class);
	}
	exit(EXIT_FAILURE);
}

void
thread_throw(struct thread *self, struct thread_error error)
{
	struct thread_frame *frame = self->frames;

	if (self->activity != THREAD_RUNS)
		thread_misuse(self, "thread_throw",
			"an error is thrown with the GIL held");
	if (frame == NULL)
		end_process(self, error);
	if (error.kind == ERROR_KILLED)
		self->status = THREAD_TO_KILL;
	frame->error = error;
	longjmp(frame->jump, 1);
}

void
thread_exit(struct thread *self)
{
	thread_throw(self, (struct thread_error){.kind = ERROR_KILLED});
}

/* The thread goes on behind its thread_protect(). */
static void
land(struct thread *self, struct thread_frame *frame)
{
	struct heap *heap = &self->runtime->heap;

	self->frames = frame->outer;
	self->mask = frame->mask;
	self->held_flags = frame->held_flags;
	gc_current_stack(heap)->top = frame->roots;
	/* A handler that was left may have had successors. */
	thread_renew_flags(self);
}

/*
 * What was thrown is copied out of the frame, which longjmp() leaves alone:
 * it is not a variable of the function that called setjmp().
 */
static bool
enter(struct thread *self, struct thread_frame *frame,
	void (*body)(struct thread *self, void *arg), void *arg)
{
	if (setjmp(frame->jump) != 0)
		return false;
	self->frames = frame;
	body(self, arg);
	return true;
}

bool
thread_protect(struct thread *self,
	void (*body)(struct thread *self, void *arg), void *arg,
	struct thread_error *error)
{
	struct thread_frame frame = {.outer = self->frames,
		.mask = self->mask,
		.held_flags = self->held_flags,
		.roots = gc_current_stack(&self->runtime->heap)->top};

	if (enter(self, &frame, body, arg)) {
		self->frames = frame.outer;
		return true;
	}
	land(self, &frame);
	/* It is no longer unwinding; whoever goes on, throws it again. */
	if (self->status == THREAD_TO_KILL)
		self->status = THREAD_ALIVE;
	*error = frame.error;
	return false;
}
