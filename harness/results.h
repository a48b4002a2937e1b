/* SPDX-License-Identifier: MIT */
/*
 * A result file in memory: read whole, checked line by line.
 *
 * results/README.md describes the format.
 */
#ifndef HARNESS_RESULTS_H
#define HARNESS_RESULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define RESULTS_SCHEMA "gilbench.results/1"

struct results {
	json_t *session;
	json_t **launches; /* in the order of the file */
	size_t nlaunches;
	json_t *end;      /* NULL: the run has not finished */
	long whole_bytes; /* up to the end of the last whole record */
	bool is_cut_off;  /* bytes after that: a record without its end */
};

/*
 * Read a file.  Returns 0, or -1 with one sentence in error that names the
 * file and, where it helps, the line: it cannot be read, is empty, is not
 * ours, is of a newer schema, or is cut off.
 *
 * allow_cut_off accepts a last line without its end (is_cut_off says so): for
 * --resume, which mends it.
 */
int results_load(const char *path, bool allow_cut_off, struct results *results,
	char *error, size_t capacity);

/*
 * The same without the `run` of each launch: little memory however long the
 * file, for --resume, which needs no figures.
 */
int results_load_heads(const char *path, bool allow_cut_off,
	struct results *results, char *error, size_t capacity);

void results_free(struct results *results);

#endif
