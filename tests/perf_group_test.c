/* SPDX-License-Identifier: MIT */
/*
 * Groups of counters: names, members, scaling, and the self-test that finds
 * those that stand still.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/compiler.h"
#include "harness/perf/counters.h"
#include "harness/perf/probe.h"
#include "tests/perf_mock.h"

static void
assert_status(const struct perf_roster *roster, const char *name,
	enum counter_status status)
{
	for (int i = 0; i < roster->nevents; i++) {
		if (strcmp(roster->events[i].event.name, name) != 0)
			continue;
		assert_int_equal(roster->events[i].reason.status, status);
		return;
	}
	fail_msg("%s is not in the roster", name);
}

/* A roster whose ring nobody opens: mmap() is not mocked. */
static void
make_roster(struct perf_roster *roster)
{
	roster_init(roster);
	reason_set(&roster->switches, COUNTER_DISABLED, "%s", "");
}

/* A PMU with two counters beside the leader's. */
static int
kernel_with_small_pmu(struct perf_event_attr *attr, int group_fd)
{
	static int members;

	if (attr->type == PERF_TYPE_HARDWARE && group_fd == -1)
		members = 0;
	if (attr->type == PERF_TYPE_HARDWARE && members++ > 2)
		return -EINVAL;
	return FAKE_FD + perf_mock.calls;
}

static void
test_what_does_not_fit_into_the_group_is_told(void **state)
{
	struct perf_roster roster;

	(void)state;
	perf_mock.kernel = kernel_with_small_pmu;
	make_roster(&roster);
	roster_test(&roster);
	assert_status(&roster, "cycles", COUNTER_OK);
	assert_status(&roster, "branches", COUNTER_OK);
	assert_status(&roster, "branch-misses", COUNTER_NOT_SUPPORTED);
	assert_status(&roster, "cache-misses", COUNTER_NOT_SUPPORTED);
	assert_status(&roster, "page-faults", COUNTER_OK);
	assert_string_equal(roster.events[7].reason.why,
		"EINVAL: the PMU has no room for it beside the others");
}

/* Hypervisors with a PMU that opens and stands still. */
static void
test_a_counter_that_stands_still_is_suspect(void **state)
{
	struct perf_roster roster;

	(void)state;
	perf_mock.kernel = kernel_with_everything;
	make_roster(&roster);
	perf_mock.group_count = 0;
	roster_test(&roster);
	assert_status(&roster, "task-clock", COUNTER_SUSPECT_ZERO);
	assert_status(&roster, "context-switches", COUNTER_SUSPECT_ZERO);
	assert_status(&roster, "page-faults", COUNTER_SUSPECT_ZERO);
	assert_status(&roster, "branches", COUNTER_SUSPECT_ZERO);
	/* Nobody can say how often a thread must migrate. */
	assert_status(&roster, "cpu-migrations", COUNTER_OK);
	perf_mock.group_count = 1000000000;
	make_roster(&roster);
	roster_test(&roster);
	for (int i = 0; i < roster.nevents; i++)
		assert_int_equal(roster.events[i].reason.status, COUNTER_OK);
}

static void
test_a_zero_of_a_running_thread_is_suspect(void **state)
{
	struct perf_roster roster;
	struct counters counters;
	struct counter_value value;
	struct counter_reason reason;

	(void)state;
	perf_mock.kernel = kernel_with_everything;
	make_roster(&roster);
	counters_open(&counters, &roster);
	perf_mock.group_count = 0;
	counters_stop(&counters);
	/* The mock counts upwards from the last member to the first. */
	counters_value(&counters, 3, &value, &reason);
	assert_int_equal(value.raw, 0);
	assert_int_equal(reason.status, COUNTER_OK); /* no page fault */
	counters.groups[ROSTER_SOFTWARE].words[3 + 2 * 3] = 0;
	counters_value(&counters, 0, &value, &reason);
	assert_int_equal(value.raw, 0);
	assert_int_equal(reason.status, COUNTER_SUSPECT_ZERO);
	counters_close(&counters);
}

static void
test_values_are_found_by_their_id(void **state)
{
	struct perf_group group;
	struct counter_value value;
	struct event event;

	(void)state;
	perf_mock.kernel = kernel_with_everything;
	group_init(&group);
	assert_int_equal(event_encode_builtin(&event, "cycles", true), 0);
	for (int i = 0; i < GROUP_MAX; i++)
		assert_int_equal(group_add(&group, &event.attr), i);
	assert_int_equal(group_add(&group, &event.attr), -ENOSPC);
	assert_int_equal(group_value(&group, 0, &value), COUNTER_NOT_COUNTED);
	perf_mock.group_count = 10;
	group_read(&group);
	for (int i = 0; i < GROUP_MAX; i++) {
		assert_int_equal(group_value(&group, i, &value), COUNTER_OK);
		assert_int_equal(value.value, 10 + GROUP_MAX - 1 - i);
	}
	/* A read that was cut off has no value for the first member. */
	group.nread -= 16;
	assert_int_equal(group_value(&group, 0, &value), COUNTER_NOT_COUNTED);
	assert_int_equal(group_value(&group, 1, &value), COUNTER_OK);
	group_close(&group);
}

static void
test_only_the_leader_starts_stopped(void **state)
{
	struct perf_group group;
	struct event event;

	(void)state;
	perf_mock.kernel = kernel_with_everything;
	group_init(&group);
	assert_int_equal(event_encode_builtin(&event, "cycles", true), 0);
	assert_int_equal(group_add(&group, &event.attr), 0);
	assert_true(event.attr.disabled);
	assert_int_equal(
		event.attr.read_format, PERF_FORMAT_GROUP | PERF_FORMAT_ID |
						PERF_FORMAT_TOTAL_TIME_ENABLED |
						PERF_FORMAT_TOTAL_TIME_RUNNING);
	assert_int_equal(group_add(&group, &event.attr), 1);
	assert_false(event.attr.disabled);
	group_close(&group);
}

static void
test_scaling_is_exact(void **state)
{
	static const struct {
		uint64_t raw, enabled_ns, running_ns, value;
		enum counter_status status;
	} cases[] = {
		{1000, 100, 100, 1000, COUNTER_OK},
		{1000, 100, 95, 1053, COUNTER_OK},
		{1000, 100, 94, 1064, COUNTER_SCALED},
		{500, 100, 50, 1000, COUNTER_SCALED},
		{0, 100, 100, 0, COUNTER_OK},
		{0, 100, 0, 0, COUNTER_NOT_COUNTED},
		{7, 100, 0, 0, COUNTER_NOT_COUNTED},
		{7, 0, 0, 0, COUNTER_NOT_COUNTED},
		/* A product of 108 bits; a double would lose the end. */
		{(UINT64_C(1) << 53) + 1, UINT64_C(1) << 55, UINT64_C(1) << 54,
			(UINT64_C(1) << 54) + 2, COUNTER_SCALED},
		/* More than a record can hold: as much as it can. */
		{UINT64_MAX / 2, 1000, 10, INT64_MAX, COUNTER_SCALED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct counter_value value = {.raw = cases[i].raw,
			.enabled_ns = cases[i].enabled_ns,
			.running_ns = cases[i].running_ns};

		assert_int_equal(counter_scale(&value), cases[i].status);
		assert_int_equal(value.value, cases[i].value);
		assert_int_equal(value.raw, cases[i].raw);
	}
}

/* libpfm4 and the table must mean the same, in the same words. */
static void
test_both_encoders_agree(void **state)
{
	static const char *const names[] = {"task-clock", "context-switches",
		"cpu-migrations", "page-faults", "cycles", "instructions",
		"branches", "branch-misses", "cache-misses"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (int with_kernel = 0; with_kernel < 2; with_kernel++) {
			struct event a, b;
			size_t length;

			assert_int_equal(
				event_encode(&a, names[i], with_kernel), 0);
			assert_int_equal(
				event_encode_builtin(&b, names[i], with_kernel),
				0);
			assert_int_equal(a.attr.type, b.attr.type);
			assert_int_equal(a.attr.config, b.attr.config);
			assert_int_equal(
				a.attr.exclude_kernel, b.attr.exclude_kernel);
			length = strlen(b.qualified);
			assert_memory_equal(a.qualified, b.qualified, length);
		}
}

static void
test_unknown_names_are_refused(void **state)
{
	struct event event;

	(void)state;
	assert_int_equal(event_encode(&event, "no-such-event", true), -ENOENT);
	assert_int_equal(
		event_encode_builtin(&event, "no-such-event", true), -ENOENT);
	assert_int_equal(
		event_encode(&event, "a-name-that-is-longer-than-any-event-has",
			true),
		-ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			test_what_does_not_fit_into_the_group_is_told,
			perf_mock_reset),
		cmocka_unit_test_setup(
			test_a_counter_that_stands_still_is_suspect,
			perf_mock_reset),
		cmocka_unit_test_setup(
			test_a_zero_of_a_running_thread_is_suspect,
			perf_mock_reset),
		cmocka_unit_test_setup(
			test_values_are_found_by_their_id, perf_mock_reset),
		cmocka_unit_test_setup(
			test_only_the_leader_starts_stopped, perf_mock_reset),
		cmocka_unit_test_setup(test_scaling_is_exact, perf_mock_reset),
		cmocka_unit_test_setup(
			test_both_encoders_agree, perf_mock_reset),
		cmocka_unit_test_setup(
			test_unknown_names_are_refused, perf_mock_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
