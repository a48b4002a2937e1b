/* SPDX-License-Identifier: MIT */
/* What one thread used of the machine between the gate and its stop. */
#include "harness/perf/usage.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "harness/perf/counters.h"
#include "harness/perf/probe.h"
#include "harness/perf/schedstat.h"

/* What is read, not counted, at the gate and at the stop. */
struct sample {
	int64_t cpu_ns;
	struct rusage rusage;
	char schedstat[SCHEDSTAT_BYTES];
};

struct usage {
	struct counters counters;
	int schedstat_fd; /* or -errno */
	bool is_stopped;
	struct sample before;
	struct sample after;
};

void
usage_prepare(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		DIE_ERRNO(errno, "getrlimit(RLIMIT_NOFILE)");
	files.rlim_cur = files.rlim_max;
	/* If it fails, the threads that lack descriptors will say so. */
	(void)setrlimit(RLIMIT_NOFILE, &files);
	(void)perf_roster(); /* the roster is remembered, not needed here */
}

static void
take_sample(struct usage *usage, struct sample *sample)
{
	if (getrusage(RUSAGE_THREAD, &sample->rusage) != 0)
		DIE_ERRNO(errno, "getrusage(RUSAGE_THREAD)");
	sample->cpu_ns = clock_thread_cpu_ns();
	schedstat_read(usage->schedstat_fd, sample->schedstat);
}

struct usage *
usage_begin(void)
{
	struct usage *usage = calloc(1, sizeof(*usage));

	if (usage == NULL)
		DIE_ERRNO(errno, "usage of a thread");
	counters_open(&usage->counters, perf_roster());
	usage->schedstat_fd = schedstat_open();
	take_sample(usage, &usage->before);
	take_sample(usage, &usage->after);
	counters_stop(&usage->counters);
	return usage;
}

void
usage_go(struct usage *usage)
{
	/* Samples inside: they are cheaper than starting and stopping. */
	counters_start(&usage->counters);
	take_sample(usage, &usage->before);
}

void
usage_stop(struct usage *usage)
{
	take_sample(usage, &usage->after);
	counters_stop(&usage->counters);
	usage->is_stopped = true;
}

const struct switch_ring *
usage_switch_ring(const struct usage *usage)
{
	return usage->counters.ring.fd < 0 ? NULL : &usage->counters.ring;
}

static int64_t
timeval_ns(const struct timeval *time)
{
	return time->tv_sec * NS_PER_S + time->tv_usec * NS_PER_US;
}

static json_t *
rusage_json(const struct rusage *before, const struct rusage *after)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "nvcsw",
		(json_int_t)(after->ru_nvcsw - before->ru_nvcsw), "nivcsw",
		(json_int_t)(after->ru_nivcsw - before->ru_nivcsw), "minflt",
		(json_int_t)(after->ru_minflt - before->ru_minflt), "majflt",
		(json_int_t)(after->ru_majflt - before->ru_majflt), "user_ns",
		(json_int_t)(timeval_ns(&after->ru_utime) -
			     timeval_ns(&before->ru_utime)),
		"sys_ns",
		(json_int_t)(timeval_ns(&after->ru_stime) -
			     timeval_ns(&before->ru_stime)));
}

/* The sentence of a reason, or null when there is nothing to explain. */
static json_t *
detail_json(const struct counter_reason *reason, const char *name)
{
	char text[320];

	if (reason->status == COUNTER_OK)
		return json_null();
	reason_sentence(reason, name, text, sizeof(text));
	return json_string(text);
}

static json_t *
number_json(bool is_known, uint64_t number)
{
	return is_known ? json_integer((json_int_t)number) : json_null();
}

static json_t *
schedstat_json(const struct usage *usage)
{
	struct schedstat delta;
	struct counter_reason reason;
	bool is_ok;

	schedstat_delta(usage->schedstat_fd, usage->before.schedstat,
		usage->after.schedstat, &delta, &reason);
	is_ok = reason.status == COUNTER_OK;
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "status",
		counter_status_name(reason.status), "run_ns",
		number_json(is_ok, (uint64_t)delta.run_ns), "wait_ns",
		number_json(is_ok, (uint64_t)delta.wait_ns), "slices",
		number_json(is_ok, (uint64_t)delta.slices), "detail",
		detail_json(&reason, "schedstat"));
}

static json_t *
switches_json(const struct counters *counters)
{
	struct switch_counts counts;
	struct counter_reason reason;
	bool is_ok;

	counters_switches(counters, &counts, &reason);
	is_ok = reason.status == COUNTER_OK;
	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "status",
		counter_status_name(reason.status), "out",
		number_json(is_ok, counts.out), "in",
		number_json(is_ok, counts.in), "preempted",
		number_json(is_ok, counts.preempted), "lost",
		number_json(
			is_ok || reason.status == COUNTER_LOST, counts.lost),
		"detail", detail_json(&reason, "switch records"));
}

static json_t *
counter_json(const struct counters *counters, int i)
{
	const struct event *event = &counters->roster->events[i].event;
	struct counter_value value;
	struct counter_reason reason;
	bool is_read;

	counters_value(counters, i, &value, &reason);
	is_read = value.enabled_ns > 0;
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "event",
		event->qualified, "status", counter_status_name(reason.status),
		"value",
		number_json(counter_has_value(reason.status), value.value),
		"raw", number_json(is_read, value.raw), "enabled_ns",
		number_json(is_read, value.enabled_ns), "running_ns",
		number_json(is_read, value.running_ns), "detail",
		detail_json(&reason, event->name));
}

static json_t *
counters_json(const struct counters *counters)
{
	json_t *list = json_array();

	if (list == NULL)
		DIE_ERRNO(ENOMEM, "counters of a thread");
	for (int i = 0; i < counters->roster->nevents; i++)
		if (json_array_append_new(list, counter_json(counters, i)) != 0)
			DIE_ERRNO(ENOMEM, "counters of a thread");
	return list;
}

static void
usage_free(struct usage *usage)
{
	counters_close(&usage->counters);
	if (usage->schedstat_fd >= 0)
		(void)close(usage->schedstat_fd); /* nothing was written */
	free(usage);
}

json_t *
usage_json(struct usage *usage)
{
	json_t *json;

	if (usage == NULL)
		return json_null();
	if (!usage->is_stopped) {
		usage_free(usage);
		return json_null();
	}
	json = json_pack("{s:I, s:o, s:o, s:o, s:o}", "cpu_ns",
		(json_int_t)(usage->after.cpu_ns - usage->before.cpu_ns),
		"rusage",
		rusage_json(&usage->before.rusage, &usage->after.rusage),
		"schedstat", schedstat_json(usage), "switches",
		switches_json(&usage->counters), "counters",
		counters_json(&usage->counters));
	if (json == NULL)
		DIE_ERRNO(ENOMEM, "usage of a thread");
	usage_free(usage);
	return json;
}
