/* SPDX-License-Identifier: MIT */
/* Releases and versions. */
#include "model/version.h"

#include "unit.h"

static void test_numbers_are_compared_as_numbers(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} pairs[] = {
		{ "6.9", "6.18", -1 }, { "6.18", "6.9", 1 }, { "6.9", "6.9.0", 0 }, { "6.9.1", "6.9", 1 },
		{ "3.10.0-1160.el7.x86_64", "3.10", 0 }, { "6.1.0-31-amd64", "6.1", 0 }, { "5.14.0-427.el9", "5.14.1", -1 },
		{ "10.0", "9.99", 1 }, { "6.18.44", "6.18.44", 0 }, { "4.19.0+", "4.19", 0 }, { "7.0-rc3", "7.0", 0 },
		{ "1.2.3.4.5", "1.2.3.4.6", 0 }, { "", "0", 0 }, { "unknown", "0.1", -1 }, { "6", "6.0", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		int order = version_compare(pairs[i].a, pairs[i].b);

		if (order != pairs[i].order || version_compare(pairs[i].b, pairs[i].a) != -pairs[i].order)
			fail_msg("\"%s\" against \"%s\": %d", pairs[i].a, pairs[i].b, order);
	}
}

static void test_what_is_a_version(void **state)
{
	static const char *const good[] = { "6", "6.18", "6.18.44", "3.10.0.1", "0.0", "6.000018" };
	static const char *const bad[] = { "", ".", "6.", ".6", "6..1", "6.18-rc1", "v6.18", "6.18 ", " 6.18", "6.1234567",
		"1.2.3.4.5", "six", "6.x", "-6" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++)
		if (!version_is_valid(good[i]) || !version_is_release(good[i]))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (version_is_valid(bad[i]))
			fail_msg("taken: \"%s\"", bad[i]);
	assert_true(version_is_release("6.1.0-31-amd64"));
	assert_true(version_is_release("4.19+"));
	assert_false(version_is_release(""));
	assert_false(version_is_release("linux-6"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_are_compared_as_numbers),
		cmocka_unit_test(test_what_is_a_version),
	};

	return RUN_TESTS(tests);
}
