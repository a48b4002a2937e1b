/* SPDX-License-Identifier: MIT */
/* What the event rings of one phase say: who held the GIL, who waited. */
#include "workloads/anatomy.h"

#include <errno.h>
#include <stdlib.h>

#include "common/die.h"
#include "runtime/gil/gil.h"

/* One thread, as far as its events have been read. */
struct reader {
	const struct ring *ring;
	uint64_t next;         /* event to read */
	int64_t wait_begin_ns; /* -1: does not wait */
	bool yielding;         /* the wait began with its own release */
	bool was_forced;       /* ... which a tick asked for */
	int64_t hold_begin_ns; /* -1: unknown */
	uint64_t run_length;   /* forced yields that it won itself */
};

struct anatomy {
	struct phase *phase;
	struct reader *readers;
	int nreaders;
	int64_t begin_ns; /* of the complete part */
	int64_t now_ns;   /* up to which dead time is summed */
	int64_t dead_ns;
	int64_t longest_ns;
	int nwaiting;
	bool is_free;
	bool has_release; /* the last release is known */
	int64_t release_ns;
	uint32_t release_seq;
	bool has_acquired; /* the last acquisition is known */
	uint32_t acquired_seq;
	const struct reader *releaser;
	uint64_t run_length_max;
	uint64_t negative;
};

static const struct ring_event *
peek(const struct reader *reader)
{
	if (reader->next == ring_kept(reader->ring))
		return NULL;
	return ring_at(reader->ring, reader->next);
}

/* Whether the hold a came before the hold b; the numbers wrap. */
static bool
is_before(uint32_t a_seq, uint32_t b_seq)
{
	return (int32_t)(a_seq - b_seq) < 0;
}

/* By time; a release and the next acquisition may have the same stamp. */
static bool
is_earlier(const struct ring_event *a, const struct ring_event *b)
{
	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns;
	return is_before(a->hold_seq, b->hold_seq);
}

/* The reader whose next event is the earliest, or NULL at the end. */
static struct reader *
earliest(struct anatomy *a)
{
	struct reader *best = NULL;

	for (int i = 0; i < a->nreaders; i++) {
		const struct ring_event *event = peek(&a->readers[i]);

		if (event != NULL &&
			(best == NULL || is_earlier(event, peek(best))))
			best = &a->readers[i];
	}
	return best;
}

static void
wait_begins(struct anatomy *a, struct reader *r, int64_t at_ns, bool yielding)
{
	if (r->wait_begin_ns >= 0)
		return; /* a yielder that waits in acquire: already counted */
	r->wait_begin_ns = at_ns;
	r->yielding = yielding;
	a->nwaiting++;
}

static void
wait_ends(struct anatomy *a, struct reader *r, int64_t at_ns)
{
	int64_t wait_ns = at_ns - r->wait_begin_ns;
	enum metric_id id = r->yielding ? METRIC_ID_TURN_WAIT : METRIC_ID_WAIT;

	if (r->wait_begin_ns < 0)
		return;
	(void)hist_record(phase_hist(a->phase, id), wait_ns, 1); /* ordered */
	if (wait_ns > a->longest_ns)
		a->longest_ns = wait_ns;
	r->wait_begin_ns = -1;
	a->nwaiting--;
}

/* The stop ended it: no sample, but it may be the longest. */
static void
wait_is_cut_off(struct anatomy *a, const struct reader *r, int64_t end_ns)
{
	if (r->wait_begin_ns >= 0 && end_ns - r->wait_begin_ns > a->longest_ns)
		a->longest_ns = end_ns - r->wait_begin_ns;
}

/* Another thread than the releaser begins the very next hold: a switch. */
static void
switch_ends(struct anatomy *a, const struct ring_event *event)
{
	struct hist *hist = phase_hist(a->phase, METRIC_ID_SWITCH_LATENCY);

	/* The release was read first: ordered. */
	(void)hist_record(hist, event->at_ns - a->release_ns, 1);
}

static void
on_acquired(struct anatomy *a, struct reader *r, const struct ring_event *event)
{
	bool follows = a->has_release && event->hold_seq == a->release_seq + 1;

	if (follows && a->releaser != r)
		switch_ends(a, event);
	if (r->yielding && r->was_forced && r->wait_begin_ns >= 0) {
		r->run_length =
			follows && a->releaser == r ? r->run_length + 1 : 0;
		if (r->run_length > a->run_length_max)
			a->run_length_max = r->run_length;
	}
	wait_ends(a, r, event->at_ns);
	r->hold_begin_ns = event->at_ns;
	a->has_acquired = true;
	a->acquired_seq = event->hold_seq;
	a->is_free = false;
}

static void
on_release(struct anatomy *a, struct reader *r, const struct ring_event *event)
{
	bool was_forced = event->arg == GIL_REASON_FORCED;

	if (was_forced && r->hold_begin_ns >= 0)
		(void)hist_record(phase_hist(a->phase, METRIC_ID_HOLD_FORCED),
			event->at_ns - r->hold_begin_ns, 1); /* one thread's */
	r->hold_begin_ns = -1;
	r->was_forced = was_forced;
	if (was_forced || event->arg == GIL_REASON_YIELD ||
		event->arg == GIL_REASON_ASKED)
		wait_begins(a, r, event->at_ns, true);
	if (a->has_acquired && is_before(event->hold_seq, a->acquired_seq)) {
		/* A later hold has begun: it is not free, and no latency. */
		a->negative++;
		return;
	}
	a->has_release = true;
	a->release_ns = event->at_ns;
	a->release_seq = event->hold_seq;
	a->releaser = r;
	a->is_free = true;
}

/* Advance the sum of dead time to at_ns. */
static void
advance(struct anatomy *a, int64_t at_ns)
{
	if (a->is_free && a->nwaiting > 0)
		a->dead_ns += at_ns - a->now_ns;
	a->now_ns = at_ns;
}

static void
on_event(struct anatomy *a, struct reader *r, const struct ring_event *event)
{
	advance(a, event->at_ns);
	switch (event->kind) {
	case RING_WAIT_BEGIN:
		wait_begins(a, r, event->at_ns, false);
		break;
	case RING_ACQUIRED:
		on_acquired(a, r, event);
		break;
	case RING_RELEASE:
		on_release(a, r, event);
		break;
	default: /* safepoints and regions: for the timeline */
		break;
	}
}

/* Skip what other threads have already lost. */
static void
skip_incomplete(struct anatomy *a)
{
	for (int i = 0; i < a->nreaders; i++) {
		const struct ring *ring = a->readers[i].ring;

		if (ring_lost(ring) != 0 &&
			ring_at(ring, 0)->at_ns > a->begin_ns)
			a->begin_ns = ring_at(ring, 0)->at_ns;
	}
	for (int i = 0; i < a->nreaders; i++) {
		struct reader *r = &a->readers[i];

		while (peek(r) != NULL && peek(r)->at_ns < a->begin_ns)
			r->next++;
	}
}

static void
conclude(struct anatomy *a, int64_t end_ns, int64_t slice_ns)
{
	struct phase *phase = a->phase;
	const struct hist *holds = phase->hist[METRIC_ID_HOLD_FORCED];
	const struct hist *waits = phase->hist[METRIC_ID_WAIT];
	double window_ns = (double)(end_ns - a->begin_ns);

	if (window_ns > 0.0)
		phase_set(phase, METRIC_ID_DEAD_TIME,
			(double)a->dead_ns / window_ns);
	phase_set(phase, METRIC_ID_WAIT_LONGEST, (double)a->longest_ns);
	if (slice_ns > 0)
		phase_set(phase, METRIC_ID_WAIT_LONGEST_SLICES,
			(double)a->longest_ns / (double)slice_ns);
	phase_set(phase, METRIC_ID_RUN_LENGTH_MAX, (double)a->run_length_max);
	phase_set(phase, METRIC_ID_NEGATIVE, (double)a->negative);
	if (holds == NULL || !hist_enough_samples(holds->count, 0.5)) {
		phase_mark(phase, METRIC_ID_SLICE_EFFECTIVE, METRIC_NO_SAMPLES);
		return;
	}
	phase_set(phase, METRIC_ID_SLICE_EFFECTIVE,
		(double)hist_quantile_ns(holds, 0.5));
	if (waits != NULL && hist_enough_samples(waits->count, 0.5))
		phase_set(phase, METRIC_ID_WAIT_MEDIAN_SLICES,
			(double)hist_quantile_ns(waits, 0.5) /
				phase->value[METRIC_ID_SLICE_EFFECTIVE]);
}

void
anatomy_measure(struct phase *phase, const struct ring *const *rings,
	int nrings, int64_t end_ns, int64_t slice_ns)
{
	struct anatomy a = {.phase = phase, .nreaders = nrings};
	struct reader *r;

	a.begin_ns = end_ns - phase->wall_ns;
	a.readers = calloc((size_t)nrings, sizeof(*a.readers));
	if (a.readers == NULL)
		DIE_ERRNO(errno, "readers of event rings");
	for (int i = 0; i < nrings; i++)
		a.readers[i] = (struct reader){.ring = rings[i],
			.wait_begin_ns = -1,
			.hold_begin_ns = -1};
	skip_incomplete(&a);
	a.now_ns = a.begin_ns;
	while ((r = earliest(&a)) != NULL && peek(r)->at_ns <= end_ns) {
		on_event(&a, r, peek(r));
		r->next++;
	}
	advance(&a, end_ns);
	for (int i = 0; i < nrings; i++)
		wait_is_cut_off(&a, &a.readers[i], end_ns);
	conclude(&a, end_ns, slice_ns);
	free(a.readers);
}

void
anatomy_disable(struct phase *phase)
{
	static const enum metric_id ids[] = {METRIC_ID_SWITCH_LATENCY,
		METRIC_ID_DEAD_TIME, METRIC_ID_WAIT, METRIC_ID_TURN_WAIT,
		METRIC_ID_WAIT_LONGEST, METRIC_ID_WAIT_LONGEST_SLICES,
		METRIC_ID_WAIT_MEDIAN_SLICES, METRIC_ID_HOLD_FORCED,
		METRIC_ID_SLICE_EFFECTIVE, METRIC_ID_RUN_LENGTH_MAX,
		METRIC_ID_NEGATIVE};

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		phase_mark(phase, ids[i], METRIC_DISABLED);
}
