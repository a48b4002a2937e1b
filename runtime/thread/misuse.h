/* SPDX-License-Identifier: MIT */
/*
 * Mistakes of the code that uses the runtime.
 *
 * Two kinds: a call that cannot be honoured returns an error, and the sentence
 * is kept for thread_refusal(); a call that has no way to return one, or after
 * which nothing can be right, ends the process.  Both name the function and
 * the rule, in release builds too.
 */
#ifndef RUNTIME_THREAD_MISUSE_H
#define RUNTIME_THREAD_MISUSE_H

struct thread;

/* "FUNCTION: RULE (thread NAME)" on stderr, then abort. */
_Noreturn void thread_misuse(
	const struct thread *self, const char *function, const char *rule);

/* Keep the sentence, return the error.  self may be NULL. */
int thread_refuse(struct thread *self, int rc, const char *sentence);

#endif
