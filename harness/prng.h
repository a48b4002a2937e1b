/* SPDX-License-Identifier: MIT */
/*
 * Random numbers that a seed reproduces on every machine.
 *
 * xoshiro256** (Blackman and Vigna), its state filled by splitmix64: for the
 * order of launches and everything else in a record that must be computable
 * again from the recorded seed.  Not for secrets.
 */
#ifndef HARNESS_PRNG_H
#define HARNESS_PRNG_H

#include <stdint.h>

struct prng {
	uint64_t state[4];
};

/* The next number of the splitmix64 sequence; advances *state. */
uint64_t prng_splitmix64(uint64_t *state);

/*
 * Start a sequence of its own for each stream of one seed, so that drawing
 * more from one stream never shifts another.
 */
void prng_init(struct prng *prng, uint64_t seed, uint64_t stream);

/*
 * A number from the kernel's entropy, in [0, 2^53): programs that read records
 * with doubles get it whole.
 */
int64_t prng_entropy(void);

uint64_t prng_next(struct prng *prng);

/* Uniform in [0, bound), without modulo bias; bound > 0. */
uint64_t prng_below(struct prng *prng, uint64_t bound);

#endif
