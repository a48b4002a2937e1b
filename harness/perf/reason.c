/* SPDX-License-Identifier: MIT */
/* What became of a counter, and why, in words that a person can act upon. */
#include "harness/perf/reason.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	const char *words;
} statuses[COUNTER_STATUS_COUNT] = {
	[COUNTER_OK] = {"ok", "ok"},
	[COUNTER_SCALED] = {"scaled", "scaled"},
	[COUNTER_NOT_SUPPORTED] = {"not_supported", "not supported"},
	[COUNTER_NOT_PERMITTED] = {"not_permitted", "not permitted"},
	[COUNTER_NOT_COUNTED] = {"not_counted", "not counted"},
	[COUNTER_LOST] = {"lost", "lost"},
	[COUNTER_SUSPECT_ZERO] = {"suspect_zero", "suspect zero"},
	[COUNTER_DISABLED] = {"disabled", "disabled"},
};

const char *
counter_status_name(enum counter_status status)
{
	return statuses[status].name;
}

const char *
counter_status_words(enum counter_status status)
{
	return statuses[status].words;
}

bool
counter_has_value(enum counter_status status)
{
	return status == COUNTER_OK || status == COUNTER_SCALED;
}

void
reason_set(struct counter_reason *reason, enum counter_status status,
	const char *fmt, ...)
{
	va_list args;

	reason->status = status;
	reason->remedy[0] = '\0';
	va_start(args, fmt);
	vsnprintf(reason->why, sizeof(reason->why), fmt, args);
	va_end(args);
}

static void
set_remedy(struct counter_reason *reason, const char *remedy)
{
	snprintf(reason->remedy, sizeof(reason->remedy), "%s", remedy);
}

static void
explain_not_permitted(struct counter_reason *reason, int err, int paranoid)
{
	if (err == EPERM) {
		reason_set(reason, COUNTER_NOT_PERMITTED,
			"EPERM: a seccomp filter, as containers have, or the "
			"kernel's lockdown forbids perf_event_open");
		set_remedy(reason, "docker run --cap-add=PERFMON ...");
	} else if (paranoid > 1) {
		reason_set(reason, COUNTER_NOT_PERMITTED,
			"perf_event_paranoid=%d", paranoid);
		set_remedy(reason, "sudo sysctl kernel.perf_event_paranoid=1");
	} else if (paranoid == PARANOID_UNKNOWN) {
		reason_set(reason, COUNTER_NOT_PERMITTED,
			"EACCES: the kernel refuses it to ordinary users");
	} else {
		reason_set(reason, COUNTER_NOT_PERMITTED,
			"EACCES: a security module forbids it, "
			"perf_event_paranoid=%d does not",
			paranoid);
	}
}

static const char *
explain_enoent(const struct errno_context *context)
{
	if (!context->is_hardware)
		return "this kernel does not know the event";
	if (context->has_pmu)
		return "the PMU of this CPU does not have the event";
	return "the kernel has no hardware PMU; a virtual machine?";
}

static void
explain_no_memory(struct counter_reason *reason, int64_t mlock_kb)
{
	reason_set(reason, COUNTER_NOT_PERMITTED,
		"the memory that a user may lock for rings is used up");
	if (mlock_kb < 0)
		return;
	reason_set(reason, COUNTER_NOT_PERMITTED,
		"the memory that a user may lock for rings is used up, "
		"perf_event_mlock_kb=%" PRId64,
		mlock_kb);
	snprintf(reason->remedy, sizeof(reason->remedy),
		"sudo sysctl kernel.perf_event_mlock_kb=%" PRId64,
		mlock_kb < 4096 ? 16384 : 4 * mlock_kb);
}

/* The errnos that mean: not on this kernel, or not on this machine. */
static const char *
explain_not_supported(int err, const struct errno_context *context)
{
	switch (err) {
	case ENOENT:
		return explain_enoent(context);
	case EOPNOTSUPP:
		return "it needs a hardware feature that is not there";
	case ENODEV:
	case ENXIO:
		return "this CPU does not have it, or is offline";
	case EINVAL:
		return "this kernel refuses the event in every form tried";
	case E2BIG:
		return "this kernel is too old for the event's attributes";
	case EBUSY:
		return "another program has the PMU; try again when it ends";
	case ENOSYS:
		return "this kernel was built without perf_event_open";
	}
	return strerror(err);
}

void
reason_of_errno(struct counter_reason *reason, int err,
	const struct errno_context *context)
{
	const char *name = strerrorname_np(err);

	switch (err) {
	case EACCES:
	case EPERM:
		explain_not_permitted(reason, err, context->paranoid);
		return;
	case EMFILE:
		reason_set(reason, COUNTER_NOT_PERMITTED,
			"EMFILE: the process has used up its file descriptors");
		set_remedy(reason, "ulimit -n 65536");
		return;
	case ENFILE:
		reason_set(reason, COUNTER_NOT_PERMITTED,
			"ENFILE: the machine has used up its open files");
		set_remedy(reason, "sudo sysctl fs.file-max=1000000");
		return;
	case ENOBUFS:
		explain_no_memory(reason, context->mlock_kb);
		return;
	case ESRCH:
		reason_set(reason, COUNTER_NOT_COUNTED,
			"ESRCH: the thread had already ended");
		return;
	}
	/* Some drivers leak numbers that have no name outside the kernel. */
	if (name == NULL)
		reason_set(reason, COUNTER_NOT_SUPPORTED, "errno %d", err);
	else
		reason_set(reason, COUNTER_NOT_SUPPORTED, "%s: %s", name,
			explain_not_supported(err, context));
}

void
reason_sentence(const struct counter_reason *reason, const char *name,
	char *text, size_t capacity)
{
	const char *words = counter_status_words(reason->status);

	if (reason->why[0] == '\0')
		snprintf(text, capacity, "%s: %s", name, words);
	else if (reason->remedy[0] == '\0')
		snprintf(text, capacity, "%s: %s (%s)", name, words,
			reason->why);
	else
		snprintf(text, capacity, "%s: %s (%s; try: %s)", name, words,
			reason->why, reason->remedy);
}
