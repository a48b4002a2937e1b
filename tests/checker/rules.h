/* SPDX-License-Identifier: MIT */
/*
 * What each policy promises beyond mutual exclusion and lost wake-ups, in the
 * words of its header.  A policy without a line promises nothing more.
 */
#ifndef TESTS_CHECKER_RULES_H
#define TESTS_CHECKER_RULES_H

#include <stdbool.h>

/* Which yields, if somebody waits, let another thread have the GIL first. */
enum lets_in {
	LETS_IN_NONE,   /* the yielder may win it back at once */
	LETS_IN_FORCED, /* those at a safepoint that was asked for */
	LETS_IN_ALL,
	LETS_IN_EACH /* all, and who waits has its turn among yielders */
};

#define ANY_NUMBER (-1)

struct promise {
	const char *policy;
	const char *option; /* "name=value" that it holds with; NULL: any */
	/* How many that came later may have the GIL before one that waits;
	 * 0: FIFO. */
	int max_overtaking;
	enum lets_in lets_in;
	bool yields_blindly;    /* a yield does not ask whether anybody waits */
	bool relies_on_timeout; /* waiters find the free GIL by themselves */
	bool decides_by_clock;  /* so that late clocks are worth exploring */
};

/* Of the policy under test. */
extern const struct promise *promise;

/* option: what the policy was given, or NULL. */
void promise_find(const char *policy, const char *option);

#endif
