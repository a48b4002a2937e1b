/* SPDX-License-Identifier: MIT */
/* Which CPUs a thread may run on: asked for, and read back. */
#include "common/affinity.h"

#include <errno.h>

#include "common/die.h"

int
affinity_cpus(int *cpus, int capacity)
{
	cpu_set_t mask;
	int count = 0;

	if (sched_getaffinity(0, sizeof(mask), &mask) != 0)
		DIE_ERRNO(errno, "sched_getaffinity");
	for (int cpu = 0; cpu < CPU_SETSIZE && count < capacity; cpu++)
		if (CPU_ISSET((size_t)cpu, &mask))
			cpus[count++] = cpu;
	return count;
}

int
affinity_set(const int *cpus, int count)
{
	cpu_set_t asked, granted;

	CPU_ZERO(&asked);
	for (int i = 0; i < count; i++)
		CPU_SET((size_t)cpus[i], &asked);
	if (sched_setaffinity(0, sizeof(asked), &asked) != 0)
		return -errno;
	if (sched_getaffinity(0, sizeof(granted), &granted) != 0)
		return -errno;
	return CPU_EQUAL(&asked, &granted) ? 0 : -EXDEV;
}

int
affinity_pin(int cpu)
{
	return affinity_set(&cpu, 1);
}
