/* SPDX-License-Identifier: MIT */
/*
 * Fork of a process with a runtime.
 *
 * In the child the forking thread is the main thread and owns the GIL; nobody
 * waits for it; the other threads have ended, killed, and their stacks and root
 * stacks are dropped; no timer or re-sender thread runs until one is needed.
 */
#ifndef RUNTIME_THREAD_FORK_H
#define RUNTIME_THREAD_FORK_H

#include <sys/types.h>

#include "runtime/thread/thread.h"

/* Caller holds the GIL, and again on return.  As fork(2); or -errno. */
pid_t thread_fork(struct thread *self);

/*
 * What the child must do first, for programs that call fork(2) themselves.
 * thread_fork() does it.
 */
void thread_atfork_child(struct thread *self);

#endif
