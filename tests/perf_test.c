/* SPDX-License-Identifier: MIT */
/* Opening counters when the kernel says no: retries, statuses, sentences. */
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
#include "harness/perf/open.h"
#include "tests/perf_mock.h"

static int scripted[8]; /* one answer per call; 0: a descriptor */

static int
kernel_scripted(struct perf_event_attr *attr, int group_fd)
{
	(void)attr;
	(void)group_fd;
	return scripted[perf_mock.calls - 1] < 0 ? scripted[perf_mock.calls - 1]
						 : FAKE_FD;
}

static int
open_scripted(const int *answers, size_t count)
{
	struct event event;

	memset(scripted, 0, sizeof(scripted));
	memcpy(scripted, answers, count * sizeof(*answers));
	perf_mock.kernel = kernel_scripted;
	perf_mock.calls = 0;
	assert_int_equal(event_encode_builtin(&event, "cycles", true), 0);
	event.attr.exclude_hv = 0;
	event.attr.exclude_guest = 0;
	return perf_open(&event.attr, -1);
}

static void
test_descriptors_are_closed_on_exec(void **state)
{
	const int answers[] = {0};

	(void)state;
	assert_int_equal(open_scripted(answers, 1), FAKE_FD);
	assert_int_equal(perf_mock.calls, 1);
	assert_int_equal(perf_mock.flags, PERF_FLAG_FD_CLOEXEC);
}

static void
test_interrupted_calls_are_repeated(void **state)
{
	const int answers[] = {
		-EINTR, -EINTR, -EINTR, -EINTR, -EINTR, -EINTR, -EINTR};

	(void)state;
	assert_int_equal(open_scripted(answers, 5), FAKE_FD);
	assert_int_equal(perf_mock.calls, 6);
	assert_int_equal(open_scripted(answers, 7), -EINTR);
	assert_int_equal(perf_mock.calls, 6);
}

static __u32 old_size;

/* A kernel that knows old_size bytes, and says so. */
static int
kernel_of_old_size(struct perf_event_attr *attr, int group_fd)
{
	(void)group_fd;
	if (attr->size == old_size)
		return FAKE_FD;
	attr->size = old_size;
	return -E2BIG;
}

static void
test_an_older_kernel_gets_its_own_size(void **state)
{
	struct event event;

	(void)state;
	perf_mock.kernel = kernel_of_old_size;
	old_size = PERF_ATTR_SIZE_VER5;
	assert_int_equal(event_encode_builtin(&event, "cycles", true), 0);
	assert_int_equal(perf_open(&event.attr, -1), FAKE_FD);
	assert_int_equal(event.attr.size, PERF_ATTR_SIZE_VER5);
	assert_int_equal(perf_mock.calls, 2);
	/* A size that cannot be is not tried. */
	old_size = 8;
	event.attr.size = sizeof(event.attr);
	assert_int_equal(perf_open(&event.attr, -1), -E2BIG);
	assert_int_equal(event.attr.size, sizeof(event.attr));
	assert_int_equal(perf_mock.calls, 3);
}

/* A kernel before 6.0: no count of lost records. */
static int
kernel_without_lost(struct perf_event_attr *attr, int group_fd)
{
	(void)group_fd;
	return attr->read_format & PERF_READ_LOST ? -EINVAL : FAKE_FD;
}

/* A kernel before 4.1, say: no clock to choose either. */
static int
kernel_without_clockid(struct perf_event_attr *attr, int group_fd)
{
	(void)group_fd;
	return attr->use_clockid || attr->clockid ? -EINVAL : FAKE_FD;
}

static int
kernel_that_refuses(struct perf_event_attr *attr, int group_fd)
{
	(void)attr;
	(void)group_fd;
	return -EINVAL;
}

static void
test_unknown_bits_are_given_up_one_by_one(void **state)
{
	struct perf_event_attr attr, asked;

	(void)state;
	switch_attr_init(&attr);
	asked = attr;
	perf_mock.kernel = kernel_without_lost;
	assert_int_equal(perf_open(&attr, -1), FAKE_FD);
	assert_int_equal(attr.read_format, 0);
	assert_true(attr.use_clockid && attr.exclude_hv);
	assert_int_equal(perf_mock.calls, 2);

	attr = asked;
	perf_mock.kernel = kernel_without_clockid;
	assert_int_equal(perf_open(&attr, -1), FAKE_FD);
	assert_false(attr.use_clockid);
	assert_true(attr.context_switch);

	attr = asked;
	perf_mock.kernel = kernel_that_refuses;
	assert_int_equal(perf_open(&attr, -1), -EINVAL);
	assert_memory_equal(&attr, &asked, sizeof(attr));
}

/* Section by section: errno, hardware event, PMU seen, what is said. */
static void
test_each_errno_has_its_sentence(void **state)
{
	static const struct {
		int err;
		bool is_hardware, has_pmu;
		int paranoid;
		const char *sentence;
	} cases[] = {
		{ENOENT, true, false, 2,
			"e: not supported (ENOENT: the kernel has no hardware "
			"PMU; a virtual machine?)"},
		{ENOENT, true, true, 2,
			"e: not supported (ENOENT: the PMU of this CPU does "
			"not have the event)"},
		{ENOENT, false, false, 2,
			"e: not supported (ENOENT: this kernel does not know "
			"the event)"},
		{EOPNOTSUPP, true, true, 2,
			"e: not supported (EOPNOTSUPP: it needs a hardware "
			"feature that is not there)"},
		{ENODEV, true, true, 2,
			"e: not supported (ENODEV: this CPU does not have it, "
			"or is offline)"},
		{ENXIO, true, true, 2,
			"e: not supported (ENXIO: this CPU does not have it, "
			"or is offline)"},
		{EACCES, false, false, 2,
			"e: not permitted (perf_event_paranoid=2; try: sudo "
			"sysctl kernel.perf_event_paranoid=1)"},
		{EACCES, true, false, 4,
			"e: not permitted (perf_event_paranoid=4; try: sudo "
			"sysctl kernel.perf_event_paranoid=1)"},
		{EACCES, true, false, 1,
			"e: not permitted (EACCES: a security module forbids "
			"it, perf_event_paranoid=1 does not)"},
		{EACCES, true, false, PARANOID_UNKNOWN,
			"e: not permitted (EACCES: the kernel refuses it to "
			"ordinary users)"},
		{EPERM, false, false, 2,
			"e: not permitted (EPERM: a seccomp filter, as "
			"containers have, or the kernel's lockdown forbids "
			"perf_event_open; try: docker run --cap-add=PERFMON "
			"...)"},
		{EINVAL, true, true, 2,
			"e: not supported (EINVAL: this kernel refuses the "
			"event in every form tried)"},
		{E2BIG, true, true, 2,
			"e: not supported (E2BIG: this kernel is too old for "
			"the event's attributes)"},
		{EMFILE, true, true, 2,
			"e: not permitted (EMFILE: the process has used up its "
			"file descriptors; try: ulimit -n 65536)"},
		{ENFILE, true, true, 2,
			"e: not permitted (ENFILE: the machine has used up its "
			"open files; try: sudo sysctl fs.file-max=1000000)"},
		{EBUSY, true, true, 2,
			"e: not supported (EBUSY: another program has the PMU; "
			"try again when it ends)"},
		{ESRCH, false, false, 2,
			"e: not counted (ESRCH: the thread had already ended)"},
		{ENOSYS, false, false, 2,
			"e: not supported (ENOSYS: this kernel was built "
			"without perf_event_open)"},
		{ENOBUFS, false, false, 2,
			"e: not permitted (the memory that a user may lock for "
			"rings is used up, perf_event_mlock_kb=516; try: sudo "
			"sysctl kernel.perf_event_mlock_kb=16384)"},
		{524, true, true, 2, "e: not supported (errno 524)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct errno_context context = {cases[i].is_hardware,
			cases[i].has_pmu, cases[i].paranoid, 516};
		struct counter_reason reason;
		char text[320];

		reason_of_errno(&reason, cases[i].err, &context);
		reason_sentence(&reason, "e", text, sizeof(text));
		assert_string_equal(text, cases[i].sentence);
	}
}

static void
assert_entry(const struct perf_roster *roster, const char *name,
	const char *status, const char *qualified_part)
{
	for (int i = 0; i < roster->nevents; i++) {
		const struct roster_event *entry = &roster->events[i];

		if (strcmp(entry->event.name, name) != 0)
			continue;
		assert_string_equal(
			counter_status_name(entry->reason.status), status);
		assert_non_null(strstr(entry->event.qualified, qualified_part));
		return;
	}
	fail_msg("%s is not in the roster", name);
}

/* perf_event_paranoid=2 and no PMU: a virtual machine as users have it. */
static int
kernel_of_ordinary_vm(struct perf_event_attr *attr, int group_fd)
{
	(void)group_fd;
	if (attr->type == PERF_TYPE_HARDWARE)
		return attr->exclude_kernel ? -ENOENT : -EACCES;
	return attr->exclude_kernel ? FAKE_FD + perf_mock.calls : -EACCES;
}

static void
test_events_that_could_only_lie_are_not_opened(void **state)
{
	struct perf_roster roster;
	char text[320];

	(void)state;
	perf_mock.kernel = kernel_of_ordinary_vm;
	roster_init(&roster);
	assert_entry(&roster, "task-clock", "ok", ":u=1:k=0");
	assert_entry(&roster, "page-faults", "ok", ":u=1:k=0");
	assert_entry(&roster, "context-switches", "not_permitted", ":k=1");
	assert_entry(&roster, "cpu-migrations", "not_permitted", ":k=1");
	assert_entry(&roster, "cycles", "not_supported", "CPU_CYCLES");
	assert_int_equal(roster.switches.status, COUNTER_OK);
	reason_sentence(&roster.events[1].reason, "context-switches", text,
		sizeof(text));
	assert_string_equal(text,
		"context-switches: not permitted (perf_event_paranoid=2; try: "
		"sudo sysctl kernel.perf_event_paranoid=1)");
}

static int
kernel_with_seccomp(struct perf_event_attr *attr, int group_fd)
{
	(void)attr;
	(void)group_fd;
	return -EPERM;
}

static void
test_a_forbidden_call_leaves_a_reason_everywhere(void **state)
{
	struct perf_roster roster;
	struct counters counters;

	(void)state;
	perf_mock.kernel = kernel_with_seccomp;
	roster_init(&roster);
	for (int i = 0; i < roster.nevents; i++)
		assert_int_equal(
			roster.events[i].reason.status, COUNTER_NOT_PERMITTED);
	assert_int_equal(roster.switches.status, COUNTER_NOT_PERMITTED);
	/* And no thread asks again. */
	perf_mock.calls = 0;
	counters_open(&counters, &roster);
	counters_start(&counters);
	counters_stop(&counters);
	counters_close(&counters);
	assert_int_equal(perf_mock.calls, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			test_descriptors_are_closed_on_exec, perf_mock_reset),
		cmocka_unit_test_setup(
			test_interrupted_calls_are_repeated, perf_mock_reset),
		cmocka_unit_test_setup(test_an_older_kernel_gets_its_own_size,
			perf_mock_reset),
		cmocka_unit_test_setup(
			test_unknown_bits_are_given_up_one_by_one,
			perf_mock_reset),
		cmocka_unit_test_setup(
			test_each_errno_has_its_sentence, perf_mock_reset),
		cmocka_unit_test_setup(
			test_events_that_could_only_lie_are_not_opened,
			perf_mock_reset),
		cmocka_unit_test_setup(
			test_a_forbidden_call_leaves_a_reason_everywhere,
			perf_mock_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
