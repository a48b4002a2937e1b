/* SPDX-License-Identifier: MIT */
/*
 * Small text files of the kernel, /proc and /sys: read whole, picked apart.
 *
 * The functions on text take text, so that tests need no kernel.
 */
#ifndef HARNESS_PROC_H
#define HARNESS_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Read a file's first capacity - 1 bytes, without the newline at the end.
 * Returns how many, or -errno with an empty text.
 */
int proc_read(const char *path, char *text, size_t capacity);

/* Read a file that holds one whole number.  Returns 0 or -errno; -EINVAL. */
int proc_read_number(const char *path, int64_t *number);

/*
 * Find the line that begins with key and one of ": \t=" and copy what follows,
 * without blanks and quotes around it.  Returns whether there is one.
 */
bool proc_field(
	const char *text, const char *key, char *value, size_t capacity);

#endif
