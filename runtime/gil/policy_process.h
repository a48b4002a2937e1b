/* SPDX-License-Identifier: MIT */
/*
 * process: no lock, since every computing thread is a process of its own.
 *
 * State        none.
 * Transitions  none: acquire and release return at once, yield keeps.
 * Who writes   nobody.
 * Promises     nothing is shared, so nothing needs to be excluded: the crew of
 *              a workload runs the computing threads as forked processes
 *              (POLICY_SEPARATES), and workloads that hand one GIL round are
 *              not offered.
 * Pathology    has: none of a GIL; what is left is the kernel's scheduling.
 *              So it is what a policy is held against that claims to cost
 *              nothing (experiment E4).
 * Source       Skvortsov, "Python behind the scenes" 13: the same spinner in
 *              another process; policy D10, a control.
 */
#ifndef RUNTIME_GIL_POLICY_PROCESS_H
#define RUNTIME_GIL_POLICY_PROCESS_H

#define POLICY_SEPARATES 1

#include "runtime/gil/policy_null.h"

#endif
