/* SPDX-License-Identifier: MIT */
/* Random numbers that a seed reproduces on every machine. */
#include "harness/prng.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/types.h>

#include "common/die.h"

static uint64_t
rotate_left(uint64_t value, int bits)
{
	return (value << bits) | (value >> (64 - bits));
}

uint64_t
prng_splitmix64(uint64_t *state)
{
	uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);

	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

void
prng_init(struct prng *prng, uint64_t seed, uint64_t stream)
{
	uint64_t state = stream;

	/* Hash the stream first: seed + stream alone would let streams of
	 * neighbouring seeds coincide. */
	state = seed ^ prng_splitmix64(&state);
	for (int i = 0; i < 4; i++)
		prng->state[i] = prng_splitmix64(&state);
}

int64_t
prng_entropy(void)
{
	uint64_t bits;

	if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		DIE_ERRNO(errno, "getrandom");
	return (int64_t)(bits >> 11);
}

uint64_t
prng_next(struct prng *prng)
{
	uint64_t *state = prng->state;
	uint64_t result = rotate_left(state[1] * 5, 7) * 9;
	uint64_t shifted = state[1] << 17;

	state[2] ^= state[0];
	state[3] ^= state[1];
	state[1] ^= state[2];
	state[0] ^= state[3];
	state[2] ^= shifted;
	state[3] = rotate_left(state[3], 45);
	return result;
}

uint64_t
prng_below(struct prng *prng, uint64_t bound)
{
	/* Numbers below 2^64 modulo bound would be drawn once too often. */
	uint64_t threshold = (0 - bound) % bound;
	uint64_t value;

	do
		value = prng_next(prng);
	while (value < threshold);
	return value % bound;
}
