/* SPDX-License-Identifier: MIT */
/*
 * The subject of the checker: one GIL of the policy under test, with its
 * threads' descriptors, in memory that the checker can copy and hash.
 *
 * subject.c is compiled once per policy and waiting mode; the rest of the
 * checker once.
 */
#ifndef TESTS_CHECKER_SUBJECT_H
#define TESTS_CHECKER_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct subject_range {
	void *at;
	size_t bytes;
};

struct subject {
	const char *policy; /* "handoff" */
	const char *mode;   /* "futex", or "" */
	int tick_source;    /* 1 to 7: T1 to T7; 0: none */
	int max_threads;    /* 1: it excludes nobody */
	int64_t slice_ns;

	struct subject_range memory; /* all that a thread can change */
	/* what of it tells one state from another: not its statistics */
	const struct subject_range *hashed;
	int nhashed;
};

extern const struct subject subject;

/* A new GIL that nobody holds.  usable_cpus as gil_create() has it. */
void subject_reset(int usable_cpus);

/* An option of the policy, after subject_reset().  NULL, or why not. */
const char *subject_set_option(const char *name, const char *value);

/*
 * Run a thread's script to its end.  Letters:
 *   a  attach: join the living, acquire      x  detach: exit release
 *   r  a blocking region: release, acquire   y  yield by itself
 *   p  a safepoint                           k  fork
 *   w  yield until everybody else has had a turn
 *   h  safepoints until everybody else has had a turn
 *   t  start the timer thread               s  stop it
 *   T  be the timer thread
 */
void subject_run(int task, const char *script);

/* Called by subject_run(): fork here.  Returns whether it is the child. */
bool subject_fork(void);

/* Called by the policy's timer thread's creator, instead of pthread_create(). */
void subject_set_timer(void *(*body)(void *arg), void *arg);

/* Set the flag of a thread, as a tick source does that took it for the holder */
void subject_tick(int task);
/* Whether the thread has no tick already that it has not looked at. */
bool subject_can_tick(int task);

/* Forget how many holds there were, so that states can come back. */
void subject_forget_counts(void);

/* Words that perhaps one thread at a time uses; see explore.h. */
enum subject_class {
	SUBJECT_HOLDER,  /* gil->holder: gil_took() sets it after hold_seq */
	SUBJECT_FLAGS,   /* a thread's flag word */
	SUBJECT_LIVING,  /* gil->living: only a count */
	SUBJECT_SETTING, /* another word of struct gil, that nobody changes */
	SUBJECT_COUNTS,  /* of the holder alone, or statistics */
	SUBJECT_SEQ, /* gil->hold_seq: the same; gil_took() begins with it */
	SUBJECT_SHARED
};

/* *task: whose it is, for SUBJECT_FLAGS. */
enum subject_class subject_class_of(const volatile void *object, int *task);
/* A thread's flag word. */
const volatile void *subject_flags_of(int task);

/* Why the GIL is not as it should be when nobody is left, or NULL. */
const char *subject_leftover(void);

/* The policy's own words on its state. */
void subject_dump(char *text, int capacity);
/* An object's name; the name of whom a value points to.  "": it has none. */
void subject_name(const volatile void *object, char *text, size_t capacity);
void subject_value_name(uint64_t value, char *text, size_t capacity);

#endif
