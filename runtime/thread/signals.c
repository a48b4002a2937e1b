/* SPDX-License-Identifier: MIT */
/*
 * Signals: counted where they arrive, handled by the main thread.
 *
 * State        counts    per signal: how often it came and was not handled
 *              main      whose flag word is set, whose wait is ended
 * Transitions  the C handler, in whatever thread: count, set SIGNAL in main's
 *              flag word, poke the re-sender, which ends main's wait; the main
 *              thread at a safepoint: for each count, one call of the handler
 * Ordering     SIG-1  count (release) pairs with the look at it (acquire).
 * Lost?        never: the flag is set after the count; main takes the flag
 *              before it looks at the counts.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "common/die.h"
#include "runtime/thread/runtime.h"

#define SIGNALS 65

static atomic_uint counts[SIGNALS];           /* [A] SIG-1 */
static _Atomic(struct gil_thread *) main_gil; /* [A] NULL: no runtime */
static void (*handlers[SIGNALS])(struct thread *self, int signal); /* [G] */
static struct sigaction before[SIGNALS]; /* [G] where handlers is set */

/* In a signal handler: atomics, and one futex call. */
static void
record(int signal)
{
	int saved_errno = errno;
	struct gil_thread *gil;

	atm_fetch_add(&counts[signal], 1, release); /* SIG-1 */
	gil = atm_load(&main_gil, acquire);         /* SIG-1, its flags */
	if (gil != NULL)
		atm_fetch_or(&gil->flags, GIL_FLAG_SIGNAL, release); /* SIG-1 */
	resender_poke();
	errno = saved_errno;
}

bool
signals_are_pending(void)
{
	for (int signal = 1; signal < SIGNALS; signal++)
		if (atm_load(&counts[signal], relaxed) != 0)
			return true;
	return false;
}

/* One call of a handler, during which no other handler runs. */
static void
call_handler(struct thread *self, int signal)
{
	unsigned held = self->held_flags;

	trace(TRACE_SIGNAL_HANDLER, self->number);
	if (handlers[signal] == NULL)
		return; /* taken back since */
	self->held_flags |= GIL_FLAG_SIGNAL;
	handlers[signal](self, signal); /* thrown: the catcher restores held */
	self->held_flags = held;
}

void
signals_run(struct thread *self)
{
	for (int signal = 1; signal < SIGNALS; signal++) {
		while (atm_load(&counts[signal], acquire) != 0) {   /* SIG-1 */
			atm_fetch_sub(&counts[signal], 1, relaxed); /* alone */
			call_handler(self, signal);
		}
	}
}

void
signals_set_main(struct thread *main)
{
	/* Release: SIG-1, an initialised flag word. */
	atm_store(&main_gil, main == NULL ? NULL : main->gil, release);
}

static void
untrap(int signal)
{
	if (handlers[signal] == NULL)
		return;
	if (sigaction(signal, &before[signal], NULL) != 0)
		DIE_ERRNO(errno, "sigaction");
	handlers[signal] = NULL;
	atm_store(&counts[signal], 0, relaxed); /* no longer of interest */
}

void
signals_stop(void)
{
	for (int signal = 1; signal < SIGNALS; signal++)
		untrap(signal);
	signals_set_main(NULL);
}

int
thread_trap(
	struct thread *self, int signal, void (*handler)(struct thread *, int))
{
	struct sigaction action = {.sa_handler = record};
	int rc;

	if (signal <= 0 || signal >= SIGNALS || signal == UNBLOCK_SIGNAL)
		return thread_refuse(self, -EINVAL,
			"thread_trap: no signal, or the runtime's own");
	if (handler == NULL) {
		untrap(signal);
		return 0;
	}
	rc = resender_start();
	if (rc != 0)
		return thread_refuse(self, rc,
			"thread_trap: the re-sender's thread cannot be "
			"created");
	sigfillset(&action.sa_mask);
	if (handlers[signal] == NULL &&
		sigaction(signal, &action, &before[signal]) != 0)
		return thread_refuse(self, -errno,
			"thread_trap: the signal cannot be caught");
	handlers[signal] = handler;
	return 0;
}
