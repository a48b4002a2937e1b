/* SPDX-License-Identifier: MIT */
/* Text that grows, and text that cannot be had without memory. */
#ifndef HARNESS_TEXT_H
#define HARNESS_TEXT_H

#include <jansson.h>
#include <stddef.h>

#include "common/compiler.h"

/* A formatted string of its own; dies without memory.  The caller frees it. */
char *text_format(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Append to *text, which may be NULL; dies without memory. */
void text_append(char **text, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* strdup() that dies without memory. */
char *text_copy(const char *text);

/* A word for a shell's command line, quoted if it needs to be. */
char *text_shell_word(const char *text);

/*
 * A JSON string of bytes from elsewhere: what JSON cannot hold, or a reader
 * could not take back, becomes a question mark.  Changes the bytes.
 */
json_t *text_to_json(char *bytes, size_t length);

#endif
