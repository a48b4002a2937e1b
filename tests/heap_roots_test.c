/* SPDX-License-Identifier: MIT */
/* Unit tests of the heap's four thread calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/heap/heap.h"

static struct heap heap;
static void *current;
static int objects[100];

/* malloc() and calloc(), linked with --wrap: fail after so many; -1: never. */
static int allocations_left = -1;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static int
may_allocate(void)
{
	if (allocations_left < 0)
		return 1;
	return allocations_left-- > 0;
}

void *
__wrap_malloc(size_t size)
{
	return may_allocate() ? __real_malloc(size) : NULL;
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return may_allocate() ? __real_calloc(count, size) : NULL;
}

static int
begin(void **state)
{
	(void)state;
	allocations_left = -1;
	if (heap_init(&heap, &current, 10) != 0 ||
		gc_thread_prepare(&heap) != 0)
		return -1;
	gc_thread_run(&heap, 1);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	heap_destroy(&heap);
	return 0;
}

/* Run function in a child; returns what it wrote to stderr, if it aborted. */
static const char *
last_words(void (*function)(void))
{
	static char text[512];
	ssize_t got, length = 0;
	int fds[2], status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct rlimit none = {0, 0};

		(void)setrlimit(RLIMIT_CORE, &none); /* only to be tidy */
		(void)dup2(fds[1], STDERR_FILENO);   /* else no text comes */
		function();
		_exit(0);
	}
	close(fds[1]);
	while ((got = read(fds[0], text + length,
			sizeof(text) - 1 - (size_t)length)) > 0)
		length += got;
	assert_true(got >= 0);
	text[length] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? text : "did not die";
}

/* ---- the four calls ----------------------------------------------------- */

static void
test_the_first_thread_is_main(void **state)
{
	(void)state;
	assert_ptr_equal(heap.main, current);
	assert_int_equal(gc_current_stack(&heap)->thread, 1);
	assert_null(heap.fresh);
	assert_int_equal(gc_thread_count(&heap), 1);
}

static void
test_each_thread_has_its_own_roots(void **state)
{
	(void)state;
	gc_push_root(&heap, &objects[0]);
	assert_int_equal(gc_thread_prepare(&heap), 0);
	/* Allocated, and not used yet. */
	assert_non_null(heap.fresh);
	assert_int_equal(gc_current_stack(&heap)->thread, 1);
	gc_push_root(&heap, &objects[1]);
	gc_thread_run(&heap, 2);
	assert_null(heap.fresh);
	gc_push_root(&heap, &objects[2]);
	gc_thread_run(&heap, 1);
	assert_ptr_equal(gc_pop_root(&heap), &objects[1]);
	gc_thread_run(&heap, 2);
	assert_ptr_equal(gc_pop_root(&heap), &objects[2]);
	gc_thread_run(&heap, 1);
	assert_ptr_equal(gc_pop_root(&heap), &objects[0]);
}

static void
test_prepare_twice_is_one_stack(void **state)
{
	struct root_stack *first;

	(void)state;
	assert_int_equal(gc_thread_prepare(&heap), 0);
	first = heap.fresh;
	assert_int_equal(gc_thread_prepare(&heap), 0);
	assert_ptr_equal(heap.fresh, first);
}

static void
test_a_dead_threads_stack_is_the_next_fresh_one(void **state)
{
	struct root_stack *second;

	(void)state;
	assert_int_equal(gc_thread_prepare(&heap), 0);
	second = heap.fresh;
	gc_thread_run(&heap, 2);
	gc_push_root(&heap, &objects[0]);
	gc_thread_die(&heap, 2);
	assert_ptr_equal(heap.fresh, second);
	/* Until the next switch it is main's that is current. */
	assert_int_equal(gc_current_stack(&heap)->thread, 1);
	assert_int_equal(gc_thread_count(&heap), 1);
	/* The pool holds one: prepare has nothing to do, and 3 starts empty. */
	assert_int_equal(gc_thread_prepare(&heap), 0);
	assert_ptr_equal(heap.fresh, second);
	gc_thread_run(&heap, 3);
	assert_ptr_equal(
		gc_current_stack(&heap)->top, gc_current_stack(&heap)->roots);
}

static void
test_the_pool_holds_one(void **state)
{
	struct root_stack *kept;

	(void)state;
	for (uint64_t thread = 2; thread <= 3; thread++) {
		assert_int_equal(gc_thread_prepare(&heap), 0);
		gc_thread_run(&heap, thread);
	}
	gc_thread_die(&heap, 3);
	kept = heap.fresh;
	gc_thread_run(&heap, 2);
	gc_thread_die(&heap, 2); /* its stack is freed: a leak check sees it */
	assert_ptr_equal(heap.fresh, kept);
}

/* Threads that never come back must not fill the map. */
static void
test_the_map_is_rebuilt_every_512_deaths(void **state)
{
	(void)state;
	for (uint64_t thread = 2; thread < 2 + 3 * 512; thread++) {
		assert_int_equal(gc_thread_prepare(&heap), 0);
		gc_thread_run(&heap, thread);
		gc_thread_die(&heap, thread);
	}
	assert_int_equal(heap.rebuilds, 3);
	assert_int_equal(heap.dead, 0);
	assert_in_range(heap.map_size, 16, 2048);
	gc_thread_run(&heap, 1);
	assert_int_equal(gc_thread_count(&heap), 1);
}

/* ---- starts that are under way ------------------------------------------ */

static void
test_a_fresh_stack_travels_with_its_thread(void **state)
{
	struct root_stack *stacks[40];

	(void)state;
	for (int i = 0; i < 40; i++) {
		assert_int_equal(gc_thread_prepare(&heap), 0);
		stacks[i] = gc_fresh_detach(&heap);
		assert_null(heap.fresh);
	}
	/* There is room for all of them, although none has run. */
	for (int i = 0; i < 40; i++) {
		gc_fresh_attach(&heap, stacks[i]);
		allocations_left = 0; /* nothing may be allocated here */
		gc_thread_run(&heap, 2 + (uint64_t)i);
		gc_push_root(&heap, &objects[i]);
		allocations_left = -1;
	}
	assert_int_equal(gc_thread_count(&heap), 41);
	for (int i = 0; i < 40; i++) {
		gc_thread_run(&heap, 2 + (uint64_t)i);
		assert_ptr_equal(gc_pop_root(&heap), &objects[i]);
	}
}

static void
test_no_memory_is_seen_by_the_starter(void **state)
{
	(void)state;
	allocations_left = 0;
	assert_int_equal(gc_thread_prepare(&heap), -ENOMEM);
	allocations_left = -1;
	assert_null(heap.fresh);
	assert_int_equal(gc_thread_count(&heap), 1);
	assert_int_equal(gc_thread_prepare(&heap), 0);
}

/* ---- roots -------------------------------------------------------------- */

struct census {
	uint64_t thread[10];
	void *root[10];
	int count;
};

static void
take_down(void *context, uint64_t thread, void **root)
{
	struct census *census = context;

	census->thread[census->count] = thread;
	census->root[census->count++] = *root;
	*root = &objects[99]; /* a collector may move what it finds */
}

static void
test_the_roots_of_stopped_threads_are_found(void **state)
{
	struct census census = {0};
	int of_main = 0, of_second = 0;

	(void)state;
	gc_push_root(&heap, &objects[0]);
	gc_push_root(&heap, &objects[1]);
	assert_int_equal(gc_thread_prepare(&heap), 0);
	gc_thread_run(&heap, 2);
	gc_push_root(&heap, &objects[2]);
	gc_walk_roots(&heap, take_down, &census);
	assert_int_equal(census.count, 3);
	for (int i = 0; i < 3; i++) {
		of_main += census.thread[i] == 1;
		of_second +=
			census.thread[i] == 2 && census.root[i] == &objects[2];
	}
	assert_int_equal(of_main, 2);
	assert_int_equal(of_second, 1);
	assert_ptr_equal(gc_pop_root(&heap), &objects[99]);
	gc_thread_die(&heap, 2);
	census.count = 0;
	gc_walk_roots(&heap, take_down, &census);
	assert_int_equal(census.count, 2);
}

static void
test_a_fork_forgets_the_others(void **state)
{
	(void)state;
	for (uint64_t thread = 2; thread <= 4; thread++) {
		assert_int_equal(gc_thread_prepare(&heap), 0);
		gc_thread_run(&heap, thread);
		gc_push_root(&heap, &objects[thread]);
	}
	gc_thread_run(&heap, 3);
	gc_threads_forget(&heap, 3);
	assert_int_equal(gc_thread_count(&heap), 1);
	assert_ptr_equal(heap.main, current);
	assert_int_equal(heap.main->thread, 3);
	assert_ptr_equal(gc_pop_root(&heap), &objects[3]);
	assert_int_equal(gc_thread_prepare(&heap), 0);
	gc_thread_run(&heap, 5);
	gc_thread_die(&heap, 5);
	assert_int_equal(gc_current_stack(&heap)->thread, 3);
}

/* ---- loud ends ---------------------------------------------------------- */

static void
run_unprepared(void)
{
	gc_thread_run(&heap, 2);
}

/* Two starts that nobody serialised: there is one fresh stack for both. */
static void
run_two_of_one(void)
{
	if (gc_thread_prepare(&heap) != 0 || gc_thread_prepare(&heap) != 0)
		_exit(1);
	gc_thread_run(&heap, 2);
	gc_thread_run(&heap, 3);
}

static void
die_unknown(void)
{
	gc_thread_die(&heap, 7);
}

static void
die_main(void)
{
	gc_thread_die(&heap, 1);
}

static void
push_too_much(void)
{
	for (int i = 0; i < 11; i++)
		gc_push_root(&heap, &objects[i]);
}

static void
pop_too_much(void)
{
	(void)gc_pop_root(&heap); /* it does not return */
}

static void
test_mistakes_die_loudly(void **state)
{
	(void)state;
	assert_non_null(strstr(
		last_words(run_unprepared), "missing gc_thread_prepare"));
	assert_non_null(strstr(
		last_words(run_two_of_one), "missing gc_thread_prepare"));
	assert_non_null(strstr(last_words(die_unknown), "gc_thread_die"));
	assert_non_null(strstr(last_words(die_main), "gc_thread_die"));
	assert_non_null(strstr(last_words(push_too_much), "gc_push_root"));
	assert_non_null(strstr(last_words(pop_too_much), "gc_pop_root"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_first_thread_is_main),
		TEST(test_each_thread_has_its_own_roots),
		TEST(test_prepare_twice_is_one_stack),
		TEST(test_a_dead_threads_stack_is_the_next_fresh_one),
		TEST(test_the_pool_holds_one),
		TEST(test_the_map_is_rebuilt_every_512_deaths),
		TEST(test_a_fresh_stack_travels_with_its_thread),
		TEST(test_no_memory_is_seen_by_the_starter),
		TEST(test_the_roots_of_stopped_threads_are_found),
		TEST(test_a_fork_forgets_the_others),
		TEST(test_mistakes_die_loudly),
	};

	return cmocka_run_group_tests_name("heap_roots", tests, NULL, NULL);
}
