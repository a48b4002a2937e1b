/* SPDX-License-Identifier: MIT */
/*
 * Reading the kernel's account of a thread: rings of switch records, made by
 * hand, and the text of schedstat.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/perf/schedstat.h"
#include "harness/perf/switches.h"

#define OUT     PERF_RECORD_MISC_SWITCH_OUT
#define PREEMPT PERF_RECORD_MISC_SWITCH_OUT_PREEMPT

/* As the kernel lays them out for our event. */
struct switch_bytes {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t time_ns;
	uint32_t cpu, reserved;
};

struct lost_bytes {
	struct perf_event_header header;
	uint64_t id, lost;
	uint32_t pid, tid;
	uint64_t time_ns;
	uint32_t cpu, reserved;
};

/* A ring of one page, as if it had been in use up to the byte begin. */
static struct switch_ring
make_ring(uint64_t begin)
{
	size_t page = (size_t)getpagesize();
	struct switch_ring ring = {
		.fd = -1, .data_pages = 1, .has_lost_count = true};
	void *memory = NULL;

	assert_int_equal(posix_memalign(&memory, page, 2 * page), 0);
	memset(memory, 0xee, 2 * page);
	ring.page = memory;
	ring.page->data_head = begin;
	ring.page->data_tail = begin;
	return ring;
}

static void
put_bytes(struct switch_ring *ring, const void *bytes, size_t length)
{
	size_t size = (size_t)getpagesize();
	unsigned char *data = (unsigned char *)ring->page + size;

	for (size_t i = 0; i < length; i++)
		data[(ring->page->data_head + i) % size] =
			((const unsigned char *)bytes)[i];
	ring->page->data_head += length;
}

static void
put_switch(struct switch_ring *ring, int misc, int64_t at_ns, unsigned cpu)
{
	struct switch_bytes bytes = {
		.header = {PERF_RECORD_SWITCH, (uint16_t)misc, sizeof(bytes)},
		.time_ns = (uint64_t)at_ns,
		.cpu = cpu,
	};

	put_bytes(ring, &bytes, sizeof(bytes));
}

static void
put_lost(struct switch_ring *ring, uint64_t lost)
{
	struct lost_bytes bytes = {
		.header = {PERF_RECORD_LOST, 0, sizeof(bytes)}, .lost = lost};

	put_bytes(ring, &bytes, sizeof(bytes));
}

static void
assert_counts(const struct switch_ring *ring, uint64_t out, uint64_t in,
	uint64_t preempted, uint64_t lost, enum counter_status status,
	const char *why)
{
	struct switch_counts counts;
	struct counter_reason reason;

	switch_ring_count(ring, &counts, &reason);
	assert_int_equal(counts.out, out);
	assert_int_equal(counts.in, in);
	assert_int_equal(counts.preempted, preempted);
	assert_int_equal(counts.lost, lost);
	assert_int_equal(reason.status, status);
	assert_string_equal(reason.why, why);
}

static void
test_records_come_in_order(void **state)
{
	struct switch_ring ring = make_ring(0);
	struct switch_reader reader;
	struct switch_record record;

	(void)state;
	put_switch(&ring, OUT, 1000, 1);
	put_switch(&ring, 0, 1500, 0);
	put_switch(&ring, OUT | PREEMPT, 2000, 0);
	switch_reader_init(&reader, &ring);
	assert_true(switch_reader_next(&reader, &record));
	assert_int_equal(record.at_ns, 1000);
	assert_int_equal(record.cpu, 1);
	assert_true(record.is_out && !record.is_preempt);
	assert_true(switch_reader_next(&reader, &record));
	assert_int_equal(record.at_ns, 1500);
	assert_int_equal(record.cpu, 0);
	assert_true(!record.is_out && !record.is_preempt);
	assert_true(switch_reader_next(&reader, &record));
	assert_true(record.is_out && record.is_preempt);
	assert_false(switch_reader_next(&reader, &record));
	assert_false(reader.is_damaged);
	free(ring.page);
}

static void
test_an_empty_ring_is_ok(void **state)
{
	struct switch_ring ring = make_ring(0);

	(void)state;
	assert_counts(&ring, 0, 0, 0, 0, COUNTER_OK, "");
	free(ring.page);
}

/* At every distance from the end of the ring, headers are cut too. */
static void
test_records_run_over_the_end(void **state)
{
	uint64_t size = (uint64_t)getpagesize();

	(void)state;
	for (uint64_t before = 0; before <= 64; before += 8) {
		struct switch_ring ring = make_ring(5 * size - before);
		struct switch_reader reader;
		struct switch_record record;

		put_switch(&ring, OUT | PREEMPT, 1234567890123, 7);
		put_switch(&ring, 0, 1234567890456, 6);
		switch_reader_init(&reader, &ring);
		assert_true(switch_reader_next(&reader, &record));
		assert_int_equal(record.at_ns, 1234567890123);
		assert_int_equal(record.cpu, 7);
		assert_true(switch_reader_next(&reader, &record));
		assert_int_equal(record.at_ns, 1234567890456);
		assert_counts(&ring, 1, 1, 1, 0, COUNTER_OK, "");
		free(ring.page);
	}
}

static void
test_lost_records_are_counted(void **state)
{
	struct switch_ring ring = make_ring(0);

	(void)state;
	put_switch(&ring, OUT, 1, 0);
	put_lost(&ring, 5);
	put_switch(&ring, 0, 2, 0);
	assert_counts(&ring, 1, 1, 0, 5, COUNTER_LOST,
		"5 of 7 records did not fit into the ring of 1 pages");
	/* The descriptor knows of more: those after the last record. */
	ring.lost = 9;
	assert_counts(&ring, 1, 1, 0, 9, COUNTER_LOST,
		"9 of 11 records did not fit into the ring of 1 pages");
	free(ring.page);
}

static void
test_a_full_ring_is_lost_where_nobody_counts(void **state)
{
	struct switch_ring ring = make_ring(0);
	uint64_t pairs = (uint64_t)getpagesize() / 64;

	(void)state;
	for (uint64_t i = 0; i < pairs; i++) {
		put_switch(&ring, OUT, 1, 0);
		put_switch(&ring, 0, 2, 0);
	}
	assert_counts(&ring, pairs, pairs, 0, 0, COUNTER_OK, "");
	ring.has_lost_count = false;
	assert_counts(&ring, pairs, pairs, 0, 0, COUNTER_LOST,
		"the ring of 1 pages is full");
	free(ring.page);
}

static void
test_out_and_in_must_match(void **state)
{
	struct switch_ring ring = make_ring(0);

	(void)state;
	put_switch(&ring, OUT, 1, 0);
	put_switch(&ring, 0, 2, 0);
	put_switch(&ring, OUT, 3, 0);
	assert_counts(&ring, 2, 1, 0, 0, COUNTER_LOST,
		"2 times off the CPU, 1 times back");
	free(ring.page);
}

static void
test_other_records_are_passed_over(void **state)
{
	struct switch_ring ring = make_ring(0);
	struct switch_bytes other = {
		.header = {PERF_RECORD_ITRACE_START, OUT, sizeof(other)}};

	(void)state;
	put_switch(&ring, OUT, 1, 0);
	put_bytes(&ring, &other, sizeof(other));
	put_switch(&ring, 0, 2, 0);
	assert_counts(&ring, 1, 1, 0, 0, COUNTER_OK, "");
	free(ring.page);
}

static void
test_damage_ends_the_reading(void **state)
{
	static const struct perf_event_header damaged[] = {
		{PERF_RECORD_SWITCH, OUT, 0},   /* no progress */
		{PERF_RECORD_SWITCH, OUT, 16},  /* no room for its time */
		{PERF_RECORD_SWITCH, OUT, 256}, /* beyond the head */
		{PERF_RECORD_LOST, 0, 16},      /* no room for the number */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
		struct switch_ring ring = make_ring(0);

		put_switch(&ring, OUT, 1, 0);
		put_switch(&ring, 0, 2, 0);
		put_bytes(&ring, &damaged[i], sizeof(damaged[i]));
		put_bytes(&ring, "12345678901234567890123456789012", 32);
		assert_counts(&ring, 1, 1, 0, 0, COUNTER_LOST,
			"the ring holds no whole record at offset 64");
		free(ring.page);
	}
}

/* The kernel's share of locked memory, in pages. */
static size_t budget_pages;

void *__wrap_mmap(void *address, size_t length, int protection, int flags,
	int fd, off_t offset);

void *
__wrap_mmap(void *address, size_t length, int protection, int flags, int fd,
	off_t offset)
{
	static char pages[64 * 1024];

	(void)address;
	(void)flags;
	(void)fd;
	(void)offset;
	assert_int_equal(protection, PROT_READ | PROT_WRITE);
	if (length <= budget_pages * (size_t)getpagesize())
		return pages;
	errno = EPERM;
	return MAP_FAILED;
}

static void
test_a_ring_is_as_large_as_the_budget_allows(void **state)
{
	struct switch_ring ring = {.fd = 0};

	(void)state;
	budget_pages = 9;
	assert_int_equal(switch_ring_map(&ring, 64), 0);
	assert_int_equal(ring.data_pages, 8);
	budget_pages = 1;
	assert_int_equal(switch_ring_map(&ring, 64), -ENOBUFS);
}

static void
test_schedstat_is_three_numbers(void **state)
{
	static const char *const wrong[] = {"", "1 2", "1 2 x", "1 2 3 4",
		"-1 2 3", "1 2 99999999999999999999"};
	struct schedstat schedstat;

	(void)state;
	assert_int_equal(schedstat_parse("12345678901 42 7\n", &schedstat), 0);
	assert_int_equal(schedstat.run_ns, 12345678901);
	assert_int_equal(schedstat.wait_ns, 42);
	assert_int_equal(schedstat.slices, 7);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(
			schedstat_parse(wrong[i], &schedstat), -EINVAL);
}

static void
test_schedstat_is_a_difference_with_a_status(void **state)
{
	struct schedstat delta;
	struct counter_reason reason;

	(void)state;
	schedstat_delta(3, "100 20 3\n", "1100 25 13\n", &delta, &reason);
	assert_int_equal(reason.status, COUNTER_OK);
	assert_int_equal(delta.run_ns, 1000);
	assert_int_equal(delta.wait_ns, 5);
	assert_int_equal(delta.slices, 10);
	schedstat_delta(-ENOENT, "", "", &delta, &reason);
	assert_int_equal(reason.status, COUNTER_NOT_SUPPORTED);
	assert_string_equal(reason.why,
		"/proc/thread-self/schedstat: No such file or directory");
	/* A kernel without the accounts prints zeros: that is no result. */
	schedstat_delta(3, "0 0 0\n", "0 0 0\n", &delta, &reason);
	assert_int_equal(reason.status, COUNTER_NOT_SUPPORTED);
	schedstat_delta(3, "1 2 3\n", "", &delta, &reason);
	assert_int_equal(reason.status, COUNTER_NOT_COUNTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records_come_in_order),
		cmocka_unit_test(test_an_empty_ring_is_ok),
		cmocka_unit_test(test_records_run_over_the_end),
		cmocka_unit_test(test_lost_records_are_counted),
		cmocka_unit_test(test_a_full_ring_is_lost_where_nobody_counts),
		cmocka_unit_test(test_out_and_in_must_match),
		cmocka_unit_test(test_other_records_are_passed_over),
		cmocka_unit_test(test_damage_ends_the_reading),
		cmocka_unit_test(test_a_ring_is_as_large_as_the_budget_allows),
		cmocka_unit_test(test_schedstat_is_three_numbers),
		cmocka_unit_test(test_schedstat_is_a_difference_with_a_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
