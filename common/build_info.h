/* SPDX-License-Identifier: MIT */
/* From what, by what and how this program was built. */
#ifndef COMMON_BUILD_INFO_H
#define COMMON_BUILD_INFO_H

#include <stdbool.h>

extern const char build_version[];
extern const char build_revision[]; /* fixed width; "-dirty" at the end */
extern const char build_compiler[];
extern const char build_cflags[];
extern const char build_sanitizer[]; /* "none", "address", "thread", ... */
extern const bool build_is_optimised;

#endif
