/* SPDX-License-Identifier: MIT */
/*
 * null: no lock at all, a control that prices everything else.
 *
 * State        none.
 * Transitions  none: acquire and release return at once, yield keeps.  The
 *              out-of-line calls by which threads start, end and wait for each
 *              other take a mutex (gil.c).
 * Promises     nothing: it excludes nobody, so it runs one thread only, and
 *              workloads that need more refuse it (POLICY_MAX_THREADS).
 * Pathology    has: no mutual exclusion.
 * Source       the `empty` lock of lock collections; a control, no system.
 */
#ifndef RUNTIME_GIL_POLICY_NULL_H
#define RUNTIME_GIL_POLICY_NULL_H

#include <stdio.h>

#define POLICY_MAX_THREADS 1
#define POLICY_SPINS       0
#define POLICY_TICK_NS     0
#define POLICY_OPTIONS

struct policy {
	char unused;
};

struct policy_waiter {
	char unused;
};

static inline void
policy_init(struct policy *policy)
{
	policy->unused = 0;
}

static inline void
policy_waiter_init(struct policy_waiter *waiter)
{
	waiter->unused = 0;
}

static inline bool
policy_acquire(struct policy *policy, struct gil_thread *self)
{
	(void)policy;
	(void)self;
	return false;
}

static inline void
policy_release(
	struct policy *policy, struct gil_thread *self, enum gil_reason reason)
{
	(void)policy;
	(void)self;
	(void)reason;
}

static inline bool
policy_yield(struct policy *policy, struct gil_thread *self)
{
	(void)policy;
	(void)self;
	return false;
}

static inline void
policy_atfork_child(struct policy *policy, struct gil_thread *self)
{
	(void)policy;
	(void)self;
}

static inline const char *
policy_set_option(struct policy *policy, const char *name, const char *value)
{
	(void)policy;
	(void)name;
	(void)value;
	return "the policy has no options";
}

static inline void
policy_dump(struct policy *policy, char *text, int capacity)
{
	(void)policy;
	snprintf(text, (size_t)capacity, "no lock");
}

static inline void
policy_bare_pair(atomic_uint *word)
{
	(void)word; /* nothing is what the protocol does */
}

#endif
