/* SPDX-License-Identifier: MIT */
/* All workloads, in the order of `gilbench list`. */
#include "workloads/workload.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

extern const struct workload workload_countdown;
extern const struct workload workload_echo;
extern const struct workload workload_yield_ping;
extern const struct workload workload_fast_path;

const struct workload *const workloads[] = {
	&workload_countdown,
	&workload_echo,
	&workload_yield_ping,
	&workload_fast_path,
	NULL,
};

const struct workload *
workload_find(const char *name)
{
	for (int i = 0; workloads[i] != NULL; i++)
		if (strcmp(workloads[i]->name, name) == 0)
			return workloads[i];
	return NULL;
}

int
run_fail(struct run *run, int rc, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(run->error, sizeof(run->error), fmt, args);
	va_end(args);
	return rc;
}
