/* SPDX-License-Identifier: MIT */
/* The end of a process that met something that cannot happen. */
#include "common/die.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
die_errno_at(const char *file, int line, int err, const char *what)
{
	fprintf(stderr, "%s:%d: %s: %s\n", file, line, what, strerror(err));
	abort();
}

void
die_at(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}
