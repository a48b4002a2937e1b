/* SPDX-License-Identifier: MIT */
/*
 * One measured process: started, watched, ended, accounted for.
 *
 * The child leads a process group of its own, which is killed as a whole when
 * the child has ended, hangs, or the user interrupts; it gets SIGKILL when the
 * driver dies, however it dies.  Its standard input is /dev/null.  The driver
 * sleeps in ppoll(2) meanwhile.
 */
#ifndef HARNESS_SPAWN_H
#define HARNESS_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the child's stderr only the end is kept. */
#define SPAWN_STDERR_BYTES 4096

struct spawn_request {
	const char *path;      /* of the executable */
	char *const *argv;     /* ends with NULL */
	int env_padding_bytes; /* the environment grows by so many */
	int64_t timeout_ns;
	size_t stdout_limit_bytes; /* a child that prints more is killed */
};

enum spawn_end {
	SPAWN_EXITED,
	SPAWN_SIGNALLED,
	SPAWN_TIMEOUT,     /* killed by us */
	SPAWN_FLOODED,     /* printed too much, killed by us */
	SPAWN_INTERRUPTED, /* the user's SIGINT or SIGTERM; killed by us */
	SPAWN_NOT_STARTED  /* fork or exec failed: err */
};

struct spawn_result {
	enum spawn_end end;
	int exit_status; /* SPAWN_EXITED */
	int signal;      /* SPAWN_SIGNALLED, and SIGKILL where we killed it */
	int err;         /* SPAWN_NOT_STARTED: errno */
	char *out;       /* everything on stdout, and a NUL */
	size_t out_bytes;
	char *err_tail; /* the end of stderr, and a NUL */
	size_t err_bytes;
	int64_t wall_ns;
	int64_t user_ns; /* with the children that it waited for */
	int64_t sys_ns;
	/* Never less than the driver's own size at the fork: the kernel
	 * counts from there. */
	int64_t maxrss_bytes;
};

/*
 * From now on SIGINT, SIGTERM and SIGHUP end the running child instead of the
 * driver, and spawn_is_interrupted() tells.  SIGPIPE and SIGXFSZ are ignored:
 * a closed terminal or a full disk is an error of a write, and does not end
 * the driver in the middle of a record.  Children get the defaults back.
 */
void spawn_catch_signals(void);
bool spawn_is_interrupted(void);

/* Run the child to its end.  Fills the result, which spawn_free() releases. */
void spawn_run(
	const struct spawn_request *request, struct spawn_result *result);
void spawn_free(struct spawn_result *result);

#endif
