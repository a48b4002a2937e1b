/* SPDX-License-Identifier: MIT */
/* One measured process: started, watched, ended, accounted for. */
#include "harness/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/compiler.h"
#include "common/die.h"
#include "harness/stream.h"

#define PADDING_NAME "GILBENCH_PADDING"

/* The user's wish to stop. */
static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
/* What would end the driver where an error that write(2) returns will do. */
static const int ignored[] = {SIGPIPE, SIGXFSZ};
static volatile sig_atomic_t is_interrupted;
static bool is_catching;

/*
 * All signals that matter here are blocked, but for the sleep in ppoll(): none
 * falls between a look at the world and the sleep.
 */
static sigset_t original_mask; /* as this process was started */
static sigset_t sleep_mask;

struct child {
	pid_t pid;
	struct stream out;
	struct stream err;
};

static void
note_signal(int signal_number)
{
	if (signal_number != SIGCHLD)
		is_interrupted = 1;
}

static void
set_handler(int signal_number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};

	if (sigaction(signal_number, &action, NULL) != 0)
		DIE_ERRNO(errno, "sigaction");
}

static void
block(const sigset_t *signals, sigset_t *before)
{
	if (sigprocmask(SIG_BLOCK, signals, before) != 0)
		DIE_ERRNO(errno, "sigprocmask");
}

/* Once: the end of a child wakes the sleeper. */
static void
prepare_to_sleep(void)
{
	static bool is_prepared;
	sigset_t child_signal;

	if (is_prepared)
		return;
	is_prepared = true;
	sigemptyset(&child_signal);
	sigaddset(&child_signal, SIGCHLD);
	block(&child_signal, &original_mask);
	sleep_mask = original_mask;
	sigdelset(&sleep_mask, SIGCHLD);
	set_handler(SIGCHLD, note_signal);
}

void
spawn_catch_signals(void)
{
	struct sigaction found;
	sigset_t wanted;

	prepare_to_sleep();
	sigemptyset(&wanted);
	for (size_t i = 0; i < ARRAY_LEN(caught); i++) {
		if (sigaction(caught[i], NULL, &found) != 0)
			DIE_ERRNO(errno, "sigaction");
		/* Whoever started us may want it ignored: nohup does. */
		if (found.sa_handler == SIG_IGN)
			continue;
		sigaddset(&wanted, caught[i]);
		set_handler(caught[i], note_signal);
	}
	block(&wanted, NULL);
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		set_handler(ignored[i], SIG_IGN);
	is_catching = true;
}

bool
spawn_is_interrupted(void)
{
	sigset_t pending;

	if (is_interrupted || !is_catching)
		return is_interrupted != 0;
	if (sigpending(&pending) != 0)
		DIE_ERRNO(errno, "sigpending");
	for (size_t i = 0; i < ARRAY_LEN(caught); i++)
		if (sigismember(&pending, caught[i]) == 1)
			is_interrupted = 1;
	return is_interrupted != 0;
}

/* In the child: the environment grows by so many bytes. */
static void
pad_environment(int padding_bytes)
{
	size_t length = padding_bytes < 0 ? 0 : (size_t)padding_bytes;
	char *padding = malloc(length + 1);

	if (padding == NULL)
		DIE_ERRNO(ENOMEM, "malloc");
	memset(padding, 'x', length);
	padding[length] = '\0';
	if (setenv(PADDING_NAME, padding, 1) != 0)
		DIE_ERRNO(errno, "setenv");
	free(padding);
}

/* In the child; exec itself takes the handlers back. */
static void
restore_signals(void)
{
	for (size_t i = 0; i < ARRAY_LEN(ignored) && is_catching; i++)
		set_handler(ignored[i], SIG_DFL);
	if (sigprocmask(SIG_SETMASK, &original_mask, NULL) != 0)
		DIE_ERRNO(errno, "sigprocmask");
}

/* Read end and write end; -1: closed. */
struct pipes {
	int out[2];
	int err[2];
	int report[2]; /* errno of a failed exec; closed by a successful one */
};

static void
close_end(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* of a pipe: nothing is buffered */
	*fd = -1;
}

static void
close_pipes(struct pipes *pipes)
{
	for (int i = 0; i < 2; i++) {
		close_end(&pipes->out[i]);
		close_end(&pipes->err[i]);
		close_end(&pipes->report[i]);
	}
}

/* Returns 0 or -errno; the driver's ends of out and err do not block. */
static int
open_pipes(struct pipes *pipes)
{
	*pipes = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
	if (pipe2(pipes->out, O_CLOEXEC) != 0 ||
		pipe2(pipes->err, O_CLOEXEC) != 0 ||
		pipe2(pipes->report, O_CLOEXEC) != 0 ||
		fcntl(pipes->out[0], F_SETFL, O_NONBLOCK) != 0 ||
		fcntl(pipes->err[0], F_SETFL, O_NONBLOCK) != 0) {
		int rc = -errno;

		close_pipes(pipes);
		return rc;
	}
	return 0;
}

/* In the child: become the program, or send errno and end. */
_Noreturn static void
become(const struct spawn_request *request, pid_t parent,
	const struct pipes *pipes)
{
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int err;

	if (null_fd >= 0 && dup2(null_fd, STDIN_FILENO) >= 0 &&
		dup2(pipes->out[1], STDOUT_FILENO) >= 0 &&
		dup2(pipes->err[1], STDERR_FILENO) >= 0 && setpgid(0, 0) == 0 &&
		prctl(PR_SET_PDEATHSIG, SIGKILL) == 0) {
		/* The driver may have died before the wish took effect. */
		if (getppid() != parent)
			_exit(127);
		restore_signals();
		pad_environment(request->env_padding_bytes);
		(void)execv(request->path, request->argv);
	}
	err = errno;
	/* If even this fails, the exit status has to tell. */
	(void)!write(pipes->report[1], &err, sizeof(err));
	_exit(127);
}

/* errno of the failed exec, or 0 once the program runs. */
static int
read_report(int fd)
{
	int err = 0;
	ssize_t count;

	do
		count = read(fd, &err, sizeof(err));
	while (count < 0 && errno == EINTR);
	return count == (ssize_t)sizeof(err) ? err : 0;
}

static void
reap(pid_t pid, int *wait_status, struct rusage *usage)
{
	if (wait4(pid, wait_status, 0, usage) != pid)
		DIE_ERRNO(errno, "wait4");
}

/* Fork and exec.  Returns 0 once the program runs, or -errno. */
static int
fork_child(const struct spawn_request *request, struct pipes *pipes,
	struct child *child)
{
	pid_t parent = getpid();
	struct rusage usage;
	int err, wait_status;

	child->pid = fork();
	if (child->pid == 0)
		become(request, parent, pipes);
	if (child->pid < 0)
		return -errno;
	close_end(&pipes->report[1]);
	err = read_report(pipes->report[0]);
	if (err != 0)
		reap(child->pid, &wait_status, &usage);
	return -err;
}

static int
start(const struct spawn_request *request, struct child *child)
{
	struct pipes pipes;
	int rc;

	child->out = (struct stream){
		.fd = -1, .limit_bytes = request->stdout_limit_bytes};
	child->err = (struct stream){.fd = -1,
		.limit_bytes = SPAWN_STDERR_BYTES,
		.keeps_tail = true};
	rc = open_pipes(&pipes);
	if (rc == 0)
		rc = fork_child(request, &pipes, child);
	if (rc == 0) {
		child->out.fd = pipes.out[0];
		child->err.fd = pipes.err[0];
		pipes.out[0] = pipes.err[0] = -1;
	}
	close_pipes(&pipes);
	return rc;
}

/* Whether the child has ended; it stays a zombie. */
static bool
has_ended(const struct child *child)
{
	siginfo_t info = {.si_pid = 0};

	if (waitid(P_PID, (id_t)child->pid, &info,
		    WEXITED | WNOHANG | WNOWAIT) != 0)
		DIE_ERRNO(errno, "waitid");
	return info.si_pid == child->pid;
}

/*
 * Sleep until the child ends, prints, the user interrupts or the deadline
 * passes.
 */
static void
wait_for_news(struct child *child, int64_t deadline_ns)
{
	struct pollfd fds[] = {
		{.fd = child->out.fd, .events = POLLIN},
		{.fd = child->err.fd, .events = POLLIN},
	};
	int64_t left_ns = deadline_ns - clock_now_ns();
	struct timespec timeout = clock_timespec(left_ns > 0 ? left_ns : 0);

	if (ppoll(fds, ARRAY_LEN(fds), &timeout, &sleep_mask) < 0 &&
		errno != EINTR)
		DIE_ERRNO(errno, "ppoll");
}

/* Watch the child until it has ended, by itself or by us. */
static enum spawn_end
watch(struct child *child, const struct spawn_request *request)
{
	int64_t deadline_ns = clock_now_ns() + request->timeout_ns;
	enum spawn_end end = SPAWN_EXITED;

	while (!has_ended(child)) {
		wait_for_news(
			child, end == SPAWN_EXITED ? deadline_ns : INT64_MAX);
		stream_read(&child->out);
		stream_read(&child->err);
		if (end != SPAWN_EXITED)
			continue;
		if (spawn_is_interrupted())
			end = SPAWN_INTERRUPTED;
		else if (child->out.is_full)
			end = SPAWN_FLOODED;
		else if (clock_now_ns() >= deadline_ns)
			end = SPAWN_TIMEOUT;
		if (end != SPAWN_EXITED)
			(void)kill(-child->pid, SIGKILL); /* may be gone */
	}
	return end;
}

static int64_t
timeval_ns(struct timeval time)
{
	return time.tv_sec * NS_PER_S + time.tv_usec * NS_PER_US;
}

static void
account(struct child *child, struct spawn_result *result)
{
	struct rusage usage;
	int wait_status;

	/* While the child is a zombie its group's number cannot be another's:
	 * what it left running ends now. */
	(void)kill(-child->pid, SIGKILL); /* nothing left: as it should be */
	reap(child->pid, &wait_status, &usage);
	result->user_ns = timeval_ns(usage.ru_utime);
	result->sys_ns = timeval_ns(usage.ru_stime);
	result->maxrss_bytes = (int64_t)usage.ru_maxrss * 1024;
	if (WIFSIGNALED(wait_status)) {
		result->signal = WTERMSIG(wait_status);
		if (result->end == SPAWN_EXITED)
			result->end = SPAWN_SIGNALLED;
	} else {
		result->exit_status = WEXITSTATUS(wait_status);
	}
}

void
spawn_run(const struct spawn_request *request, struct spawn_result *result)
{
	int64_t begin_ns = clock_now_ns();
	struct child child;
	int rc;

	prepare_to_sleep();
	rc = start(request, &child);
	memset(result, 0, sizeof(*result));
	if (rc != 0) {
		result->end = SPAWN_NOT_STARTED;
		result->err = -rc;
	} else {
		result->end = watch(&child, request);
		result->wall_ns = clock_now_ns() - begin_ns;
		account(&child, result);
		/* What was written before the end lies in the pipes. */
		stream_read(&child.out);
		stream_read(&child.err);
	}
	result->out = stream_finish(&child.out);
	result->out_bytes = child.out.length;
	result->err_tail = stream_finish(&child.err);
	result->err_bytes = child.err.length;
}

void
spawn_free(struct spawn_result *result)
{
	free(result->out);
	free(result->err_tail);
	memset(result, 0, sizeof(*result));
}
