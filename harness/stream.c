/* SPDX-License-Identifier: MIT */
/* What arrives through a pipe: read without blocking, kept whole or its end. */
#include "harness/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/die.h"

#define READ_BYTES     65536
#define READS_PER_CALL 32

static void
close_stream(struct stream *stream)
{
	if (stream->fd >= 0)
		(void)close(stream->fd); /* only read from: nothing is lost */
	stream->fd = -1;
}

/* Free space for at least count more bytes and a NUL. */
static void
reserve(struct stream *stream, size_t count)
{
	size_t wanted = stream->length + count + 1;

	if (wanted <= stream->capacity)
		return;
	if (wanted < stream->capacity * 2)
		wanted = stream->capacity * 2;
	stream->bytes = realloc(stream->bytes, wanted);
	if (stream->bytes == NULL)
		DIE_ERRNO(ENOMEM, "realloc");
	stream->capacity = wanted;
}

/* Hold the length within the limit. */
static void
trim(struct stream *stream)
{
	size_t excess = stream->length - stream->limit_bytes;

	if (stream->length <= stream->limit_bytes)
		return;
	if (stream->keeps_tail) {
		memmove(stream->bytes, stream->bytes + excess,
			stream->limit_bytes);
	} else {
		stream->is_full = true;
		close_stream(stream);
	}
	stream->length = stream->limit_bytes;
}

void
stream_read(struct stream *stream)
{
	for (int i = 0; i < READS_PER_CALL && stream->fd >= 0; i++) {
		ssize_t count;

		reserve(stream, READ_BYTES);
		count = read(
			stream->fd, stream->bytes + stream->length, READ_BYTES);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno == EAGAIN)
			return;
		if (count < 0)
			DIE_ERRNO(errno, "read from a pipe");
		if (count == 0)
			close_stream(stream);
		stream->length += (size_t)count;
		trim(stream);
	}
}

char *
stream_finish(struct stream *stream)
{
	close_stream(stream);
	reserve(stream, 0);
	stream->bytes[stream->length] = '\0';
	return stream->bytes;
}
