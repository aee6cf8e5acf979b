/* SPDX-License-Identifier: MIT */
/* Sets of ports: read, printed as the kernel does, put together. */
#include "model/ports.h"

#include "unit.h"

#include <string.h>

static void assert_prints(const struct ports *ports, const char *expected)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	ports_print(ports, &text);
	assert_int_equal(strbuf_check(&text), 0);
	assert_string_equal(text.length ? text.bytes : "", expected);
}

static void test_read_and_printed_as_the_kernel_does(void **state)
{
	/* Measured: 6.18, net/ipv4/ip_local_reserved_ports. */
	static const struct {
		const char *text, *printed;
		size_t count;
	} cases[] = {
		{ "", "", 0 }, { "\n", "", 0 }, { "0", "0", 1 }, { "8080", "8080", 1 }, { "8080\n", "8080", 1 },
		{ "9090-9099,8080", "8080,9090-9099", 11 }, { "8080,8080-8090", "8080-8090", 11 }, { "1,2,3,4", "1-4", 4 },
		{ "0-65535", "0-65535", 65536 }, { "65535", "65535", 1 }, { "63,64", "63-64", 2 }, { "5-5", "5", 1 },
	};
	struct ports ports;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_true(ports_parse(cases[i].text, strlen(cases[i].text), &ports));
		assert_int_equal(ports_count(&ports), cases[i].count);
		assert_prints(&ports, cases[i].printed);
	}
}

static void test_what_is_no_list(void **state)
{
	static const char *const bad[] = { "65536", "8080 9090", "8080, 9090", "8090-8080", "abc", "8080,abc", "70000-70010",
		",", "1,", ",1", "1--2", "-1", "1-", "1\n\n", " 1" };
	struct ports ports;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (ports_parse(bad[i], strlen(bad[i]), &ports))
			fail_msg("taken: \"%s\"", bad[i]);
}

static void test_put_together(void **state)
{
	struct ports a, b, both;

	(void)state;
	assert_true(ports_parse("80,443,8000-8100", 16, &a));
	assert_true(ports_parse("443,8050-9000", 13, &b));
	both = a;
	ports_unite(&both, &b);
	assert_prints(&both, "80,443,8000-9000");
	both = a;
	ports_intersect(&both, &b);
	assert_prints(&both, "443,8050-8100");
	ports_add(&both, 65535, 70000);
	assert_prints(&both, "443,8050-8100,65535");
	assert_true(ports_contain(&both, 443));
	assert_false(ports_contain(&both, 444));
	assert_false(ports_contain(&both, PORTS_COUNT));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_and_printed_as_the_kernel_does),
		cmocka_unit_test(test_what_is_no_list),
		cmocka_unit_test(test_put_together),
	};

	return RUN_TESTS(tests);
}
