/* SPDX-License-Identifier: MIT */
/*
 * The recorded list of steps, read after the threads have been joined.
 */
#include "runtime/thread/trace.h"

#include "runtime/thread/runtime.h"

#include <stddef.h>

static const char *const words_of[] = {
#define STEP(id, words) [TRACE_##id] = words,
#include "runtime/thread/trace.def"
#undef STEP
};

atomic_bool trace_is_on;
static struct trace_event *trace_events; /* [C] while it is on */
static unsigned trace_capacity;          /* [C] while it is on */
static atomic_uint trace_count;

void
trace_begin(struct trace_event *events, unsigned capacity)
{
	trace_events = events;
	trace_capacity = capacity;
	atm_store(&trace_count, 0, relaxed);
	atm_store(&trace_is_on, true, relaxed); /* threads start later */
	runtime_uncache_stacks();
}

unsigned
trace_end(void)
{
	atm_store(&trace_is_on, false, relaxed); /* they have ended */
	return atm_load(&trace_count, relaxed);
}

void
trace_record(enum trace_step step, uint64_t thread)
{
	/* Relaxed: additions to one word have one order, and a step that comes
	 * after another comes after it in this order too. */
	unsigned place = atm_fetch_add(&trace_count, 1, relaxed);

	if (place < trace_capacity)
		trace_events[place] = (struct trace_event){step, thread};
}

const char *
trace_words(enum trace_step step)
{
	return words_of[step];
}
