/* SPDX-License-Identifier: MIT */
/* Edit distance and suggestions. */
#include "base/similar.h"

#include "base/cleanup.h"
#include "unit.h"

#include <string.h>

static void test_distance(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} cases[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "apply", "apply", 0 },
		{ "aply", "apply", 1 },
		{ "appply", "apply", 1 },
		{ "appky", "apply", 1 },
		{ "appyl", "apply", 1 },
		{ "palpy", "apply", 2 },
		{ "restore", "history", 3 },
		{ "a", "b", 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_int_equal(similar_distance(cases[i].a, cases[i].b, 9), cases[i].distance);
		assert_int_equal(similar_distance(cases[i].b, cases[i].a, 9), cases[i].distance);
		if (cases[i].distance > 2)
			assert_int_equal(similar_distance(cases[i].a, cases[i].b, 2), 3);
	}
}

static void test_long_words_are_far(void **state)
{
	char word[300];

	(void)state;
	memset(word, 'a', sizeof(word));
	word[255] = '\0';
	assert_int_equal(similar_distance(word, word, 2), 0);
	word[255] = 'a';
	word[256] = '\0';
	assert_int_equal(similar_distance(word, word, 2), 3);
}

static void test_slips(void **state)
{
	(void)state;
	assert_true(similar_is_slip("somaxcon", "somaxconn"));
	assert_true(similar_is_slip("whi", "why"));
	assert_false(similar_is_slip("why", "why"));
	assert_false(similar_is_slip("wxx", "why"));
	assert_false(similar_is_slip("entirely", "different"));
}

static void test_best(void **state)
{
	static const char *const names[] = { "list", "show", "diff", "apply", "restore" };

	(void)state;
	assert_string_equal(similar_best("aply", names, COUNT_OF(names)), "apply");
	assert_string_equal(similar_best("lost", names, COUNT_OF(names)), "list");
	assert_string_equal(similar_best("resotre", names, COUNT_OF(names)), "restore");
	assert_null(similar_best("apply", names, 3));
	assert_null(similar_best("nothing-near", names, COUNT_OF(names)));
	assert_null(similar_best("x", NULL, 0));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_long_words_are_far),
		cmocka_unit_test(test_slips),
		cmocka_unit_test(test_best),
	};

	return RUN_TESTS(tests);
}
