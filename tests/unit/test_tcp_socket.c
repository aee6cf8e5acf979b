/* SPDX-License-Identifier: MIT */
/* Mapped addresses, and the names of states. */
#include "model/tcp_socket.h"

#include "base/cleanup.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <string.h>

static void test_mapped_addresses(void **state)
{
	static const struct {
		const char *local, *remote;		/* of AF_INET6 */
		const char *v4_local, *v4_remote;	/* NULL: it stays */
	} rows[] = {
		{ "::ffff:10.0.0.1", "::ffff:10.0.0.2", "10.0.0.1", "10.0.0.2" },
		{ "::ffff:10.0.0.1", "::", "10.0.0.1", "0.0.0.0" },		/* it listens */
		{ "::", "::ffff:10.0.0.2", "0.0.0.0", "10.0.0.2" },		/* it is about to connect */
		{ "::ffff:0.0.0.0", "::", "0.0.0.0", "0.0.0.0" },
		{ "::", "::", NULL, NULL },
		{ "::1", "::1", NULL, NULL },
		{ "2001:db8::1", "::", NULL, NULL },
		{ "::ffff:10.0.0.1", "2001:db8::1", NULL, NULL },		/* there is no such thing */
		{ "::fffe:10.0.0.1", "::", NULL, NULL },
		{ "1::ffff:10.0.0.1", "1::ffff:10.0.0.2", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct tcp_socket socket = { .family = AF_INET6 }, expected;

		assert_int_equal(inet_pton(AF_INET6, rows[i].local, socket.local), 1);
		assert_int_equal(inet_pton(AF_INET6, rows[i].remote, socket.remote), 1);
		expected = socket;
		if (rows[i].v4_local) {
			expected = (struct tcp_socket){ .family = AF_INET, .is_mapped = true };
			assert_int_equal(inet_pton(AF_INET, rows[i].v4_local, expected.local), 1);
			assert_int_equal(inet_pton(AF_INET, rows[i].v4_remote, expected.remote), 1);
		}
		tcp_socket_unmap(&socket);
		check_row(socket.family == expected.family && socket.is_mapped == expected.is_mapped &&
			memcmp(socket.local, expected.local, 16) == 0 &&
			memcmp(socket.remote, expected.remote, 16) == 0, "row %zu", i);
	}
}

static void test_ipv4_is_left_alone(void **state)
{
	struct tcp_socket socket = { .family = AF_INET, .local = { 10, 0, 0, 1 }, .remote = { 10, 0, 0, 2 } };
	const struct tcp_socket before = socket;

	(void)state;
	tcp_socket_unmap(&socket);
	assert_int_equal(socket.family, AF_INET);
	assert_false(socket.is_mapped);
	assert_memory_equal(socket.local, before.local, sizeof(before.local));
	assert_memory_equal(socket.remote, before.remote, sizeof(before.remote));
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(tcp_state_name(TCP_ESTABLISHED), "ESTABLISHED");
	assert_string_equal(tcp_state_name(TCP_SYN_RECV), "SYN_RECV");
	assert_string_equal(tcp_state_name(TCP_TIME_WAIT), "TIME_WAIT");
	assert_string_equal(tcp_state_name(TCP_CLOSE_WAIT), "CLOSE_WAIT");
	assert_string_equal(tcp_state_name(TCP_LISTEN), "LISTEN");
	assert_string_equal(tcp_state_name(TCP_CLOSING), "CLOSING");
	assert_string_equal(tcp_state_name(0), "?");
	assert_string_equal(tcp_state_name(12), "?");
	assert_string_equal(tcp_state_name(UINT32_MAX), "?");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mapped_addresses),
		cmocka_unit_test(test_ipv4_is_left_alone),
		cmocka_unit_test(test_names),
	};

	return RUN_TESTS(tests);
}
