/* SPDX-License-Identifier: MIT */
/* In which network namespaces the sockets are worth a walk. */
#include "engine/diagnose_all.h"

#include "diagnosis_fixture.h"

static const struct diagnose_request request;

static void know(uint64_t established, uint64_t waiting)
{
	seen->now.established = established;
	seen->now.tcp_sockets = established;
	seen->now.tcp_time_waits = waiting;
	seen->now.known.established = seen->now.known.tcp_sockets = seen->now.known.tcp_time_waits = true;
	seen->settings.port_first = 32768;
	seen->settings.port_last = 60999;
	seen->settings.known.port_first = seen->settings.known.port_last = true;
}

static bool needs(void)
{
	return diagnose_all_needs_sockets(&request, seen);
}

static void test_levels(void **state)
{
	(void)state;
	assert_true(needs());	/* nothing is known */
	know(99, 0);
	assert_false(needs());
	know(100, 0);
	assert_true(needs());
	know(0, 499);
	assert_false(needs());
	know(0, 500);
	assert_true(needs());
}

static void test_what_moves(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		begin_anew();
		know(10, 10);
		MOVE(listen_overflows, i == 1);
		MOVE(listen_drops, i == 2);
		MOVE(syncookies_sent, i == 3);
		MOVE(request_queue_drops, i == 4);
		MOVE(syn_retransmits, i == 5);	/* a queue that is nearly full, and refuses nobody yet */
		assert_int_equal(needs(), i > 0);
	}
}

static void test_queues(void **state)
{
	struct listener *listener;

	(void)state;
	know(10, 10);
	listener = add_listener(&seen->listeners, AF_INET, 80, 1, 6, 10);
	assert_false(needs());
	listener->queue = 7;
	assert_true(needs());
}

static void test_what_is_asked_for(void **state)
{
	const struct diagnose_request deep = { .deep = true }, counts = { .counts_only = true };

	(void)state;
	know(0, 0);
	assert_false(needs());
	assert_true(diagnose_all_needs_sockets(&deep, seen));
	assert_true(diagnose_all_needs_sockets(&counts, seen));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_levels, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_moves, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_queues, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_asked_for, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
