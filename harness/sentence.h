/* SPDX-License-Identifier: MIT */
/* The one sentence that tells a user what is wrong. */
#ifndef HARNESS_SENTENCE_H
#define HARNESS_SENTENCE_H

#include <argp.h>

#include "common/compiler.h"

struct sentence {
	char text[1024]; /* cut where it would not fit */
};

/* Fill in the sentence; always returns -1, so that a caller can return it. */
int sentence_set(struct sentence *sentence, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/*
 * For ARGP_KEY_INIT: what argp says of bad options is one sentence, without
 * the line "Try ... --help" behind it.  Returns 0 or ENOMEM.
 */
error_t sentence_only(struct argp_state *state);

#endif
