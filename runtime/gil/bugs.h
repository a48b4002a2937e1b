/* SPDX-License-Identifier: MIT */
/*
 * Historical bugs of tick sources and threads, built in on demand.
 *
 * Each is a constant: 0 in the product, where the compiler leaves nothing of
 * it; -DBUG_NAME=1 makes a variant that its test must catch.  Policies keep
 * theirs in their own headers.
 */
#ifndef RUNTIME_GIL_BUGS_H
#define RUNTIME_GIL_BUGS_H

/* Ruby 1.9.0: the flag word is changed by load and store; bits get lost. */
#ifndef BUG_PLAIN_FLAG_OR
#	define BUG_PLAIN_FLAG_OR 0
#endif

/* A signal that ends a system call is sent once, and may come too early. */
#ifndef BUG_UBF_SENT_ONCE
#	define BUG_UBF_SENT_ONCE 0
#endif

/* PyPy: a thread starts without gc_thread_prepare(). */
#ifndef BUG_MISSING_PREPARE
#	define BUG_MISSING_PREPARE 0
#endif

/* PyPy: two starts share the slot and the fresh stack. */
#ifndef BUG_NO_BOOTSTRAPPER_LOCK
#	define BUG_NO_BOOTSTRAPPER_LOCK 0
#endif

/* A sleep whose deadline has passed does not give the GIL up (bpo-32243). */
#ifndef BUG_PAST_DEADLINE_SPINS
#	define BUG_PAST_DEADLINE_SPINS 0
#endif

/* The joiners are not woken: each waits for a wake-up that never comes. */
#ifndef BUG_JOINERS_FORGOTTEN
#	define BUG_JOINERS_FORGOTTEN 0
#endif

/* Ruby #5130: the child of a fork takes itself for one of many threads. */
#ifndef BUG_FORK_KEEPS_THREADS
#	define BUG_FORK_KEEPS_THREADS 0
#endif

#endif
