/* SPDX-License-Identifier: MIT */
/*
 * `gilbench doctor`: what this machine can and cannot measure, why, and the
 * command that lifts each limit.
 */
#ifndef HARNESS_DOCTOR_H
#define HARNESS_DOCTOR_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Look at the machine, for about 50 ms, and write a table to out, or one JSON
 * object.  Returns the exit status: EXIT_OK whatever was found; EXIT_USAGE
 * with a sentence on stderr when out could not be written.
 */
int doctor_main(FILE *out, bool json);

#endif
