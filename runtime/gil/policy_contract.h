/* SPDX-License-Identifier: MIT */
/*
 * What a policy must define, checked when it is compiled.
 *
 * A policy is one header, runtime/gil/policy_NAME.h, that defines
 *   struct policy         the lock's state
 *   struct policy_waiter  a thread's state
 *   POLICY_MAX_THREADS    0: any number; 1: the policy excludes nobody
 *   POLICY_SPINS          1: waiters burn their CPU until they own the GIL
 *   POLICY_TICK_NS        ticks of a timer thread come this often (or once per
 *                         slice, if that is shorter): for policies that add up
 *                         ticks until the slice is over; 0: once per slice
 *   POLICY_OPTIONS        initialisers of struct gil_option, or nothing
 * and the functions below with exactly these types.  A wrong type fails here,
 * with the function's name.
 *
 *   policy_init           no holder, no waiters
 *   policy_waiter_init    a thread that neither holds nor waits
 *   policy_acquire        returns whether it had to wait (or to retry);
 *                         brackets its slow path by gil_wait_begin() and
 *                         gil_wait_end()
 *   policy_release        never blocks, unless the modelled system does
 *   policy_yield          give the GIL up if somebody waits, and get it back;
 *                         returns false, without a system call, if it was
 *                         kept; calls gil_giving_up() before it lets go
 *   policy_atfork_child   caller owns the GIL, nobody waits
 *   policy_set_option     NULL, or why not
 *   policy_dump           the state in words
 *   policy_bare_pair      only the atomic operations of one uncontended
 *                         policy_acquire() and policy_release(), on a private
 *                         word: what the protocol costs at the very least
 */
#ifndef RUNTIME_GIL_POLICY_CONTRACT_H
#define RUNTIME_GIL_POLICY_CONTRACT_H

/* Optional: 1 if computing threads are to be processes of their own. */
#ifndef POLICY_SEPARATES
#	define POLICY_SEPARATES 0
#endif

#define CONTRACT(function, type)                                               \
	_Static_assert(_Generic(&(function), type : 1, default : 0),           \
		#function " has the wrong type: see policy_contract.h")

CONTRACT(policy_init, void (*)(struct policy *));
CONTRACT(policy_waiter_init, void (*)(struct policy_waiter *));
CONTRACT(policy_acquire, bool (*)(struct policy *, struct gil_thread *));
CONTRACT(policy_release,
	void (*)(struct policy *, struct gil_thread *, enum gil_reason));
CONTRACT(policy_yield, bool (*)(struct policy *, struct gil_thread *));
CONTRACT(policy_atfork_child, void (*)(struct policy *, struct gil_thread *));
CONTRACT(policy_set_option,
	const char *(*)(struct policy *, const char *, const char *));
CONTRACT(policy_dump, void (*)(struct policy *, char *, int));
CONTRACT(policy_bare_pair, void (*)(atomic_uint *));

#endif
