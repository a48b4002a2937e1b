/* SPDX-License-Identifier: MIT */
/*
 * Switching stacks by hand, so that a state is a few hundred bytes that can be
 * copied: ucontext's swapcontext() would make two system calls per switch.
 */
#ifndef TESTS_CHECKER_COROUTINE_H
#define TESTS_CHECKER_COROUTINE_H

#include <stddef.h>

/*
 * Prepare a stack on which entry() begins at the first switch to it; entry
 * never returns.  Returns its stack pointer.
 */
void *coroutine_new(unsigned char *stack, size_t bytes, void (*entry)(void));

/* Store this stack's pointer, run on another.  All registers are on it. */
void coroutine_switch(void **save, void *load);

#endif
