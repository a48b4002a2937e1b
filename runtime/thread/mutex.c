/* SPDX-License-Identifier: MIT */
/*
 * The mutex of the language, and two rules for a contended one.
 *
 * State        owner, depth; waiters in the order of arrival; heir: a waiter
 *              that has been woken and does not own the mutex yet
 * Transitions  MUTEX_DIRECT  unlock makes the first waiter the owner.  It runs
 *                            when it gets the GIL; until then nobody else can
 *                            have the mutex, and whoever runs and wants it must
 *                            wait: one switch per lock.
 *              MUTEX_HEIR    unlock wakes the first waiter, unless there is an
 *                            heir already, and leaves the mutex free.  Whoever
 *                            runs may take it again and again meanwhile; the
 *                            heir looks when it gets the GIL, and waits anew,
 *                            in front, if it comes too late.
 * Pathology    a mutex under a GIL is a second lock with a convoy of its own;
 *              MUTEX_DIRECT shows it.
 * Source       Blasgen et al., "The convoy phenomenon" (1979); Ruby's
 *              keeping_mutexes for owners that end.
 */
#include <errno.h>
#include <string.h>

#include "runtime/thread/runtime.h"

void
thread_mutex_init(struct thread_mutex *mutex, bool is_recursive)
{
	memset(mutex, 0, sizeof(*mutex));
	mutex->is_recursive = is_recursive;
}

/* ---- ownership ---------------------------------------------------------- */

static void
own(struct thread *self, struct thread_mutex *mutex)
{
	mutex->owner = self;
	mutex->depth = 1;
	mutex->next_held = self->held;
	self->held = mutex;
}

static void
disown(struct thread *self, struct thread_mutex *mutex)
{
	struct thread_mutex **link = &self->held;

	while (*link != mutex)
		link = &(*link)->next_held;
	*link = mutex->next_held;
	mutex->owner = NULL;
	mutex->depth = 0;
}

/* Nobody owns it: see to it that a waiter will. */
static void
pass_on(struct thread_mutex *mutex, enum mutex_rule rule)
{
	if (rule == MUTEX_DIRECT) {
		struct thread *next = wait_grant_first(&mutex->waiters);

		if (next != NULL)
			own(next, mutex);
	} else if (mutex->heir == NULL) {
		mutex->heir = wait_grant_first(&mutex->waiters);
	}
}

/* What a successful lock returns. */
static int
locked(struct thread_mutex *mutex)
{
	if (!mutex->is_abandoned)
		return 0;
	mutex->is_abandoned = false;
	return -EOWNERDEAD;
}

static int
lock_again(struct thread *self, struct thread_mutex *mutex, const char *what)
{
	if (!mutex->is_recursive)
		return thread_refuse(self, -EDEADLK, what);
	mutex->depth++;
	return 0;
}

int
thread_mutex_trylock(struct thread *self, struct thread_mutex *mutex)
{
	if (mutex->owner == self)
		return lock_again(self, mutex,
			"thread_mutex_trylock: the thread owns the mutex, "
			"which is not recursive");
	if (mutex->owner != NULL)
		return -EBUSY;
	own(self, mutex);
	return locked(mutex);
}

/* ---- waiting ------------------------------------------------------------ */

/* Granted, but self is about to be unwound. */
static void
decline(struct thread *self, struct thread_mutex *mutex)
{
	if (mutex->owner == self)
		disown(self, mutex);
	if (mutex->heir == self)
		mutex->heir = NULL;
	if (mutex->owner == NULL)
		pass_on(mutex, self->runtime->config.mutex_rule);
}

/* Returns 0 once self owns it, or -ETIMEDOUT. */
static int
wait_until_owned(
	struct thread *self, struct thread_mutex *mutex, int64_t deadline_ns)
{
	bool was_heir = false;

	mutex->waits++;
	while (mutex->owner != self) {
		struct waiter waiter;
		int rc;

		wait_enlist(&mutex->waiters, &waiter, self, was_heir);
		rc = wait_for_grant(
			self, &mutex->waiters, &waiter, deadline_ns, true);
		was_heir = was_heir || rc == 0;
		if (thread_would_throw(self, true))
			decline(self, mutex);
		thread_check_interrupts(self, true);
		if (mutex->heir == self)
			mutex->heir = NULL;
		if (mutex->owner == NULL)
			own(self, mutex);
		else if (mutex->owner != self && rc == -ETIMEDOUT)
			return rc;
	}
	return 0;
}

int
thread_mutex_lock(
	struct thread *self, struct thread_mutex *mutex, int64_t deadline_ns)
{
	int rc;

	if (self->activity != THREAD_RUNS)
		thread_misuse(
			self, "thread_mutex_lock", "the GIL must be held");
	if (mutex->owner == self)
		return lock_again(self, mutex,
			"thread_mutex_lock: the thread owns the mutex, which "
			"is not recursive");
	if (mutex->owner == NULL) {
		own(self, mutex);
		return locked(mutex);
	}
	rc = wait_until_owned(self, mutex, deadline_ns);
	return rc == 0 ? locked(mutex) : rc;
}

int
thread_mutex_unlock(struct thread *self, struct thread_mutex *mutex)
{
	if (mutex->owner != self)
		return thread_refuse(self, -EPERM,
			"thread_mutex_unlock: only its owner unlocks a mutex");
	if (--mutex->depth > 0)
		return 0;
	disown(self, mutex);
	pass_on(mutex, self->runtime->config.mutex_rule);
	return 0;
}

void
thread_abandon_mutexes(struct thread *self)
{
	while (self->held != NULL) {
		struct thread_mutex *mutex = self->held;

		disown(self, mutex);
		mutex->is_abandoned = true;
		pass_on(mutex, self->runtime->config.mutex_rule);
	}
}

/* ---- condition ---------------------------------------------------------- */

void
thread_condition_init(struct thread_condition *condition)
{
	memset(condition, 0, sizeof(*condition));
}

/*
 * Lock it again whatever happens meanwhile, so that errors find it locked;
 * and as deep as it was.  Returns as thread_mutex_lock().
 */
static int
relock(struct thread *self, struct thread_mutex *mutex, unsigned depth)
{
	unsigned held = self->held_flags;
	int rc;

	self->held_flags = GIL_FLAGS_ABOVE;
	rc = thread_mutex_lock(self, mutex, WAIT_FOREVER);
	self->held_flags = held;
	mutex->depth = depth;
	return rc;
}

int
thread_condition_wait(struct thread *self, struct thread_condition *condition,
	struct thread_mutex *mutex, int64_t deadline_ns)
{
	unsigned depth = mutex->depth;
	struct waiter waiter;
	int rc, lock_rc;

	if (mutex->owner != self)
		return thread_refuse(self, -EPERM,
			"thread_condition_wait: only its owner waits with a "
			"mutex");
	wait_enlist(&condition->waiters, &waiter, self, false);
	disown(self, mutex);
	pass_on(mutex, self->runtime->config.mutex_rule);
	rc = wait_for_grant(
		self, &condition->waiters, &waiter, deadline_ns, true);
	lock_rc = relock(self, mutex, depth);
	if (rc == 0 && thread_would_throw(self, true))
		thread_condition_signal(condition); /* it was for another */
	thread_check_interrupts(self, true);
	if (rc == -EINTR)
		rc = 0; /* handlers ran: as a spurious wake-up */
	return lock_rc != 0 ? lock_rc : rc;
}

void
thread_condition_signal(struct thread_condition *condition)
{
	(void)wait_grant_first(&condition->waiters); /* NULL: nobody waits */
}

void
thread_condition_broadcast(struct thread_condition *condition)
{
	while (wait_grant_first(&condition->waiters) != NULL)
		continue;
}
