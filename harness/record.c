/* SPDX-License-Identifier: MIT */
/* Writing a result file: one record, one line, one write(2). */
#include "harness/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/compiler.h"
#include "common/die.h"
#include "harness/text.h"

#define RAW_DIR   "results/raw"
#define MAX_NAMES 1000

/* A sentence about the file and errno; closes it; returns -1. */
static int
fail(struct record *record, const char *what, int err, struct sentence *why)
{
	int rc = sentence_set(
		why, "cannot %s %s: %s", what, record->path, strerror(err));

	record_close(record);
	return rc;
}

/* Find out what was opened, and keep others from writing to it. */
static int
inspect(struct record *record, struct sentence *why)
{
	struct stat status;
	int rc;

	if (fstat(record->fd, &status) != 0)
		DIE_ERRNO(errno, "fstat");
	record->is_regular = S_ISREG(status.st_mode);
	if (!record->is_regular || flock(record->fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return fail(record, "lock", errno, why);
	rc = sentence_set(
		why, "%s is being written by another gilbench", record->path);
	record_close(record);
	return rc;
}

/* What is there and is no file holds nothing that could be overwritten. */
static int
open_special(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0 || S_ISREG(status.st_mode) ||
		S_ISDIR(status.st_mode)) {
		errno = EEXIST;
		return -1;
	}
	return open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
}

static int
create_new(const char *path)
{
	return open(
		path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
}

static int
create_named(struct record *record, const char *path, struct sentence *why)
{
	record->path = text_copy(path);
	record->fd = create_new(path);
	if (record->fd < 0 && errno == EEXIST)
		record->fd = open_special(path);
	if (record->fd < 0 && errno == EEXIST) {
		int rc = sentence_set(
			why, "%s exists: results are never overwritten", path);

		record_close(record);
		return rc;
	}
	if (record->fd < 0)
		return fail(record, "create", errno, why);
	return inspect(record, why);
}

static int
create_default(struct record *record, struct sentence *why)
{
	char utc[17];

	record->path = text_copy(RAW_DIR);
	if ((mkdir("results", 0777) != 0 && errno != EEXIST) ||
		(mkdir(RAW_DIR, 0777) != 0 && errno != EEXIST))
		return fail(record, "create", errno, why);
	clock_utc_name(utc);
	for (int i = 1; i < MAX_NAMES && record->fd < 0; i++) {
		free(record->path);
		record->path =
			i == 1 ? text_format(RAW_DIR "/%s.jsonl", utc)
			       : text_format(RAW_DIR "/%s-%d.jsonl", utc, i);
		record->fd = create_new(record->path);
		if (record->fd < 0 && errno != EEXIST)
			break;
	}
	if (record->fd < 0)
		return fail(record, "create", errno, why);
	return inspect(record, why);
}

int
record_create(struct record *record, const char *path, struct sentence *why)
{
	*record = (struct record){.fd = -1};
	if (path != NULL)
		return create_named(record, path, why);
	return create_default(record, why);
}

int
record_reopen(struct record *record, const char *path, off_t whole_bytes,
	struct sentence *why)
{
	*record = (struct record){.fd = -1, .path = text_copy(path)};
	record->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (record->fd < 0)
		return fail(record, "write to", errno, why);
	if (inspect(record, why) != 0)
		return -1;
	if (ftruncate(record->fd, whole_bytes) != 0)
		return fail(record, "mend the end of", errno, why);
	record->whole_bytes = whole_bytes;
	return 0;
}

/* Returns 0 or the errno of the write that failed. */
static int
write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t count = write(fd, bytes, length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return errno;
		bytes += count;
		length -= (size_t)count;
	}
	return 0;
}

int
record_write(struct record *record, json_t *object, struct sentence *why)
{
	char *line = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17));
	size_t length;
	int err;

	json_decref(object);
	if (line == NULL)
		DIE("a record does not fit into JSON");
	length = strlen(line);
	line[length] = '\n'; /* in the place of the NUL */
	err = write_all(record->fd, line, length + 1);
	free(line);
	if (err == 0) {
		record->whole_bytes += (off_t)length + 1;
		return 0;
	}
	(void)sentence_set(
		why, "cannot write to %s: %s", record->path, strerror(err));
	/* If even this fails, a reader finds a line that is cut off. */
	if (record->is_regular)
		(void)!ftruncate(record->fd, record->whole_bytes);
	return -1;
}

void
record_close(struct record *record)
{
	if (record->fd >= 0)
		(void)close(record->fd); /* each record was checked */
	free(record->path);
	record->fd = -1;
	record->path = NULL;
}
