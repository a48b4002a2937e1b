/* SPDX-License-Identifier: MIT */
/*
 * Result files: what is written, with a disk that misbehaves, and what is read
 * back, from files that are not as they should be.
 *
 * Linked with --wrap=write and --wrap=flock.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/record.h"
#include "harness/results.h"

#define SESSION                                                                \
	"{\"rec\":\"session\",\"schema\":\"gilbench.results/1\",\"blocks\":2," \
	"\"cells\":[{},{}]}\n"
#define LAUNCH(id, cell)                                                       \
	"{\"rec\":\"launch\",\"id\":" #id ",\"block\":0,\"cell\":" #cell       \
	",\"status\":\"ok\",\"run\":{\"phases\":[]}}\n"
#define END "{\"rec\":\"end\",\"launches\":2}\n"

ssize_t __real_write(int fd, const void *bytes, size_t length);
ssize_t __wrap_write(int fd, const void *bytes, size_t length);
int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);

/* How the next writes to the watched file go. */
static struct {
	bool is_on;
	int interrupts; /* so many times EINTR first */
	size_t at_most; /* bytes per call; 0: all */
	size_t room;    /* bytes until the disk is full */
	int calls;
} disk;
static int flock_errno;

ssize_t
__wrap_write(int fd, const void *bytes, size_t length)
{
	ssize_t count;

	if (!disk.is_on)
		return __real_write(fd, bytes, length);
	disk.calls++;
	if (disk.interrupts > 0) {
		disk.interrupts--;
		errno = EINTR;
		return -1;
	}
	if (disk.at_most != 0 && length > disk.at_most)
		length = disk.at_most;
	if (length > disk.room)
		length = disk.room;
	if (length == 0) {
		errno = ENOSPC;
		return -1;
	}
	count = __real_write(fd, bytes, length);
	disk.room -= (size_t)count;
	return count;
}

int
__wrap_flock(int fd, int operation)
{
	if (flock_errno == 0)
		return __real_flock(fd, operation);
	errno = flock_errno;
	return -1;
}

static int
set_up(void **state)
{
	char template[] = "/tmp/results_test.XXXXXX";

	(void)state;
	memset(&disk, 0, sizeof(disk));
	disk.room = SIZE_MAX;
	flock_errno = 0;
	return mkdtemp(template) != NULL ? chdir(template) : -1;
}

static int
tear_down(void **state)
{
	char *here = getcwd(NULL, 0);
	char command[256];

	(void)state;
	disk.is_on = false;
	if (here == NULL || chdir("/") != 0)
		return -1;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", here);
	free(here);
	return system(command);
}

static void
put_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* The file's text, to be freed. */
static char *
get_file(const char *path)
{
	char *text = calloc(1, 65536);
	FILE *file = fopen(path, "r");

	assert_non_null(text);
	assert_non_null(file);
	assert_true(fread(text, 1, 65535, file) < 65535);
	assert_int_equal(fclose(file), 0);
	return text;
}

static void
assert_file(const char *path, const char *expected)
{
	char *text = get_file(path);

	assert_string_equal(text, expected);
	free(text);
}

/* --- reading --- */

/* Loading the text fails with a sentence that holds both words. */
static void
assert_refused(const char *text, bool allow_cut_off, const char *word)
{
	struct results results;
	char error[512] = "";

	put_file("x.jsonl", text);
	assert_int_equal(results_load("x.jsonl", allow_cut_off, &results, error,
				 sizeof(error)),
		-1);
	if (strstr(error, "x.jsonl") == NULL || strstr(error, word) == NULL)
		fail_msg("'%s' does not name x.jsonl and '%s'", error, word);
	assert_null(results.session);
}

static void
test_a_whole_file(void **state)
{
	struct results results;
	char error[512] = "";

	(void)state;
	put_file("x.jsonl", SESSION LAUNCH(3, 1) LAUNCH(
				    0, 0) "{\"rec\":\"resume\"}\n"
					  "{\"rec\":\"of later\"}\n" END);
	assert_int_equal(
		results_load("x.jsonl", false, &results, error, sizeof(error)),
		0);
	assert_int_equal(results.nlaunches, 2);
	assert_int_equal(
		json_integer_value(json_object_get(results.launches[0], "id")),
		3);
	assert_non_null(json_object_get(results.launches[0], "run"));
	assert_non_null(results.end);
	assert_false(results.is_cut_off);
	results_free(&results);
	assert_int_equal(results_load_heads("x.jsonl", false, &results, error,
				 sizeof(error)),
		0);
	assert_int_equal(results.nlaunches, 2);
	assert_null(json_object_get(results.launches[0], "run"));
	results_free(&results);
}

static void
test_files_that_are_not_ours(void **state)
{
	(void)state;
	assert_refused("", false, "is empty");
	assert_refused("hello\n", false, "not a gilbench results file");
	assert_refused("hello", true, "not a gilbench results file");
	assert_refused("[1]\n", false, "not a gilbench record");
	assert_refused("{\"rec\":\"launch\"}\n", false, "not a session");
	assert_refused("{\"rec\":\"session\"}\n", false, "no schema");
	assert_refused("{\"rec\":\"session\",\"schema\":\"x/1\"}\n", false,
		"no schema");
	assert_refused("{\"rec\":\"session\",\"schema\":\"gilbench.results/2\""
		       "}\n",
		false, "gilbench.results/2");
	assert_refused("{\"rec\":\"session\",\"schema\":\"gilbench.results/1\""
		       "}\n",
		false, "no cells");
}

static void
test_damaged_files(void **state)
{
	(void)state;
	assert_refused(SESSION "{\"rec\"\n", false, "line 2");
	assert_refused(SESSION LAUNCH(0, 0) "{}\n", false, "line 3");
	assert_refused(SESSION SESSION, false, "second session");
	assert_refused(SESSION LAUNCH(1, 0) LAUNCH(1, 0), false, "twice");
	assert_refused(SESSION LAUNCH(4, 0), false, "valid id");
	assert_refused(SESSION LAUNCH(-1, 0), false, "valid id");
	assert_refused(SESSION LAUNCH(0, 2), false, "valid id");
	assert_refused(SESSION LAUNCH(0, "0"), false, "valid id");
}

static void
test_missing_file_and_directory(void **state)
{
	struct results results;
	char error[512];

	(void)state;
	assert_int_equal(
		results_load("none", false, &results, error, sizeof(error)),
		-1);
	assert_non_null(strstr(error, "cannot read none"));
	assert_int_equal(
		results_load(".", false, &results, error, sizeof(error)), -1);
	assert_non_null(strstr(error, "cannot read ."));
}

/* Cut anywhere, a file holds exactly the records before the cut. */
static void
test_every_cut(void **state)
{
	static const char whole[] = SESSION LAUNCH(0, 0) LAUNCH(1, 1) END;
	size_t first = strlen(SESSION), launch = strlen(LAUNCH(0, 0));
	struct results results;
	char error[512];

	(void)state;
	for (size_t length = 1; length < strlen(whole); length++) {
		char *text = strndup(whole, length);
		bool is_clean = text[length - 1] == '\n';
		size_t records = length < first ? 0 : (length - first) / launch;

		put_file("x.jsonl", text);
		assert_int_equal(results_load("x.jsonl", false, &results, error,
					 sizeof(error)),
			is_clean ? 0 : -1);
		results_free(&results);
		assert_int_equal(results_load("x.jsonl", true, &results, error,
					 sizeof(error)),
			length < first ? -1 : 0);
		if (length >= first) {
			assert_int_equal(results.is_cut_off, !is_clean);
			assert_int_equal(
				results.nlaunches, records > 2 ? 2 : records);
			/* All whole records, and not a byte more. */
			assert_true(text[results.whole_bytes - 1] == '\n');
			assert_null(strchr(text + results.whole_bytes, '\n'));
		}
		results_free(&results);
		free(text);
	}
}

/* --- writing --- */

static void
write_ok(struct record *record, int number)
{
	struct sentence why;

	assert_int_equal(
		record_write(record,
			json_pack("{s:s, s:i}", "rec", "x", "n", number), &why),
		0);
}

static void
test_one_record_is_one_write(void **state)
{
	struct record record;
	struct sentence why;

	(void)state;
	assert_int_equal(record_create(&record, "x.jsonl", &why), 0);
	disk.is_on = true;
	write_ok(&record, 1);
	assert_int_equal(disk.calls, 1);
	write_ok(&record, 2);
	disk.is_on = false;
	record_close(&record);
	assert_file("x.jsonl",
		"{\"rec\":\"x\",\"n\":1}\n{\"rec\":\"x\",\"n\":2}\n");
}

static void
test_short_and_interrupted_writes(void **state)
{
	struct record record;
	struct sentence why;

	(void)state;
	assert_int_equal(record_create(&record, "x.jsonl", &why), 0);
	disk.is_on = true;
	disk.at_most = 3;
	disk.interrupts = 2;
	write_ok(&record, 1);
	disk.is_on = false;
	record_close(&record);
	assert_file("x.jsonl", "{\"rec\":\"x\",\"n\":1}\n");
}

/* However much of a record the disk takes, the file stays whole. */
static void
test_a_disk_that_fills_up(void **state)
{
	static const char first[] = "{\"rec\":\"x\",\"n\":1}\n";
	struct record record;
	struct sentence why;

	(void)state;
	assert_int_equal(record_create(&record, "x.jsonl", &why), 0);
	write_ok(&record, 1);
	for (size_t room = 0; room < strlen(first); room++) {
		disk.is_on = true;
		disk.room = room;
		assert_int_equal(
			record_write(&record,
				json_pack("{s:s, s:i}", "rec", "x", "n", 2),
				&why),
			-1);
		disk.is_on = false;
		assert_string_equal(why.text,
			"cannot write to x.jsonl: No space left on device");
		assert_file("x.jsonl", first);
	}
	write_ok(&record, 3);
	record_close(&record);
	assert_file("x.jsonl",
		"{\"rec\":\"x\",\"n\":1}\n{\"rec\":\"x\",\"n\":3}\n");
}

static void
test_nothing_is_overwritten(void **state)
{
	struct record record;
	struct sentence why;

	(void)state;
	put_file("x.jsonl", "mine");
	assert_int_equal(record_create(&record, "x.jsonl", &why), -1);
	assert_string_equal(
		why.text, "x.jsonl exists: results are never overwritten");
	assert_file("x.jsonl", "mine");
	assert_int_equal(record_create(&record, ".", &why), -1);
	assert_int_equal(record_create(&record, "none/x.jsonl", &why), -1);
	assert_non_null(strstr(why.text, "none/x.jsonl: No such file"));
}

/* Three runs begun in one second, or a few: three files. */
static void
test_default_names_are_free_names(void **state)
{
	struct record records[3];
	struct sentence why;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(record_create(&records[i], NULL, &why), 0);
		assert_int_equal(
			strncmp(records[i].path, "results/raw/2", 13), 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(
				records[i].path, records[j].path);
	}
	for (int i = 0; i < 3; i++)
		record_close(&records[i]);
}

static void
test_default_directory_that_cannot_be(void **state)
{
	struct record record;
	struct sentence why;

	(void)state;
	put_file("results", "a file");
	assert_int_equal(record_create(&record, NULL, &why), -1);
	assert_non_null(strstr(why.text, "cannot create results/raw"));
}

static void
test_reopen_cuts_and_appends(void **state)
{
	struct record record, other;
	struct sentence why;

	(void)state;
	put_file("x.jsonl", "{}\n{\"half");
	assert_int_equal(record_reopen(&record, "x.jsonl", 3, &why), 0);
	assert_int_equal(record_reopen(&other, "x.jsonl", 3, &why), -1);
	assert_string_equal(
		why.text, "x.jsonl is being written by another gilbench");
	write_ok(&record, 1);
	record_close(&record);
	assert_file("x.jsonl", "{}\n{\"rec\":\"x\",\"n\":1}\n");
	assert_int_equal(record_reopen(&record, "none", 3, &why), -1);
	assert_string_equal(
		why.text, "cannot write to none: No such file or directory");
}

static void
test_a_lock_that_fails(void **state)
{
	struct record record;
	struct sentence why;

	(void)state;
	flock_errno = ENOLCK;
	assert_int_equal(record_create(&record, "x.jsonl", &why), -1);
	assert_non_null(strstr(why.text, "cannot lock x.jsonl: "));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_a_whole_file),
		TEST(test_files_that_are_not_ours),
		TEST(test_damaged_files),
		TEST(test_missing_file_and_directory),
		TEST(test_every_cut),
		TEST(test_one_record_is_one_write),
		TEST(test_short_and_interrupted_writes),
		TEST(test_a_disk_that_fills_up),
		TEST(test_nothing_is_overwritten),
		TEST(test_default_names_are_free_names),
		TEST(test_default_directory_that_cannot_be),
		TEST(test_reopen_cuts_and_appends),
		TEST(test_a_lock_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
