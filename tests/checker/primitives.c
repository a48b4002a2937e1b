/* SPDX-License-Identifier: MIT */
/*
 * common/atomic.h and common/sync.h, as operations of the checker.
 *
 * Each announces itself and then, when it is the thread's turn, takes effect
 * at once.  Outside of a thread (during set-up, or in the tick source's step)
 * they take effect without being announced.
 */
#include "common/atomic.h"
#include "common/sync.h"
#include "tests/checker/explore.h"
#include "tests/checker/subject.h"
#include "tests/checker/world.h"

/* ---- atomic operations -------------------------------------------------- */

/*
 * Whether the operation needs no decision, as no other thread can touch the
 * word now: see "Private words" in explore.h.
 */
static bool
is_private(struct task_notes *notes, const volatile void *object,
	enum atm_kind kind)
{
	int whose = NOBODY;
	enum subject_class class = subject_class_of(object, &whose);

	switch (class) {
	case SUBJECT_HOLDER:
		if (!notes->has_taken)
			private_classes &= ~(1u << class);
		break;
	case SUBJECT_FLAGS:
		if (whose != running)
			private_classes &= ~(1u << class);
		break;
	case SUBJECT_LIVING:
		if (kind == ATM_LOAD)
			private_classes &= ~(1u << class);
		break;
	case SUBJECT_SETTING:
		if (kind != ATM_LOAD)
			private_classes &= ~(1u << class);
		break;
	case SUBJECT_SEQ:
		notes->has_taken = true;
		break;
	case SUBJECT_COUNTS:
		break;
	case SUBJECT_SHARED:
		return false;
	}
	return private_classes & (1u << class);
}

void
atm_step(const volatile void *object, size_t bytes, enum atm_kind kind)
{
	struct task_notes *notes;

	if (running == NOBODY || world.is_forking)
		return;
	notes = &world.notes[running];
	if (is_private(notes, object, kind))
		return;
	if (kind != ATM_LOAD) {
		task_change((enum op)kind, object, bytes);
		return;
	}
	if (notes->is_fast && task_has_read(object, bytes))
		return;
	task_announce(OP_LOAD, object, bytes);
	task_remember(object, bytes);
}

/* ---- sleeping ----------------------------------------------------------- */

/* Fall asleep on object; on return it is awake, and has the mutex if any. */
static enum wake
sleep_on(enum op op, const volatile void *object, struct mutex *mutex,
	int64_t deadline_ns)
{
	struct task *task = &world.tasks[running];
	enum wake wake;

	task->mutex = mutex;
	task->deadline_ns = deadline_ns;
	task->wake = WAKE_ASLEEP;
	task_change(op, object, 0);
	wake = (enum wake)task->wake;
	if (mutex != NULL)
		mutex->holder = running + 1;
	task->mutex = NULL;
	task->deadline_ns = 0;
	task->wake = WAKE_ASLEEP;
	return wake;
}

/* Wake the variant-th of those who sleep on object, or all of them. */
static int
wake_sleepers(enum op op, const volatile void *object, bool all)
{
	int found = 0, woken = 0;
	int chosen = running == NOBODY ? 0 : world.notes[running].variant;

	for (int i = 0; i < MAX_TASKS; i++) {
		struct task *task = &world.tasks[i];

		if (task->life != LIFE_RUNNING || task->op != op ||
			task->object != object || task->wake != WAKE_ASLEEP)
			continue;
		if (all || found++ == chosen) {
			task->wake = WAKE_SIGNALLED;
			woken++;
		}
	}
	return woken;
}

/* ---- mutex -------------------------------------------------------------- */

void
mutex_init(struct mutex *mutex)
{
	mutex->holder = 0;
}

void
mutex_destroy(struct mutex *mutex)
{
	(void)mutex; /* it has no resources */
}

void
mutex_lock(struct mutex *mutex)
{
	if (running != NOBODY)
		task_change(OP_LOCK, mutex, sizeof(mutex->holder));
	mutex->holder = running + 1;
}

bool
mutex_trylock(struct mutex *mutex)
{
	if (running != NOBODY)
		task_change(OP_TRYLOCK, mutex, sizeof(mutex->holder));
	if (mutex->holder != 0)
		return false;
	mutex->holder = running + 1;
	return true;
}

void
mutex_unlock(struct mutex *mutex)
{
	if (running != NOBODY) {
		task_change(OP_UNLOCK, mutex, sizeof(mutex->holder));
		if (mutex->holder != running + 1)
			task_fail("%c unlocks a mutex that it has not locked",
				'A' + running);
	}
	mutex->holder = 0;
}

/* ---- condition variable ------------------------------------------------- */

void
cond_init(struct cond *cond)
{
	cond->unused = 0;
}

void
cond_destroy(struct cond *cond)
{
	(void)cond; /* it has no resources */
}

bool
cond_wait_until(struct cond *cond, struct mutex *mutex, int64_t deadline_ns)
{
	rule_system_call("pthread_cond_wait");
	task_change(OP_COND_WAIT, cond, 0);
	if (mutex->holder != running + 1)
		task_fail("%c waits with a mutex that it has not locked",
			'A' + running);
	mutex->holder = 0;
	return sleep_on(OP_COND_SLEEP, cond, mutex, deadline_ns) !=
	       WAKE_TIMED_OUT;
}

void
cond_wait(struct cond *cond, struct mutex *mutex)
{
	(void)cond_wait_until(cond, mutex, 0); /* it does not time out */
}

void
cond_signal(struct cond *cond)
{
	if (running != NOBODY)
		task_change(OP_SIGNAL, cond, 0);
	(void)wake_sleepers(OP_COND_SLEEP, cond, false); /* perhaps nobody */
}

void
cond_broadcast(struct cond *cond)
{
	if (running != NOBODY)
		task_change(OP_BROADCAST, cond, 0);
	(void)wake_sleepers(OP_COND_SLEEP, cond, true); /* perhaps nobody */
}

/* ---- futex -------------------------------------------------------------- */

bool
futex_wait_until(atomic_uint *word, unsigned expected, int64_t deadline_ns)
{
	rule_system_call("futex(FUTEX_WAIT)");
	task_change(OP_FUTEX_WAIT, word, sizeof(*word));
	if (atomic_load_explicit(word, memory_order_relaxed) != expected)
		return true;
	return sleep_on(OP_FUTEX_SLEEP, word, NULL, deadline_ns) !=
	       WAKE_TIMED_OUT;
}

void
futex_wait(atomic_uint *word, unsigned expected)
{
	(void)futex_wait_until(word, expected, 0); /* it does not time out */
}

int
futex_wake(atomic_uint *word, int count)
{
	if (running != NOBODY) {
		rule_system_call("futex(FUTEX_WAKE)");
		world.tasks[running].count = count;
		task_change(OP_FUTEX_WAKE, word, sizeof(*word));
		world.tasks[running].count = 0;
	}
	return wake_sleepers(OP_FUTEX_SLEEP, word, count > 1);
}
