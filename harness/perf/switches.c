/* SPDX-License-Identifier: MIT */
/* When one thread was on a CPU and when not: PERF_RECORD_SWITCH. */
#include "harness/perf/switches.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "common/die.h"
#include "harness/perf/open.h"

/* The largest record that the event makes, with room to spare. */
#define RECORD_MAX_BYTES 64

/* Behind every record, because of sample_id_all and our sample_type. */
struct sample_id {
	uint32_t pid;
	uint32_t tid;
	uint64_t time_ns;
	uint32_t cpu;
	uint32_t reserved;
};

struct lost_record {
	struct perf_event_header header;
	uint64_t id;
	uint64_t lost;
};

void
switch_attr_init(struct perf_event_attr *attr)
{
	memset(attr, 0, sizeof(*attr));
	attr->size = sizeof(*attr);
	attr->type = PERF_TYPE_SOFTWARE;
	attr->config = PERF_COUNT_SW_DUMMY;
	attr->disabled = 1;
	attr->exclude_kernel = 1;
	attr->exclude_hv = 1;
	attr->context_switch = 1;
	attr->sample_id_all = 1;
	attr->sample_type =
		PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU;
	attr->use_clockid = 1;
	attr->clockid = CLOCK_MONOTONIC;
	attr->read_format = PERF_READ_LOST;
}

static size_t
ring_bytes(unsigned data_pages)
{
	return (size_t)(1 + data_pages) * (size_t)getpagesize();
}

int
switch_ring_map(struct switch_ring *ring, unsigned data_pages)
{
	while (data_pages > 0) {
		void *memory = mmap(NULL, ring_bytes(data_pages),
			PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, 0);

		if (memory != MAP_FAILED) {
			ring->page = memory;
			ring->data_pages = data_pages;
			return 0;
		}
		/* Any other error would not go away with a smaller ring. */
		if (errno != EPERM && errno != ENOMEM)
			return -errno;
		data_pages /= 2;
	}
	return -ENOBUFS;
}

int
switch_ring_open(struct switch_ring *ring, struct perf_event_attr *attr,
	unsigned data_pages)
{
	int rc;

	*ring = (struct switch_ring){.fd = perf_open(attr, -1), .lost = -1};
	if (ring->fd < 0) {
		rc = ring->fd;
		ring->fd = -1;
		return rc;
	}
	ring->has_lost_count = (attr->read_format & PERF_READ_LOST) != 0;
	rc = switch_ring_map(ring, data_pages);
	if (rc != 0)
		switch_ring_close(ring);
	return rc;
}

void
switch_ring_start(struct switch_ring *ring)
{
	/* If it fails the ring stays empty, which the self-test notices. */
	if (ring->fd >= 0)
		(void)ioctl(ring->fd, PERF_EVENT_IOC_ENABLE, 0);
}

void
switch_ring_stop(struct switch_ring *ring)
{
	uint64_t value_and_lost[2];

	if (ring->fd < 0)
		return;
	/* If it fails a few records too many are counted, of the exit. */
	(void)ioctl(ring->fd, PERF_EVENT_IOC_DISABLE, 0);
	if (ring->has_lost_count &&
		read(ring->fd, value_and_lost, sizeof(value_and_lost)) ==
			(ssize_t)sizeof(value_and_lost))
		ring->lost = (int64_t)value_and_lost[1];
}

void
switch_ring_close(struct switch_ring *ring)
{
	if (ring->page != NULL &&
		munmap(ring->page, ring_bytes(ring->data_pages)) != 0)
		DIE_ERRNO(errno, "munmap of a perf ring");
	if (ring->fd >= 0)
		(void)close(ring->fd); /* nothing was written */
	ring->page = NULL;
	ring->fd = -1;
}

void
switch_reader_init(struct switch_reader *reader, const struct switch_ring *ring)
{
	*reader = (struct switch_reader){
		.data = (const unsigned char *)ring->page + getpagesize(),
		.size_bytes =
			(uint64_t)ring->data_pages * (uint64_t)getpagesize(),
		/* Acquire: pairs with the kernel's store of the new head. */
		.head = __atomic_load_n(
			&ring->page->data_head, __ATOMIC_ACQUIRE),
		.at = ring->page->data_tail,
	};
}

/* Copy length bytes from position, which may run over the ring's end. */
static void
copy_out(const struct switch_reader *reader, uint64_t position, void *to,
	size_t length)
{
	uint64_t begin = position & (reader->size_bytes - 1);
	size_t first = length;

	if (begin + length > reader->size_bytes)
		first = (size_t)(reader->size_bytes - begin);
	memcpy(to, reader->data + begin, first);
	memcpy((unsigned char *)to + first, reader->data, length - first);
}

static void
take_switch(const struct switch_reader *reader,
	const struct perf_event_header *header, struct switch_record *record)
{
	struct sample_id id;

	copy_out(reader, reader->at + header->size - sizeof(id), &id,
		sizeof(id));
	record->at_ns = (int64_t)id.time_ns;
	record->cpu = (int)id.cpu;
	record->is_out = (header->misc & PERF_RECORD_MISC_SWITCH_OUT) != 0;
	record->is_preempt =
		record->is_out &&
		(header->misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT) != 0;
}

static bool
is_whole(const struct switch_reader *reader,
	const struct perf_event_header *header)
{
	size_t least = sizeof(*header);

	if (header->type == PERF_RECORD_SWITCH)
		least += sizeof(struct sample_id);
	else if (header->type == PERF_RECORD_LOST)
		least = sizeof(struct lost_record);
	return header->size >= least &&
	       header->size <= reader->head - reader->at;
}

bool
switch_reader_next(struct switch_reader *reader, struct switch_record *record)
{
	struct perf_event_header header;
	struct lost_record lost;
	bool is_found = false;

	while (!is_found && !reader->is_damaged && reader->at < reader->head) {
		if (reader->head - reader->at < sizeof(header)) {
			reader->is_damaged = true;
			break;
		}
		copy_out(reader, reader->at, &header, sizeof(header));
		if (!is_whole(reader, &header)) {
			reader->is_damaged = true;
			break;
		}
		if (header.type == PERF_RECORD_SWITCH) {
			take_switch(reader, &header, record);
			is_found = true;
		} else if (header.type == PERF_RECORD_LOST) {
			copy_out(reader, reader->at, &lost, sizeof(lost));
			reader->lost += lost.lost;
		}
		reader->at += header.size;
	}
	return is_found;
}

/* Older kernels do not count what was lost after the last record that fits. */
static bool
is_full(const struct switch_ring *ring, const struct switch_reader *reader)
{
	return !ring->has_lost_count &&
	       reader->head - ring->page->data_tail + RECORD_MAX_BYTES >
		       reader->size_bytes;
}

static void
judge(const struct switch_ring *ring, const struct switch_reader *reader,
	const struct switch_counts *counts, struct counter_reason *reason)
{
	/* It was on a CPU at the start and at the stop. */
	bool is_matched = counts->out == counts->in;

	if (reader->is_damaged)
		reason_set(reason, COUNTER_LOST,
			"the ring holds no whole record "
			"at offset %" PRIu64,
			reader->at);
	else if (counts->lost > 0)
		reason_set(reason, COUNTER_LOST,
			"%" PRIu64 " of %" PRIu64
			" records did not fit into the ring of %u pages",
			counts->lost, counts->lost + counts->out + counts->in,
			ring->data_pages);
	else if (is_full(ring, reader))
		reason_set(reason, COUNTER_LOST, "the ring of %u pages is full",
			ring->data_pages);
	else if (!is_matched)
		reason_set(reason, COUNTER_LOST,
			"%" PRIu64 " times off the CPU, %" PRIu64 " times back",
			counts->out, counts->in);
	else
		reason_set(reason, COUNTER_OK, "%s", "");
}

void
switch_ring_count(const struct switch_ring *ring, struct switch_counts *counts,
	struct counter_reason *reason)
{
	struct switch_reader reader;
	struct switch_record record;

	memset(counts, 0, sizeof(*counts));
	switch_reader_init(&reader, ring);
	while (switch_reader_next(&reader, &record)) {
		counts->out += record.is_out;
		counts->in += !record.is_out;
		counts->preempted += record.is_preempt;
	}
	counts->lost = reader.lost;
	if (ring->lost > 0 && (uint64_t)ring->lost > counts->lost)
		counts->lost = (uint64_t)ring->lost;
	judge(ring, &reader, counts, reason);
}
