/* SPDX-License-Identifier: MIT */
/*
 * When one thread was on a CPU and when not: PERF_RECORD_SWITCH.
 *
 * A software dummy event with context_switch=1 makes the kernel write a record
 * each time the thread leaves a CPU (and whether it was preempted) or comes
 * back.  It counts nothing in the kernel, so ordinary users may have it at
 * perf_event_paranoid <= 2.  The records carry the CPU and the time, on
 * CLOCK_MONOTONIC, the clock of all other stamps.
 *
 * The kernel writes into a ring of the thread's own, which is read after the
 * thread has stopped: a reader beside the measurement would disturb it.  What
 * does not fit is lost, and counted.
 */
#ifndef HARNESS_PERF_SWITCHES_H
#define HARNESS_PERF_SWITCHES_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/perf/reason.h"

/* 256 KiB: 4,096 times off the CPU and back. */
#define SWITCH_RING_PAGES 64u

struct switch_ring {
	int fd;                            /* -1: not opened */
	struct perf_event_mmap_page *page; /* followed by the data pages */
	unsigned data_pages;
	bool has_lost_count; /* read() tells what did not fit (Linux 6.0) */
	int64_t lost;        /* so many, read by switch_ring_stop(); -1: ? */
};

struct switch_record {
	int64_t at_ns; /* CLOCK_MONOTONIC */
	int cpu;
	bool is_out;     /* left the CPU; else came back */
	bool is_preempt; /* ... although it could have run on */
};

/* Goes through the records of a ring, oldest first. */
struct switch_reader {
	const unsigned char *data;
	uint64_t size_bytes; /* of data; a power of two */
	uint64_t head;       /* where the kernel writes next */
	uint64_t at;         /* where the next record begins */
	uint64_t lost;       /* as told by the records read so far */
	bool is_damaged;     /* the last bytes are no record: reading ended */
};

/* The records of one thread, counted. */
struct switch_counts {
	uint64_t out;
	uint64_t in;
	uint64_t preempted; /* part of out */
	uint64_t lost;      /* at least */
};

/* The event that makes the records, for perf_open(). */
void switch_attr_init(struct perf_event_attr *attr);

/*
 * Open the event on the calling thread, stopped, with a ring of at most
 * data_pages, fewer where the user's share of locked memory is used up.
 * Returns 0 with the pages in ring->data_pages; -errno of perf_open(); or
 * -ENOBUFS: not even a single page may be locked.
 */
int switch_ring_open(struct switch_ring *ring, struct perf_event_attr *attr,
	unsigned data_pages);

/*
 * The second half of opening: map the ring of ring->fd.  Returns 0, -ENOBUFS
 * or another -errno of mmap().
 */
int switch_ring_map(struct switch_ring *ring, unsigned data_pages);

/* By the thread itself.  Cost: one system call, or two. */
void switch_ring_start(struct switch_ring *ring);
void switch_ring_stop(struct switch_ring *ring);

/* Unmap and close.  A ring that was never opened is all right. */
void switch_ring_close(struct switch_ring *ring);

/*
 * Begin to read a ring whose thread has stopped.  Reading it again gives the
 * same records: the ring keeps them until it is closed.
 */
void switch_reader_init(
	struct switch_reader *reader, const struct switch_ring *ring);

/* The next record.  Returns false at the end, or where it is damaged. */
bool switch_reader_next(
	struct switch_reader *reader, struct switch_record *record);

/*
 * Count the records of a stopped ring and judge them: ok; or lost, when some
 * are missing (they did not fit, or out and in do not match).
 */
void switch_ring_count(const struct switch_ring *ring,
	struct switch_counts *counts, struct counter_reason *reason);

#endif
