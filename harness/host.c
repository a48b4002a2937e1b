/* SPDX-License-Identifier: MIT */
/* The machine: what it is, and what else it does while we measure. */
#include "harness/host.h"

#include <errno.h>
#include <gnu/libc-version.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "common/affinity.h"
#include "common/clock.h"
#include "common/compiler.h"
#include "common/die.h"
#include "harness/proc.h"
#include "harness/text.h"

#if defined(__x86_64__) || defined(__i386__)
#	include <cpuid.h>

/* Leaf 0x40000000 names the hypervisor, where bit 31 of leaf 1 says so. */
static json_t *
hypervisor_name(void)
{
	unsigned eax, words[3] = {0}, name[4] = {0};

	if (__get_cpuid(1, &eax, &words[0], &words[1], &words[2]) == 0)
		return json_null();
	if (!(words[1] & (1u << 31)))
		return json_string("none");
	__cpuid(0x40000000, eax, name[0], name[1], name[2]);
	return text_to_json((char *)name, strnlen((char *)name, 12));
}
#else
static json_t *
hypervisor_name(void)
{
	return json_null();
}
#endif

/* A line "key: value" of a file of /proc or /etc, or null. */
static json_t *
file_field(const char *path, const char *key)
{
	char text[4096], value[256];

	if (proc_read(path, text, sizeof(text)) < 0 ||
		!proc_field(text, key, value, sizeof(value)))
		return json_null();
	return text_to_json(value, strlen(value));
}

static json_t *
file_text(const char *path)
{
	char text[256];

	if (proc_read(path, text, sizeof(text)) < 0)
		return json_null();
	return text_to_json(text, strlen(text));
}

static json_t *
file_number(const char *path)
{
	int64_t number;

	if (proc_read_number(path, &number) != 0)
		return json_null();
	return json_integer(number);
}

static json_t *
libc_name(void)
{
	char *name = text_format("glibc %s", gnu_get_libc_version());
	json_t *json = json_string(name);

	free(name);
	return json;
}

static int64_t
memory_bytes(void)
{
	struct sysinfo info;

	if (sysinfo(&info) != 0)
		DIE_ERRNO(errno, "sysinfo");
	return (int64_t)info.totalram * info.mem_unit;
}

/* What else can change a figure: as the kernel says it, null where it does not. */
static void
add_knobs(json_t *host)
{
	static const struct {
		const char *key;
		const char *path;
	} knobs[] = {
		{"cpus_online", "/sys/devices/system/cpu/online"},
		{"cpus_isolated", "/sys/devices/system/cpu/isolated"},
		{"nohz_full", "/sys/devices/system/cpu/nohz_full"},
		{"smt", "/sys/devices/system/cpu/smt/control"},
		{"governor", "/sys/devices/system/cpu/cpu0/cpufreq/"
			     "scaling_governor"},
		{"transparent_hugepage",
			"/sys/kernel/mm/transparent_hugepage/enabled"},
		{"randomize_va_space", "/proc/sys/kernel/randomize_va_space"},
		{"perf_event_mlock_kb", "/proc/sys/kernel/perf_event_mlock_kb"},
		{"perf_event_max_sample_rate",
			"/proc/sys/kernel/perf_event_max_sample_rate"},
	};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(knobs); i++)
		rc |= json_object_set_new(
			host, knobs[i].key, file_text(knobs[i].path));
	rc |= json_object_set_new(
		host, "cpu_stepping", file_field("/proc/cpuinfo", "stepping"));
	rc |= json_object_set_new(host, "cpu_microcode",
		file_field("/proc/cpuinfo", "microcode"));
	if (rc != 0)
		DIE("the kernel's knobs do not fit into JSON");
}

json_t *
host_describe(void)
{
	static int cpus[CPU_SETSIZE];
	struct utsname system;
	json_t *host;

	if (uname(&system) != 0)
		DIE_ERRNO(errno, "uname");
	host = json_pack("{s:o, s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:I}",
		"cpu_model", file_field("/proc/cpuinfo", "model name"), "cpus",
		affinity_cpus(cpus, CPU_SETSIZE), "kernel", system.release,
		"os", file_field("/etc/os-release", "PRETTY_NAME"), "libc",
		libc_name(), "clocksource",
		file_text("/sys/devices/system/clocksource/clocksource0/"
			  "current_clocksource"),
		"hypervisor", hypervisor_name(), "perf_event_paranoid",
		file_number("/proc/sys/kernel/perf_event_paranoid"),
		"memory_bytes", (json_int_t)memory_bytes());
	if (host == NULL)
		DIE("the host does not fit into JSON");
	add_knobs(host);
	return host;
}

bool
host_parse_stat(const char *text, struct host_sample *sample)
{
	/* user nice system idle iowait irq softirq steal; guest time is
	 * contained in user and nice. */
	int64_t ticks[8];

	if (sscanf(text,
		    "cpu %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64
		    " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64,
		    &ticks[0], &ticks[1], &ticks[2], &ticks[3], &ticks[4],
		    &ticks[5], &ticks[6], &ticks[7]) != 8)
		return false;
	sample->total_ticks = 0;
	for (int i = 0; i < 8; i++)
		sample->total_ticks += ticks[i];
	sample->steal_ticks = ticks[7];
	sample->busy_ticks =
		ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6];
	return true;
}

static int64_t
used_cpu_ns(int who)
{
	struct rusage usage;

	if (getrusage(who, &usage) != 0)
		DIE_ERRNO(errno, "getrusage");
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS_PER_S +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * NS_PER_US;
}

void
host_sample(struct host_sample *sample)
{
	char text[512];

	*sample = (struct host_sample){0};
	sample->is_known = proc_read("/proc/stat", text, sizeof(text)) > 0 &&
			   host_parse_stat(text, sample);
	sample->own_cpu_ns =
		used_cpu_ns(RUSAGE_SELF) + used_cpu_ns(RUSAGE_CHILDREN);
}

static json_t *
load_1min(void)
{
	double load;

	return getloadavg(&load, 1) == 1 ? json_real(load) : json_null();
}

static double
clamp_ratio(double ratio)
{
	return ratio < 0.0 ? 0.0 : ratio > 1.0 ? 1.0 : ratio;
}

json_t *
host_between(const struct host_sample *before, const struct host_sample *after)
{
	int64_t tick_ns = NS_PER_S / sysconf(_SC_CLK_TCK);
	double total = (double)(after->total_ticks - before->total_ticks);
	double own = (double)(after->own_cpu_ns - before->own_cpu_ns) /
		     (double)tick_ns;
	double busy = (double)(after->busy_ticks - before->busy_ticks);
	double steal = (double)(after->steal_ticks - before->steal_ticks);
	bool is_known = before->is_known && after->is_known && total > 0.0;

	return json_pack("{s:o, s:o, s:o}", "steal_ratio",
		is_known ? json_real(clamp_ratio(steal / total)) : json_null(),
		"foreign_cpu_ratio",
		is_known ? json_real(clamp_ratio((busy - own) / total))
			 : json_null(),
		"load_1min", load_1min());
}
