/* SPDX-License-Identifier: MIT */
/* Counts of sockets by state and family. */
#include "model/socket_counts.h"

#include "base/cleanup.h"
#include "unit.h"

#include <netinet/tcp.h>
#include <string.h>

static void add(struct socket_counts *counts, uint8_t family, bool is_mapped, uint8_t state, uint8_t timer, int times)
{
	const struct tcp_socket socket = { .family = family, .is_mapped = is_mapped, .state = state, .timer = timer };

	for (int i = 0; i < times; i++)
		socket_counts_add(counts, &socket);
}

static void test_families_and_states(void **state)
{
	struct socket_counts counts;

	(void)state;
	memset(&counts, 0xff, sizeof(counts));
	socket_counts_clear(&counts);
	assert_int_equal(socket_counts_total(&counts), 0);
	add(&counts, AF_INET, false, TCP_TIME_WAIT, TCP_TIMER_TIME_WAIT, 5);
	add(&counts, AF_INET, true, TCP_TIME_WAIT, TCP_TIMER_TIME_WAIT, 3);
	add(&counts, AF_INET6, false, TCP_TIME_WAIT, TCP_TIMER_TIME_WAIT, 2);
	add(&counts, AF_INET, false, TCP_CLOSING, TCP_TIMER_NONE, 1);
	add(&counts, AF_INET6, false, TCP_ESTABLISHED, TCP_TIMER_KEEPALIVE, 7);
	assert_int_equal(counts.ipv4[TCP_TIME_WAIT], 8);
	assert_int_equal(counts.mapped[TCP_TIME_WAIT], 3);
	assert_int_equal(counts.ipv6[TCP_TIME_WAIT], 2);
	assert_int_equal(counts.ipv4[TCP_ESTABLISHED], 0);
	assert_int_equal(socket_counts_of(&counts, TCP_TIME_WAIT), 10);
	assert_int_equal(socket_counts_of(&counts, TCP_ESTABLISHED), 7);
	assert_int_equal(socket_counts_of(&counts, TCP_CLOSING), 1);
	assert_int_equal(socket_counts_of(&counts, TCP_SOCKET_STATES), 0);
	assert_int_equal(socket_counts_total(&counts), 18);
	assert_int_equal(counts.fin_wait2_small, 0);
}

static void test_small_sockets_of_fin_wait2(void **state)
{
	struct socket_counts counts;

	(void)state;
	socket_counts_clear(&counts);
	add(&counts, AF_INET, false, TCP_FIN_WAIT2, TCP_TIMER_TIME_WAIT, 4);
	add(&counts, AF_INET6, false, TCP_FIN_WAIT2, TCP_TIMER_KEEPALIVE, 2);
	add(&counts, AF_INET6, false, TCP_FIN_WAIT2, TCP_TIMER_NONE, 1);
	assert_int_equal(counts.fin_wait2_small, 4);
	assert_int_equal(socket_counts_of(&counts, TCP_FIN_WAIT2), 7);
}

static void test_what_is_no_state(void **state)
{
	static const uint8_t states[] = { 0, TCP_SOCKET_STATES, TCP_SOCKET_STATES + 1, UINT8_MAX };
	struct socket_counts counts;

	(void)state;
	socket_counts_clear(&counts);
	for (size_t i = 0; i < COUNT_OF(states); i++)
		add(&counts, AF_INET, true, states[i], TCP_TIMER_TIME_WAIT, 1);
	assert_int_equal(socket_counts_total(&counts), 0);
	assert_int_equal(counts.ipv4[0], 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families_and_states),
		cmocka_unit_test(test_small_sockets_of_fin_wait2),
		cmocka_unit_test(test_what_is_no_state),
	};

	return RUN_TESTS(tests);
}
