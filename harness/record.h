/* SPDX-License-Identifier: MIT */
/*
 * Writing a result file: one record, one line, one write(2).
 *
 * A record is in the kernel's hands before the next launch begins, so that
 * whatever ends the driver, all finished launches are in the file.  A disk
 * that fills up in the middle of a record gets the record's beginning cut off
 * again.  There is no fsync: it would disturb what is measured, and a machine
 * that loses power has lost its measurement anyway.
 */
#ifndef HARNESS_RECORD_H
#define HARNESS_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "harness/sentence.h"

struct record {
	int fd;
	char *path;
	bool is_regular;   /* a file that can be cut and locked */
	off_t whole_bytes; /* written so far, to the end of a record */
};

/*
 * Create the file, or results/raw/<UTC>.jsonl for path NULL.  Never
 * overwrites: a file of that name is an error, and the default takes the next
 * free name.  What is not a file (a pipe, /dev/full) is just written to.
 * Returns 0, or -1 with a sentence in why.
 */
int record_create(
	struct record *record, const char *path, struct sentence *why);

/*
 * Open a file to go on with it after whole_bytes; what follows them is cut
 * off.  Refuses a file that another process is writing.
 */
int record_reopen(struct record *record, const char *path, off_t whole_bytes,
	struct sentence *why);

/*
 * Append an object as one line; frees the object.  Returns 0, or -1 with a
 * sentence in why; the file then ends where it ended before.
 */
int record_write(struct record *record, json_t *object, struct sentence *why);

void record_close(struct record *record);

#endif
