/* SPDX-License-Identifier: MIT */
/* The seam that makes allocations fail. */
#include "base/memory.h"

#include "unit.h"

static void test_the_nth_and_all_later_allocations_fail(void **state)
{
	void *memory[3];

	(void)state;
	memory_fail_at(3);
	memory[0] = memory_alloc(1);
	memory[1] = memory_resize(NULL, 1);
	assert_non_null(memory[0]);
	assert_non_null(memory[1]);
	assert_int_equal(memory_failures(), 0);
	assert_null(memory_alloc(1));
	assert_null(memory_resize(memory[1], 100));
	assert_int_equal(memory_failures(), 2);

	memory_fail_at(0);
	assert_int_equal(memory_failures(), 0);
	memory[2] = memory_alloc(1);
	assert_non_null(memory[2]);
	for (size_t i = 0; i < 3; i++)
		memory_free(memory[i]);
	memory_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_nth_and_all_later_allocations_fail),
	};

	return RUN_TESTS(tests);
}
