/* SPDX-License-Identifier: MIT */
/*
 * Everything that a program needs which embeds the runtime.
 *
 * Compile it with the four symbols that runtime/gil/fast.h asks for, the same
 * as the library it is linked with was compiled with.
 */
#ifndef RUNTIME_THREAD_EMBED_H
#define RUNTIME_THREAD_EMBED_H

#include "runtime/heap/heap.h"
#include "runtime/thread/block.h"
#include "runtime/thread/error.h"
#include "runtime/thread/fork.h"
#include "runtime/thread/hooks.h"
#include "runtime/thread/interrupt.h"
#include "runtime/thread/lock.h"
#include "runtime/thread/region.h"
#include "runtime/thread/sleep.h"
#include "runtime/thread/thread.h"

#endif
