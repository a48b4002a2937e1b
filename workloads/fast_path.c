/* SPDX-License-Identifier: MIT */
/*
 * fast_path: what the runtime costs a thread that nobody disturbs.
 *
 * Stands for the code that every interpreter executes all the time: the
 * safepoint in a loop, and the pair of release and acquire round a system call
 * that does not block.  Each is held against the same loop without it, in
 * short segments in the order A B B A, so that a drift of the machine's speed
 * hits both alike; the figure of a side is the median of its segments.
 *
 * A second thread is alive, asleep in a blocking region, as it is in any
 * program that needs a GIL at all.
 */
#include "common/clock.h"
#include "common/die.h"
#include "runtime/thread/region.h"
#include "workloads/compute.h"
#include "workloads/crew.h"

#include <stdlib.h>
#include <string.h>

enum { OPT_SECOND };

static const struct workload_option options[] = {
	[OPT_SECOND] = {"second", OPTION_CHOICE, "on", 0, 0, "off,on",
		"keep a second thread alive, asleep without the GIL"},
	{0},
};

#define MAX_SEGMENTS 4096
#define SEGMENT_NS   (NS_PER_MS / 2)

/* One side of a comparison: run count operations. */
typedef void side_fn(struct thread *self, int64_t count);

struct contest {
	side_fn *sides[2];
	double segment_ns[2][MAX_SEGMENTS]; /* per operation */
	int segments;
};

/* The three loops differ in nothing but the marked line. */
#define DEFINE_LOOP(name, steps, safepoint)                                    \
	static NOINLINE void name(struct thread *self, int64_t count)          \
	{                                                                      \
		uint64_t value = 1;                                            \
                                                                               \
		(void)self; /* not every loop has a safepoint */               \
		for (int64_t i = 0; i < count; i++) {                          \
			value = compute_steps(value, steps);                   \
			safepoint;                                             \
		}                                                              \
		KEEP_VALUE(value);                                             \
	}

DEFINE_LOOP(short_without, 1, (void)0)
DEFINE_LOOP(short_with, 1, thread_poll(self))
DEFINE_LOOP(long_without, COMPUTE_LONG_STEPS, (void)0)
DEFINE_LOOP(long_with, COMPUTE_LONG_STEPS, thread_poll(self))

static NOINLINE void
pairs_with(struct thread *self, int64_t count)
{
	for (int64_t i = 0; i < count; i++) {
		gil_release(self->gil, GIL_REASON_REGION);
		gil_acquire(self->gil);
	}
}

static NOINLINE void
pairs_bare(struct thread *self, int64_t count)
{
	(void)self;
	gil_bare_pairs(count);
}

static double
time_side_ns(side_fn *side, struct thread *self, int64_t count)
{
	int64_t begin_ns = clock_now_ns();

	side(self, count);
	return (double)(clock_now_ns() - begin_ns) / (double)count;
}

/* How many operations fill a segment. */
static int64_t
calibrate(side_fn *side, struct thread *self)
{
	int64_t count = 64;

	while (time_side_ns(side, self, count) * (double)count <
		(double)SEGMENT_NS)
		count *= 2;
	return count;
}

static void
run_contest(struct contest *contest, struct crew_member *self, int64_t until_ns)
{
	int64_t count = calibrate(contest->sides[0], &self->thread);

	while (contest->segments < MAX_SEGMENTS &&
		(contest->segments < 2 || clock_now_ns() < until_ns)) {
		int first = contest->segments & 1; /* A B, then B A */

		for (int i = 0; i < 2; i++) {
			int side = first ^ i;

			contest->segment_ns[side][contest->segments] =
				time_side_ns(contest->sides[side],
					&self->thread, count);
		}
		contest->segments++;
	}
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median_ns(struct contest *contest, int side)
{
	qsort(contest->segment_ns[side], (size_t)contest->segments,
		sizeof(double), compare_doubles);
	return contest->segment_ns[side][contest->segments / 2];
}

/* Run one comparison and file its figures. */
static void
compare(struct crew_member *self, side_fn *ours, side_fn *bare,
	int64_t duration_ns, enum metric_id ours_id, enum metric_id bare_id,
	enum metric_id ratio_id)
{
	struct contest *contest = calloc(1, sizeof(*contest));
	struct phase *phase = self->crew->phase;
	double ours_ns, bare_ns;

	if (contest == NULL)
		DIE("no memory for the segments of a comparison");
	contest->sides[0] = ours;
	contest->sides[1] = bare;
	run_contest(contest, self, clock_now_ns() + duration_ns);
	ours_ns = median_ns(contest, 0);
	bare_ns = median_ns(contest, 1);
	if (ours_id != METRIC_ID_COUNT)
		phase_set(phase, ours_id, ours_ns);
	phase_set(phase, bare_id, bare_ns);
	phase_set(phase, ratio_id, ours_ns / bare_ns);
	self->units += (uint64_t)contest->segments;
	free(contest);
}

static uint64_t
compare_all(struct crew_member *self)
{
	const int64_t share_ns = *(const int64_t *)self->arg / 3;

	compare(self, short_with, short_without, share_ns, METRIC_ID_COUNT,
		METRIC_ID_BODY_SHORT, METRIC_ID_POLL_SHORT);
	compare(self, long_with, long_without, share_ns, METRIC_ID_COUNT,
		METRIC_ID_BODY_LONG, METRIC_ID_POLL_LONG);
	/* A policy without a lock has no atomic operations to stand beside. */
	if (gil_max_threads() != 1)
		compare(self, pairs_with, pairs_bare, share_ns, METRIC_ID_PAIR,
			METRIC_ID_BARE_PAIR, METRIC_ID_PAIR_RATIO);
	return self->units;
}

/*
 * Alive, but not there: wait for the stop without the GIL.  Out of line, so
 * that a policy whose regions give up nothing lets the other thread run too.
 */
static uint64_t
sleep_outside(struct crew_member *self)
{
	thread_leave_gil(&self->thread);
	while (crew_is_running(self->crew))
		clock_sleep_until_ns(clock_now_ns() + 20 * NS_PER_MS);
	thread_take_gil(&self->thread);
	return 1;
}

static int
run_fast_path(struct run *run)
{
	bool has_second = strcmp(run->values[OPT_SECOND].text, "on") == 0;
	struct crew crew;
	int rc;

	crew_init(&crew, run, "alone", 2, false);
	crew_enlist(&crew, "compute", 0, compare_all, &run->duration_ns, false);
	if (has_second)
		crew_enlist(&crew, "sleeper", 0, sleep_outside, NULL, false);
	rc = crew_gather(&crew);
	if (rc != 0)
		return rc;
	crew_work(&crew, run->duration_ns);
	crew_dismiss(&crew);
	return 0;
}

static int
threads_of(const struct workload_value *values)
{
	(void)values;
	return 1; /* the sleeper never competes */
}

const struct workload workload_fast_path = {
	.name = "fast_path",
	.summary = "the safepoint, and an uncontended release and acquire",
	.stands_for = "what every interpreter pays without contention",
	.options = options,
	.can_separate = true,
	.can_count = false,
	.threads = threads_of,
	.run = run_fast_path,
};
