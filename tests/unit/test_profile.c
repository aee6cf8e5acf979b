/* SPDX-License-Identifier: MIT */
/* Names of profiles and of rules. */
#include "model/profile.h"

#include "unit.h"

#include <string.h>

static void test_names(void **state)
{
	static const char *const good[] = { "a", "api-gateway", "tcp_baseline", "v1.2", "A9", "_x" };
	static const char *const bad[] = { "", ".", "..", ".hidden", "-n", "a/b", "../x", "a b", "a\n", "\xc3\xa4",
		"a:b" };
	char name[66];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++)
		check_row(profile_name_is_valid(good[i]), "\"%s\" is refused", good[i]);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		check_row(!profile_name_is_valid(bad[i]), "\"%s\" is taken", bad[i]);
	memset(name, 'n', sizeof(name));
	name[64] = '\0';
	assert_true(profile_name_is_valid(name));
	name[64] = 'n';
	name[65] = '\0';
	assert_false(profile_name_is_valid(name));
}

static void test_rules(void **state)
{
	(void)state;
	assert_string_equal(setting_rule_name(SETTING_VALUE), "value");
	assert_string_equal(setting_rule_name(SETTING_AT_LEAST), "at_least");
	assert_string_equal(setting_rule_name(SETTING_AT_MOST), "at_most");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_rules),
	};

	return RUN_TESTS(tests);
}
