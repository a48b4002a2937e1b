/* SPDX-License-Identifier: MIT */
/*
 * The world that the interleaving checker explores: at most four threads, as
 * coroutines of one OS process, the lock they share, and the clock.
 *
 * A thread runs until its next operation (an atomic operation, a call of
 * common/sync.h, a fork) and stops *before* it: the operation is announced in
 * its task.  A step is one choice of who performs his announced operation; the
 * thread then runs on, alone, to its next one.  So all that happens between
 * two operations is part of the first.
 *
 * Everything that a step can change is in struct world, in the memory of the
 * subject (the GIL under test) and on the coroutines' stacks: a state can be
 * copied, restored, and told from another by its hash.
 */
#ifndef TESTS_CHECKER_WORLD_H
#define TESTS_CHECKER_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/compiler.h"

/*
 * A, B and C run from the start; D is started by the program: the new thread in
 * the child of a fork, or the timer thread.
 */
#define MAX_TASKS 4
#define LATE_TASK 3
#define NOBODY    (-1)

/* In the order of enum atm_kind, then common/sync.h, then the checker's. */
enum op {
	OP_LOAD,
	OP_STORE,
	OP_EXCHANGE,
	OP_ADD,
	OP_SUB,
	OP_OR,
	OP_AND,
	OP_CAS,
	OP_LOCK,
	OP_TRYLOCK,
	OP_UNLOCK,
	OP_COND_WAIT,  /* unlock the mutex and fall asleep, in one */
	OP_COND_SLEEP, /* asleep, or awake and in want of the mutex */
	OP_SIGNAL,
	OP_BROADCAST,
	OP_FUTEX_WAIT,  /* look at the word and perhaps fall asleep */
	OP_FUTEX_SLEEP, /* asleep, or awake */
	OP_FUTEX_WAKE,
	OP_CLOCK,      /* clock_now_ns(), where the policy decides by it */
	OP_PAUSE,      /* cpu_relax(): somebody else may run, at no cost */
	OP_YIELD,      /* sched_yield(), or a sleep: the same */
	OP_SPIN,       /* pauses for ever until what it looks at changes */
	OP_SPIN_CHECK, /* internal: is this spin loop for ever? */
	OP_START,      /* the thread has not run yet */
	OP_JOIN,       /* wait until D has ended */
	OP_FORK,
	OP_END,   /* the thread has ended */
	OP_FAILED /* a property does not hold: see world.failure */
};

enum life { LIFE_ABSENT, LIFE_RUNNING, LIFE_ENDED, LIFE_KILLED };

enum wake { WAKE_ASLEEP, WAKE_SIGNALLED, WAKE_SPURIOUS, WAKE_TIMED_OUT };

/* What a thread is at, as far as the properties are concerned. */
enum phase {
	PHASE_OUTSIDE, /* owns the GIL and computes, or is in a region */
	PHASE_WANTING, /* in acquire, yield or a safepoint */
	PHASE_LEAVING  /* in release */
};

/* How a thread came to want the GIL. */
enum wish {
	WISH_ACQUIRE,
	WISH_YIELD, /* it owns it, and yields by itself */
	WISH_POLL   /* it owns it, and is at a safepoint */
};

/* What tells one state from another, beside the subject and the stacks. */
struct task {
	const volatile void *object; /* of the announced operation */
	const void *mutex;           /* ... of a wait on a condition */
	int64_t deadline_ns;         /* ... of a timed wait; 0: none */
	uint8_t op;                  /* enum op */
	uint8_t bytes;               /* size of the object */
	uint8_t life;                /* enum life */
	uint8_t wake;                /* enum wake, while asleep */
	int32_t count;               /* of a futex wake */

	/* for the properties: rules.c */
	uint8_t phase;     /* enum phase */
	uint8_t ahead;     /* who surely waited when it began to want the GIL */
	uint8_t overtaken; /* by how many that came later */
	uint8_t wish;      /* enum wish */
	bool is_fresh;     /* it has not done anything in the policy yet */
	bool is_alone;     /* nobody else was in the policy since it began */
	bool other_had_it; /* somebody had the GIL since it began */
	bool is_disturbed; /* its sleep ended early since it began */
};

#define MAX_READS 8

/* A place that a thread has looked at since it last changed anything. */
struct read {
	const volatile void *object;
	uint64_t value;
	size_t bytes;
};

/* What is restored with a state, but does not tell it from another. */
struct task_notes {
	void *stack_pointer;
	uint64_t stack_hash;
	struct read reads[MAX_READS];
	int nreads;
	uint8_t variant;    /* which of its possible outcomes, when resumed */
	bool is_fast;       /* in a spin loop that was told to run on */
	bool has_taken;     /* its last word was of gil_took() */
	uint32_t pauses;    /* since is_fast */
	uint64_t spin_hash; /* of the stack, some pauses ago */
};

struct world {
	/* hashed */
	struct task tasks[MAX_TASKS];
	int64_t now_ns;
	int8_t owner;       /* who owns the GIL, NOBODY, by the rules */
	uint8_t ticks;      /* how many ticks may still come */
	uint8_t surprises;  /* ... spurious wake-ups, time-outs, late clocks */
	uint8_t had_a_turn; /* one bit per thread that has owned the GIL */
	bool is_forking;    /* the child's one thread resets the GIL */

	/* not hashed */
	struct task_notes notes[MAX_TASKS];
};

extern struct world world;

/* ---- threads (tasks.c) -------------------------------------------------- */

/* The running thread's number, or NOBODY while the scheduler runs. */
extern int running;

/* Create the coroutines; nothing has run yet.  Threads from count on are absent. */
void tasks_reset(int count);

/* Whether nothing has changed that the thread has read in its spin loop. */
bool task_spins_on(int task);

/* Let a thread perform its announced operation; runs to its next one. */
void task_resume(int task, int variant);

/* Called by a thread: announce an operation, return when it is its turn. */
void task_announce(enum op op, const volatile void *object, size_t bytes);
/* ... one that may change something: what was read before does not count. */
void task_change(enum op op, const volatile void *object, size_t bytes);
/* ... none, but compare this round of a spin loop with an earlier one. */
void task_check_spin(void);

/* The thread reads object now; whether it has read the same there before. */
void task_remember(const volatile void *object, size_t bytes);
bool task_has_read(const volatile void *object, size_t bytes);

/* Called by a thread, or by nobody: a property does not hold. */
void task_fail(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* The same from a signal handler; the thread never runs again. */
void task_abandon(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* The sentence of task_fail(), or "" */
extern char failure[256];

/* How often a thread has been run. */
extern uint64_t task_steps;

/* Turn crashes and endless steps of a thread into failures (crash.c). */
void crash_catch_all(void);

/* What is in memory now; at most 8 bytes. */
uint64_t read_value(const volatile void *object, size_t bytes);

/* ---- states (states.c) -------------------------------------------------- */

/* Bytes that states_save() would write; copy the state there, and back. */
size_t state_bytes(void);
void state_save(unsigned char *to);
void state_restore(const unsigned char *from);

/* A number that tells this state from others, up to collisions of 64 bits. */
uint64_t state_hash(void);

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t count);

/* The part of a coroutine's stack that is in use. */
unsigned char *task_stack_top(int task);

/* ---- what the scheduler may do (choices.c) ------------------------------ */

enum choice_kind {
	CHOICE_RUN,
	CHOICE_TICK,     /* the tick source flags the task */
	CHOICE_SPURIOUS, /* its sleep ends for no reason */
	CHOICE_TIMEOUT,  /* its sleep ends at its deadline */
	CHOICE_CLOCK     /* a slice of time passes */
};

struct choice {
	uint8_t kind;
	uint8_t task;
	uint8_t variant;
	uint8_t preempts; /* 1: the last thread could have run on */
};

#define MAX_CHOICES 48

struct choices {
	uint8_t count;
	uint8_t enabled; /* one bit per thread that can run */
	bool is_end;     /* no thread is unfinished */
	struct choice list[MAX_CHOICES];
};

/* What can happen now, if `last` ran last (NOBODY: nobody did). */
void choices_find(struct choices *choices, int last);

void choice_make(struct choice choice);

/* Whether its thread runs in it. */
bool choice_runs(struct choice choice);

/* ---- properties (rules.c), called by the subject's threads --------------- */

/* A thread begins to want the GIL. */
void rule_wants(enum wish wish);
/* It owns the GIL again or anew; it has kept it, as nobody waited. */
void rule_owns(void);
void rule_kept(void);
/* It is about to let go; it is outside, without the GIL. */
void rule_leaves(void);
void rule_has_left(void);
/* It has given up waiting and ends. */
void rule_has_quit(void);
/* It is the only thread of a fork's child, and owns the GIL; another starts. */
void rule_is_child(void);
void rule_child_is_ready(void);
/* A system call is made, that a yield without waiters must not need. */
void rule_system_call(const char *name);
/* The scheduler: what does not hold in a state where nothing happens. */
void rule_quiet(void);
/* The scheduler: what does not hold in a state where no thread can run. */
void rule_stuck(bool can_time_out);
/* The scheduler: what does not hold at the end. */
void rule_end(void);

#endif
