/* SPDX-License-Identifier: MIT */
/*
 * The commands of gilbench: each gets the command line from its own name on,
 * and returns the exit status.
 */
#ifndef HARNESS_COMMANDS_H
#define HARNESS_COMMANDS_H

/* Where `make install` puts the gilrun-*; the build says. */
extern const char commands_installed_dir[];

int cmd_list_main(int argc, char **argv);
int cmd_run_main(int argc, char **argv);

#endif
