/* SPDX-License-Identifier: MIT */
/*
 * What the compiler is told: branch hints, cache lines, array lengths.
 *
 * Leaf header, included by everything; it knows neither a GIL nor a benchmark.
 */
#ifndef COMMON_COMPILER_H
#define COMMON_COMPILER_H

#include <stddef.h>

#define likely(claim)   __builtin_expect(!!(claim), 1)
#define unlikely(claim) __builtin_expect(!!(claim), 0)

/* 64 bytes on every x86-64 and on most arm64 machines. */
#define CACHELINE_BYTES   64
#define CACHELINE_ALIGNED __attribute__((aligned(CACHELINE_BYTES)))

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define NOINLINE               __attribute__((noinline))
#define UNUSED                 __attribute__((unused))

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#define CONTAINER_OF(pointer, type, member)                                    \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/*
 * Make the optimizer believe that value is used, so that a measured loop is
 * not deleted.  Cost: none.
 */
#define KEEP_VALUE(value) __asm__ volatile("" : "+r"(value))

#endif
