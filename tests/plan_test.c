/* SPDX-License-Identifier: MIT */
/* The plan of a run: complete, balanced, and the same for the same seed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/compiler.h"
#include "harness/matrix.h"
#include "harness/plan.h"
#include "harness/prng.h"
#include "harness/workload_spec.h"

#define NCELLS 6
#define BLOCKS 40

/* The published sequences of the two generators. */
static void
test_generators_match_their_authors(void **state)
{
	static const uint64_t splitmix[] = {UINT64_C(6457827717110365317),
		UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
		UINT64_C(4593380528125082431), UINT64_C(16408922859458223821)};
	static const uint64_t xoshiro[] = {11520, 0, 1509978240,
		UINT64_C(1215971899390074240), UINT64_C(1216172134540287360),
		UINT64_C(607988272756665600)};
	struct prng prng = {{1, 2, 3, 4}};
	uint64_t seed = 1234567;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(splitmix); i++)
		assert_int_equal(prng_splitmix64(&seed), splitmix[i]);
	for (size_t i = 0; i < ARRAY_LEN(xoshiro); i++)
		assert_int_equal(prng_next(&prng), xoshiro[i]);
}

static void
test_numbers_below_a_bound(void **state)
{
	int counts[3] = {0}, low = 0;
	struct prng prng;

	(void)state;
	prng_init(&prng, 42, 0);
	for (int i = 0; i < 3000; i++)
		counts[prng_below(&prng, 3)]++;
	for (int i = 0; i < 3; i++)
		assert_in_range(counts[i], 900, 1100);
	assert_int_equal(prng_below(&prng, 1), 0);
	/* With the modulo alone the lowest third would come half the time. */
	for (int i = 0; i < 3000; i++)
		low += prng_below(&prng, UINT64_C(3) << 62) <
		       (UINT64_C(1) << 62);
	assert_in_range(low, 900, 1100);
	for (int i = 0; i < 100; i++)
		assert_in_range(prng_entropy(), 0, (INT64_C(1) << 53) - 1);
}

static void
test_each_block_holds_each_cell_once(void **state)
{
	static const bool is_run[NCELLS] = {
		true, true, false, true, true, true};
	struct plan plan;
	int seen[BLOCKS][NCELLS] = {{0}};

	(void)state;
	assert_int_equal(plan_make(&plan, is_run, NCELLS, BLOCKS, 1), 0);
	assert_int_equal(plan.count, BLOCKS * (NCELLS - 1));
	for (int i = 0; i < plan.count; i++) {
		const struct plan_launch *launch = &plan.launches[i];

		assert_int_equal(launch->id, i);
		assert_int_equal(launch->block, i / (NCELLS - 1));
		assert_int_equal(launch->position, i % (NCELLS - 1));
		seen[launch->block][launch->cell]++;
	}
	for (int block = 0; block < BLOCKS; block++)
		for (int cell = 0; cell < NCELLS; cell++)
			assert_int_equal(seen[block][cell], is_run[cell]);
	plan_free(&plan);
}

/* Where a cell stands says nothing about the cell. */
static void
test_each_cell_comes_first_equally_often(void **state)
{
	static const bool is_run[NCELLS] = {true, true, true, true, true, true};
	struct plan plan;
	int first[NCELLS] = {0};

	(void)state;
	assert_int_equal(plan_make(&plan, is_run, NCELLS, 6000, 2), 0);
	for (int i = 0; i < plan.count; i++)
		if (plan.launches[i].position == 0)
			first[plan.launches[i].cell]++;
	for (int cell = 0; cell < NCELLS; cell++)
		assert_in_range(first[cell], 850, 1150);
	plan_free(&plan);
}

static void
test_a_seed_is_an_order(void **state)
{
	static const bool is_run[NCELLS] = {true, true, true, true, true, true};
	/* As first computed: old files must be resumable by new programs. */
	static const int golden[] = {
		2, 5, 4, 0, 3, 1, 4, 5, 0, 2, 3, 1, 5, 2, 4, 0, 3, 1};
	struct plan plan, again, other;
	int differences = 0;

	(void)state;
	assert_int_equal(plan_make(&plan, is_run, NCELLS, BLOCKS, 7), 0);
	assert_int_equal(plan_make(&again, is_run, NCELLS, BLOCKS, 7), 0);
	assert_int_equal(plan_make(&other, is_run, NCELLS, BLOCKS, 8), 0);
	for (size_t i = 0; i < ARRAY_LEN(golden); i++)
		assert_int_equal(plan.launches[i].cell, golden[i]);
	for (int i = 0; i < plan.count; i++) {
		assert_int_equal(plan.launches[i].cell, again.launches[i].cell);
		differences += plan.launches[i].cell != other.launches[i].cell;
	}
	assert_true(differences > 0);
	plan_free(&plan);
	plan_free(&again);
	plan_free(&other);
}

/* A longer run begins like a shorter one of the same seed. */
static void
test_more_blocks_keep_the_first(void **state)
{
	static const bool is_run[NCELLS] = {true, true, true, true, true, true};
	struct plan brief, longer;

	(void)state;
	assert_int_equal(plan_make(&brief, is_run, NCELLS, 3, 9), 0);
	assert_int_equal(plan_make(&longer, is_run, NCELLS, 5, 9), 0);
	for (int i = 0; i < brief.count; i++)
		assert_int_equal(
			brief.launches[i].cell, longer.launches[i].cell);
	plan_free(&brief);
	plan_free(&longer);
}

static void
test_no_cells_and_too_many(void **state)
{
	static const bool is_run[NCELLS] = {false};
	static const bool all[2] = {true, true};
	struct plan plan;

	(void)state;
	assert_int_equal(plan_make(&plan, is_run, NCELLS, BLOCKS, 1), 0);
	assert_int_equal(plan.count, 0);
	plan_free(&plan);
	assert_int_equal(
		plan_make(&plan, all, 2, PLAN_MAX_LAUNCHES, 1), -E2BIG);
	plan_free(&plan);
}

static void
test_padding_differs_and_stays_in_range(void **state)
{
	int least = PLAN_MAX_PADDING, most = 0;

	(void)state;
	for (int id = 0; id < 1000; id++) {
		int bytes = plan_padding_bytes(1, id);

		assert_in_range(bytes, 0, PLAN_MAX_PADDING);
		assert_int_equal(bytes, plan_padding_bytes(1, id));
		least = bytes < least ? bytes : least;
		most = bytes > most ? bytes : most;
	}
	assert_true(least < 100 && most > PLAN_MAX_PADDING - 100);
}

static void
test_matrices_are_well_formed(void **state)
{
	struct workload_spec spec;
	struct sentence why;

	(void)state;
	assert_non_null(matrix_find(MATRIX_DEFAULT));
	assert_null(matrix_find("zebra"));
	for (int m = 0; matrices[m].name != NULL; m++) {
		const struct matrix *matrix = &matrices[m];

		assert_ptr_equal(matrix_find(matrix->name), matrix);
		assert_true(matrix->blocks > 0 && matrix->duration_ns > 0);
		for (int i = 0; matrix->rows[i].workload != NULL; i++) {
			assert_int_equal(
				workload_spec_parse(
					matrix->rows[i].workload, &spec, &why),
				0);
			workload_spec_free(&spec);
		}
	}
}

static void
test_classes_of_variants(void **state)
{
	struct variant own = {.is_own_slice = true};
	struct variant bare = {.is_own_slice = true, .is_bare = true};
	struct variant swept = {.is_own_slice = false};

	(void)state;
	assert_true(matrix_class_holds(MATRIX_ANY, &swept));
	assert_true(matrix_class_holds(MATRIX_STANDARD, &own));
	assert_false(matrix_class_holds(MATRIX_STANDARD, &bare));
	assert_false(matrix_class_holds(MATRIX_STANDARD, &swept));
	assert_true(matrix_class_holds(MATRIX_OWN_SLICE, &bare));
	assert_true(matrix_class_holds(MATRIX_BARE, &bare));
	assert_false(matrix_class_holds(MATRIX_BARE, &own));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generators_match_their_authors),
		cmocka_unit_test(test_numbers_below_a_bound),
		cmocka_unit_test(test_each_block_holds_each_cell_once),
		cmocka_unit_test(test_each_cell_comes_first_equally_often),
		cmocka_unit_test(test_a_seed_is_an_order),
		cmocka_unit_test(test_more_blocks_keep_the_first),
		cmocka_unit_test(test_no_cells_and_too_many),
		cmocka_unit_test(test_padding_differs_and_stays_in_range),
		cmocka_unit_test(test_matrices_are_well_formed),
		cmocka_unit_test(test_classes_of_variants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
