/* SPDX-License-Identifier: MIT */
/* A run's phases as one JSON object: results/README.md says what is in it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/parse.h"
#include "harness/perf/usage.h"
#include "harness/run/gilrun.h"
#include "runtime/gil/variant.h"

static int64_t
timeval_ns(struct timeval time)
{
	return time.tv_sec * NS_PER_S + time.tv_usec * NS_PER_US;
}

static json_t *
process_json(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) != 0)
		DIE_ERRNO(errno, "getrusage");
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "user_ns",
		(json_int_t)timeval_ns(usage.ru_utime), "sys_ns",
		(json_int_t)timeval_ns(usage.ru_stime), "maxrss_bytes",
		(json_int_t)usage.ru_maxrss * 1024, "nvcsw",
		(json_int_t)usage.ru_nvcsw, "nivcsw",
		(json_int_t)usage.ru_nivcsw, "minflt",
		(json_int_t)usage.ru_minflt, "majflt",
		(json_int_t)usage.ru_majflt);
}

static json_t *
gil_json(const struct gil_counters *c)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		"acquisitions", (json_int_t)c->acquisitions, "waits",
		(json_int_t)c->waits, "switches", (json_int_t)c->switches,
		"forced_yields", (json_int_t)c->forced_yields,
		"forced_switches", (json_int_t)c->forced_switches,
		"failed_acquisitions", (json_int_t)c->failed_acquisitions,
		"barges", (json_int_t)c->barges, "handoffs",
		(json_int_t)c->handoffs, "wake_calls",
		(json_int_t)c->wake_calls);
}

static json_t *
hist_json(const struct hist *hist)
{
	json_t *buckets = json_array();

	for (int i = 0; i < HIST_BUCKET_COUNT; i++)
		if (hist->buckets[i] != 0)
			json_array_append_new(
				buckets, json_pack("[i, I]", i,
						 (json_int_t)hist->buckets[i]));
	return json_pack("{s:s, s:I, s:I, s:I, s:f, s:o}", "scheme",
		HIST_SCHEME, "count", (json_int_t)hist->count, "min_ns",
		(json_int_t)hist->min_ns, "max_ns", (json_int_t)hist->max_ns,
		"sum_ns", hist->sum_ns, "buckets", buckets);
}

static const char *
metric_status_name(enum metric_status status)
{
	switch (status) {
	case METRIC_OK:
		return "ok";
	case METRIC_DISABLED:
		return "disabled";
	case METRIC_NO_SAMPLES:
		return "no_samples";
	case METRIC_ABSENT:
		break;
	}
	DIE("a metric that is absent has no status");
}

static json_t *
metrics_json(const struct phase *phase)
{
	json_t *object = json_object();

	for (int i = 0; i < METRIC_ID_COUNT; i++) {
		enum metric_status status = phase->status_of[i];
		bool is_ok = status == METRIC_OK;

		if (status == METRIC_ABSENT ||
			(is_ok && metrics[i].kind == METRIC_HIST))
			continue;
		json_object_set_new(object, metrics[i].name,
			json_pack("{s:o, s:s}", "value",
				is_ok ? json_real(phase->value[i])
				      : json_null(),
				"status", metric_status_name(status)));
	}
	return object;
}

static json_t *
histograms_json(const struct phase *phase)
{
	json_t *object = json_object();

	for (int i = 0; i < METRIC_ID_COUNT; i++)
		if (phase->hist[i] != NULL)
			json_object_set_new(object, metrics[i].name,
				hist_json(phase->hist[i]));
	return object;
}

static json_t *
threads_json(const struct phase *phase)
{
	json_t *list = json_array();

	for (int i = 0; i < phase->nthreads; i++) {
		const struct phase_thread *thread = &phase->threads[i];

		json_array_append_new(list,
			json_pack("{s:s, s:i, s:I, s:I, s:I, s:o, s:o}", "name",
				thread->name, "cpu", thread->cpu, "units",
				(json_int_t)thread->units, "events",
				(json_int_t)thread->events, "events_lost",
				(json_int_t)thread->events_lost, "gil",
				gil_json(&thread->gil), "usage",
				thread->usage == NULL
					? json_null()
					: usage_json(thread->usage)));
	}
	return list;
}

static json_t *
phase_json(const struct phase *phase)
{
	struct gil_counters sum = phase_gil_counters(phase);

	return json_pack("{s:s, s:b, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o}",
		"name", phase->name, "warmup", phase->is_warmup, "status",
		phase_status_name(phase->status), "wall_ns",
		(json_int_t)phase->wall_ns, "cpu_ns", (json_int_t)phase->cpu_ns,
		"ticks", (json_int_t)phase->ticks, "metrics",
		metrics_json(phase), "histograms", histograms_json(phase),
		"gil", gil_json(&sum), "threads", threads_json(phase));
}

/* "cpython-5ms+slice=1ms": the variant, and what was changed. */
static json_t *
variant_json(const struct gilrun_options *options)
{
	char name[256], slice[24];
	int length = snprintf(name, sizeof(name), "%s", gil_variant.name);

	if (options->slice_ns != 0 &&
		options->slice_ns != gil_variant.slice_ns) {
		format_duration(options->slice_ns, slice);
		length += snprintf(name + length, sizeof(name) - (size_t)length,
			"+slice=%s", slice);
	}
	for (int i = 0; i < options->nsets; i++)
		if (length < (int)sizeof(name))
			length += snprintf(name + length,
				sizeof(name) - (size_t)length, "+%s=%s",
				options->sets[i].name, options->sets[i].value);
	return json_string(name);
}

static json_t *
options_json(const struct gilrun_options *options)
{
	const struct workload_option *option = options->workload->options;
	json_t *object = json_object();

	for (int i = 0; option[i].name != NULL; i++)
		json_object_set_new(object, option[i].name,
			json_string(options->values[i].text));
	return object;
}

static enum phase_status
worst_status(const struct run *run, int rc)
{
	enum phase_status worst = rc != 0 ? PHASE_FAILED : PHASE_OK;

	for (int i = 0; i < run->phases.length; i++)
		if (!run->phases.items[i]->is_warmup &&
			run->phases.items[i]->status > worst)
			worst = run->phases.items[i]->status;
	return worst;
}

json_t *
gilrun_record(
	const struct gilrun_options *options, const struct run *run, int rc)
{
	bool falls_back =
		gil_spins() && (run->ncpus == 1 || run->place == PLACE_PIN1);
	json_t *phases = json_array(), *object;

	for (int i = 0; i < run->phases.length; i++)
		json_array_append_new(phases, phase_json(run->phases.items[i]));
	object = json_pack("{s:s, s:s, s:o, s:s, s:o, s:s, s:I, s:I, s:I, s:I}",
		"rec", "run", "schema", "gilbench.run/1", "variant",
		variant_json(options), "workload", options->workload->name,
		"options", options_json(options), "place",
		place_names[run->place], "duration_ns",
		(json_int_t)run->duration_ns, "warmup_ns",
		(json_int_t)run->warmup_ns, "iterations",
		(json_int_t)run->iterations, "nonce", (json_int_t)run->nonce);
	json_object_update_new(object,
		json_pack("{s:I, s:s, s:s?, s:i, s:I, s:s, s:s?, s:o, s:o}",
			"slice_ns", (json_int_t)run->slice_ns, "status",
			phase_status_name(worst_status(run, rc)), "error",
			rc != 0 ? run->error : NULL, "cpus", run->ncpus,
			"timer_slack_ns", (json_int_t)options->timer_slack_ns,
			"clock", "CLOCK_MONOTONIC", "spin_fallback",
			falls_back ? "sched_yield" : NULL, "process",
			process_json(), "phases", phases));
	return object;
}
