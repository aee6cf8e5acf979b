/* SPDX-License-Identifier: MIT */
/* All inodes as long as there is room, then a sample that stands for all. */
#include "model/inode_sample.h"

#include "base/memory.h"
#include "unit.h"

static void add(struct inode_sample *sample, struct arena *arena, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(inode_sample_add(sample, arena, first + i), 0);
}

static void test_all_are_kept(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct inode_sample sample = { 0 };

	(void)state;
	arena_init(&arena);
	add(&sample, &arena, 1, INODE_SAMPLE_MAX);
	assert_int_equal(sample.count, INODE_SAMPLE_MAX);
	assert_int_equal(inode_sample_scale(&sample), 1);
	for (uint32_t i = 0; i < INODE_SAMPLE_MAX; i++)
		assert_int_equal(sample.inodes[i], i + 1);
}

static void test_nobodys(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct inode_sample sample = { 0 };

	(void)state;
	arena_init(&arena);
	for (int i = 0; i < 3; i++)
		assert_int_equal(inode_sample_add(&sample, &arena, 0), 0);
	assert_int_equal(sample.count, 0);
	assert_int_equal(sample.seen, 3);
	assert_null(sample.inodes);
}

/* Each kept one stands for so many that the estimate is near what there was: inodes come one after another, as the
 * kernel gives them, or with gaps. */
static void test_estimate(void **state)
{
	static const struct { uint32_t count, step; } rows[] = {
		{ 1025, 1 }, { 5000, 1 }, { 100000, 1 }, { 1000000, 1 }, { 100000, 2 }, { 100000, 64 }, { 50000, 4099 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP_ARENA struct arena arena;
		struct inode_sample sample = { 0 };
		uint64_t estimate;

		arena_init(&arena);
		for (uint32_t k = 0; k < rows[i].count; k++)
			assert_int_equal(inode_sample_add(&sample, &arena, 7 + k * rows[i].step), 0);
		estimate = sample.count * inode_sample_scale(&sample);
		check_row(sample.seen == rows[i].count, "row %zu", i);
		check_row(sample.count <= INODE_SAMPLE_MAX && sample.count > INODE_SAMPLE_MAX / 4, "row %zu: %zu", i,
			sample.count);
		check_row(estimate > rows[i].count * UINT64_C(3) / 4 && estimate < rows[i].count * UINT64_C(5) / 4,
			"row %zu: %llu of %u", i, (unsigned long long)estimate, rows[i].count);
	}
}

/* What is kept does not depend on the order. */
static void test_order(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct inode_sample up = { 0 }, down = { 0 };
	uint64_t up_sum = 0, down_sum = 0;

	(void)state;
	arena_init(&arena);
	add(&up, &arena, 1, 20000);
	for (uint32_t i = 20000; i > 0; i--)
		assert_int_equal(inode_sample_add(&down, &arena, i), 0);
	assert_int_equal(up.count, down.count);
	assert_int_equal(up.shift, down.shift);
	for (size_t i = 0; i < up.count; i++) {
		up_sum += (uint64_t)up.inodes[i] * up.inodes[i];
		down_sum += (uint64_t)down.inodes[i] * down.inodes[i];
	}
	assert_int_equal(up_sum, down_sum);
}

/* The same inode however often cannot be told apart: the sample does not outgrow its room. */
static void test_one_inode_many_times(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct inode_sample sample = { 0 };

	(void)state;
	arena_init(&arena);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(inode_sample_add(&sample, &arena, 5), 0);
	assert_true(sample.count <= INODE_SAMPLE_MAX);
	assert_int_equal(sample.seen, 5000);
}

static void test_clear(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct inode_sample sample = { 0 };
	const uint32_t *inodes;

	(void)state;
	arena_init(&arena);
	add(&sample, &arena, 1, 5000);
	inodes = sample.inodes;
	inode_sample_clear(&sample);
	assert_int_equal(inode_sample_scale(&sample), 1);
	assert_int_equal(sample.count + sample.seen, 0);
	add(&sample, &arena, 9, 2);
	assert_int_equal(sample.count, 2);
	assert_ptr_equal(sample.inodes, inodes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_are_kept),
		cmocka_unit_test(test_nobodys),
		cmocka_unit_test(test_estimate),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_one_inode_many_times),
		cmocka_unit_test(test_clear),
	};

	return RUN_TESTS(tests);
}
