/* SPDX-License-Identifier: MIT */
/*
 * The usage of real threads on the machine at hand: whatever it offers, the
 * record is complete, and no figure is there without its right to be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "common/clock.h"
#include "harness/perf/usage.h"

#define SLEEPS 20

static void *
work_and_sleep(void *arg)
{
	struct usage *usage = usage_begin();

	(void)arg;
	usage_go(usage);
	for (int i = 0; i < SLEEPS; i++)
		clock_sleep_until_ns(clock_now_ns() + 100 * NS_PER_US);
	usage_stop(usage);
	return usage;
}

static struct usage *
used_by_a_thread(void)
{
	pthread_t thread;
	void *usage;

	assert_int_equal(
		pthread_create(&thread, NULL, work_and_sleep, NULL), 0);
	assert_int_equal(pthread_join(thread, &usage), 0);
	return usage;
}

/* Figures are numbers where the status allows, and null where it does not. */
static void
assert_honest(const json_t *reading, const char *const *figures)
{
	static const char *const statuses[] = {"ok", "scaled", "not_supported",
		"not_permitted", "not_counted", "lost", "suspect_zero",
		"disabled"};
	const char *status =
		json_string_value(json_object_get(reading, "status"));
	const json_t *detail = json_object_get(reading, "detail");
	bool is_known = false, has_value;

	assert_non_null(status);
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		is_known |= strcmp(statuses[i], status) == 0;
	assert_true(is_known);
	assert_int_equal(json_is_null(detail), strcmp(status, "ok") == 0);
	assert_true(json_is_null(detail) || json_is_string(detail));
	has_value = strcmp(status, "ok") == 0 || strcmp(status, "scaled") == 0;
	for (; *figures != NULL; figures++) {
		const json_t *figure = json_object_get(reading, *figures);

		assert_true(has_value ? json_is_integer(figure)
				      : json_is_null(figure));
	}
}

/* The members are those of results/README.md, no more and no fewer. */
static void
assert_members(const json_t *object, const char *const *names)
{
	size_t count = 0;

	for (; names[count] != NULL; count++)
		assert_non_null(json_object_get(object, names[count]));
	assert_int_equal(json_object_size(object), count);
}

static json_int_t
integer_at(const json_t *object, const char *key)
{
	const json_t *member = json_object_get(object, key);

	assert_true(json_is_integer(member));
	return json_integer_value(member);
}

static void
test_every_reading_has_its_status(void **state)
{
	static const char *const schedstat[] = {
		"run_ns", "wait_ns", "slices", NULL};
	static const char *const switches[] = {"out", "in", "preempted", NULL};
	static const char *const counter[] = {"value", NULL};
	json_t *usage = usage_json(used_by_a_thread());
	const json_t *item;
	size_t i;

	(void)state;
	assert_true(integer_at(usage, "cpu_ns") > 0);
	assert_honest(json_object_get(usage, "schedstat"), schedstat);
	assert_honest(json_object_get(usage, "switches"), switches);
	json_array_foreach (json_object_get(usage, "counters"), i, item) {
		assert_honest(item, counter);
	}
	assert_int_equal(i, 9);
	json_decref(usage);
}

static void
test_every_object_has_its_members(void **state)
{
	static const char *const all[] = {
		"cpu_ns", "rusage", "schedstat", "switches", "counters", NULL};
	static const char *const rusage[] = {"nvcsw", "nivcsw", "minflt",
		"majflt", "user_ns", "sys_ns", NULL};
	static const char *const schedstat[] = {
		"status", "run_ns", "wait_ns", "slices", "detail", NULL};
	static const char *const switches[] = {
		"status", "out", "in", "preempted", "lost", "detail", NULL};
	static const char *const counter[] = {"event", "status", "value", "raw",
		"enabled_ns", "running_ns", "detail", NULL};
	json_t *usage = usage_json(used_by_a_thread());
	const json_t *item;
	size_t i;

	(void)state;
	assert_members(usage, all);
	assert_members(json_object_get(usage, "rusage"), rusage);
	assert_members(json_object_get(usage, "schedstat"), schedstat);
	assert_members(json_object_get(usage, "switches"), switches);
	json_array_foreach (json_object_get(usage, "counters"), i, item) {
		assert_members(item, counter);
	}
	json_decref(usage);
}

/* What several sources say of the same sleeps. */
static void
test_sources_agree_on_the_sleeps(void **state)
{
	json_t *usage = usage_json(used_by_a_thread());
	const json_t *rusage = json_object_get(usage, "rusage");
	const json_t *switches = json_object_get(usage, "switches");
	const json_t *status = json_object_get(switches, "status");
	json_int_t off_cpu =
		integer_at(rusage, "nvcsw") + integer_at(rusage, "nivcsw");

	(void)state;
	assert_true(off_cpu >= SLEEPS);
	if (strcmp(json_string_value(status), "ok") != 0) {
		json_decref(usage);
		skip();
	}
	assert_int_equal(
		integer_at(switches, "out"), integer_at(switches, "in"));
	/* A preemption may fall between the two readings. */
	assert_true(integer_at(switches, "out") >= SLEEPS);
	json_decref(usage);
}

static void
test_raw_records_can_be_read_before_the_record(void **state)
{
	int64_t before_ns = clock_now_ns();
	struct usage *usage = used_by_a_thread();
	int64_t after_ns = clock_now_ns(), last_ns = before_ns;
	const struct switch_ring *ring = usage_switch_ring(usage);
	struct switch_reader reader;
	struct switch_record record;

	(void)state;
	if (ring != NULL) {
		switch_reader_init(&reader, ring);
		while (switch_reader_next(&reader, &record)) {
			assert_true(record.at_ns >= last_ns);
			last_ns = record.at_ns;
		}
		assert_true(last_ns <= after_ns);
	}
	json_decref(usage_json(usage));
	if (ring == NULL)
		skip();
}

static void
test_a_thread_that_never_stopped_has_no_usage(void **state)
{
	json_t *json = usage_json(usage_begin());

	(void)state;
	assert_true(json_is_null(json));
	assert_true(json_is_null(usage_json(NULL)));
}

/* Each thread needs descriptors, and some may find none left. */
static void
test_without_descriptors_the_reason_is_told(void **state)
{
	struct rlimit before, none;
	json_t *usage;
	const char *status;

	(void)state;
	usage_prepare();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	usage = usage_json(used_by_a_thread());
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	status = json_string_value(
		json_object_get(json_object_get(usage, "switches"), "status"));
	assert_string_not_equal(status, "ok");
	status = json_string_value(
		json_object_get(json_object_get(usage, "schedstat"), "status"));
	assert_string_not_equal(status, "ok");
	json_decref(usage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_reading_has_its_status),
		cmocka_unit_test(test_every_object_has_its_members),
		cmocka_unit_test(test_sources_agree_on_the_sleeps),
		cmocka_unit_test(
			test_raw_records_can_be_read_before_the_record),
		cmocka_unit_test(test_a_thread_that_never_stopped_has_no_usage),
		cmocka_unit_test(test_without_descriptors_the_reason_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
