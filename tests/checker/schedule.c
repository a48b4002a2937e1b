/* SPDX-License-Identifier: MIT */
/* Schedules as text; trace.h has the grammar. */
#include <stdlib.h>

#include "tests/checker/trace.h"

#define MAX_REPEATS 5000

static const char event_letters[] = {
	[CHOICE_TICK] = 't',
	[CHOICE_SPURIOUS] = 's',
	[CHOICE_TIMEOUT] = 'o',
	[CHOICE_CLOCK] = 'c',
};

static size_t
print_runs(FILE *out, const struct schedule *schedule, size_t from)
{
	struct choice first = schedule->choices[from];
	size_t count = 0;

	while (from + count < schedule->count) {
		struct choice choice = schedule->choices[from + count];

		if (choice.kind != CHOICE_RUN || choice.task != first.task ||
			choice.variant != 0)
			break;
		count++;
	}
	fprintf(out, "%c%zu", 'A' + first.task, count);
	return count;
}

void
schedule_print(FILE *out, const struct schedule *schedule)
{
	size_t i = 0;

	fprintf(out, "p%u", schedule->private_classes);
	while (i < schedule->count) {
		struct choice choice = schedule->choices[i];

		fputc(',', out);
		if (choice.kind == CHOICE_RUN && choice.variant == 0) {
			i += print_runs(out, schedule, i);
			continue;
		}
		if (choice.kind == CHOICE_RUN)
			fprintf(out, "%c/%d", 'A' + choice.task,
				choice.variant);
		else if (choice.kind == CHOICE_CLOCK)
			fputc('c', out);
		else
			fprintf(out, "%c%c", event_letters[choice.kind],
				'A' + choice.task);
		i++;
	}
}

static bool
is_thread(char letter)
{
	return letter >= 'A' && letter < 'A' + MAX_TASKS;
}

/* One of "A7", "A/1": the text after the letter. */
static const char *
parse_runs(struct schedule *schedule, struct choice choice, const char *text,
	char **end)
{
	bool is_variant = *text == '/';
	long number = strtol(text + is_variant, end, 10);

	if (*end == text + is_variant || number < 0 || number > MAX_REPEATS)
		return "a thread's letter needs a number: A7, A/1";
	if (is_variant) {
		choice.variant = (uint8_t)number;
		schedule_add(schedule, choice);
		return NULL;
	}
	for (long i = 0; i < number; i++)
		schedule_add(schedule, choice);
	return NULL;
}

static const char *
parse_event(struct schedule *schedule, const char *text, char **end)
{
	struct choice choice = {.kind = CHOICE_TICK};

	while (choice.kind <= CHOICE_CLOCK &&
		event_letters[choice.kind] != *text)
		choice.kind++;
	if (choice.kind > CHOICE_CLOCK)
		return "a choice begins with A to D, t, s, o, c or p";
	text++;
	if (choice.kind != CHOICE_CLOCK) {
		if (!is_thread(*text))
			return "t, s and o need a thread: tA";
		choice.task = (uint8_t)(*text++ - 'A');
	}
	*end = (char *)(uintptr_t)text;
	schedule_add(schedule, choice);
	return NULL;
}

const char *
schedule_parse(struct schedule *schedule, const char *text)
{
	while (*text != '\0') {
		struct choice choice = {.kind = CHOICE_RUN};
		char *end;
		const char *why = NULL;

		if (*text == 'p') {
			schedule->private_classes =
				(unsigned)strtoul(text + 1, &end, 10);
		} else if (is_thread(*text)) {
			choice.task = (uint8_t)(*text - 'A');
			why = parse_runs(schedule, choice, text + 1, &end);
		} else {
			why = parse_event(schedule, text, &end);
		}
		if (why != NULL)
			return why;
		if (*end != '\0' && *end != ',')
			return "choices are separated by commas";
		text = *end == ',' ? end + 1 : end;
	}
	return NULL;
}
