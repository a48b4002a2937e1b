/* SPDX-License-Identifier: MIT */
/* The echo workload's side of its load client. */
#include "workloads/echo_client.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/affinity.h"
#include "common/die.h"
#include "workloads/echo_protocol.h"

/* Read exactly size bytes; -EPIPE at the end of the stream. */
static int
read_all(int fd, void *buffer, size_t size)
{
	char *next = buffer;

	while (size > 0) {
		ssize_t got = read(fd, next, size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EPIPE;
		next += got;
		size -= (size_t)got;
	}
	return 0;
}

struct launch {
	const char *program_dir;
	int in_fd;
	int out_fd;
	uint16_t port;
	uint64_t nonce;
	const int *cpus;
	int ncpus;
	pid_t parent;
};

/* Tell the workload why; without that it sees the end of the pipe: EPIPE. */
static _Noreturn void
refuse_to_start(const struct launch *launch, int err)
{
	struct echo_hello hello = {
		.magic = ECHO_NO_HELLO_MAGIC, .error = (uint16_t)err};

	if (write(launch->out_fd, &hello, sizeof(hello)) != sizeof(hello))
		_exit(126);
	_exit(127);
}

static _Noreturn void
become_client(const struct launch *launch)
{
	char path[4096], port_text[16], nonce_text[32];
	sigset_t none;
	int rc;

	snprintf(path, sizeof(path), "%s/" ECHO_CLIENT_PROGRAM,
		launch->program_dir);
	snprintf(port_text, sizeof(port_text), "%u", launch->port);
	snprintf(nonce_text, sizeof(nonce_text), "%" PRIu64, launch->nonce);
	sigemptyset(&none);
	rc = affinity_set(launch->cpus, launch->ncpus);
	if (rc != 0)
		refuse_to_start(launch, -rc);
	if (dup2(launch->in_fd, 0) < 0 || dup2(launch->out_fd, 1) < 0 ||
		prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
		sigprocmask(SIG_SETMASK, &none, NULL) != 0)
		refuse_to_start(launch, errno);
	if (getppid() != launch->parent)
		_exit(126); /* it died before we asked to be told */
	execl(path, ECHO_CLIENT_PROGRAM, port_text, nonce_text, (char *)NULL);
	refuse_to_start(launch, errno);
}

int
echo_client_start(struct echo_client *client, const char *program_dir,
	uint16_t port, uint64_t nonce, const int *cpus, int ncpus)
{
	int commands[2], reports[2], rc;
	struct launch launch = {.program_dir = program_dir,
		.port = port,
		.nonce = nonce,
		.cpus = cpus,
		.ncpus = ncpus,
		.parent = getpid()};
	struct echo_hello hello;

	if (pipe2(commands, O_CLOEXEC) != 0)
		return -errno;
	if (pipe2(reports, O_CLOEXEC) != 0) {
		rc = -errno;
		(void)close(commands[0]); /* nothing was written */
		(void)close(commands[1]);
		return rc;
	}
	launch.in_fd = commands[0];
	launch.out_fd = reports[1];
	client->pid = fork();
	if (client->pid == 0)
		become_client(&launch);
	rc = client->pid < 0 ? -errno : 0;
	(void)close(commands[0]); /* the child's ends */
	(void)close(reports[1]);
	client->command_fd = commands[1];
	client->report_fd = reports[0];
	if (rc == 0)
		rc = read_all(client->report_fd, &hello, sizeof(hello));
	if (rc == 0 && hello.magic == ECHO_NO_HELLO_MAGIC)
		rc = -hello.error;
	else if (rc == 0 && hello.magic != ECHO_HELLO_MAGIC)
		rc = -EPROTO;
	if (rc == 0)
		client->port = hello.port;
	else
		echo_client_stop(client);
	return rc;
}

int
echo_client_begin(struct echo_client *client, uint32_t phase, int64_t rate_hz,
	int64_t duration_ns, int64_t drain_ns)
{
	struct echo_command command = {.phase = phase,
		.rate_hz = rate_hz,
		.duration_ns = duration_ns,
		.drain_ns = drain_ns};
	ssize_t sent;

	do
		sent = write(client->command_fd, &command, sizeof(command));
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	return sent == (ssize_t)sizeof(command) ? 0 : -EPIPE;
}

int
echo_client_finish(struct echo_client *client, struct echo_report *report)
{
	struct echo_summary summary;
	int rc = read_all(client->report_fd, &summary, sizeof(summary));

	if (rc != 0)
		return rc;
	report->offered = summary.offered;
	report->answered = summary.answered;
	report->answered_in_time = summary.answered_in_time;
	report->errors = summary.errors;
	report->drops = summary.drops;
	report->send_lag_max_ns = summary.send_lag_max_ns;
	report->wall_ns = summary.wall_ns;
	report->latency = hist_new();
	rc = read_all(client->report_fd, report->latency, sizeof(struct hist));
	if (rc != 0) {
		hist_free(report->latency);
		report->latency = NULL;
	}
	return rc;
}

void
echo_client_stop(struct echo_client *client)
{
	int status;

	(void)close(client->command_fd); /* its end of file: it ends */
	(void)close(client->report_fd);
	if (client->pid <= 0)
		return;
	while (waitpid(client->pid, &status, 0) < 0)
		if (errno != EINTR)
			DIE_ERRNO(errno, "waitpid of the load client");
	client->pid = 0;
}
