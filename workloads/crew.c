/* SPDX-License-Identifier: MIT */
/*
 * The threads of one phase: gathered at a gate, let go together, stopped.
 *
 * Ordering labels
 *   CREW-1  the gate's opening (release) pairs with the member's load
 *           (acquire): the member sees what main prepared.
 *   CREW-2  a member's count in arrived or done (release) pairs with main's
 *           load (acquire): main sees what the member wrote before.
 */
#include "workloads/crew.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/affinity.h"
#include "common/clock.h"
#include "common/die.h"
#include "common/sync.h"
#include "workloads/anatomy.h"

static size_t
shared_bytes(int count)
{
	return sizeof(struct crew_shared) + (size_t)count * sizeof(uint64_t);
}

/* Free what crew_init() took. */
static void
free_crew(struct crew *crew)
{
	if (munmap(crew->shared, shared_bytes(crew->capacity)) != 0)
		DIE_ERRNO(errno, "munmap of a crew's shared page");
	free(crew->members);
	crew->members = NULL;
}

void
crew_init(struct crew *crew, struct run *run, const char *name, int count,
	bool is_warmup)
{
	memset(crew, 0, sizeof(*crew));
	crew->run = run;
	crew->phase_index = run->phases.length;
	crew->phase = phase_add(&run->phases, name, count);
	crew->phase->is_warmup = is_warmup;
	crew->phase->nthreads = 0;
	crew->members = calloc((size_t)count, sizeof(*crew->members));
	if (crew->members == NULL)
		DIE_ERRNO(errno, "crew");
	crew->shared = mmap(NULL, shared_bytes(count), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (crew->shared == MAP_FAILED)
		DIE_ERRNO(errno, "shared page of a crew");
	crew->capacity = count;
}

struct crew_member *
crew_enlist(struct crew *crew, const char *name, int number,
	uint64_t (*body)(struct crew_member *), void *arg, bool computes)
{
	struct crew_member *member = &crew->members[crew->count];

	member->crew = crew;
	member->index = crew->count++;
	member->body = body;
	member->arg = arg;
	member->computes = computes;
	snprintf(member->name, sizeof(member->name), "%s%d", name, number);
	return member;
}

/* The CPU of member i, or -1 for any. */
static int
place_of(const struct run *run, int index)
{
	switch (run->place) {
	case PLACE_PIN1:
		return run->cpus[0];
	case PLACE_SPREAD:
		return run->cpus[index % run->ncpus];
	case PLACE_FREE:
		break;
	}
	return -1;
}

/* Add one and tell main, which sleeps on the word. */
static void
count_up(atomic_uint *word)
{
	atm_fetch_add(word, 1, release); /* CREW-2 */
	(void)futex_wake(word, INT_MAX); /* main may not be sleeping */
}

static void
wait_for(atomic_uint *word, unsigned count)
{
	unsigned seen;

	while ((seen = atm_load(word, acquire)) < count) /* CREW-2 */
		futex_wait(word, seen);
}

/* A computing member as a process: it waits at its own gate and works. */
static pid_t
start_process(struct crew_member *self)
{
	struct crew_shared *shared = self->crew->shared;
	pid_t parent = getpid(), child = fork();

	if (child < 0)
		DIE_ERRNO(errno, "fork of a computing process");
	if (child > 0)
		return child;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(1);
	/* The futexes of the gate are private to one process: it looks. */
	while (!atm_load(&shared->is_open, acquire)) /* CREW-1 */
		clock_sleep_until_ns(clock_now_ns() + 100 * NS_PER_US);
	shared->units[self->index] = self->body(self);
	_exit(0);
}

/* The thread of such a member only waits, outside the GIL. */
static uint64_t
await_process(struct crew_member *self)
{
	int status;

	thread_leave_gil(&self->thread);
	while (waitpid(self->process, &status, 0) < 0)
		if (errno != EINTR)
			DIE_ERRNO(errno, "waitpid of a computing process");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		DIE("a computing process ended with status %d", status);
	thread_take_gil(&self->thread);
	return self->crew->shared->units[self->index];
}

static void
member_main(struct thread *thread, void *arg)
{
	struct crew_member *self = arg;
	struct crew *crew = self->crew;
	struct run_hooks *hooks = &crew->run->hooks;
	int cpu = place_of(crew->run, self->index);

	if (cpu >= 0)
		self->pin_error = affinity_pin(cpu);
	if (hooks->thread_begin != NULL)
		self->usage =
			hooks->thread_begin(hooks->context, crew->phase_index);
	if (self->computes && gil_separates())
		self->process = start_process(self);
	thread_leave_gil(thread);
	count_up(&crew->arrived);
	while (atm_load(&crew->gate, acquire) == 0) /* CREW-1 */
		futex_wait(&crew->gate, 0);
	memset(&thread->gil->counters, 0, sizeof(thread->gil->counters));
	ring_clear(&thread->gil->ring);
	if (hooks->thread_go != NULL)
		hooks->thread_go(self->usage);
	thread_take_gil(thread);
	self->units =
		self->process != 0 ? await_process(self) : self->body(self);
	if (hooks->thread_stop != NULL)
		hooks->thread_stop(self->usage);
	count_up(&crew->done);
}

/* Join the members that were started and free the crew. */
static void
disband(struct crew *crew, int started)
{
	for (int i = 0; i < started; i++)
		thread_join(crew->run->main, &crew->members[i].thread);
	for (int i = 0; i < started; i++)
		thread_retire(&crew->members[i].thread);
	free_crew(crew);
}

/* Let the members that were started run to their end at once. */
static int
give_up(struct crew *crew, int started, int rc)
{
	atm_store(&crew->shared->stop, true, relaxed);
	atm_store(&crew->shared->is_open, true, release); /* CREW-1 */
	atm_store(&crew->gate, 1, release);               /* CREW-1 */
	(void)futex_wake(&crew->gate, INT_MAX);
	disband(crew, started);
	return rc;
}

int
crew_gather(struct crew *crew)
{
	struct run *run = crew->run;

	for (int i = 0; i < crew->count; i++) {
		struct crew_member *member = &crew->members[i];
		int rc = thread_start(run->main, &member->thread, member->name,
			member_main, member);

		if (rc != 0)
			return run_fail(run, give_up(crew, i, rc),
				"cannot create thread %d of %d: %s", i + 1,
				crew->count, strerror(-rc));
	}
	thread_leave_gil(run->main);
	wait_for(&crew->arrived, (unsigned)crew->count);
	thread_take_gil(run->main);
	for (int i = 0; i < crew->count; i++) {
		int rc = crew->members[i].pin_error;

		if (rc != 0)
			return run_fail(run, give_up(crew, crew->count, rc),
				"cannot pin thread %d to its CPU: %s", i,
				strerror(-rc));
	}
	return 0;
}

void
crew_go(struct crew *crew)
{
	struct tick *tick = &crew->run->main->gil->gil->tick;

	thread_leave_gil(crew->run->main);
	crew->phase->ticks = atm_load(&tick->requests, relaxed);
	crew->phase->cpu_ns = clock_process_cpu_ns();
	crew->phase->wall_ns = clock_now_ns();
	atm_store(&crew->shared->is_open, true, release); /* CREW-1 */
	atm_store(&crew->gate, 1, release);               /* CREW-1 */
	(void)futex_wake(&crew->gate, INT_MAX);
}

void
crew_stop(struct crew *crew)
{
	struct tick *tick = &crew->run->main->gil->gil->tick;
	struct phase *phase = crew->phase;

	atm_store(&crew->shared->stop, true, relaxed);
	crew->end_ns = clock_now_ns();
	phase->wall_ns = crew->end_ns - phase->wall_ns;
	phase->cpu_ns = clock_process_cpu_ns() - phase->cpu_ns;
	phase->ticks = atm_load(&tick->requests, relaxed) - phase->ticks;
}

void
crew_work(struct crew *crew, int64_t duration_ns)
{
	crew_go(crew);
	if (crew->run->iterations != 0)
		wait_for(&crew->done, (unsigned)crew->count);
	else
		clock_sleep_until_ns(crew->phase->wall_ns + duration_ns);
	crew_stop(crew);
	thread_take_gil(crew->run->main);
}

static void
measure_events(struct crew *crew)
{
	const struct ring **rings =
		calloc((size_t)crew->count, sizeof(struct ring *));

	if (rings == NULL)
		DIE_ERRNO(errno, "rings of a crew");
	for (int i = 0; i < crew->count; i++)
		rings[i] = &crew->members[i].thread.gil->ring;
	anatomy_measure(crew->phase, rings, crew->count, crew->end_ns,
		crew->run->slice_ns);
	free(rings);
}

/* Jain's index over the computing members; 1 when none did anything. */
static double
jain_index(const struct crew *crew)
{
	double sum = 0.0, squares = 0.0;
	int n = 0;

	for (int i = 0; i < crew->count; i++) {
		double units = (double)crew->members[i].units;

		if (!crew->members[i].computes)
			continue;
		sum += units;
		squares += units * units;
		n++;
	}
	return squares == 0.0 ? 1.0 : sum * sum / (n * squares);
}

static void
measure_work(struct crew *crew)
{
	struct phase *phase = crew->phase;
	double wall_s = (double)phase->wall_ns / (double)NS_PER_S;
	uint64_t switches = phase_gil_counters(phase).switches;
	uint64_t units = 0;
	int computing = 0, starved = 0;

	for (int i = 0; i < crew->count; i++) {
		starved += crew->members[i].units == 0;
		if (crew->members[i].computes) {
			units += crew->members[i].units;
			computing++;
		}
	}
	if (computing > 0) {
		phase_set(phase, METRIC_ID_ITERATIONS_RATE,
			(double)units / wall_s);
		phase_set(phase, METRIC_ID_JAIN, jain_index(crew));
	}
	phase_set(phase, METRIC_ID_STARVED, starved);
	if (starved > 0)
		phase_worsen(phase, PHASE_STARVED);
	phase_set(phase, METRIC_ID_SWITCHES_RATE, (double)switches / wall_s);
	if (switches > 0)
		phase_set(phase, METRIC_ID_CPU_PER_SWITCH,
			(double)phase->cpu_ns / (double)switches);
}

void
crew_dismiss(struct crew *crew)
{
	struct phase *phase = crew->phase;
	bool has_rings = true;

	for (int i = 0; i < crew->count; i++) {
		struct crew_member *member = &crew->members[i];
		struct phase_thread *thread = &phase->threads[i];

		thread_join(crew->run->main, &member->thread);
		memcpy(thread->name, member->name, sizeof(thread->name));
		thread->cpu = place_of(crew->run, i);
		thread->units = member->units;
		thread->gil = member->thread.gil->counters;
		thread->events = member->thread.gil->ring.written;
		thread->events_lost =
			member->thread.gil->ring.events == NULL
				? 0
				: ring_lost(&member->thread.gil->ring);
		thread->usage = member->usage;
		has_rings &= member->thread.gil->ring.events != NULL;
	}
	phase->nthreads = crew->count;
	measure_work(crew);
	if (has_rings)
		measure_events(crew);
	else
		anatomy_disable(phase);
	for (int i = 0; i < crew->count; i++)
		thread_retire(&crew->members[i].thread);
	free_crew(crew);
}
