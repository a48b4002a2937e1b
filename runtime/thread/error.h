/* SPDX-License-Identifier: MIT */
/*
 * Errors that unwind a thread, and where they are caught.
 *
 * thread_throw() goes back to the innermost thread_protect() of the thread, as
 * longjmp does: C code in between is left where it is, so what it must give
 * back it gives back in a thread_protect() of its own, and throws again.  An
 * error that nobody catches ends the thread and is kept for those who join it.
 * In the main thread it ends the process.
 */
#ifndef RUNTIME_THREAD_ERROR_H
#define RUNTIME_THREAD_ERROR_H

#include <stdbool.h>
#include <stdint.h>

struct thread;

enum thread_error_kind {
	ERROR_NONE,
	ERROR_RAISED, /* an error of the program */
	ERROR_KILLED, /* Thread#kill: unwinds to the end */
	ERROR_FATAL   /* deadlock */
};

/*
 * Errors come in 32 classes, so that masks can tell them apart: class 0 is
 * kills and deadlocks, the others are the program's.
 */
#define ERROR_CLASS_KILL 0u
#define ERROR_CLASSES    32u

struct thread_error {
	enum thread_error_kind kind;
	unsigned class;
	void *value; /* the program's; a const char * for ERROR_FATAL */
};

/* When errors of other threads' making are let in, one bit per class. */
struct error_mask {
	uint32_t never;       /* not at all, for now */
	uint32_t on_blocking; /* only where the thread would block */
};

/* Caller holds the GIL, and whoever catches it does. */
_Noreturn void thread_throw(struct thread *self, struct thread_error error);

/*
 * Call body(self, arg).  Returns true, or false if an error was thrown, which
 * is then in *error.  Masks and root stack are as before the call.
 */
bool thread_protect(struct thread *self,
	void (*body)(struct thread *self, void *arg), void *arg,
	struct thread_error *error);

/* End this thread, as if it had been killed. */
_Noreturn void thread_exit(struct thread *self);

#endif
