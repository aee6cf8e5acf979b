/* SPDX-License-Identifier: MIT */
/* Questions to an observation. */
#include "engine/observe.h"

#include "base/memory.h"
#include "unit.h"

#include <netinet/tcp.h>
#include <string.h>

static void test_usable_ports(void **state)
{
	static const struct {
		uint64_t first, last;
		bool first_known, last_known;
		const char *reserved;
		uint64_t usable;
	} rows[] = {
		{ 32768, 60999, true, true, "", 28232 },
		{ 32768, 60999, true, true, "40000,50000-50099,80", 28131 },
		{ 1, 65535, true, true, "", 65535 },
		{ 5, 5, true, true, "", 1 },
		{ 5, 5, true, true, "5", 0 },
		{ 6, 5, true, true, "", 0 },
		{ 0, 5, true, true, "", 0 },
		{ 1, 65536, true, true, "", 0 },
		{ 32768, 60999, false, true, "", 0 },
		{ 32768, 60999, true, false, "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct tcp_settings settings = { 0 };

		settings.port_first = rows[i].first;
		settings.port_last = rows[i].last;
		settings.known.port_first = rows[i].first_known;
		settings.known.port_last = rows[i].last_known;
		assert_true(ports_parse(rows[i].reserved, strlen(rows[i].reserved), &settings.reserved));
		check_row(tcp_settings_usable_ports(&settings) == rows[i].usable, "row %zu", i);
	}
}

static void test_visitors(void **state)
{
	struct tcp_socket visitor, socket = { .family = AF_INET, .state = TCP_ESTABLISHED, .local_port = 8080,
		.remote_port = 40000, .local = { 10, 0, 0, 1 }, .remote = { 10, 0, 0, 9 }, .inode = 7 };
	struct destination destination = { .family = AF_INET };

	(void)state;
	observation_visitor(&socket, &visitor);
	assert_int_equal(visitor.remote_port, 8080);
	assert_int_equal(visitor.inode, 7);
	assert_memory_equal(visitor.remote, socket.remote, 16);
	memcpy(destination.source, visitor.local, 16);
	assert_true(observation_is_visitor(&destination));
	memcpy(destination.source, socket.local, 16);
	assert_false(observation_is_visitor(&destination));
}

static void test_services(void **state)
{
	static const struct service services[] = { { .port = 22 }, { .port = 80 }, { .port = 65535 } };
	struct observation seen = { .services = services, .services_count = COUNT_OF(services) };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(services); i++)
		assert_ptr_equal(observation_service(&seen, services[i].port), &services[i]);
	assert_null(observation_service(&seen, 23));
	assert_null(observation_service(&seen, 0));
	seen.services_count = 0;
	assert_null(observation_service(&seen, 22));
}

static void test_busy_services(void **state)
{
	static const struct service services[] = {
		{ .port = 22, .states = { [TCP_ESTABLISHED] = 1 } },
		{ .port = 80, .states = { [TCP_ESTABLISHED] = 5 } },
		{ .port = 81, .states = { [TCP_ESTABLISHED] = 5, [TCP_CLOSE_WAIT] = 1 } },
		{ .port = 82, .states = { [TCP_LISTEN] = 1 } },
	};
	static const uint16_t order[] = { 81, 80, 22, 82 };
	CLEANUP_ARENA struct arena arena;
	const struct observation seen = { .services = services, .services_count = COUNT_OF(services) };
	const struct service **busy;

	(void)state;
	arena_init(&arena);
	assert_int_equal(observation_rank_services(&seen, &arena, &busy), 0);
	for (size_t i = 0; i < COUNT_OF(order); i++)
		assert_int_equal(busy[i]->port, order[i]);
}

static void test_suspects(void **state)
{
	static const uint32_t inodes[] = { 1, 2 };
	CLEANUP_ARENA struct arena arena;
	struct observation seen = { .arena = &arena };

	(void)state;
	arena_init(&arena);
	assert_null(observation_suspect(&seen, SUSPECT_LISTENER, 1));
	assert_int_equal(observe_suspect(&seen, SUSPECT_LISTENER, 1, inodes, 2, 1), 0);
	assert_int_equal(observe_suspect(&seen, SUSPECT_CLOSE_WAIT, 1, inodes, 1, 4), 0);
	assert_int_equal(observation_suspect(&seen, SUSPECT_LISTENER, 1)->inodes_count, 2);
	assert_int_equal(observation_suspect(&seen, SUSPECT_CLOSE_WAIT, 1)->scale, 4);
	assert_null(observation_suspect(&seen, SUSPECT_DESTINATION, 1));
	assert_null(observation_suspect(&seen, SUSPECT_LISTENER, 2));
}

static void test_tier_names(void **state)
{
	(void)state;
	for (int tier = 0; tier < TIER_COUNT; tier++) {
		assert_non_null(observation_tier_name((enum observation_tier)tier));
		for (int other = 0; other < tier; other++)
			assert_string_not_equal(observation_tier_name((enum observation_tier)tier),
				observation_tier_name((enum observation_tier)other));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usable_ports),
		cmocka_unit_test(test_visitors),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_busy_services),
		cmocka_unit_test(test_suspects),
		cmocka_unit_test(test_tier_names),
	};

	return RUN_TESTS(tests);
}
