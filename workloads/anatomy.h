/* SPDX-License-Identifier: MIT */
/*
 * What the event rings of one phase say: who held the GIL, who waited.
 *
 * Reads the rings of all threads in the order of time, once, after the run.
 * Where a ring overwrote its oldest events, the analysis begins at the moment
 * from which all rings are complete.
 */
#ifndef WORKLOADS_ANATOMY_H
#define WORKLOADS_ANATOMY_H

#include "common/ring.h"
#include "workloads/phase.h"

/*
 * Fill in the phase's metrics that come from events: switch latency, dead
 * time, waits, forced holds, run length.  end_ns closes the waits and the
 * dead time that were still open when the phase stopped.
 */
void anatomy_measure(struct phase *phase, const struct ring *const *rings,
	int nrings, int64_t end_ns, int64_t slice_ns);

/* Mark the same metrics as disabled: the rings are compiled out. */
void anatomy_disable(struct phase *phase);

#endif
