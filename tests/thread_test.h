/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the thread layer share; each is compiled for two policies,
 * one that passes ownership on and one that lets the fastest win.
 *
 * A claim that fails ends the program at once: threads of a broken runtime
 * cannot be tidied away.  So does a test that hangs.  Nothing asserts a time.
 */
#ifndef TESTS_THREAD_TEST_H
#define TESTS_THREAD_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "common/atomic.h"
#include "common/clock.h"
#include "common/compiler.h"
#include "common/sync.h"
#include "runtime/gil/fast.h"
#include "runtime/thread/block.h"
#include "runtime/thread/fork.h"
#include "runtime/thread/interrupt.h"
#include "runtime/thread/lock.h"
#include "runtime/thread/region.h"
#include "runtime/thread/runtime.h"
#include "runtime/thread/sleep.h"

#define CHECK(claim)                                                           \
	(likely(claim) ? (void)0 : thread_failed(__FILE__, __LINE__, #claim))

_Noreturn void thread_failed(const char *file, int line, const char *claim);

/* The thread that runs the tests; it holds the GIL between them. */
extern struct thread main_thread;

/* cmocka's setup and teardown: a runtime with all defaults, and a watchdog. */
int set_up(void **state);
int tear_down(void **state);
/* The same with a configuration; usable_cpus is filled in. */
void begin_runtime(struct runtime_config config);
void end_runtime(void);
void watchdog_begin(void);
void watchdog_end(void);

/* Until further notice pthread_create() and mmap() fail so; 0: they work. */
void fail_thread_creation(int err);
void fail_mapping(int err);

/* Skip the running test where a fork with threads is not supported: TSan. */
void need_fork(void);

/*
 * Run function in a forked child, its stderr in text.  Returns the wait
 * status; the child's exit status is what the function returns.
 */
int run_in_child(int (*function)(void *arg), void *arg, char text[4096]);

/* Run function in a child that must abort, and say these words. */
void check_misuse(int (*function)(void *arg), const char *words);

/* Start, with main as creator; it must work. */
void start(struct thread *thread, void (*body)(struct thread *, void *),
	void *arg);
/* Join and retire. */
void finish(struct thread *thread);

/* GIL held, and again on return: let others run until it is so. */
void pass_until(atomic_bool *flag);
/* ... until the thread sleeps or is in a region; or has ended. */
void pass_until_away(struct thread *thread);

static inline void
set(atomic_bool *flag)
{
	atm_store(flag, true, relaxed);
}

static inline bool
is_set(atomic_bool *flag)
{
	return atm_load(flag, relaxed);
}

#define TEST(function)                                                         \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
