/* SPDX-License-Identifier: MIT */
/* What the files of runtime/thread/ share and nobody else may know. */
#ifndef RUNTIME_THREAD_RUNTIME_H
#define RUNTIME_THREAD_RUNTIME_H

#include <setjmp.h>
#include <sys/types.h>

#include "runtime/gil/bugs.h"
#include "runtime/heap/heap.h"
#include "runtime/thread/hooks.h"
#include "runtime/thread/interrupt.h"
#include "runtime/thread/lock.h"
#include "runtime/thread/misuse.h"
#include "runtime/thread/thread.h"
#include "runtime/thread/trace.h"

/* PyPy's: what a start hands over, and the lock that makes starts wait. */
struct bootstrapper {
	struct thread_semaphore
		lock;          /* freed by another thread than its owner */
	struct thread *thread; /* start-up data; NULL: none */
	void (*callable)(struct thread *self, void *arg);
	void *arg;
};

struct runtime {
	struct runtime_config config; /* [C] no zeros where they are defaults */
	struct gil *gil;              /* [C] NULL: there is no runtime */
	struct thread *main;          /* [G] */
	pid_t pid;                    /* [C] who the threads belong to */
	bool system_working;          /* [G] threads may start */
	uint64_t last_number;         /* [G] of a thread */
	struct thread *living;        /* [G] newest first */
	struct thread *dead;          /* [G] ended, and nobody will join them */
	struct thread_stack *zombies; /* [G] of native threads not yet joined */
	int nliving;                  /* [G] */
	int nsleep_forever;           /* [G] in a deadly sleep */
	struct heap heap;             /* [G] */
	struct bootstrapper bootstrapper;                /* [G] */
	void (*destructors[THREAD_LOCALS])(void *value); /* [G] */
	int nlocals;                                     /* [G] */
};

extern struct runtime the_runtime;

struct thread_frame {
	jmp_buf jump;
	struct thread_frame *outer;
	struct thread_error error;
	struct error_mask mask;
	unsigned held_flags;
	void **roots;
};

/* ---- life (life.c) ------------------------------------------------------ */

/* Wipe it, give it a number, a name and a descriptor.  0 or -ENOMEM. */
int thread_describe(
	struct runtime *runtime, struct thread *thread, const char *name);
/* Take back what thread_describe() did: the start has failed. */
void thread_undescribe(struct thread *thread);

void thread_set_current(struct thread *self);
void thread_list_add(struct thread **list, struct thread *thread);
void thread_list_remove(struct thread **list, struct thread *thread);

/*
 * Let the next switch to each thread call thread_switched() again: there is
 * more to do at a switch than to install a stack.  Caller holds the GIL.
 */
void runtime_uncache_stacks(void);

/* A new thread belongs to the living, and no longer: its start has failed. */
void thread_link(struct thread *thread);
void thread_unlink(struct thread *thread);

/*
 * GIL held: call the thread's body, keep an uncaught error, run destructors,
 * give up mutexes, wake the joiners, let the root stack go.
 */
void thread_run_body(struct thread *self,
	void (*body)(struct thread *self, void *arg), void *arg);
struct departure {
	atomic_uint *parks[4]; /* joiners that the kernel must wake */
	int count;
};
void thread_end(struct thread *self, struct departure *departure);
/* Release the GIL for good, and wake who joins. */
void thread_depart(struct thread *self, const struct departure *departure);

/*
 * Join native threads that have ended, and free objects that nobody will join;
 * all: wait for those that are about to.  Caller holds the GIL.
 */
void thread_reap(struct runtime *runtime, bool all);

/* Calls of the GIL (struct gil_calls). */
void thread_switched(struct gil_thread *gil);
void thread_interrupted(struct gil_thread *gil, bool slice_is_over);

/* Hooks (hooks.c): as the runtime starts, and in the child of a fork. */
void hooks_start(struct gil *gil);
void hooks_atfork_child(void);

/* ---- start protocols (start*.c) ----------------------------------------- */

/*
 * Make a native thread that calls routine(arg), on a stack of the pool, with
 * the heap prepared.  Returns 0, -ENOMEM or -EAGAIN.
 */
int thread_start_native(
	struct thread *thread, void *(*routine)(void *arg), void *arg);

/* A fresh root stack that travels in the thread's object.  0 or -ENOMEM. */
int thread_prepare_roots(struct thread *thread);
void thread_unprepare_roots(struct thread *thread);

int start_by_bootstrapper(struct thread *self, struct thread *thread,
	const char *name, void (*body)(struct thread *self, void *arg),
	void *arg);
int start_by_object(struct thread *self, struct thread *thread,
	const char *name, void (*body)(struct thread *self, void *arg),
	void *arg);
int start_by_link(struct thread *self, struct thread *thread, const char *name,
	void (*body)(struct thread *self, void *arg), void *arg);

void bootstrapper_init(struct bootstrapper *bootstrapper);

/* ---- stacks (stack_pool.c) ---------------------------------------------- */

/* A machine stack with a guard page, from the pool.  NULL: no memory. */
struct thread_stack *stack_take(size_t bytes);
void stack_give_back(struct thread_stack *stack);
/* The lowest address, and how many bytes from there. */
void *stack_memory(struct thread_stack *stack, size_t *bytes);
void stack_pool_drop(void);
/* Its thread is about to end; join it and give the stack back, if it has. */
void stack_bury(struct thread_stack *stack, pthread_t native,
	struct thread_stack **zombies);
void stack_reap(struct thread_stack **zombies, bool all);
/* Stacks whose threads a fork has left behind: collect them, unmap them. */
void stack_chain(struct thread_stack *stack, struct thread_stack **chain);
void stack_forget_chain(struct thread_stack *chain);
/* Stacks that lie in the pool, for tests. */
unsigned stack_pool_count(void);

/* ---- interrupts --------------------------------------------------------- */

/* Bits of the flag word that this thread would look at now. */
unsigned thread_pending_flags(const struct thread *self);
/* Whether a check would throw. */
bool thread_would_throw(const struct thread *self, bool is_blocking);
/* Errors and signals may have been left for later: set their bits again. */
void thread_renew_flags(struct thread *self);
/* Set bits in the thread's flag word, and end its wait if it waits. */
void thread_interrupt(struct thread *thread, unsigned bits);
/* Add to the pending errors.  False: as many as fit are there already. */
bool thread_pend(struct thread *thread, struct thread_error error);

/* Signals (signals.c). */
bool signals_are_pending(void);
void signals_run(struct thread *self);
void signals_stop(void);
void signals_set_main(struct thread *main);

/* What ends a system call; nothing else may use it. */
#define UNBLOCK_SIGNAL SIGVTALRM

/* The re-sender (resender.c). */
int resender_start(void);
void resender_stop(void);
void resender_remove(struct thread *thread);
void resender_atfork_child(void);
/* Signals were recorded: the re-sender ends main's wait.  Signal-safe. */
void resender_poke(void);
/* Whether the re-sender's thread exists. */
bool resender_runs(void);

/* ---- sleep -------------------------------------------------------------- */

void ubf_cond_signal(struct thread *thread, void *arg);

/*
 * GIL held, thread->park set to PARKED by the caller.  Give the GIL up until
 * the park word changes, there are interrupts, or the deadline; take it back.
 * Returns 0 if woken, perhaps for nothing; -EINTR; -ETIMEDOUT.
 */
int thread_park(struct thread *self, int64_t deadline_ns, bool is_deadly);
/* Wake a parked thread.  Caller holds the GIL. */
void thread_unpark(struct thread *thread);

/* self is about to sleep for ever: if all do, throw the news at main. */
void deadlock_check(struct runtime *runtime);

/* Give up the mutexes of a thread that ends. */
void thread_abandon_mutexes(struct thread *self);

#endif
