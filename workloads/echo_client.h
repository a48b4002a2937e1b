/* SPDX-License-Identifier: MIT */
/*
 * The echo workload's side of its load client, a process of its own.
 *
 * The client (program gilload-udp) is told over a pipe what to send and
 * answers over another with what it saw; the requests themselves go over UDP
 * on loopback.  Compiled once for all policies; call without the GIL.
 */
#ifndef WORKLOADS_ECHO_CLIENT_H
#define WORKLOADS_ECHO_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/hist.h"

struct echo_client {
	pid_t pid;
	int command_fd; /* to the client */
	int report_fd;  /* from the client */
	uint16_t port;  /* the client's own */
};

/* What the client saw in one phase. */
struct echo_report {
	uint64_t offered;
	uint64_t answered;
	uint64_t answered_in_time; /* before the duration was over */
	uint64_t errors;           /* wrong, duplicated or foreign replies */
	uint64_t drops;            /* at the client's socket */
	int64_t send_lag_max_ns;
	int64_t wall_ns;      /* in which requests were offered */
	struct hist *latency; /* the caller frees it */
};

/*
 * Start the client against a server at 127.0.0.1:port.
 *
 * Returns 0, or -errno: the program is not there, does not start, or does not
 * answer.  It dies with its parent, and runs on any of the given CPUs, wherever
 * the caller is pinned.
 */
int echo_client_start(struct echo_client *client, const char *program_dir,
	uint16_t port, uint64_t nonce, const int *cpus, int ncpus);

/*
 * Let it send for duration_ns: rate_hz requests per second at fixed times
 * (open loop), or, with rate_hz 0, the next one after each reply (closed
 * loop).  Then it waits for late replies for drain_ns at most.
 *
 * Begin returns at once; finish blocks until the report is there.  Return 0
 * or -errno; -EPIPE when the client has died.
 */
int echo_client_begin(struct echo_client *client, uint32_t phase,
	int64_t rate_hz, int64_t duration_ns, int64_t drain_ns);
int echo_client_finish(struct echo_client *client, struct echo_report *report);

/* End the client and wait for it. */
void echo_client_stop(struct echo_client *client);

#endif
