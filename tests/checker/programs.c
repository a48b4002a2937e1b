/* SPDX-License-Identifier: MIT */
/* The small programs.  subject.h says what the letters mean. */
#include "tests/checker/programs.h"

#include <string.h>

#include "common/compiler.h"

const struct program programs[] = {
	{.name = "lock",
		.about = "acquire and release, twice each",
		.scripts = {"arx", "arx", "arx", ""},
		.full = {.surprises = 1}},
	{.name = "yield",
		.about = "threads that yield while others come and go",
		.scripts = {"ayyx", "ayx", "arx", ""},
		.full = {.surprises = 1}},
	{.name = "region",
		.about = "blocking regions beside a thread that yields",
		.scripts = {"arrx", "arx", "ayx", ""},
		.full = {.surprises = 1}},
	{.name = "tick",
		.about = "ticks at any point, safepoints that honour them",
		.scripts = {"appx", "apx", "apx", ""},
		.full = {.ticks = 2, .surprises = 2},
		.few = {.ticks = 1, .surprises = 1}},
	{.name = "exit",
		.about = "threads that end right after their turn",
		.scripts = {"aprx", "ax", "ax", ""},
		.full = {.ticks = 1, .surprises = 2},
		.few = {.ticks = 1, .surprises = 1}},
	{.name = "spurious",
		.about = "sleeps that end for no reason",
		.scripts = {"ayrx", "ayx", "ax", ""},
		.full = {.surprises = 2},
		.few = {.surprises = 1}},
	{.name = "fork",
		.about = "a fork at any point; the child yields, meets a new "
			 "thread",
		.scripts = {"akyrx", "ayx", "arx", "ayx"},
		.full = {.surprises = 1}},
	{.name = "turns",
		.about = "yields until everybody else has had a turn",
		.scripts = {"awx", "ax", "ax", ""},
		.needs = LETS_IN_ALL},
	{.name = "pair",
		.about = "two yield until a third has had a turn",
		.scripts = {"awx", "awx", "ax", ""},
		.needs = LETS_IN_EACH},
	{.name = "newcomer",
		.about = "one yields, one waits, one comes later and is a hog",
		.scripts = {"ayx", "ax", "ahx", ""},
		.needs = LETS_IN_FORCED},
	{.name = "hog",
		.about = "safepoints until everybody else has had a turn",
		.scripts = {"ahx", "ax", "ax", ""},
		.needs = LETS_IN_FORCED},
	{.name = "timer",
		.about = "the same with the real timer thread, from its start "
			 "to its end",
		.scripts = {"tahxs", "ax", "ax", "T"},
		.runs_timer = true,
		.needs = LETS_IN_FORCED},
};

const int nprograms = ARRAY_LEN(programs);
const struct program *program = programs;

const struct program *
program_find(const char *name)
{
	for (int i = 0; i < nprograms; i++)
		if (strcmp(programs[i].name, name) == 0)
			return &programs[i];
	return NULL;
}
