/* SPDX-License-Identifier: MIT */
/*
 * gilbench: the driver.  main finds the command and hands over to it.
 *
 * Each command has its own file and its own options; a new one is a line in
 * the table below.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/build_info.h"
#include "common/die.h"
#include "harness/commands.h"
#include "harness/doctor.h"
#include "harness/report.h"
#include "harness/text.h"
#include "harness/sentence.h"

const char commands_installed_dir[] = PKGLIBEXECDIR;

enum { KEY_DOCTOR_JSON = 1000 };

struct invocation {
	int argc;
	char **argv;
};

static error_t
parse_doctor(int key, char *arg, struct argp_state *state)
{
	bool *is_json = state->input;

	switch (key) {
	case KEY_DOCTOR_JSON:
		*is_json = true;
		return 0;
	case ARGP_KEY_INIT:
		return sentence_only(state);
	case ARGP_KEY_ARG:
		argp_failure(
			state, EXIT_USAGE, 0, "there is no use for '%s'", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int
cmd_doctor_main(int argc, char **argv)
{
	static const struct argp_option entries[] = {
		{"json", KEY_DOCTOR_JSON, NULL, 0, "print JSON instead of text",
			0},
		{0},
	};
	static const struct argp argp = {entries, parse_doctor, NULL,
		"Say what this machine can and cannot measure, and which "
		"command lifts each limit.",
		NULL, NULL, NULL};
	bool is_json = false;

	/* Errors end the process inside argp, with its sentence. */
	(void)argp_parse(&argp, argc, argv, 0, NULL, &is_json);
	return doctor_main(stdout, is_json);
}

static const struct command {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{"list", cmd_list_main, "show variants, workloads and matrices"},
	{"run", cmd_run_main, "launch variants under workloads, and record"},
	{"report", report_main, "tables and charts from result files"},
	{"doctor", cmd_doctor_main, "what this machine can measure"},
};

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static error_t
parse_option(int key, char *arg, struct argp_state *state)
{
	struct invocation *invocation = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		return sentence_only(state);
	case ARGP_KEY_ARGS:
		/* From the command's name on: its own options. */
		invocation->argc = state->argc - state->next;
		invocation->argv = state->argv + state->next;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_failure(state, EXIT_USAGE, 0,
			"which command? `gilbench --help` shows them");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void
print_version(FILE *out, struct argp_state *state)
{
	(void)state;
	fprintf(out, "gilbench %s (%s)\n", build_version, build_revision);
}

/* The list of commands, for --help; the caller frees it. */
static char *
help_text(void)
{
	char *text = text_copy("A laboratory for global interpreter locks."
			       "\v"
			       "Commands:\n");

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		text_append(&text, "  %-8s %s\n", commands[i].name,
			commands[i].summary);
	text_append(&text, "\n`gilbench COMMAND --help` shows the options of a "
			   "command.");
	return text;
}

/*
 * A standard stream that is closed must not become the first file that is
 * opened, and collect what is printed.  Its stand-in fails where the closed
 * one would: it is opened for the wrong direction.
 */
static void
hold_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags) != fd)
			_exit(EXIT_USAGE); /* nowhere to say why */
	}
}

/* A full disk must not look like success. */
static int
check_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "gilbench: cannot write to standard output: %s\n",
		strerror(errno));
	return status == EXIT_OK ? EXIT_USAGE : status;
}

int
main(int argc, char **argv)
{
	char *doc = help_text();
	struct argp argp = {NULL, parse_option, "COMMAND [OPTION...]", doc,
		NULL, NULL, NULL};
	struct invocation invocation = {0, NULL};
	const struct command *command;
	int status;

	hold_standard_streams();
	argp_program_version_hook = print_version;
	argp_err_exit_status = EXIT_USAGE;
	/* Errors end the process inside argp, with its sentence. */
	(void)argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &invocation);
	free(doc);
	command = find_command(invocation.argv[0]);
	if (command == NULL) {
		fprintf(stderr,
			"gilbench: there is no command '%s'; `gilbench --help` "
			"shows all\n",
			invocation.argv[0]);
		return EXIT_USAGE;
	}
	/* argp puts it before its messages. */
	invocation.argv[0] = text_format("gilbench %s", command->name);
	status = command->main(invocation.argc, invocation.argv);
	free(invocation.argv[0]);
	return check_output(status);
}
