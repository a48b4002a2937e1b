/* SPDX-License-Identifier: MIT */
/*
 * What `gilbench doctor` concludes from texts of the kernel, and that its
 * answer is whole on the machine at hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "common/die.h"
#include "harness/cgroup.h"
#include "harness/doctor.h"
#include "harness/findings.h"
#include "harness/host.h"
#include "harness/perf/reason.h"

static struct findings findings;

static const struct finding *
last_finding(void)
{
	assert_true(findings.length > 0);
	return &findings.items[findings.length - 1];
}

static int
set_up(void **state)
{
	(void)state;
	findings.length = 0;
	return 0;
}

static void
test_glibc_with_the_lost_wakeup_is_named(void **state)
{
	static const struct {
		const char *version;
		bool is_concern;
	} cases[] = {{"2.24", false}, {"2.25", true}, {"2.36", true},
		{"2.40", true}, {"2.41", false}, {"2.41.9000", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		find_glibc(&findings, cases[i].version);
		assert_int_equal(
			last_finding()->is_concern, cases[i].is_concern);
	}
	find_glibc(&findings, "2.36");
	assert_non_null(strstr(last_finding()->why, "25847"));
}

static void
test_a_slow_clock_source_is_named(void **state)
{
	(void)state;
	find_clocksource(&findings, "tsc", "tsc hpet");
	assert_false(last_finding()->is_concern);
	find_clocksource(&findings, "hpet", "tsc hpet");
	assert_true(last_finding()->is_concern);
	assert_non_null(strstr(last_finding()->remedy, "echo tsc"));
	find_clocksource(&findings, "acpi_pm", "acpi_pm");
	assert_true(last_finding()->is_concern);
	assert_string_equal(last_finding()->remedy, "");
}

static void
test_the_traces_of_pyperf_are_named(void **state)
{
	(void)state;
	find_sample_rate(&findings, "100000");
	assert_false(last_finding()->is_concern);
	find_sample_rate(&findings, "1");
	assert_true(last_finding()->is_concern);
	assert_string_equal(last_finding()->remedy,
		"sudo sysctl kernel.perf_event_max_sample_rate=100000");
}

static void
test_a_high_load_is_named(void **state)
{
	(void)state;
	find_load(&findings, 0.9, 2);
	assert_false(last_finding()->is_concern);
	find_load(&findings, 1.1, 2);
	assert_true(last_finding()->is_concern);
	find_load(&findings, 1.1, 8);
	assert_false(last_finding()->is_concern);
}

static void
test_groups_are_found_in_both_versions(void **state)
{
	static const char mixed[] = "5:cpuset:/set\n"
				    "4:cpu,cpuacct:/v1/group\n"
				    "0::/v2/a:b\n";
	char path[64];

	(void)state;
	assert_true(cgroup_find_path(mixed, true, path, sizeof(path)));
	assert_string_equal(path, "/v2/a:b");
	assert_true(cgroup_find_path(mixed, false, path, sizeof(path)));
	assert_string_equal(path, "/v1/group");
	assert_false(
		cgroup_find_path("5:cpuset:/set\n", false, path, sizeof(path)));
	assert_false(cgroup_find_path("nonsense", true, path, sizeof(path)));
	assert_false(cgroup_find_path(mixed, true, path, 7));
}

static void
test_mounts_are_found_in_both_versions(void **state)
{
	static const char mounts[] =
		"22 1 0:20 / /proc rw - proc proc rw\n"
		"30 22 0:25 / /sys/fs/cgroup/cpuset rw - cgroup x rw,cpuset\n"
		"31 22 0:26 / /sys/fs/cgroup/cpu rw shared:9 - cgroup x "
		"rw,cpu,cpuacct\n"
		"32 22 0:27 /sub /sys/fs/cgroup/unified rw - cgroup2 y rw\n";
	char mount[64];

	(void)state;
	assert_true(cgroup_find_mount(mounts, true, mount, sizeof(mount)));
	assert_string_equal(mount, "/sys/fs/cgroup/unified");
	assert_true(cgroup_find_mount(mounts, false, mount, sizeof(mount)));
	assert_string_equal(mount, "/sys/fs/cgroup/cpu");
	assert_false(cgroup_find_mount("", true, mount, sizeof(mount)));
}

static void
test_quotas_are_in_cpus(void **state)
{
	(void)state;
	assert_true(cgroup_parse_max("150000 100000") == 1.5);
	assert_true(cgroup_parse_max("max 100000") == 0.0);
	assert_true(cgroup_parse_max("") == 0.0);
	assert_true(cgroup_parse_max("1000 0") == 0.0);
}

/* 10 s of two CPUs at 100 ticks per second. */
static void
test_the_host_between_two_samples(void **state)
{
	struct host_sample before = {.is_known = true};
	struct host_sample after = {.is_known = true};
	json_t *host;

	(void)state;
	assert_true(host_parse_stat(
		"cpu  1000 10 500 8000 100 20 30 40 5 6\ncpu0 1\n", &before));
	assert_true(host_parse_stat(
		"cpu  1700 20 700 8950 110 30 50 140 5 6\ncpu0 1\n", &after));
	assert_int_equal(after.total_ticks - before.total_ticks, 2000);
	assert_int_equal(after.steal_ticks - before.steal_ticks, 100);
	/* user, nice, system, irq and softirq; not waiting, not stolen. */
	assert_int_equal(after.busy_ticks - before.busy_ticks, 940);
	assert_false(host_parse_stat("cpu 1 2 3\n", &after));
	assert_false(host_parse_stat("", &after));

	after.own_cpu_ns = before.own_cpu_ns + INT64_C(7400000000);
	host = host_between(&before, &after);
	assert_true(
		json_real_value(json_object_get(host, "steal_ratio")) == 0.05);
	if (sysconf(_SC_CLK_TCK) == 100)
		assert_true(json_real_value(json_object_get(
				    host, "foreign_cpu_ratio")) == 0.1);
	json_decref(host);
	/* Nothing was counted between a sample and itself. */
	host = host_between(&before, &before);
	assert_true(json_is_null(json_object_get(host, "steal_ratio")));
	assert_true(json_is_null(json_object_get(host, "foreign_cpu_ratio")));
	json_decref(host);
}

/* A stream into memory, and what doctor_main() wrote there. */
static char *
answer_of_doctor(bool json)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	assert_int_equal(doctor_main(out, json), EXIT_OK);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void
test_the_answer_in_json_is_whole(void **state)
{
	char *text = answer_of_doctor(true);
	json_t *answer = json_loads(text, 0, NULL);
	const json_t *measures = json_object_get(answer, "measures"), *row;
	size_t i;

	(void)state;
	assert_non_null(answer);
	assert_true(json_array_size(measures) > 9);
	json_array_foreach (measures, i, row) {
		const char *status =
			json_string_value(json_object_get(row, "status"));
		bool is_known = false;

		assert_non_null(status);
		for (int s = 0; s < COUNTER_STATUS_COUNT; s++)
			is_known |=
				strcmp(status,
					counter_status_name(
						(enum counter_status)s)) == 0;
		assert_true(is_known);
	}
	json_array_foreach (json_object_get(answer, "environment"), i, row) {
		assert_true(json_is_string(json_object_get(row, "state")));
	}
	json_decref(answer);
	free(text);
}

static void
test_the_answer_in_text_fits_a_terminal(void **state)
{
	char *text = answer_of_doctor(false), *rest = text, *line;

	(void)state;
	assert_non_null(strstr(text, "context-switches"));
	assert_non_null(strstr(text, "hyperfine"));
	while ((line = strsep(&rest, "\n")) != NULL)
		/* Commands are not broken: they are there to be copied. */
		assert_true(strlen(line) <= 80 ||
			    strncmp(line, "        ", 8) == 0);
	free(text);
}

static void
test_a_full_disk_is_an_error(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	if (full == NULL)
		skip();
	assert_int_equal(doctor_main(full, true), EXIT_USAGE);
	(void)fclose(full); /* cannot be written either */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			test_glibc_with_the_lost_wakeup_is_named, set_up),
		cmocka_unit_test_setup(
			test_a_slow_clock_source_is_named, set_up),
		cmocka_unit_test_setup(
			test_the_traces_of_pyperf_are_named, set_up),
		cmocka_unit_test_setup(test_a_high_load_is_named, set_up),
		cmocka_unit_test(test_groups_are_found_in_both_versions),
		cmocka_unit_test(test_mounts_are_found_in_both_versions),
		cmocka_unit_test(test_quotas_are_in_cpus),
		cmocka_unit_test(test_the_host_between_two_samples),
		cmocka_unit_test(test_the_answer_in_json_is_whole),
		cmocka_unit_test(test_the_answer_in_text_fits_a_terminal),
		cmocka_unit_test(test_a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
