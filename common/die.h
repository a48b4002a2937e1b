/* SPDX-License-Identifier: MIT */
/*
 * The end of a process that met something that cannot happen.
 *
 * Three kinds of error, three idioms: what cannot happen dies here, with file,
 * line and errno; what can happen is returned as -errno; a user's mistake is
 * one sentence on stderr and exit status 2, written by the program's main.
 */
#ifndef COMMON_DIE_H
#define COMMON_DIE_H

#include "common/compiler.h"

/* Exit statuses shared by every program of the project. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_USAGE = 2,      /* bad input: one sentence on stderr */
	EXIT_CRASHED = 5,    /* a measured process crashed or hung */
	EXIT_INTERRUPT = 130 /* Ctrl-C */
};

/* Print file, line, what and strerror(err) to stderr, then abort. */
#define DIE_ERRNO(err, what) die_errno_at(__FILE__, __LINE__, (err), (what))

/* Print file, line and the formatted text to stderr, then abort. */
#define DIE(...) die_at(__FILE__, __LINE__, __VA_ARGS__)

_Noreturn void die_errno_at(
	const char *file, int line, int err, const char *what);
_Noreturn void die_at(const char *file, int line, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

#endif
