/* SPDX-License-Identifier: MIT */
/* The bump allocator. */
#include "base/arena.h"

#include "base/memory.h"
#include "unit.h"

#include <stdalign.h>
#include <stdbool.h>
#include <string.h>

static void test_memory_is_zeroed_and_aligned(void **state)
{
	static const size_t sizes[] = { 0, 1, 7, 16, 17, 4096, 32 * 1024, 32 * 1024 + 1, 1024 * 1024 };
	CLEANUP_ARENA struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t round = 0; round < 50; round++) {
		for (size_t i = 0; i < COUNT_OF(sizes); i++) {
			unsigned char *memory = arena_alloc(&arena, sizes[i]);

			assert_non_null(memory);
			assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
			for (size_t k = 0; k < sizes[i]; k += 61)
				assert_int_equal(memory[k], 0);
			memset(memory, 0xaa, sizes[i]);
		}
		if (round == 0)
			continue;
		arena_release(&arena);
	}
}

static void test_absurd_sizes_fail(void **state)
{
	CLEANUP_ARENA struct arena arena;
	size_t capacity = SIZE_MAX / 4;

	(void)state;
	arena_init(&arena);
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX - 64));
	assert_null(arena_copy(&arena, "", SIZE_MAX));
	assert_null(arena_grow(&arena, NULL, capacity, &capacity, 16));
}

static void test_arrays_grow(void **state)
{
	CLEANUP_ARENA struct arena arena;
	size_t capacity = 0;
	int *array = NULL;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < 10000; i++) {
		array = arena_grow(&arena, array, i, &capacity, sizeof(*array));
		assert_non_null(array);
		assert_true(capacity > i);
		array[i] = (int)i;
	}
	for (size_t i = 0; i < 10000; i++)
		assert_int_equal(array[i], i);
}

static void test_a_failed_growth_changes_nothing(void **state)
{
	CLEANUP_ARENA struct arena arena;
	size_t capacity = 32 * 1024;
	char *array;

	(void)state;
	arena_init(&arena);
	array = arena_alloc(&arena, capacity);
	assert_non_null(array);
	memory_fail_at(1);
	assert_null(arena_grow(&arena, array, capacity, &capacity, 1));
	memory_fail_at(0);
	assert_int_equal(capacity, 32 * 1024);
}

static void test_reserved_memory_cannot_fail(void **state)
{
	CLEANUP_ARENA struct arena arena;

	(void)state;
	arena_init(&arena);
	assert_int_equal(arena_reserve(&arena, 100 * 1024), 0);
	memory_fail_at(1);
	for (size_t i = 0; i < 100; i++)
		assert_non_null(arena_alloc(&arena, 1024));
	assert_int_equal(memory_failures(), 0);
	assert_int_equal(arena_reserve(&arena, 1024 * 1024), -ENOMEM);
	memory_fail_at(0);
}

static void test_copies_and_formats(void **state)
{
	CLEANUP_ARENA struct arena arena;
	char *copy;

	(void)state;
	arena_init(&arena);
	copy = arena_copy(&arena, "a\0b", 3);
	assert_memory_equal(copy, "a\0b", 4);
	assert_string_equal(arena_copy(&arena, NULL, 0), "");
	assert_string_equal(arena_strdup(&arena, "text"), "text");
	assert_string_equal(arena_printf(&arena, "%s-%04x", "id", 0x7f3au), "id-7f3a");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_is_zeroed_and_aligned),
		cmocka_unit_test(test_absurd_sizes_fail),
		cmocka_unit_test(test_arrays_grow),
		cmocka_unit_test(test_a_failed_growth_changes_nothing),
		cmocka_unit_test(test_reserved_memory_cannot_fail),
		cmocka_unit_test(test_copies_and_formats),
	};

	return RUN_TESTS(tests);
}
