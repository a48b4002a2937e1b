/* SPDX-License-Identifier: MIT */
/* What arrives through a pipe: read without blocking, kept whole or its end. */
#ifndef HARNESS_STREAM_H
#define HARNESS_STREAM_H

#include <stdbool.h>
#include <stddef.h>

struct stream {
	int fd;             /* does not block; -1: closed */
	size_t limit_bytes; /* never keeps more */
	bool keeps_tail;    /* beyond the limit: the end, else it is full */
	bool is_full;       /* the limit was passed; the rest is not read */
	char *bytes;
	size_t length;
	size_t capacity;
};

/*
 * Read what is there, a bounded amount per call, so that a writer that never
 * stops cannot hold the reader.  Closes the stream at its end, and when it is
 * full.  Dies without memory.
 */
void stream_read(struct stream *stream);

/* Close the stream; returns its text, with a NUL behind it, to be freed. */
char *stream_finish(struct stream *stream);

#endif
