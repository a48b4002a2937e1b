/* SPDX-License-Identifier: MIT */
/*
 * What a broken policy may do beside breaking a property: crash, or run on for
 * ever without any operation.  Both become errors with a trace.
 *
 * The signal handler runs on a stack of its own and never returns: it leaves
 * the coroutine as task_fail() does.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "common/die.h"
#include "tests/checker/world.h"

/* CPU seconds between looks at a thread that may run on for ever. */
#define LOOK_SECONDS 2

static unsigned char signal_stack[65536] __attribute__((aligned(16)));
static uint64_t steps_at_last_look;

static void
catch_crash(int number)
{
	if (running == NOBODY) { /* the checker's own: die of it */
		signal(number, SIG_DFL);
		raise(number);
		return;
	}
	task_abandon("%c crashes in the policy: %s", 'A' + running,
		strsignal(number));
}

static void
look_for_endless_step(int number)
{
	(void)number;
	if (running != NOBODY && task_steps == steps_at_last_look)
		task_abandon("%c runs for ever without any operation",
			'A' + running);
	steps_at_last_look = task_steps;
}

static void
catch_signal(int number, void (*handler)(int number))
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	action.sa_flags = SA_ONSTACK | SA_NODEFER;
	if (sigaction(number, &action, NULL) != 0)
		DIE_ERRNO(errno, "sigaction");
}

void
crash_catch_all(void)
{
	const stack_t stack = {
		.ss_sp = signal_stack, .ss_size = sizeof(signal_stack)};
	const struct itimerval interval = {
		.it_interval.tv_sec = LOOK_SECONDS,
		.it_value.tv_sec = LOOK_SECONDS,
	};

	if (sigaltstack(&stack, NULL) != 0)
		DIE_ERRNO(errno, "sigaltstack");
	catch_signal(SIGSEGV, catch_crash);
	catch_signal(SIGBUS, catch_crash);
	catch_signal(SIGFPE, catch_crash);
	catch_signal(SIGILL, catch_crash);
	catch_signal(SIGABRT, catch_crash);
	catch_signal(SIGVTALRM, look_for_endless_step);
	if (setitimer(ITIMER_VIRTUAL, &interval, NULL) != 0)
		DIE_ERRNO(errno, "setitimer");
}
