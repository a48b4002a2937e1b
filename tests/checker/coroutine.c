/* SPDX-License-Identifier: MIT */
/* Switching stacks by hand, on x86-64 and arm64. */
#include "tests/checker/coroutine.h"

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)

#	define NSAVED 6 /* rbp, rbx, r12 to r15 */

__asm__(".text\n"
	".globl coroutine_switch\n"
	".type coroutine_switch, @function\n"
	"coroutine_switch:\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	ret\n"
	".size coroutine_switch, .-coroutine_switch\n");

void *
coroutine_new(unsigned char *stack, size_t bytes, void (*entry)(void))
{
	uintptr_t *top = (uintptr_t *)(void *)(stack + bytes);

	memset(stack, 0, bytes);
	/* entry() finds the stack as after a call: 8 below a multiple of 16,
	 * with a return address of 0. */
	top -= 2;
	*--top = 0;
	*--top = (uintptr_t)entry;
	return top - NSAVED;
}

#else
#	error "the checker switches stacks by hand, and knows x86-64 only"
#endif
