/* SPDX-License-Identifier: MIT */
/*
 * The re-sender: a thread that unblocks others until they have left.
 *
 * A signal that shall end a system call may arrive just before the call, and
 * then ends nothing.  So it is sent again, every RESEND_NS, until the thread
 * has left its region.  In Ruby the timer thread does it; here the tick source
 * may have no thread, so the re-sender is one of its own, under every tick
 * source alike.  It is created when the first region or trap needs it, and
 * sleeps without a deadline while there is nothing to do.
 *
 * It also ends the main thread's wait when a signal's C handler, which may
 * neither lock nor wake by a condition, has poked it.
 *
 * Locks        a thread's interrupt_lock before resender.mutex.
 * Ordering     RESEND-1  a poke's addition (release) pairs with the re-sender's
 *              load of the word (acquire).
 * Source       Ruby 1.9.0 thread_pthread.c, signal_thread_list.
 */
#include <errno.h>
#include <signal.h>

#include "common/clock.h"
#include "common/die.h"
#include "runtime/thread/runtime.h"

#define RESEND_NS (10 * NS_PER_MS)

static struct {
	struct mutex mutex;
	struct thread *list; /* [L:mutex] to be sent to again */
	atomic_uint word;    /* [A] changes when there is work; futex */
	atomic_bool is_stopping;
	atomic_bool is_poked;    /* signals were recorded */
	pthread_t thread;        /* [G] */
	bool runs;               /* [G] */
	bool is_installed;       /* [G] the handler of UNBLOCK_SIGNAL */
	struct sigaction before; /* [G] what it was before */
} resender = {.mutex = {PTHREAD_MUTEX_INITIALIZER}};

/* That it was handled is what ends the system call. */
static void
do_nothing(int signal)
{
	(void)signal;
}

static void
send_signal(struct thread *thread)
{
	int err = pthread_kill(thread->native, UNBLOCK_SIGNAL);

	if (err != 0)
		DIE_ERRNO(err, "pthread_kill");
}

void
resender_poke(void)
{
	atm_store(&resender.is_poked, true, relaxed); /* RESEND-1 below */
	atm_fetch_add(&resender.word, 1, release);    /* RESEND-1 */
	(void)futex_wake(&resender.word, 1);          /* 0: it is awake */
}

/* Returns whether there was anybody. */
static bool
send_again(void)
{
	struct thread *thread;
	bool is_needed;

	mutex_lock(&resender.mutex);
	is_needed = resender.list != NULL;
	for (thread = resender.list; thread != NULL;
		thread = thread->next_resend)
		send_signal(thread);
	mutex_unlock(&resender.mutex);
	return is_needed;
}

static void *
resend(void *arg)
{
	struct runtime *runtime = arg;

	for (;;) {
		unsigned seen =
			atm_load(&resender.word, acquire); /* RESEND-1 */

		if (atm_load(&resender.is_stopping, relaxed))
			return NULL;
		if (atm_exchange(&resender.is_poked, false, relaxed))
			thread_interrupt(runtime->main, GIL_FLAG_SIGNAL);
		if (send_again())
			(void)futex_wait_until(&resender.word, seen,
				clock_now_ns() + RESEND_NS);
		else
			futex_wait(&resender.word, seen); /* RESEND-1 above */
	}
}

bool
resender_runs(void)
{
	return resender.runs;
}

static int
create(void)
{
	sigset_t all, old;
	int created, err;

	sigfillset(&all); /* it handles none itself */
	err = pthread_sigmask(SIG_SETMASK, &all, &old);
	if (err != 0)
		DIE_ERRNO(err, "pthread_sigmask");
	created = pthread_create(&resender.thread, NULL, resend, &the_runtime);
	err = pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err != 0)
		DIE_ERRNO(err, "pthread_sigmask");
	return -created;
}

int
resender_start(void)
{
	struct sigaction action = {.sa_handler = do_nothing};
	int rc;

	if (resender.runs)
		return 0;
	atm_store(&resender.is_stopping, false, relaxed);
	rc = create();
	if (rc != 0)
		return rc;
	resender.runs = true;
	if (resender.is_installed)
		return 0;
	resender.is_installed = true;
	/* Without SA_RESTART: a system call ends with EINTR. */
	if (sigaction(UNBLOCK_SIGNAL, &action, &resender.before) != 0)
		DIE_ERRNO(errno, "sigaction");
	return 0;
}

void
resender_stop(void)
{
	int err;

	if (!resender.runs)
		return;
	atm_store(&resender.is_stopping, true, relaxed); /* RESEND-1 below */
	atm_fetch_add(&resender.word, 1, release);       /* RESEND-1 */
	(void)futex_wake(&resender.word, 1);             /* 0: it is awake */
	err = pthread_join(resender.thread, NULL);
	if (err != 0)
		DIE_ERRNO(err, "pthread_join of the re-sender");
	if (sigaction(UNBLOCK_SIGNAL, &resender.before, NULL) != 0)
		DIE_ERRNO(errno, "sigaction");
	resender.is_installed = false;
	resender.runs = false;
}

void
ubf_select(struct thread *thread, void *arg)
{
	(void)arg;
	mutex_lock(&resender.mutex);
	if (!thread->is_resent && !BUG_UBF_SENT_ONCE) {
		thread->is_resent = true;
		thread->next_resend = resender.list;
		resender.list = thread;
	}
	send_signal(thread);
	mutex_unlock(&resender.mutex);
	atm_fetch_add(&resender.word, 1, release); /* RESEND-1 */
	(void)futex_wake(&resender.word, 1);       /* 0: it is awake */
}

void
resender_remove(struct thread *thread)
{
	struct thread **link = &resender.list;

	mutex_lock(&resender.mutex);
	if (thread->is_resent) {
		while (*link != thread)
			link = &(*link)->next_resend;
		*link = thread->next_resend;
		thread->is_resent = false;
	}
	mutex_unlock(&resender.mutex);
}

void
resender_atfork_child(void)
{
	mutex_init(&resender.mutex); /* whoever held it is not here */
	resender.list = NULL;
	resender.runs = false;
}
