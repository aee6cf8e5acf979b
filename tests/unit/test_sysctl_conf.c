/* SPDX-License-Identifier: MIT */
/* Settings as a file for sysctl.d(5). */
#include "format/sysctl_conf.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

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

/* ---- reading ---- */

struct reading {
	struct arena arena;
	struct diags diags;
	struct source source;
	struct profile *profile;
	int verdict;
};

static void read_bytes(struct reading *reading, const char *text, size_t length)
{
	*reading = (struct reading){ .source = { .name = "t.conf", .text = text, .length = length } };
	arena_init(&reading->arena);
	diags_init(&reading->diags, &reading->arena);
	reading->verdict = sysctl_conf_read(&reading->arena, &reading->source, "t", &reading->diags,
		&reading->profile);
	assert_true(reading->verdict >= 0);
}

static void read_conf(struct reading *reading, const char *text)
{
	read_bytes(reading, text, strlen(text));
}

static void assert_setting(const struct reading *reading, size_t index, const char *path, const char *value)
{
	assert_true(index < reading->profile->settings_count);
	assert_string_equal(reading->profile->settings[index].path, path);
	assert_string_equal(reading->profile->settings[index].value.bytes, value);
	assert_int_equal(reading->profile->settings[index].value.length, strlen(value));
}

static void assert_span(struct span span, unsigned line, unsigned column, unsigned end_column)
{
	assert_int_equal(span.line, line);
	assert_int_equal(span.column, column);
	assert_int_equal(span.end_column, end_column);
}

/* The only finding: one of that id at that place. */
static void assert_finding(const struct reading *reading, const char *id, unsigned line, unsigned column)
{
	assert_non_null(reading->diags.first);
	assert_string_equal(reading->diags.first->id, id);
	assert_int_equal(reading->diags.first->span.line, line);
	assert_int_equal(reading->diags.first->span.column, column);
	assert_non_null(reading->diags.first->hint);
	assert_null(reading->diags.first->next);
}

static void test_lines_as_both_tools_read_them(void **state)
{
	struct reading reading;

	(void)state;
	read_conf(&reading,
		"# comment = 1\n"
		"\t ; another = 2\n"
		"\n"
		"  net.core.somaxconn=65535\n"
		"-net/ipv4/conf/eth0.100/rp_filter = 2\n"
		"net.ipv4.conf.eth0/100.forwarding = 0\r\n"
		"net.ipv4.tcp_rmem =  4096\t131072   6291456 \n"
		"kernel.core_pattern = |/usr/bin/save = %p  %e\n"
		"- net.x.y = 1\n"
		"-net.ipv4.conf.lo.rp_filter\n"
		"net.ipv4.ip_local_reserved_ports =\n"
		"net.ipv4.conf.*.log_martians = 1");
	assert_int_equal(reading.verdict, 0);
	assert_null(reading.diags.first);
	assert_int_equal(reading.profile->settings_count, 8);
	assert_setting(&reading, 0, "net/core/somaxconn", "65535");
	assert_setting(&reading, 1, "net/ipv4/conf/eth0.100/rp_filter", "2");
	assert_setting(&reading, 2, "net/ipv4/conf/eth0.100/forwarding", "0");
	assert_setting(&reading, 3, "net/ipv4/tcp_rmem", "4096 131072 6291456");
	assert_setting(&reading, 4, "kernel/core_pattern", "|/usr/bin/save = %p  %e");
	assert_setting(&reading, 5, "net/x/y", "1");
	assert_setting(&reading, 6, "net/ipv4/ip_local_reserved_ports", "");
	assert_setting(&reading, 7, "net/ipv4/conf/*/log_martians", "1");
	assert_false(reading.profile->settings[0].optional);
	assert_true(reading.profile->settings[1].optional);
	assert_true(reading.profile->settings[5].optional);
	assert_span(reading.profile->settings[0].key_span, 4, 3, 21);
	assert_span(reading.profile->settings[0].value_span, 4, 22, 27);
	assert_span(reading.profile->settings[1].key_span, 5, 2, 34);
	assert_span(reading.profile->settings[2].value_span, 6, 37, 38);
	assert_span(reading.profile->settings[3].value_span, 7, 22, 43);
	assert_span(reading.profile->settings[6].value_span, 11, 35, 36);
	assert_ptr_equal(reading.profile->settings[0].profile, reading.profile);
	assert_ptr_equal(reading.profile->settings[0].key_span.source, &reading.profile->source);
	arena_release(&reading.arena);
}

static void test_columns_are_characters(void **state)
{
	struct reading reading;

	(void)state;
	/* Two-byte and broken characters: the caret stands where a person would count it. */
	read_conf(&reading, "net.x.\xc3\xa4 = 1\n");
	assert_int_equal(reading.verdict, 0);
	assert_span(reading.profile->settings[0].value_span, 1, 11, 12);
	arena_release(&reading.arena);
	read_conf(&reading, "net.x.\xff\xff = 1\n");
	assert_int_equal(reading.verdict, 1);
	assert_finding(&reading, "bad-key", 1, 1);
	assert_int_equal(reading.diags.first->span.end_column, 9);
	arena_release(&reading.arena);
}

static void test_the_last_of_several_counts(void **state)
{
	struct reading reading;

	(void)state;
	read_conf(&reading, "net.a.x = 1\nnet.a.y = 1\nnet/a/x = 2\nnet.a.x = 3\n");
	assert_int_equal(reading.verdict, 0);
	assert_int_equal(reading.profile->settings_count, 2);
	assert_setting(&reading, 0, "net/a/y", "1");
	assert_setting(&reading, 1, "net/a/x", "3");
	assert_int_equal(reading.diags.warnings, 2);
	for (const struct diag *diag = reading.diags.first; diag; diag = diag->next) {
		assert_string_equal(diag->id, "overridden");
		assert_int_equal(diag->also.line, 4);
	}
	assert_int_equal(reading.diags.first->span.line, 1);
	assert_int_equal(reading.diags.first->next->span.line, 3);
	arena_release(&reading.arena);
}

static void test_mistakes_and_their_places(void **state)
{
	static const struct {
		const char *text, *id;
		unsigned column;
	} cases[] = {
		{ "net.core.somaxconn 65535\n", "no-assignment", 1 },
		{ "  sudo rm\n", "no-assignment", 3 },
		{ "= 1\n", "bad-key", 1 },
		{ " - = 1\n", "bad-key", 4 },
		{ "net..core = 1\n", "bad-key", 1 },
		{ "net.core.../../x = 1\n", "bad-key", 1 },
		{ "/proc/sys/net/core/somaxconn = 1\n", "bad-key", 1 },
		{ "a b = 1\n", "bad-key", 1 },
		{ "net.core.somaxconn = 65535 # many\n", "comment-in-value", 22 },
		{ "net.x.y = 65535\t; many\n", "comment-in-value", 11 },
		{ "net.ipv4.tcp_congestion_control = bbr # fast\n", "comment-in-value", 35 },
		{ "net.core.default_qdisc = \"fq\"\n", "quoted-value", 26 },
		{ "net.ipv4.tcp_rmem=\"4096 87380 4194304\"\n", "quoted-value", 19 },
		{ "net.ipv4.tcp_rmem = 4096 \\\n", "continued-line", 21 },
		{ "net.x.y = 1\x1b[2J\n", "bad-value", 11 },
		{ "net.x.y = 1\r2\n", "bad-value", 11 },
		{ "net.x.y = \xff\n", "bad-value", 11 },
		{ "net.core.somaxconn = many\n", "not-a-number", 22 },
		{ "net.core.somaxconn =\n", "wrong-field-count", 21 },
		{ "net.core.somaxconn = 0\n", "out-of-range", 22 },
		{ "net.ipv4.tcp_rmem = 4096 87380\n", "wrong-field-count", 21 },
		{ "net.ipv4.tcp_rmem = 3 2 1\n", "wrong-order", 21 },
		{ "net.ipv4.ip_local_reserved_ports = 8080 9090\n", "bad-port-list", 36 },
		{ "\xef\xbb\xbfnet.core.somaxconn = 65535\n", "byte-order-mark", 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct reading reading;

		read_conf(&reading, cases[i].text);
		assert_int_equal(reading.verdict, 1);
		assert_finding(&reading, cases[i].id, 1, cases[i].column);
		arena_release(&reading.arena);
	}
}

static void test_hostile_bytes(void **state)
{
	struct reading reading;
	char *text;

	(void)state;
	read_bytes(&reading, "net.x\0.y = 1\nnet.x.y = 1\0\n", 26);
	assert_int_equal(reading.verdict, 1);
	assert_int_equal(reading.diags.errors, 2);
	arena_release(&reading.arena);
	read_bytes(&reading, "", 0);
	assert_int_equal(reading.verdict, 0);
	assert_int_equal(reading.profile->settings_count, 0);
	arena_release(&reading.arena);

	/* One line as long as a file may be. */
	text = malloc(SYSCTL_CONF_SIZE_MAX);
	assert_non_null(text);
	memset(text, '1', SYSCTL_CONF_SIZE_MAX);
	memcpy(text, "net.x.y = ", 10);
	read_bytes(&reading, text, SYSCTL_CONF_SIZE_MAX);
	assert_int_equal(reading.verdict, 0);
	assert_int_equal(reading.profile->settings[0].value.length, SYSCTL_CONF_SIZE_MAX - 10);
	arena_release(&reading.arena);
	/* As many settings of one key. */
	for (size_t i = 0; i < SYSCTL_CONF_SIZE_MAX; i += 4)
		memcpy(text + i, "a=1\n", 4);
	read_bytes(&reading, text, SYSCTL_CONF_SIZE_MAX);
	assert_int_equal(reading.verdict, 0);
	assert_int_equal(reading.profile->settings_count, 1);
	assert_int_equal(reading.diags.warnings, SYSCTL_CONF_SIZE_MAX / 4 - 1);
	arena_release(&reading.arena);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_as_both_tools_read_them),
		cmocka_unit_test(test_columns_are_characters),
		cmocka_unit_test(test_the_last_of_several_counts),
		cmocka_unit_test(test_mistakes_and_their_places),
		cmocka_unit_test(test_hostile_bytes),
		cmocka_unit_test(test_every_kind_of_setting),
	};

	return RUN_TESTS(tests);
}
