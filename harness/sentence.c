/* SPDX-License-Identifier: MIT */
/* The one sentence that tells a user what is wrong. */
#include "harness/sentence.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int
sentence_set(struct sentence *sentence, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	/* A value that is too long is cut, and still recognised. */
	(void)vsnprintf(sentence->text, sizeof(sentence->text), fmt, args);
	va_end(args);
	return -1;
}

/* A line at a time goes to stderr, until argp's advice, which may be two. */
static ssize_t
pass_sentence(void *cookie, const char *text, size_t size)
{
	static const char advice[] = "Try `";
	static bool is_advised;

	(void)cookie;
	is_advised |= size >= sizeof(advice) &&
		      memcmp(text, advice, sizeof(advice) - 1) == 0;
	if (!is_advised)
		(void)fwrite(text, 1, size, stderr); /* no better place */
	return (ssize_t)size;
}

error_t
sentence_only(struct argp_state *state)
{
	static const cookie_io_functions_t functions = {.write = pass_sentence};
	FILE *stream = fopencookie(NULL, "w", functions);

	if (stream == NULL || setvbuf(stream, NULL, _IOLBF, 1024) != 0)
		return ENOMEM;
	state->err_stream = stream;
	return 0;
}
