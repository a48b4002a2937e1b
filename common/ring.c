/* SPDX-License-Identifier: MIT */
/* The event ring's memory. */
#include "common/ring.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include "common/die.h"

int
ring_init(struct ring *ring, uint64_t capacity)
{
	uint64_t size = 1;
	void *memory;

	while (size < capacity)
		size *= 2;
	memory = mmap(NULL, size * sizeof(struct ring_event),
		PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (memory == MAP_FAILED)
		return -ENOMEM;
	ring->events = memory;
	ring->mask = size - 1;
	ring->written = 0;
	return 0;
}

void
ring_destroy(struct ring *ring)
{
	if (ring->events != NULL &&
		munmap(ring->events,
			(ring->mask + 1) * sizeof(struct ring_event)) != 0)
		DIE_ERRNO(errno, "munmap of an event ring");
	ring->events = NULL;
}
