/* SPDX-License-Identifier: MIT */
/*
 * Running gnuplot so that a bad picture is never taken for a good one.
 *
 * gnuplot 5.4 ends with 0 although one of several curves was missing, and
 * leaves an empty or half a file behind where it fails.  So it writes under a
 * temporary name, and only a run with status 0, an empty stderr and more than
 * 1 KB of picture is renamed.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/compiler.h"
#include "common/die.h"
#include "harness/report_charts.h"
#include "harness/text.h"

#define SMALLEST_PICTURE_BYTES 1024

extern char **environ;

/* Start argv with no input and its output and errors in a pipe. */
static int
start(char *const *argv, pid_t *pid, int *errors)
{
	posix_spawn_file_actions_t actions;
	int ends[2], err;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	err = posix_spawn_file_actions_init(&actions);
	if (err == 0)
		err = posix_spawn_file_actions_addopen(
			&actions, 0, "/dev/null", O_RDONLY, 0);
	if (err == 0)
		err = posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	if (err == 0)
		err = posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
	if (err != 0)
		DIE_ERRNO(err, "file actions of gnuplot");
	err = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	(void)close(ends[1]); /* the child has its own */
	if (err != 0)
		(void)close(ends[0]); /* nothing will come */
	*errors = ends[0];
	return err;
}

/* Everything that it says, at most capacity - 1 bytes kept. */
static void
read_all(int fd, char *text, size_t capacity)
{
	size_t length = 0;
	char rest[256];
	ssize_t got;

	do {
		bool is_full = length + 1 == capacity;

		got = is_full ? read(fd, rest, sizeof(rest))
			      : read(fd, text + length, capacity - 1 - length);
		if (got > 0 && !is_full)
			length += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	text[length] = '\0';
	(void)close(fd); /* only read */
}

/* A font cache that cannot be written changes no picture. */
static bool
is_harmless(const char *line)
{
	return line[0] == '\0' || strncmp(line, "Fontconfig", 10) == 0;
}

/* The last line that matters, which names file and line, or NULL. */
static const char *
last_complaint(char *text)
{
	const char *complaint = NULL;
	char *line;

	while ((line = strsep(&text, "\n")) != NULL)
		if (!is_harmless(line + strspn(line, " \t")))
			complaint = line;
	return complaint;
}

static enum draw_result
run_gnuplot(char *const *argv, const char *plot_dir, const char *script,
	struct sentence *why)
{
	char text[4096];
	const char *complaint;
	int errors = -1, status, err;
	pid_t pid;

	/* Where a script's `load "common.gp"` looks. */
	if (setenv("GNUPLOT_LIB", plot_dir, 1) != 0)
		DIE_ERRNO(errno, "setenv");
	err = start(argv, &pid, &errors);
	if (err == ENOENT)
		return DRAW_NO_GNUPLOT;
	if (err != 0) {
		sentence_set(why, "cannot start gnuplot: %s", strerror(err));
		return DRAW_FAILED;
	}
	read_all(errors, text, sizeof(text));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			DIE_ERRNO(errno, "waitpid of gnuplot");
	complaint = last_complaint(text);
	if (complaint == NULL && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return DRAWN;
	sentence_set(why, "gnuplot failed on %s: %s", script,
		complaint != NULL ? complaint : "it said nothing");
	return DRAW_FAILED;
}

/* Give a picture its name, if it is one. */
static enum draw_result
keep_picture(const char *temporary, const char *path, struct sentence *why)
{
	struct stat status;

	if (stat(temporary, &status) != 0)
		sentence_set(why, "gnuplot wrote no %s", path);
	else if (status.st_size <= SMALLEST_PICTURE_BYTES)
		sentence_set(why, "gnuplot wrote only %lld bytes to %s",
			(long long)status.st_size, path);
	else if (rename(temporary, path) != 0)
		sentence_set(
			why, "cannot create %s: %s", path, strerror(errno));
	else
		return DRAWN;
	return DRAW_FAILED;
}

static enum draw_result
draw_as(const struct chart *chart, const char *dir, const char *plot_dir,
	const char *format, struct sentence *why)
{
	char *path = text_format("%s/%s.%s", dir, chart->name, format);
	char *temporary = text_format("%s.tmp", path);
	char *argv[] = {text_copy("gnuplot"), text_copy("-c"),
		text_format("%s/%s", plot_dir, chart->script),
		text_format("%s/%s.tsv", dir, chart->name), temporary,
		text_copy(format), chart->subtitle, chart->caption, NULL};
	enum draw_result result =
		run_gnuplot(argv, plot_dir, chart->script, why);

	if (result == DRAWN)
		result = keep_picture(temporary, path, why);
	if (result != DRAWN)
		(void)unlink(temporary); /* it may never have been there */
	for (int i = 0; argv[i] != chart->subtitle; i++)
		free(argv[i]);
	free(path);
	return result;
}

enum draw_result
chart_draw(const struct chart *chart, const char *dir, const char *plot_dir,
	struct sentence *why)
{
	enum draw_result result = draw_as(chart, dir, plot_dir, "svg", why);

	if (result != DRAWN)
		return result;
	return draw_as(chart, dir, plot_dir, "png", why);
}
