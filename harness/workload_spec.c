/* SPDX-License-Identifier: MIT */
/* A workload setting as text, and whether a workload can take it. */
#include "harness/workload_spec.h"

#include <stdlib.h>
#include <string.h>

#include "common/die.h"
#include "common/parse.h"
#include "harness/cell.h"
#include "harness/text.h"
#include "harness/variants.h"

static int
add_option(struct workload_spec *spec, const char *text, char *item,
	struct sentence *why)
{
	char *value = strchr(item, '=');

	if (value == NULL || value == item || value[1] == '\0')
		return sentence_set(why,
			"in the workload '%s', '%s' is not OPTION=VALUE", text,
			item);
	*value++ = '\0';
	if (json_object_get(spec->options, item) != NULL ||
		(strcmp(item, "place") == 0 && spec->place != NULL))
		return sentence_set(
			why, "the workload '%s' gives %s twice", text, item);
	if (strcmp(item, "place") == 0) {
		if (!cell_is_place(value))
			return sentence_set(why,
				"in the workload '%s', the place '%s' is not "
				"free, pin1 or spread",
				text, value);
		spec->place = text_copy(value);
		return 0;
	}
	if (json_object_set_new(spec->options, item,
		    text_to_json(value, strlen(value))) != 0)
		return sentence_set(why,
			"in the workload '%s', an option's name is not UTF-8",
			text);
	return 0;
}

int
workload_spec_parse(
	const char *text, struct workload_spec *spec, struct sentence *why)
{
	char *copy = text_copy(text), *rest = copy, *item;
	int rc = 0;

	*spec = (struct workload_spec){.options = json_object()};
	spec->glob = text_copy(strsep(&rest, ":"));
	if (spec->glob[0] == '\0')
		rc = sentence_set(why, "the workload '%s' has no name", text);
	while (rc == 0 && (item = strsep(&rest, ":")) != NULL)
		rc = add_option(spec, text, item, why);
	free(copy);
	return rc;
}

void
workload_spec_free(struct workload_spec *spec)
{
	free(spec->glob);
	json_decref(spec->options);
	free(spec->place);
	*spec = (struct workload_spec){NULL, NULL, NULL};
}

static const char *
member(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text == NULL ? "" : text;
}

/* Whether text is one of the words between commas. */
static bool
is_choice(const char *choices, const char *text)
{
	size_t length = strlen(text);

	for (const char *word = choices; word != NULL;) {
		size_t word_length = strcspn(word, ",");

		if (word_length == length && strncmp(word, text, length) == 0)
			return true;
		word = word[word_length] == ',' ? word + word_length + 1 : NULL;
	}
	return false;
}

/* Why text is no value of the option, or NULL; of other kinds gilrun judges. */
static const char *
check_value(const json_t *option, const char *text, int cpus)
{
	json_int_t low = json_integer_value(json_object_get(option, "low"));
	json_int_t high = json_integer_value(json_object_get(option, "high"));
	const char *kind = member(option, "kind");
	int counts[WORKLOAD_SPEC_MAX_LIST], length;
	int64_t count;

	if (strcmp(kind, "count") == 0)
		return parse_count(text, low, high, &count);
	if (strcmp(kind, "threads") == 0)
		return parse_thread_list(
			text, cpus, counts, WORKLOAD_SPEC_MAX_LIST, &length);
	if (strcmp(kind, "choice") == 0 &&
		!is_choice(member(option, "choices"), text))
		return "is none of its choices";
	return NULL;
}

int
workload_spec_check(const struct workload_spec *spec, const json_t *workload,
	int cpus, struct sentence *why)
{
	const char *name, *reason;
	json_t *value;

	json_object_foreach (spec->options, name, value) {
		const json_t *option = workload_option(workload, name);
		const char *text = json_string_value(value);

		if (option == NULL)
			return sentence_set(why,
				"the workload %s has no option '%s'",
				member(workload, "name"), name);
		reason = check_value(option, text, cpus);
		if (reason != NULL)
			return sentence_set(why,
				"%s: the value '%s' of %s %s%s%s",
				member(workload, "name"), text, name, reason,
				member(option, "choices")[0] ? ": " : "",
				member(option, "choices"));
	}
	return 0;
}
