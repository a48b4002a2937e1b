/* SPDX-License-Identifier: MIT */
/* A captured block, for the files that start threads with one. */
#ifndef RUNTIME_THREAD_PROC_H
#define RUNTIME_THREAD_PROC_H

#include "runtime/thread/block.h"

/* Caller holds the GIL. */
void proc_call(struct proc *proc, struct thread *self, void *arg);

#endif
