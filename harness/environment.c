/* SPDX-License-Identifier: MIT */
/* The state of the machine, as far as it bears upon figures. */
#include <errno.h>
#include <gnu/libc-version.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/affinity.h"
#include "common/die.h"
#include "harness/cgroup.h"
#include "harness/findings.h"
#include "harness/host.h"
#include "harness/perf/event.h"
#include "harness/proc.h"

#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/"
#define GOVERNOR    "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"

/* What `pyperf system tune` sets, and what the kernel starts with. */
#define SAMPLE_RATE_TUNED   1
#define SAMPLE_RATE_DEFAULT 100000

static int
count_cpus(void)
{
	static int cpus[CPU_SETSIZE];

	return affinity_cpus(cpus, CPU_SETSIZE);
}

static void
find_cpus(struct findings *findings)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	int usable = count_cpus();
	struct finding *finding = findings_add(
		findings, "CPUs", "%d usable of %ld online", usable, online);

	if (usable == 1)
		finding_explain(finding, true, NULL,
			"threads cannot run side by side: placement makes no "
			"difference, and spinning policies yield instead");
}

/* The facts that a session record holds too. */
static void
find_host(struct findings *findings)
{
	static const struct {
		const char *name;
		const char *key;
	} facts[] = {
		{"CPU model", "cpu_model"},
		{"hypervisor", "hypervisor"},
		{"kernel", "kernel"},
		{"system", "os"},
	};
	json_t *host = host_describe();

	for (size_t i = 0; i < ARRAY_LEN(facts); i++) {
		const char *text =
			json_string_value(json_object_get(host, facts[i].key));

		findings_add(findings, facts[i].name, "%s",
			text == NULL ? "unknown" : text);
	}
	json_decref(host);
}

void
find_glibc(struct findings *findings, const char *version)
{
	struct finding *finding =
		findings_add(findings, "glibc", "%s", version);
	int major, minor;

	if (sscanf(version, "%d.%d", &major, &minor) != 2)
		return;
	if (major == 2 && minor >= 25 && minor <= 40)
		finding_explain(finding, true, NULL,
			"bug 25847 (2.25 to 2.40): pthread_cond_signal may "
			"lose a wake-up; a launch that hangs by it is recorded "
			"as timeout");
}

/* Clock sources that the vDSO reads without entering the kernel. */
static bool
is_fast_clocksource(const char *name)
{
	static const char *const fast[] = {"tsc", "kvm-clock",
		"hyperv_clocksource_tsc_page", "arch_sys_counter"};

	for (size_t i = 0; i < ARRAY_LEN(fast); i++)
		if (strcmp(name, fast[i]) == 0)
			return true;
	return false;
}

void
find_clocksource(
	struct findings *findings, const char *current, const char *available)
{
	struct finding *finding =
		findings_add(findings, "clock source", "%s", current);

	if (is_fast_clocksource(current))
		return;
	finding_explain(finding, true,
		strstr(available, "tsc") == NULL
			? NULL
			: "echo tsc | sudo tee " CLOCKSOURCE
			  "current_clocksource",
		"every stamp is a system call");
}

static void
find_clock(struct findings *findings)
{
	char current[64], available[256], text[8192], flags[4096];
	bool is_invariant;

	if (proc_read(CLOCKSOURCE "current_clocksource", current,
		    sizeof(current)) < 0)
		strcpy(current, "unknown");
	/* Without the list no other source can be recommended. */
	(void)proc_read(CLOCKSOURCE "available_clocksource", available,
		sizeof(available));
	find_clocksource(findings, current, available);
	if (proc_read("/proc/cpuinfo", text, sizeof(text)) < 0 ||
		!proc_field(text, "flags", flags, sizeof(flags)))
		return;
	is_invariant = strstr(flags, "constant_tsc") != NULL &&
		       strstr(flags, "nonstop_tsc") != NULL;
	findings_add(findings, "TSC", "%s",
		is_invariant ? "invariant" : "not invariant");
}

static void
find_timer_slack(struct findings *findings)
{
	int slack_ns = prctl(PR_GET_TIMERSLACK);
	struct finding *finding;

	if (slack_ns < 0)
		DIE_ERRNO(errno, "prctl(PR_GET_TIMERSLACK)");
	finding = findings_add(findings, "timer slack", "%d ns", slack_ns);
	finding_explain(finding, false, NULL,
		"timed waits may end so much later; every run records it");
}

void
find_sample_rate(struct findings *findings, const char *rate)
{
	struct finding *finding = findings_add(
		findings, "perf_event_max_sample_rate", "%s", rate);
	char remedy[64];

	if (atoi(rate) != SAMPLE_RATE_TUNED)
		return;
	snprintf(remedy, sizeof(remedy),
		"sudo sysctl kernel.perf_event_max_sample_rate=%d",
		SAMPLE_RATE_DEFAULT);
	finding_explain(finding, true, remedy,
		"`pyperf system tune` was here: sampling profilers see "
		"nothing; what gilbench counts is not affected");
}

static void
find_perf_settings(struct findings *findings)
{
	char text[32];

	findings_add(findings, "event names by", "%s", event_encoder());
	if (proc_read("/proc/sys/kernel/perf_event_paranoid", text,
		    sizeof(text)) < 0) {
		findings_add(findings, "perf_event_paranoid", "unknown");
		return;
	}
	findings_add(findings, "perf_event_paranoid", "%s", text);
	if (proc_read("/proc/sys/kernel/perf_event_mlock_kb", text,
		    sizeof(text)) > 0)
		findings_add(findings, "perf_event_mlock_kb", "%s", text);
	if (proc_read("/proc/sys/kernel/perf_event_max_sample_rate", text,
		    sizeof(text)) > 0)
		find_sample_rate(findings, text);
}

static void
find_open_files(struct findings *findings)
{
	struct rlimit files;
	struct finding *finding;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		DIE_ERRNO(errno, "getrlimit(RLIMIT_NOFILE)");
	if (files.rlim_max == RLIM_INFINITY) {
		findings_add(findings, "open files", "unlimited");
		return;
	}
	finding = findings_add(findings, "open files", "at most %" PRIu64,
		(uint64_t)files.rlim_max);
	if (files.rlim_max < 1024)
		finding_explain(finding, true, "ulimit -Hn 65536",
			"every measured thread needs up to 11");
}

static void
find_pressure(struct findings *findings)
{
	bool is_present = access("/proc/pressure/cpu", R_OK) == 0;
	struct finding *finding = findings_add(findings, "pressure (PSI)", "%s",
		is_present ? "present" : "absent");

	if (!is_present)
		finding_explain(finding, false, NULL,
			"boot with psi=1 to see stalls of other programs");
}

static void
find_steal(struct findings *findings)
{
	struct host_sample sample;
	struct finding *finding;
	double ratio;

	host_sample(&sample);
	if (!sample.is_known || sample.total_ticks == 0) {
		findings_add(findings, "steal", "not visible");
		return;
	}
	ratio = (double)sample.steal_ticks / (double)sample.total_ticks;
	finding = findings_add(
		findings, "steal", "%.3f %% since boot", 100.0 * ratio);
	if (ratio > 0.02)
		finding_explain(finding, true, NULL,
			"the hypervisor gives this machine's CPUs to others");
	else if (sample.steal_ticks == 0)
		finding_explain(finding, false, NULL,
			"or the hypervisor, if there is one, does not tell");
}

static void
find_governor(struct findings *findings)
{
	char governor[32];
	struct finding *finding;

	if (proc_read(GOVERNOR, governor, sizeof(governor)) < 0) {
		finding = findings_add(findings, "CPU governor", "not visible");
		finding_explain(finding, false, NULL,
			"usual in virtual machines; the host decides");
		return;
	}
	finding = findings_add(findings, "CPU governor", "%s", governor);
	if (strcmp(governor, "performance") != 0)
		finding_explain(finding, true,
			"echo performance | sudo tee /sys/devices/system/cpu/"
			"cpu*/cpufreq/scaling_governor",
			"CPUs change their speed while we measure");
}

static void
find_quota(struct findings *findings)
{
	struct cpu_quota quota;
	struct finding *finding;

	if (!cpu_quota_read(&quota)) {
		findings_add(findings, "CPU quota", "not visible");
		return;
	}
	if (quota.cpus == 0.0) {
		findings_add(findings, "CPU quota", "none");
		return;
	}
	finding = findings_add(findings, "CPU quota", "%.2f CPUs", quota.cpus);
	finding_explain(finding, true, NULL,
		"the control group (cpu.max) was stopped %" PRId64
		" times so far; each stop looks like a slow lock",
		quota.throttled);
}

void
find_load(struct findings *findings, double load, int cpus)
{
	struct finding *finding =
		findings_add(findings, "load", "%.2f in 1 min", load);

	if (load > 0.5 * cpus)
		finding_explain(finding, true, NULL,
			"other programs are running: wait, or end them");
}

static void
find_program(struct findings *findings, const char *name, const char *command,
	const char *remedy, const char *purpose)
{
	char version[64] = "";
	FILE *pipe = popen(command, "re");
	struct finding *finding;
	bool is_there;

	if (pipe == NULL)
		DIE_ERRNO(errno, command);
	is_there = fgets(version, sizeof(version), pipe) != NULL;
	is_there &= pclose(pipe) == 0;
	version[strcspn(version, "\n")] = '\0';
	finding = findings_add(
		findings, name, "%s", is_there ? version : "not found");
	if (!is_there)
		finding_explain(finding, true, remedy, "%s", purpose);
}

void
findings_of_environment(struct findings *findings)
{
	double load;

	find_cpus(findings);
	find_host(findings);
	find_glibc(findings, gnu_get_libc_version());
	find_clock(findings);
	find_timer_slack(findings);
	find_perf_settings(findings);
	find_open_files(findings);
	find_pressure(findings);
	find_steal(findings);
	find_governor(findings);
	find_quota(findings);
	if (getloadavg(&load, 1) == 1)
		find_load(findings, load, count_cpus());
	find_program(findings, "gnuplot", "gnuplot --version 2>/dev/null",
		"sudo apt-get install gnuplot-nox", "no charts without it");
	find_program(findings, "hyperfine", "hyperfine --version 2>/dev/null",
		"sudo apt-get install hyperfine",
		"`make bench-wall` needs it; nothing else does");
}
