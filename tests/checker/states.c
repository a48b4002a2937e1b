/* SPDX-License-Identifier: MIT */
/*
 * States of the world: copied, restored, told apart.
 *
 * A state is struct world, the subject's memory, and the part of each living
 * coroutine's stack that is in use, which holds its registers too.  Two states
 * with the same hash are taken to be the same: with 10^6 states the chance
 * that any two are confused is below 10^-7 (64 bits).  What differs without
 * meaning, such as statistics, is kept out of the hash; what is left in it
 * needlessly, such as dead values on a stack, costs time only.
 */
#include <string.h>

#include "tests/checker/subject.h"
#include "tests/checker/world.h"

/* ---- hash --------------------------------------------------------------- */

/* Digits of pi: numbers that no state is full of. */
#define MIX_A UINT64_C(0x243f6a8885a308d3)
#define MIX_B UINT64_C(0x13198a2e03707344)

/* A factor of 0 would lose the other one, so no factor may ever be 0. */
static inline uint64_t
mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)(a ^ MIX_A) * (b ^ MIX_B);

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t
hash_bytes(uint64_t seed, const void *bytes, size_t count)
{
	const unsigned char *from = bytes;
	uint64_t hash = seed + count;
	uint64_t word[2];

	for (; count >= sizeof(word); count -= sizeof(word)) {
		memcpy(word, from, sizeof(word));
		hash = mix(word[0] ^ hash, word[1]) + hash;
		from += sizeof(word);
	}
	if (count > 0) {
		memset(word, 0, sizeof(word));
		memcpy(word, from, count);
		hash = mix(word[0] ^ hash, word[1]) + hash;
	}
	return hash;
}

static uint64_t
hash_task(uint64_t hash, int i)
{
	const struct task_notes *notes = &world.notes[i];

	if (world.tasks[i].life != LIFE_RUNNING)
		return hash;
	hash = mix(hash, notes->stack_hash);
	/* Whether it can run, or spins on, depends on what it has read. */
	if (world.tasks[i].op == OP_SPIN || world.tasks[i].op == OP_PAUSE ||
		world.tasks[i].op == OP_YIELD)
		hash = hash_bytes(hash, notes->reads,
			(size_t)notes->nreads * sizeof(notes->reads[0]));
	return hash;
}

uint64_t
state_hash(void)
{
	uint64_t hash = hash_bytes(0, &world, offsetof(struct world, notes));

	for (int i = 0; i < subject.nhashed; i++)
		hash = hash_bytes(
			hash, subject.hashed[i].at, subject.hashed[i].bytes);
	for (int i = 0; i < MAX_TASKS; i++)
		hash = hash_task(hash, i);
	return hash;
}

/* ---- copy --------------------------------------------------------------- */

static size_t
stack_bytes(int task)
{
	const unsigned char *from = world.notes[task].stack_pointer;

	if (world.tasks[task].life != LIFE_RUNNING &&
		world.tasks[task].life != LIFE_ABSENT)
		return 0;
	return (size_t)(task_stack_top(task) - from);
}

size_t
state_bytes(void)
{
	size_t bytes = sizeof(world) + subject.memory.bytes;

	for (int i = 0; i < MAX_TASKS; i++)
		bytes += stack_bytes(i);
	return bytes;
}

void
state_save(unsigned char *to)
{
	memcpy(to, &world, sizeof(world));
	to += sizeof(world);
	memcpy(to, subject.memory.at, subject.memory.bytes);
	to += subject.memory.bytes;
	for (int i = 0; i < MAX_TASKS; i++) {
		size_t bytes = stack_bytes(i);

		memcpy(to, task_stack_top(i) - bytes, bytes);
		to += bytes;
	}
}

void
state_restore(const unsigned char *from)
{
	memcpy(&world, from, sizeof(world));
	from += sizeof(world);
	memcpy(subject.memory.at, from, subject.memory.bytes);
	from += subject.memory.bytes;
	for (int i = 0; i < MAX_TASKS; i++) {
		size_t bytes = stack_bytes(i);

		memcpy(task_stack_top(i) - bytes, from, bytes);
		from += bytes;
	}
}
