/* SPDX-License-Identifier: MIT */
/*
 * What the echo workload and its load client say to each other over pipes.
 *
 * Both come from one build and lie in one directory, so plain structs do.
 */
#ifndef WORKLOADS_ECHO_PROTOCOL_H
#define WORKLOADS_ECHO_PROTOCOL_H

#include <stdint.h>

#define ECHO_CLIENT_PROGRAM "gilload-udp"
#define ECHO_HELLO_MAGIC    UINT32_C(0x67694801)
#define ECHO_NO_HELLO_MAGIC UINT32_C(0x67694802)

/*
 * client -> workload, once: it has a socket; or, in its place, from the child
 * that was to become the client: it cannot.
 */
struct echo_hello {
	uint32_t magic;
	uint16_t port;
	uint16_t error; /* errno of ECHO_NO_HELLO_MAGIC */
};

/* workload -> client: one phase; end of file means the end. */
struct echo_command {
	uint32_t phase;
	uint32_t unused;
	int64_t rate_hz; /* 0: closed loop */
	int64_t duration_ns;
	int64_t drain_ns;
};

/* client -> workload, after a phase; a struct hist follows. */
struct echo_summary {
	uint64_t offered;
	uint64_t answered;
	uint64_t answered_in_time; /* before the duration was over */
	uint64_t errors;
	uint64_t drops;
	int64_t send_lag_max_ns;
	int64_t wall_ns;
};

#endif
