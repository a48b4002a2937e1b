/* SPDX-License-Identifier: MIT */
/*
 * The datagrams of the echo workload, and what the server does to them.
 *
 * A request carries the launch's nonce and a sequence number; the reply
 * carries both and an answer that only a server that read this request can
 * know.  So a reply that is wrong, comes twice, or comes from elsewhere is
 * recognised.  Both ends run on one machine: host byte order.
 */
#ifndef WORKLOADS_ECHO_WIRE_H
#define WORKLOADS_ECHO_WIRE_H

#include <stdint.h>

#define ECHO_REQUEST_MAGIC UINT32_C(0x67696c3f)
#define ECHO_REPLY_MAGIC   UINT32_C(0x67696c21)

struct echo_datagram {
	uint32_t magic;
	uint32_t phase; /* a late reply of an earlier phase is no answer */
	uint64_t nonce;
	uint64_t sequence;
	uint64_t answer; /* 0 in a request */
	uint8_t payload[96];
};

/* The server's work on a request: a checksum over all that was sent. */
static inline uint64_t
echo_answer(const struct echo_datagram *request)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325) ^ request->nonce;

	sum = (sum ^ request->phase) * UINT64_C(0x100000001b3);
	sum = (sum ^ request->sequence) * UINT64_C(0x100000001b3);
	for (unsigned i = 0; i < sizeof(request->payload); i++)
		sum = (sum ^ request->payload[i]) * UINT64_C(0x100000001b3);
	return sum;
}

#endif
