/* SPDX-License-Identifier: MIT */
/* The command line of a checker program. */
#ifndef TESTS_CHECKER_OPTIONS_H
#define TESTS_CHECKER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct options {
	int threads; /* 0: 2 and 3 */
	int bound;   /* -1: 3 with 2 threads, 2 with 3 */
	int cpus;
	int states_millions;
	double budget_s; /* 0: none */
	const char *program;
	const char *replay;
	char *option; /* "name=value", split by main */
	bool lists;
	bool is_full;
};

/* Read the command line; what is wrong with it ends the program. */
void options_parse(struct options *options, int argc, char **argv);

/* "checker-handoff-futex" */
const char *checker_name(void);

/* One sentence about a value of the user's, and exit status 2. */
_Noreturn void refuse(const char *what, const char *value);

#endif
