/* SPDX-License-Identifier: MIT */
/* From what, by what and how this program was built. */
#include "common/build_info.h"

#include "config.h"
#include "revision.h"

const char build_version[] = PACKAGE_VERSION;

/* A new revision must not move other data: the array does not grow with it. */
const char build_revision[64] = GILBENCH_REVISION;

#if defined(__clang__)
const char build_compiler[] = "clang " __clang_version__;
#else
const char build_compiler[] = "gcc " __VERSION__;
#endif

const char build_cflags[] = BUILD_CFLAGS;

#ifndef __has_feature
#	define __has_feature(name) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
const char build_sanitizer[] = "thread";
#elif defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
const char build_sanitizer[] = "address";
#else
const char build_sanitizer[] = "none";
#endif

#ifdef __OPTIMIZE__
const bool build_is_optimised = true;
#else
const bool build_is_optimised = false;
#endif
