/* SPDX-License-Identifier: MIT */
/* Settings as a file for sysctl.d(5). */
#include "format/sysctl_conf.h"

#include "unit.h"

static void test_every_kind_of_setting(void **state)
{
	static const struct setting settings[] = {
		{ .path = "net/core/somaxconn", .value = { "65535", 5 } },
		{ .path = "net/ipv4/tcp_rmem", .value = { "4096 131072 6291456", 19 }, .why = "large windows" },
		{ .path = "net/core/rmem_max", .rule = SETTING_AT_LEAST, .value = { "16777216", 8 } },
		{ .path = "net/core/wmem_max", .rule = SETTING_AT_MOST, .value = { "16777216", 8 }, .why = "w" },
		{ .path = "net/ipv4/conf/eth0.100/rp_filter", .value = { "2", 1 }, .optional = true },
	};
	const struct setting *list[COUNT_OF(settings)];
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(settings); i++)
		list[i] = &settings[i];
	sysctl_conf_write(&text, "test", list, COUNT_OF(list));
	assert_int_equal(strbuf_check(&text), 0);
	assert_string_equal(text.bytes,
		"# test, written by kerntune\n"
		"\n"
		"net.core.somaxconn = 65535\n"
		"\n"
		"# large windows\n"
		"net.ipv4.tcp_rmem = 4096 131072 6291456\n"
		"\n"
		"# at_least: the profile leaves a larger value alone, this file does not\n"
		"net.core.rmem_max = 16777216\n"
		"\n"
		"# w\n"
		"# at_most: the profile leaves a smaller value alone, this file does not\n"
		"net.core.wmem_max = 16777216\n"
		"\n"
		"-net/ipv4/conf/eth0.100/rp_filter = 2\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_of_setting),
	};

	return RUN_TESTS(tests);
}
