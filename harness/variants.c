/* SPDX-License-Identifier: MIT */
/* The variants that can be run: found in a directory, asked what they are. */
#include "harness/variants.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "harness/spawn.h"
#include "harness/text.h"

#define PREFIX               "gilrun-"
#define DESCRIBE_SCHEMA      "gilbench.describe/1"
#define DESCRIBE_TIMEOUT_NS  (10 * NS_PER_S)
#define DESCRIBE_LIMIT_BYTES (1 << 20)

static int
is_gilrun(const struct dirent *entry)
{
	return strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0;
}

/* The names of all gilrun-* of a directory; returns how many, or -errno. */
static int
list_names(const char *dir, struct dirent ***names)
{
	int count = scandir(dir, names, is_gilrun, versionsort);

	return count < 0 ? -errno : count;
}

static void
free_names(struct dirent **names, int count)
{
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static char *
own_dir(void)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (length < 0)
		DIE_ERRNO(errno, "readlink of /proc/self/exe");
	path[length] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL)
		*slash = '\0';
	return text_copy(path);
}

char *
variants_dir(const char *bindir, const char *installed_dir)
{
	struct dirent **names;
	char *dir;
	int count;

	if (bindir == NULL)
		bindir = getenv("GILBENCH_BINDIR");
	if (bindir != NULL && bindir[0] != '\0')
		return text_copy(bindir);
	dir = own_dir();
	count = list_names(dir, &names);
	if (count >= 0)
		free_names(names, count);
	if (count > 0)
		return dir;
	free(dir);
	return text_copy(installed_dir);
}

/* Fill the fields from the answer; returns what is wrong with it, or NULL. */
static const char *
read_about(struct variant *variant, const char *name)
{
	const char *schema;
	json_int_t slice_ns, slice_count;
	json_t *workloads, *options;
	int is_own_slice, is_bare, is_in_default;

	if (json_unpack(variant->about,
		    "{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:b, s:b, "
		    "s:i, s:o, s:o}",
		    "schema", &schema, "name", &variant->name, "policy",
		    &variant->policy, "mode", &variant->mode, "tick",
		    &variant->tick, "stands_for", &variant->stands_for,
		    "slice_ns", &slice_ns, "slice_count", &slice_count,
		    "own_slice", &is_own_slice, "in_default", &is_in_default,
		    "bare", &is_bare, "max_threads", &variant->max_threads,
		    "workloads", &workloads, "options", &options) != 0)
		return "its answer to --describe lacks a key";
	if (strcmp(schema, DESCRIBE_SCHEMA) != 0)
		return "its answer to --describe is not a " DESCRIBE_SCHEMA;
	if (strcmp(variant->name, name) != 0)
		return "it calls itself by another name";
	if (!json_is_array(workloads) || !json_is_array(options))
		return "its answer to --describe lists no workloads";
	variant->slice_ns = slice_ns;
	variant->is_own_slice = is_own_slice;
	variant->slice_count = slice_count;
	variant->is_in_default = is_in_default;
	variant->is_bare = is_bare;
	return NULL;
}

/* Ask one executable; returns why it cannot be used, or NULL. */
static const char *
ask(struct variant *variant, const char *file)
{
	char *argv[] = {text_copy(file), text_copy("--describe"), NULL};
	struct spawn_request request = {.path = variant->path,
		.argv = argv,
		.timeout_ns = DESCRIBE_TIMEOUT_NS,
		.stdout_limit_bytes = DESCRIBE_LIMIT_BYTES};
	struct spawn_result result;
	const char *reason = NULL;

	spawn_run(&request, &result);
	if (result.end == SPAWN_NOT_STARTED)
		reason = strerror(result.err);
	else if (result.end == SPAWN_TIMEOUT)
		reason = "it did not answer --describe within 10s";
	else if (result.end != SPAWN_EXITED || result.exit_status != 0)
		reason = "it failed to answer --describe";
	else
		variant->about =
			json_loadb(result.out, result.out_bytes, 0, NULL);
	if (reason == NULL && variant->about == NULL)
		reason = "its answer to --describe is not JSON";
	if (reason == NULL)
		reason = read_about(variant, file + strlen(PREFIX));
	spawn_free(&result);
	free(argv[0]);
	free(argv[1]);
	return reason;
}

static void
variant_release(struct variant *variant)
{
	free(variant->path);
	json_decref(variant->about);
}

static void
load_one(struct variants *variants, const char *file)
{
	struct variant *variant = &variants->list[variants->count];
	const char *reason;

	*variant = (struct variant){
		.path = text_format("%s/%s", variants->bindir, file)};
	reason = ask(variant, file);
	if (reason == NULL) {
		variants->count++;
		return;
	}
	fprintf(stderr, "gilbench: %s is left out: %s\n", file, reason);
	variant_release(variant);
}

int
variants_load(const char *dir, struct variants *variants, struct sentence *why)
{
	struct dirent **names;
	int count = list_names(dir, &names);

	*variants = (struct variants){.bindir = text_copy(dir)};
	if (count < 0) {
		variants_free(variants);
		return sentence_set(why, "cannot look for gilrun-* in %s: %s",
			dir, strerror(-count));
	}
	variants->list = calloc((size_t)count + 1, sizeof(*variants->list));
	if (variants->list == NULL)
		DIE_ERRNO(ENOMEM, "calloc");
	for (int i = 0; i < count && !spawn_is_interrupted(); i++)
		load_one(variants, names[i]->d_name);
	free_names(names, count);
	if (variants->count == 0) {
		variants_free(variants);
		return sentence_set(why,
			"there is no usable gilrun-* in %s: build some, or "
			"name their directory with --bindir",
			dir);
	}
	return 0;
}

void
variants_free(struct variants *variants)
{
	for (int i = 0; i < variants->count; i++)
		variant_release(&variants->list[i]);
	free(variants->list);
	free(variants->bindir);
	*variants = (struct variants){NULL, NULL, 0};
}

const struct variant *
variants_get(const struct variants *variants, const char *name)
{
	for (int i = 0; i < variants->count; i++)
		if (strcmp(variants->list[i].name, name) == 0)
			return &variants->list[i];
	return NULL;
}

/* The object of a list whose name is that, or NULL. */
static const json_t *
find_named(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		const char *found =
			json_string_value(json_object_get(item, "name"));

		if (found != NULL && strcmp(found, name) == 0)
			return item;
	}
	return NULL;
}

const json_t *
variant_workload(const struct variant *variant, const char *workload)
{
	return find_named(
		json_object_get(variant->about, "workloads"), workload);
}

const json_t *
workload_option(const json_t *workload, const char *option)
{
	return find_named(json_object_get(workload, "options"), option);
}

bool
variant_has_set(const struct variant *variant, const char *name)
{
	return find_named(json_object_get(variant->about, "options"), name) !=
	       NULL;
}
