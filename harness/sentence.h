/* SPDX-License-Identifier: MIT */
/* The one sentence that tells a user what is wrong. */
#ifndef HARNESS_SENTENCE_H
#define HARNESS_SENTENCE_H

#include "common/compiler.h"

struct sentence {
	char text[1024]; /* cut where it would not fit */
};

/* Fill in the sentence; always returns -1, so that a caller can return it. */
int sentence_set(struct sentence *sentence, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

#endif
