/* SPDX-License-Identifier: MIT */
/*
 * The recorded list of steps, for tests that follow a protocol.
 *
 * Compiled in, and off: then a step costs a load and a branch, at places where
 * a thread starts, ends or is interrupted.
 */
#ifndef RUNTIME_THREAD_TRACE_H
#define RUNTIME_THREAD_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/atomic.h"
#include "common/compiler.h"

enum trace_step {
#define STEP(id, words) TRACE_##id,
#include "runtime/thread/trace.def"
#undef STEP
	TRACE_STEPS
};

struct trace_event {
	enum trace_step step;
	uint64_t thread; /* its number; 0: none of the runtime's */
};

extern atomic_bool trace_is_on;

/*
 * Record up to capacity events into events, from now on.  Caller holds the GIL,
 * or there is no runtime yet.
 */
void trace_begin(struct trace_event *events, unsigned capacity);

/* Stop, and return how many there were; at most capacity were kept. */
unsigned trace_end(void);

/* The step in words. */
const char *trace_words(enum trace_step step);

void trace_record(enum trace_step step, uint64_t thread);

static inline void
trace(enum trace_step step, uint64_t thread)
{
	if (unlikely(atm_load(&trace_is_on, relaxed)))
		trace_record(step, thread);
}

#endif
