/* SPDX-License-Identifier: MIT */
/*
 * Atomic operations, written once and compiled in three ways.
 *
 * The product uses C11 atomics.  A stress build (GILBENCH_STRESS) waits a
 * random while before each operation, so that rare interleavings happen often.
 * A checker build (GILBENCH_CHECKER) hands control to a scheduler there, so
 * that interleavings can be enumerated.  All three run the same policies:
 * what is measured is what was verified, and what ThreadSanitizer sees.
 *
 * The last argument is the order: relaxed, acquire, release, acq_rel,
 * seq_cst.  Each operation that is not relaxed names its partner in a comment.
 * There are no stand-alone fences: ThreadSanitizer does not model them.
 */
#ifndef COMMON_ATOMIC_H
#define COMMON_ATOMIC_H

#include <stdatomic.h>

#if defined(GILBENCH_CHECKER)
#	include <stddef.h>
/* Called before every atomic operation with what it is about to do. */
enum atm_kind {
	ATM_LOAD,
	ATM_STORE,
	ATM_EXCHANGE,
	ATM_ADD,
	ATM_SUB,
	ATM_OR,
	ATM_AND,
	ATM_CAS
};
void atm_step(const volatile void *object, size_t bytes, enum atm_kind kind);
#	define ATM_POINT(object, kind)                                        \
		atm_step((object), sizeof(*(object)), ATM_##kind)
#elif defined(GILBENCH_STRESS)
/* Called before every atomic operation; the test build brings its body. */
void atm_point(const volatile void *object);
#	define ATM_POINT(object, kind) atm_point(object)
#else
#	define ATM_POINT(object, kind) ((void)0)
#endif

#define atm_load(object, order)                                                \
	(ATM_POINT(object, LOAD),                                              \
		atomic_load_explicit((object), memory_order_##order))
#define atm_store(object, value, order)                                        \
	(ATM_POINT(object, STORE), atomic_store_explicit((object), (value),    \
					   memory_order_##order))
#define atm_exchange(object, value, order)                                     \
	(ATM_POINT(object, EXCHANGE), atomic_exchange_explicit((object),       \
					      (value), memory_order_##order))
#define atm_fetch_add(object, value, order)                                    \
	(ATM_POINT(object, ADD), atomic_fetch_add_explicit((object), (value),  \
					 memory_order_##order))
#define atm_fetch_sub(object, value, order)                                    \
	(ATM_POINT(object, SUB), atomic_fetch_sub_explicit((object), (value),  \
					 memory_order_##order))
#define atm_fetch_or(object, value, order)                                     \
	(ATM_POINT(object, OR), atomic_fetch_or_explicit((object), (value),    \
					memory_order_##order))
#define atm_fetch_and(object, value, order)                                    \
	(ATM_POINT(object, AND), atomic_fetch_and_explicit((object), (value),  \
					 memory_order_##order))
/* Compare and swap; on failure *expected holds what was found (relaxed). */
#define atm_cas(object, expected, desired, order)                              \
	(ATM_POINT(object, CAS),                                               \
		atomic_compare_exchange_strong_explicit((object), (expected),  \
			(desired), memory_order_##order,                       \
			memory_order_relaxed))

#endif
