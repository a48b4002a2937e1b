/* SPDX-License-Identifier: MIT */
/*
 * echo: one serving thread, k computing threads, a load client outside.
 *
 * Stands for a threaded network service whose requests are short while other
 * threads compute: the convoy effect's home (bpo-7946).  The server enters a
 * blocking region for each receive and each send, as CPython and Ruby do even
 * where the call would not block; --regions adds more, for systems that
 * release the lock more often per request.  Leaves out connections, parsing
 * and memory allocation.
 *
 * Two phases: "open" sends at a fixed rate and times each request from its
 * intended moment; "closed" sends the next request after each reply, as naive
 * load generators do, and is given beside it for comparison.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/die.h"
#include "runtime/thread/region.h"
#include "workloads/compute.h"
#include "workloads/crew.h"
#include "workloads/echo_client.h"
#include "workloads/echo_wire.h"

enum { OPT_COMPUTE, OPT_RATE, OPT_REGIONS, OPT_LOOP, OPT_DRAIN };

static const struct workload_option options[] = {
	[OPT_COMPUTE] = {"compute", OPTION_COUNT, "1", 0, 64, NULL,
		"computing threads beside the server"},
	[OPT_RATE] = {"rate", OPTION_COUNT, "1000", 1, 1000000, NULL,
		"open loop: requests per second"},
	[OPT_REGIONS] = {"regions", OPTION_COUNT, "2", 2, 32, NULL,
		"blocking regions per request; 2 are the receive and the send"},
	[OPT_LOOP] = {"loop", OPTION_CHOICE, "both", 0, 0, "open,closed,both",
		"which phases to run, each for its share of the duration"},
	[OPT_DRAIN] = {"drain", OPTION_COUNT, "100", 0, 60000, NULL,
		"milliseconds to wait for late replies"},
	{0},
};

struct server {
	int fd;
	uint16_t port;
	uint16_t client_port;
	uint64_t nonce;
	int64_t regions;
};

static uint64_t
compute(struct crew_member *self)
{
	uint64_t value = (uint64_t)self->index, done = 0;

	while (crew_is_running(self->crew)) {
		value = compute_steps(value, 1);
		thread_poll(&self->thread);
		done++;
	}
	KEEP_VALUE(value);
	return done;
}

/* One datagram, received in a blocking region; false: it is no request. */
static bool
receive_request(struct crew_member *self, struct echo_datagram *request,
	struct sockaddr_in *from)
{
	const struct server *server = self->arg;
	socklen_t from_size = sizeof(*from);
	ssize_t size;

	region_begin(&self->thread);
	size = recvfrom(server->fd, request, sizeof(*request), 0,
		(struct sockaddr *)from, &from_size);
	region_end(&self->thread);
	if (size < 0 && errno != EINTR)
		DIE_ERRNO(errno, "recvfrom");
	return size == (ssize_t)sizeof(*request) &&
	       ntohs(from->sin_port) == server->client_port &&
	       request->magic == ECHO_REQUEST_MAGIC &&
	       request->nonce == server->nonce;
}

/* What some systems do between receive and send: look, without blocking. */
static void
enter_extra_regions(struct crew_member *self)
{
	const struct server *server = self->arg;
	struct pollfd poll_fd = {.fd = server->fd, .events = POLLIN};

	for (int64_t i = 2; i < server->regions; i++) {
		region_begin(&self->thread);
		if (poll(&poll_fd, 1, 0) < 0 && errno != EINTR)
			DIE_ERRNO(errno, "poll");
		region_end(&self->thread);
	}
}

static uint64_t
serve(struct crew_member *self)
{
	const struct server *server = self->arg;
	struct echo_datagram datagram;
	struct sockaddr_in from;
	uint64_t served = 0;

	while (crew_is_running(self->crew)) {
		ssize_t sent;

		thread_poll(&self->thread);
		if (!receive_request(self, &datagram, &from))
			continue; /* main's nudge at the end, or a stranger */
		enter_extra_regions(self);
		datagram.answer = echo_answer(&datagram);
		datagram.magic = ECHO_REPLY_MAGIC;
		region_begin(&self->thread);
		sent = sendto(server->fd, &datagram, sizeof(datagram), 0,
			(struct sockaddr *)&from, sizeof(from));
		region_end(&self->thread);
		if (sent < 0 && errno != EINTR && errno != ENOBUFS)
			DIE_ERRNO(errno, "sendto");
		served++;
	}
	return served;
}

static int
open_server(struct run *run, struct server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int rc = 0;

	server->nonce = run->nonce;
	server->regions = run->values[OPT_REGIONS].number;
	server->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (server->fd < 0) {
		rc = -errno;
		return run_fail(
			run, rc, "cannot make a UDP socket: %s", strerror(-rc));
	}
	if (bind(server->fd, (struct sockaddr *)&address, sizeof(address)) !=
			0 ||
		getsockname(server->fd, (struct sockaddr *)&address, &size) !=
			0) {
		rc = -errno;
		(void)close(server->fd); /* nothing was sent */
		return run_fail(run, rc,
			"cannot bind a UDP port of 127.0.0.1: %s",
			strerror(-rc));
	}
	server->port = ntohs(address.sin_port);
	return 0;
}

/* Forget the requests that nobody read: they belong to a phase that is over. */
static void
discard_backlog(const struct server *server)
{
	struct echo_datagram datagram;

	while (recv(server->fd, &datagram, sizeof(datagram), MSG_DONTWAIT) >= 0)
		continue;
	if (errno != EAGAIN)
		DIE_ERRNO(errno, "recv of the backlog");
}

/* Wake a server that blocks in its receive, so that it sees the stop. */
static void
nudge(const struct server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(server->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	if (sendto(server->fd, "", 0, 0, (struct sockaddr *)&address,
		    sizeof(address)) < 0)
		DIE_ERRNO(errno, "sendto the own port");
}

static uint64_t
kernel_drops(const struct server *server)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t size = sizeof(info);

	if (getsockopt(server->fd, SOL_SOCKET, SO_MEMINFO, info, &size) != 0)
		DIE_ERRNO(errno, "getsockopt(SO_MEMINFO)");
	return info[SK_MEMINFO_DROPS];
}

static void
file_report(struct phase *phase, struct echo_report *report, bool is_open,
	uint64_t server_drops)
{
	enum metric_id id = is_open ? METRIC_ID_RESPONSE : METRIC_ID_ROUND_TRIP;
	double offered = (double)report->offered;
	double answered = (double)report->answered;
	double answered_ratio = offered > 0.0 ? answered / offered : 0.0;

	phase->hist[id] = report->latency;
	phase->status_of[id] = METRIC_OK;
	phase_set(phase, METRIC_ID_OFFERED, offered);
	phase_set(phase, METRIC_ID_ANSWERED, answered);
	phase_set(phase, METRIC_ID_UNANSWERED, offered - answered);
	phase_set(phase, METRIC_ID_ANSWERED_RATIO, answered_ratio);
	phase_set(phase, METRIC_ID_REPLY_ERRORS, (double)report->errors);
	phase_set(phase, METRIC_ID_KERNEL_DROPS,
		(double)(report->drops + server_drops));
	phase_set(phase, METRIC_ID_REQUESTS_RATE,
		(double)report->answered_in_time * (double)NS_PER_S /
			(double)report->wall_ns);
	if (is_open) {
		phase_set(phase, METRIC_ID_SEND_LAG_MAX,
			(double)report->send_lag_max_ns);
		if (answered_ratio < 0.99)
			phase_worsen(phase, PHASE_OVERLOADED);
	}
	if (report->errors > 0)
		phase_worsen(phase, PHASE_FAILED);
}

/* Main, GIL held; returns with it. */
static int
drive_phase(struct crew *crew, const struct server *server,
	struct echo_client *client, bool is_open, int64_t duration_ns)
{
	struct run *run = crew->run;
	uint64_t drops = kernel_drops(server);
	struct echo_report report;
	int rc;

	crew_go(crew);
	rc = echo_client_begin(client, (uint32_t)crew->phase_index,
		is_open ? run->values[OPT_RATE].number : 0, duration_ns,
		run->values[OPT_DRAIN].number * NS_PER_MS);
	if (rc == 0)
		rc = echo_client_finish(client, &report);
	crew_stop(crew);
	nudge(server);
	thread_take_gil(run->main);
	crew_dismiss(crew);
	if (rc != 0)
		return run_fail(
			run, rc, "the load client failed: %s", strerror(-rc));
	file_report(
		crew->phase, &report, is_open, kernel_drops(server) - drops);
	discard_backlog(server);
	if (report.errors > 0)
		return run_fail(run, -EBADMSG,
			"%llu wrong, duplicated or foreign replies",
			(unsigned long long)report.errors);
	return 0;
}

static int
run_phase(struct run *run, struct server *server, struct echo_client *client,
	const char *name, bool is_open, int64_t duration_ns, bool is_warmup)
{
	int computing = (int)run->values[OPT_COMPUTE].number;
	struct crew crew;
	int rc;

	crew_init(&crew, run, name, computing + 1, is_warmup);
	crew_enlist(&crew, "server", 0, serve, server, false);
	for (int i = 0; i < computing; i++)
		crew_enlist(&crew, "compute", i, compute, NULL, true);
	rc = crew_gather(&crew);
	if (rc != 0)
		return rc;
	return drive_phase(&crew, server, client, is_open, duration_ns);
}

static int
run_phases(struct run *run, struct server *server, struct echo_client *client)
{
	const char *loop = run->values[OPT_LOOP].text;
	bool has_open = strcmp(loop, "closed") != 0;
	bool has_closed = strcmp(loop, "open") != 0;
	int64_t share_ns = run->duration_ns / (has_open + has_closed);
	int rc = 0;

	if (run->warmup_ns > 0)
		rc = run_phase(run, server, client, "warm-up", has_open,
			run->warmup_ns, true);
	if (rc == 0 && has_open)
		rc = run_phase(
			run, server, client, "open", true, share_ns, false);
	if (rc == 0 && has_closed)
		rc = run_phase(
			run, server, client, "closed", false, share_ns, false);
	return rc;
}

static int
run_echo(struct run *run)
{
	struct server server;
	struct echo_client client;
	int rc = open_server(run, &server);

	if (rc != 0)
		return rc;
	thread_leave_gil(run->main);
	rc = echo_client_start(&client, run->program_dir, server.port,
		run->nonce, run->cpus, run->ncpus);
	thread_take_gil(run->main);
	if (rc != 0) {
		(void)close(server.fd); /* nothing was sent */
		return run_fail(run, rc,
			"cannot start the load client gilload-udp: %s",
			strerror(-rc));
	}
	server.client_port = client.port;
	rc = run_phases(run, &server, &client);
	thread_leave_gil(run->main);
	echo_client_stop(&client);
	thread_take_gil(run->main);
	(void)close(server.fd); /* no data can be lost any more */
	return rc;
}

static int
threads_of(const struct workload_value *values)
{
	return (int)values[OPT_COMPUTE].number + 1;
}

const struct workload workload_echo = {
	.name = "echo",
	.summary = "UDP server with k computing threads beside it",
	.stands_for = "a threaded network service beside CPU-bound threads",
	.options = options,
	.can_separate = true,
	.can_count = false,
	.threads = threads_of,
	.run = run_echo,
};
