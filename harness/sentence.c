/* SPDX-License-Identifier: MIT */
/* The one sentence that tells a user what is wrong. */
#include "harness/sentence.h"

#include <stdarg.h>
#include <stdio.h>

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
