/* SPDX-License-Identifier: MIT */
/*
 * The event ring: one per thread, written by it alone, read after the run.
 *
 * The ring keeps the last `capacity` events and counts all of them, so that
 * what was overwritten is known (ring_lost()).  No atomics: the reader comes
 * after a join, or after a phase barrier, which orders memory.
 *
 * Cost of one event: a clock read and a 16-byte store.
 */
#ifndef COMMON_RING_H
#define COMMON_RING_H

#include <stdint.h>

#include "common/compiler.h"

enum ring_kind {
	RING_WAIT_BEGIN,   /* a thread entered the slow path of acquire */
	RING_ACQUIRED,     /* it owns the GIL; arg = 1 if it had to wait */
	RING_RELEASE,      /* about to give it up; arg = enum gil_reason */
	RING_SAFEPOINT,    /* the holder saw its flag word; arg = flags */
	RING_REGION_BEGIN, /* a blocking region: runs without the GIL */
	RING_REGION_END,   /* the region's work is done, wants the GIL */
	RING_KIND_COUNT
};

struct ring_event {
	int64_t at_ns;
	uint32_t hold_seq; /* number of the hold it belongs to, modulo 2^32 */
	uint16_t kind;     /* enum ring_kind */
	uint16_t arg;
};

struct ring {
	struct ring_event *events; /* [C] capacity entries, a power of two */
	uint64_t mask;             /* [C] capacity - 1 */
	uint64_t written;          /* [O] events since ring_clear() */
};

/*
 * Map a ring of at least capacity events and touch its pages, so that no page
 * fault falls into the measurement.  Returns 0 or -ENOMEM.
 */
int ring_init(struct ring *ring, uint64_t capacity);
void ring_destroy(struct ring *ring);

static inline void
ring_clear(struct ring *ring)
{
	ring->written = 0;
}

static inline void
ring_put(struct ring *ring, int64_t at_ns, uint32_t hold_seq,
	enum ring_kind kind, unsigned arg)
{
	struct ring_event *event = &ring->events[ring->written & ring->mask];

	event->at_ns = at_ns;
	event->hold_seq = hold_seq;
	event->kind = (uint16_t)kind;
	event->arg = (uint16_t)arg;
	ring->written++;
}

/* Events kept and events overwritten. */
static inline uint64_t
ring_kept(const struct ring *ring)
{
	return ring->written > ring->mask ? ring->mask + 1 : ring->written;
}

static inline uint64_t
ring_lost(const struct ring *ring)
{
	return ring->written - ring_kept(ring);
}

/* The i-th kept event, oldest first. */
static inline const struct ring_event *
ring_at(const struct ring *ring, uint64_t i)
{
	return &ring->events[(ring_lost(ring) + i) & ring->mask];
}

#endif
