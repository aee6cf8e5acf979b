/* SPDX-License-Identifier: MIT */
/* Settings against the catalogue. */
#include "model/validate.h"

#include "unit.h"

#include <string.h>

static const struct source source = { .name = "test.yaml" };
static const struct profile profile = { .name = "test" };

static struct setting make_setting(const char *path, enum setting_rule rule, const char *value, unsigned line)
{
	return (struct setting){
		.path = path,
		.rule = rule,
		.value = value_of(value),
		.key_span = { .source = &source, .line = line, .column = 3, .end_column = 4 },
		.value_span = { .source = &source, .line = line, .column = 23, .end_column = 24 },
		.profile = &profile,
	};
}

static void test_single(void **state)
{
	static const struct {
		const char *path, *value;
		enum setting_rule rule;
		const char *id;		/* of the error; NULL: none */
	} cases[] = {
		{ "net/core/somaxconn", "65535", SETTING_VALUE, NULL },
		{ "net/core/somaxconn", "0xffff", SETTING_VALUE, NULL },
		{ "net/core/somaxconn", "0", SETTING_VALUE, "out-of-range" },
		{ "net/core/somaxconn", "-1", SETTING_VALUE, "out-of-range" },
		{ "net/core/somaxconn", "2147483647", SETTING_VALUE, NULL },
		{ "net/core/somaxconn", "2147483648", SETTING_VALUE, "out-of-range" },
		{ "net/core/somaxconn", "18446744073709551616", SETTING_VALUE, "not-a-number" },
		{ "net/core/somaxconn", "many", SETTING_VALUE, "not-a-number" },
		{ "net/core/somaxconn", "010", SETTING_VALUE, "not-a-number" },
		{ "net/core/somaxconn", "1 2", SETTING_VALUE, "wrong-field-count" },
		{ "net/core/somaxconn", "", SETTING_VALUE, "wrong-field-count" },
		{ "net/core/somaxconn", "1024", SETTING_AT_LEAST, NULL },
		{ "net/core/somaxconn", "0", SETTING_AT_LEAST, "out-of-range" },
		{ "net/ipv4/tcp_tw_reuse", "2", SETTING_VALUE, NULL },
		{ "net/ipv4/tcp_tw_reuse", "3", SETTING_VALUE, "out-of-range" },
		{ "net/ipv4/tcp_tw_reuse", "-1", SETTING_VALUE, "not-a-number" },
		{ "net/ipv4/tcp_rmem", "4096 131072 6291456", SETTING_VALUE, NULL },
		{ "net/ipv4/tcp_rmem", "4096 131072", SETTING_VALUE, "wrong-field-count" },
		{ "net/ipv4/tcp_rmem", "4096 131072 6291456 1", SETTING_VALUE, "wrong-field-count" },
		{ "net/ipv4/tcp_rmem", "4096 131072 65536", SETTING_VALUE, "wrong-order" },
		{ "net/ipv4/tcp_rmem", "4096 4096 4096", SETTING_VALUE, NULL },
		{ "net/ipv4/tcp_rmem", "4096 131072 x", SETTING_VALUE, "not-a-number" },
		{ "net/ipv4/tcp_rmem", "0 131072 6291456", SETTING_VALUE, "out-of-range" },
		{ "net/ipv4/ip_local_port_range", "10240 65535", SETTING_VALUE, NULL },
		{ "net/ipv4/ip_local_port_range", "65535 10240", SETTING_VALUE, "wrong-order" },
		{ "net/ipv4/ip_local_port_range", "10240 65536", SETTING_VALUE, "out-of-range" },
		{ "net/ipv4/ip_local_reserved_ports", "8080,9090-9099", SETTING_VALUE, NULL },
		{ "net/ipv4/ip_local_reserved_ports", "", SETTING_VALUE, NULL },
		{ "net/ipv4/ip_local_reserved_ports", "8080, 9090", SETTING_VALUE, "bad-port-list" },
		{ "net/ipv4/ip_local_reserved_ports", "8080", SETTING_AT_LEAST, NULL },
		{ "net/ipv4/ip_local_reserved_ports", "8080 8081", SETTING_AT_MOST, "bad-port-list" },
		{ "net/ipv4/tcp_congestion_control", "bbr", SETTING_VALUE, NULL },
		{ "net/ipv4/tcp_congestion_control", "bbr", SETTING_AT_MOST, "not-a-number" },
		{ "vm/dirty_bytes", "8191", SETTING_VALUE, "out-of-range" },
		{ "vm/dirty_bytes", "18446744073709551615", SETTING_VALUE, NULL },
		{ "net/ipv4/conf/eth0.100/rp_filter", "3", SETTING_VALUE, "out-of-range" },
		{ "net/ipv4/conf/*/rp_filter", "3", SETTING_VALUE, "out-of-range" },
		{ "no/such/key", "anything at all", SETTING_VALUE, NULL },
		{ "no/such/key", "1", SETTING_AT_LEAST, NULL },
		{ "no/such/key", "1 0x10 -5", SETTING_AT_MOST, NULL },
		{ "no/such/key", "many", SETTING_AT_LEAST, "not-a-number" },
		{ "no/such/key", "1 x", SETTING_AT_MOST, "not-a-number" },
		{ "no/such/key", "x 1", SETTING_AT_MOST, "not-a-number" },
		{ "no/such/key", "", SETTING_AT_LEAST, "not-a-number" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP_ARENA struct arena arena;
		struct setting setting = make_setting(cases[i].path, cases[i].rule, cases[i].value, 7);
		struct diags diags;

		arena_init(&arena);
		diags_init(&diags, &arena);
		validate_setting(&diags, &setting);
		check_row(diags.errors == (cases[i].id != NULL), "%s = %s has %zu errors", cases[i].path,
			cases[i].value, diags.errors);
		if (!cases[i].id)
			continue;
		check_row(strcmp(diags.first->id, cases[i].id) == 0, "%s = %s is %s", cases[i].path,
			cases[i].value, diags.first->id);
		assert_int_equal(diags.first->span.column, 23);
		assert_non_null(diags.first->message);
	}
}

static void test_every_wrong_field_is_reported(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct setting setting = make_setting("net/ipv4/tcp_rmem", SETTING_VALUE, "0 x 99999999999", 1);
	struct diags diags;

	(void)state;
	arena_init(&arena);
	diags_init(&diags, &arena);
	validate_setting(&diags, &setting);
	assert_int_equal(diags.errors, 3);
}

static void test_together(void **state)
{
	static const struct {
		const char *a, *a_value, *b, *b_value, *id;
	} cases[] = {
		{ "vm/dirty_ratio", "10", "vm/dirty_bytes", "1000000", "exclusive-keys" },
		{ "vm/dirty_bytes", "1000000", "vm/dirty_ratio", "10", "exclusive-keys" },
		{ "vm/dirty_ratio", "10", "vm/dirty_background_bytes", "1000000", NULL },
		{ "net/ipv4/ip_forward", "1", "net/ipv4/conf/all/forwarding", "0", "same-variable" },
		{ "net/ipv4/ip_forward", "1", "net/ipv4/conf/all/forwarding", "0x1", NULL },
		{ "net/nf_conntrack_max", "1000", "net/netfilter/nf_conntrack_max", "2000", "same-variable" },
		{ "net/core/somaxconn", "1", "net/ipv4/tcp_fin_timeout", "2", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP_ARENA struct arena arena;
		struct setting a = make_setting(cases[i].a, SETTING_VALUE, cases[i].a_value, 4);
		struct setting b = make_setting(cases[i].b, SETTING_VALUE, cases[i].b_value, 9);
		struct setting between = make_setting("net/core/rmem_max", SETTING_VALUE, "1", 5);
		const struct setting *const settings[] = { &a, &between, &b };
		struct diags diags;

		arena_init(&arena);
		diags_init(&diags, &arena);
		validate_together(&diags, settings, COUNT_OF(settings));
		check_row(diags.errors == (cases[i].id != NULL), "row %zu has %zu errors", i, diags.errors);
		if (!cases[i].id)
			continue;
		assert_string_equal(diags.first->id, cases[i].id);
		assert_int_equal(diags.first->span.line, 9);
		assert_int_equal(diags.first->also.line, 4);
		assert_non_null(diags.first->hint);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_every_wrong_field_is_reported),
		cmocka_unit_test(test_together),
	};

	return RUN_TESTS(tests);
}
