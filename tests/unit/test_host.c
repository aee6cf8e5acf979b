/* SPDX-License-Identifier: MIT */
/* Which host, boot and network namespace. */
#include "model/host.h"

#include "base/cleanup.h"
#include "unit.h"

static void test_boots(void **state)
{
	const struct host a = { "a", "6.1", "boot", "1", "" }, b = { "b", "6.2", "boot", "2", "7" };
	const struct host c = { "a", "6.1", "boot2", "1", "" };

	(void)state;
	assert_true(host_is_same_boot(&a, &b));
	assert_false(host_is_same_boot(&a, &c));
}

static void test_network_namespaces(void **state)
{
	static const struct {
		const char *netns_a, *cookie_a, *netns_b, *cookie_b;
		bool is_same;
	} cases[] = {
		{ "1", "", "1", "", true },
		{ "1", "", "2", "", false },
		{ "1", "5", "1", "5", true },
		/* An inode that was used again. */
		{ "1", "5", "1", "6", false },
		{ "1", "5", "2", "5", false },
		/* Recorded by a kernel without cookies: the inode is all that is known. */
		{ "1", "", "1", "6", true },
		{ "1", "5", "1", "", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct host a = { "", "", "", cases[i].netns_a, cases[i].cookie_a };
		const struct host b = { "", "", "", cases[i].netns_b, cases[i].cookie_b };

		check_row(host_is_same_netns(&a, &b) == cases[i].is_same, "row %zu", i);
		check_row(host_is_same_netns(&b, &a) == cases[i].is_same, "row %zu, the other way round", i);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boots),
		cmocka_unit_test(test_network_namespaces),
	};

	return RUN_TESTS(tests);
}
