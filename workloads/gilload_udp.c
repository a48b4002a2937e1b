/* SPDX-License-Identifier: MIT */
/*
 * gilload-udp: the load client of the echo workload, a process of its own.
 *
 *     gilload-udp PORT NONCE      commands on stdin, reports on stdout
 *
 * It sends requests to 127.0.0.1:PORT only, and only what it is told to.
 *
 * Open loop: request i is due at begin + i / rate, whether or not earlier ones
 * were answered, and its response time counts from that moment.  So the time
 * that a stalled server keeps later requests waiting is seen, also when this
 * client itself could not send in time.  An unanswered request enters the
 * histogram with its age at the end of the drain: a lower bound.
 *
 * Closed loop: the next request after each reply, timed from its sending.  A
 * request without a reply is given up after the drain time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "common/hist.h"
#include "common/parse.h"
#include "workloads/echo_protocol.h"
#include "workloads/echo_wire.h"

struct client {
	int fd;
	uint64_t nonce;
	struct echo_command command;
	int64_t begin_ns;
	uint64_t sent;
	bool *is_answered; /* per sequence number of the phase */
	int64_t *due_ns;
	struct echo_summary summary;
	struct hist *latency;
};

/* Send the next request.  Returns false when the socket takes no more now. */
static bool
send_request(struct client *client)
{
	struct echo_datagram request = {.magic = ECHO_REQUEST_MAGIC,
		.phase = client->command.phase,
		.nonce = client->nonce,
		.sequence = client->sent};
	int64_t lag_ns;

	for (unsigned i = 0; i < sizeof(request.payload); i++)
		request.payload[i] = (uint8_t)(client->sent * 31 + i);
	if (send(client->fd, &request, sizeof(request), 0) < 0) {
		if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
			return false;
		if (errno != ECONNREFUSED)
			DIE_ERRNO(errno, "send of a request");
		/* The server is gone: the request stays unanswered. */
	}
	lag_ns = clock_now_ns() - client->due_ns[client->sent];
	if (lag_ns > client->summary.send_lag_max_ns)
		client->summary.send_lag_max_ns = lag_ns;
	client->sent++;
	return true;
}

static void
check_reply(struct client *client, const struct echo_datagram *reply)
{
	struct echo_datagram request = *reply;
	uint64_t sequence = reply->sequence;

	if (reply->nonce == client->nonce && reply->magic == ECHO_REPLY_MAGIC &&
		reply->phase < client->command.phase)
		return; /* a late reply of an earlier phase */
	if (reply->magic != ECHO_REPLY_MAGIC || reply->nonce != client->nonce ||
		reply->phase != client->command.phase ||
		sequence >= client->sent || client->is_answered[sequence] ||
		reply->answer != echo_answer(&request)) {
		client->summary.errors++;
		return;
	}
	client->is_answered[sequence] = true;
	client->summary.answered++;
	(void)hist_record(client->latency, /* the clock is monotonic */
		clock_now_ns() - client->due_ns[sequence], 1);
}

/* Take all replies that are there. */
static void
receive_replies(struct client *client)
{
	struct echo_datagram reply;

	for (;;) {
		ssize_t size = recv(client->fd, &reply, sizeof(reply), 0);

		if (size < 0) {
			if (errno == EAGAIN)
				return;
			if (errno != EINTR && errno != ECONNREFUSED)
				DIE_ERRNO(errno, "recv of a reply");
			continue;
		}
		if (size != (ssize_t)sizeof(reply))
			client->summary.errors++;
		else
			check_reply(client, &reply);
	}
}

/* Sleep until a reply is there or the deadline has come. */
static void
await(struct client *client, int64_t deadline_ns)
{
	struct pollfd poll_fd = {.fd = client->fd, .events = POLLIN};
	int64_t left_ns = deadline_ns - clock_now_ns();
	struct timespec timeout = clock_timespec(left_ns > 0 ? left_ns : 0);

	if (ppoll(&poll_fd, 1, &timeout, NULL) < 0 && errno != EINTR)
		DIE_ERRNO(errno, "ppoll");
}

static void
drain(struct client *client)
{
	int64_t until_ns = clock_now_ns() + client->command.drain_ns;

	while (client->summary.answered < client->sent &&
		clock_now_ns() < until_ns) {
		await(client, until_ns);
		receive_replies(client);
	}
}

/* Requests without a reply: as old as they are now, a lower bound. */
static void
censor_unanswered(struct client *client)
{
	int64_t now_ns = clock_now_ns();

	for (uint64_t i = 0; i < client->summary.offered; i++)
		if (!client->is_answered[i])
			(void)hist_record(client->latency, /* due in the past */
				now_ns - client->due_ns[i], 1);
}

static void
run_open(struct client *client)
{
	const struct echo_command *command = &client->command;
	int64_t end_ns = client->begin_ns + command->duration_ns;
	uint64_t offered = client->summary.offered;

	for (uint64_t i = 0; i < offered; i++)
		client->due_ns[i] = client->begin_ns +
				    (int64_t)i * NS_PER_S / command->rate_hz;
	while (client->sent < offered && clock_now_ns() < end_ns) {
		int64_t due_ns = client->due_ns[client->sent];

		if (clock_now_ns() >= due_ns) {
			if (!send_request(client))
				await(client, clock_now_ns() + NS_PER_MS);
		} else {
			await(client, due_ns);
		}
		receive_replies(client);
	}
	client->summary.wall_ns = command->duration_ns;
	client->summary.answered_in_time = client->summary.answered;
	drain(client);
	censor_unanswered(client);
}

static void
run_closed(struct client *client, uint64_t capacity)
{
	const struct echo_command *command = &client->command;
	int64_t end_ns = client->begin_ns + command->duration_ns;

	while (client->sent < capacity && clock_now_ns() < end_ns) {
		uint64_t before = client->summary.answered;
		int64_t give_up_ns;

		client->due_ns[client->sent] = clock_now_ns();
		if (!send_request(client))
			continue;
		give_up_ns = clock_now_ns() + command->drain_ns;
		while (client->summary.answered == before &&
			clock_now_ns() < give_up_ns) {
			await(client, give_up_ns);
			receive_replies(client);
		}
	}
	client->summary.offered = client->sent;
	client->summary.wall_ns = clock_now_ns() - client->begin_ns;
	client->summary.answered_in_time = client->summary.answered;
	censor_unanswered(client);
}

static uint64_t
kernel_drops(int fd)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t size = sizeof(info);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size) != 0)
		DIE_ERRNO(errno, "getsockopt(SO_MEMINFO)");
	return info[SK_MEMINFO_DROPS];
}

static void
write_all(const void *buffer, size_t size)
{
	const char *next = buffer;

	while (size > 0) {
		ssize_t put = write(1, next, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			exit(0); /* the workload has gone; nobody listens */
		next += put;
		size -= (size_t)put;
	}
}

static void
run_phase(struct client *client)
{
	const struct echo_command *command = &client->command;
	uint64_t drops = kernel_drops(client->fd);
	uint64_t capacity;

	memset(&client->summary, 0, sizeof(client->summary));
	hist_reset(client->latency);
	client->sent = 0;
	if (command->rate_hz > 0) {
		client->summary.offered =
			(uint64_t)((double)command->rate_hz *
				   (double)command->duration_ns /
				   (double)NS_PER_S);
		capacity = client->summary.offered;
	} else { /* no server answers faster than every 500 ns */
		capacity = (uint64_t)(command->duration_ns / 500 + 1);
	}
	client->is_answered = calloc(capacity + 1, sizeof(bool));
	client->due_ns = calloc(capacity + 1, sizeof(int64_t));
	if (client->is_answered == NULL || client->due_ns == NULL)
		DIE_ERRNO(errno, "table of requests");
	client->begin_ns = clock_now_ns();
	if (command->rate_hz > 0)
		run_open(client);
	else
		run_closed(client, capacity);
	client->summary.drops = kernel_drops(client->fd) - drops;
	free(client->is_answered);
	free(client->due_ns);
	write_all(&client->summary, sizeof(client->summary));
	write_all(client->latency, sizeof(*client->latency));
}

/* A socket that talks to the server only. */
static void
open_socket(struct client *client, uint16_t port)
{
	struct sockaddr_in server = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in own;
	socklen_t size = sizeof(own);
	struct echo_hello hello = {.magic = ECHO_HELLO_MAGIC};

	client->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (client->fd < 0)
		DIE_ERRNO(errno, "socket");
	if (connect(client->fd, (struct sockaddr *)&server, sizeof(server)) !=
		0)
		DIE_ERRNO(errno, "connect");
	if (getsockname(client->fd, (struct sockaddr *)&own, &size) != 0)
		DIE_ERRNO(errno, "getsockname");
	hello.port = ntohs(own.sin_port);
	write_all(&hello, sizeof(hello));
}

int
main(int argc, char **argv)
{
	struct client client = {0};
	const char *reason;
	int64_t port, nonce;

	if (argc != 3) {
		fprintf(stderr,
			"gilload-udp: started by gilrun-*: PORT NONCE\n");
		return EXIT_USAGE;
	}
	reason = parse_count(argv[1], 1, 65535, &port);
	if (reason == NULL)
		reason = parse_count(argv[2], 0, INT64_MAX, &nonce);
	if (reason != NULL) {
		fprintf(stderr, "gilload-udp: '%s %s' %s\n", argv[1], argv[2],
			reason);
		return EXIT_USAGE;
	}
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		DIE_ERRNO(errno, "signal");
	/* Sleep until the intended time, not up to 50 us later. */
	if (prctl(PR_SET_TIMERSLACK, 1UL) != 0)
		DIE_ERRNO(errno, "prctl(PR_SET_TIMERSLACK)");
	client.nonce = (uint64_t)nonce;
	client.latency = hist_new();
	open_socket(&client, (uint16_t)port);
	while (read(0, &client.command, sizeof(client.command)) ==
		(ssize_t)sizeof(client.command))
		run_phase(&client);
	hist_free(client.latency);
	return 0;
}
