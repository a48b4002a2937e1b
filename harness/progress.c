/* SPDX-License-Identifier: MIT */
/* How far a run is, on stderr. */
#include "harness/progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "harness/text.h"

#define PLAIN_LINES   10 /* about so many for a run */
#define DEFAULT_WIDTH 80

#define RED   "\033[31m"
#define RESET "\033[0m"

static bool
is_smart_terminal(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term != NULL && strcmp(term, "dumb") != 0;
}

static int
terminal_width(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col < 20)
		return DEFAULT_WIDTH;
	return size.ws_col;
}

void
progress_begin(struct progress *progress, FILE *out, int total, int done,
	int64_t expected_ns)
{
	const char *no_color = getenv("NO_COLOR");

	*progress = (struct progress){
		.out = out,
		.is_terminal = is_smart_terminal(fileno(out)),
		.total = total,
		.done = done,
		.first_done = done,
		.begin_ns = clock_now_ns(),
		.expected_ns = expected_ns,
	};
	progress->is_coloured = progress->is_terminal &&
				(no_color == NULL || no_color[0] == '\0');
	progress->width = terminal_width(fileno(out));
}

void
progress_format_time(int64_t ns, char text[24])
{
	int64_t s = (ns + NS_PER_S / 2) / NS_PER_S;

	if (s >= 3600)
		(void)snprintf(text, 24, "%" PRId64 "h%02dm", s / 3600,
			(int)(s % 3600 / 60));
	else if (s >= 60)
		(void)snprintf(
			text, 24, "%" PRId64 "m%02ds", s / 60, (int)(s % 60));
	else
		(void)snprintf(text, 24, "%" PRId64 "s", s);
}

/* Planned time that is left, stretched by how the launches so far took. */
static int64_t
left_ns(const struct progress *progress)
{
	int64_t planned_ns = progress->expected_ns - progress->passed_ns;
	double stretch = 1.0;

	if (progress->passed_ns > 0)
		stretch = (double)(clock_now_ns() - progress->begin_ns) /
			  (double)progress->passed_ns;
	return (int64_t)((double)planned_ns * stretch);
}

/* "37/185, about 2m10s left"; the caller frees it. */
static char *
summary(const struct progress *progress)
{
	char left[24];
	char *text;

	progress_format_time(left_ns(progress), left);
	text = text_format("%d/%d", progress->done, progress->total);
	if (progress->bad > 0)
		text_append(&text, ", %d bad", progress->bad);
	text_append(&text, ", about %s left", left);
	return text;
}

/* Overwrite the line with text; blanks instead of an erase sequence, which
 * some terminals would print. */
static void
rewrite(const struct progress *progress, const char *text)
{
	int width = progress->width - 1;

	/* Nobody can be told that the terminal is gone. */
	(void)fprintf(progress->out, "\r%-*.*s\r", width, width, text);
	(void)fflush(progress->out);
}

void
progress_show(struct progress *progress, const char *label)
{
	char *line;

	if (!progress->is_terminal)
		return;
	line = summary(progress);
	text_append(&line, "  %s", label);
	rewrite(progress, line);
	free(line);
}

/* Whether this step passes one of PLAIN_LINES equal marks, or ends the run. */
static bool
is_mark(const struct progress *progress)
{
	int64_t now = (int64_t)progress->done * PLAIN_LINES / progress->total;
	int64_t then =
		(int64_t)(progress->done - 1) * PLAIN_LINES / progress->total;

	return now != then;
}

void
progress_step(struct progress *progress, const char *label, int64_t planned_ns,
	const char *trouble)
{
	char *line;

	progress->done++;
	progress->passed_ns += planned_ns;
	if (trouble != NULL) {
		progress->bad++;
		if (progress->is_terminal)
			rewrite(progress, "");
		(void)fprintf(progress->out, "gilbench: %s%s: %s%s\n",
			progress->is_coloured ? RED : "", label, trouble,
			progress->is_coloured ? RESET : "");
	}
	if (progress->is_terminal || !is_mark(progress))
		return;
	line = summary(progress);
	(void)fprintf(progress->out, "gilbench: %s\n", line);
	free(line);
}

void
progress_end(struct progress *progress)
{
	if (progress->is_terminal)
		rewrite(progress, "");
}
