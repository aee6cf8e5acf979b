/* SPDX-License-Identifier: MIT */
/* Outgoing sockets by destination: exact while there is room, and within the stated bounds against an oracle that
 * forgets nothing. */
#include "model/destinations.h"

#include "base/memory.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

static const struct listening_ports no_ports;

static struct tcp_socket make_socket(uint8_t state, const char *local, uint16_t local_port, const char *remote,
	uint16_t remote_port)
{
	struct tcp_socket socket = {
		.family = strchr(local, ':') ? AF_INET6 : AF_INET, .state = state, .local_port = local_port,
		.remote_port = remote_port,
	};

	assert_int_equal(inet_pton(socket.family, local, socket.local), 1);
	assert_int_equal(inet_pton(socket.family, remote, socket.remote), 1);
	return socket;
}

/* The n-th destination of a test. */
static struct tcp_socket make_numbered(uint32_t number)
{
	struct tcp_socket socket = {
		.family = AF_INET, .state = number % 3 ? TCP_TIME_WAIT : TCP_ESTABLISHED, .local_port = 40000,
		.remote_port = (uint16_t)(number % 7), .local = { 10 }, .expires_ms = number % 60000,
	};
	uint32_t address = htonl(number / 7);

	memcpy(socket.remote, &address, sizeof(address));
	return socket;
}

static uint32_t number_of(const struct destination *destination)
{
	uint32_t address;

	memcpy(&address, destination->address, sizeof(address));
	return ntohl(address) * 7 + destination->port;
}

static void add(struct destinations *destinations, struct tcp_socket socket, int times)
{
	for (int i = 0; i < times; i++) {
		socket.local_port++;
		assert_int_equal(destinations_add(destinations, &socket, &no_ports), 0);
	}
}

/* ---- which way ---- */

static struct listener make_listener(const char *address, uint16_t port)
{
	struct listener listener = { .family = strchr(address, ':') ? AF_INET6 : AF_INET, .port = port };

	assert_int_equal(inet_pton(listener.family, address, listener.address), 1);
	return listener;
}

static void test_incoming(void **state)
{
	struct listener items[] = {
		make_listener("0.0.0.0", 80), make_listener("::", 8080), make_listener("2001:db8::1", 90),
		make_listener("::ffff:10.0.0.1", 99),
	};
	const struct listeners listeners = { .items = items, .count = COUNT_OF(items) };
	static const struct {
		uint8_t state;
		uint16_t port;
		bool ipv4, ipv6;	/* whether it is incoming */
	} rows[] = {
		{ TCP_ESTABLISHED, 80, true, false },
		{ TCP_TIME_WAIT, 80, true, false },
		{ TCP_ESTABLISHED, 8080, true, true },
		{ TCP_CLOSE_WAIT, 90, false, true },
		{ TCP_CLOSE_WAIT, 99, true, false },
		{ TCP_ESTABLISHED, 81, false, false },
		{ TCP_SYN_RECV, 81, true, true },
		{ TCP_LISTEN, 81, true, true },
		{ TCP_SYN_SENT, 81, false, false },
	};
	struct listening_ports ports;

	(void)state;
	memset(&ports, 0xff, sizeof(ports));
	listening_ports_of(&listeners, &ports);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct tcp_socket four = make_socket(rows[i].state, "10.0.0.1", rows[i].port, "10.0.0.2", 1000);
		struct tcp_socket six = make_socket(rows[i].state, "2001:db8::1", rows[i].port, "2001:db8::2", 1000);

		check_row(tcp_socket_is_incoming(&four, &ports) == rows[i].ipv4, "row %zu of IPv4", i);
		check_row(tcp_socket_is_incoming(&six, &ports) == rows[i].ipv6, "row %zu of IPv6", i);
	}
}

/* ---- exact ---- */

static void test_grouping(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct destinations destinations;
	const struct destination **ranked;
	struct tcp_socket mapped = make_socket(TCP_TIME_WAIT, "10.0.0.1", 1, "10.0.0.9", 5432);
	struct tcp_socket listening = make_socket(TCP_LISTEN, "10.0.0.1", 1, "0.0.0.0", 0);

	(void)state;
	mapped.is_mapped = true;
	arena_init(&arena);
	assert_int_equal(destinations_init(&destinations, &arena, DESTINATIONS_MAX, 1), 0);
	add(&destinations, make_socket(TCP_TIME_WAIT, "10.0.0.1", 1, "10.0.0.9", 5432), 5);
	add(&destinations, make_socket(TCP_ESTABLISHED, "10.0.0.1", 1, "10.0.0.9", 5432), 2);
	add(&destinations, mapped, 3);
	add(&destinations, make_socket(TCP_TIME_WAIT, "10.0.0.1", 1, "10.0.0.9", 5433), 4);
	add(&destinations, make_socket(TCP_TIME_WAIT, "10.0.0.2", 1, "10.0.0.9", 5432), 4);
	add(&destinations, make_socket(TCP_SYN_SENT, "2001:db8::1", 1, "2001:db8::2", 5432), 20);
	add(&destinations, make_socket(TCP_SYN_SENT, "2001:db8::1", 1, "2001:db8::3", 5432), 1);
	add(&destinations, listening, 6);
	assert_int_equal(destinations.total, 39);
	assert_int_equal(destinations.incoming, 6);
	assert_int_equal(destinations_unlisted_max(&destinations), 0);
	assert_int_equal(destinations_rank(&destinations, &arena, &ranked), 0);
	assert_int_equal(destinations.count, 5);
	assert_int_equal(ranked[0]->family, AF_INET6);
	assert_int_equal(ranked[0]->seen, 20);
	assert_int_equal(ranked[0]->states[TCP_SYN_SENT], 20);
	assert_int_equal(ranked[1]->seen, 10);
	assert_int_equal(ranked[1]->states[TCP_TIME_WAIT], 8);
	assert_int_equal(ranked[1]->states[TCP_ESTABLISHED], 2);
	assert_memory_equal(ranked[1]->source, mapped.local, 16);
	assert_memory_equal(ranked[1]->address, mapped.remote, 16);
	/* Of equal weight, by port and then by source. */
	assert_int_equal(ranked[2]->source[3], 2);
	assert_int_equal(ranked[3]->port, 5433);
	assert_int_equal(ranked[4]->seen, 1);
	for (size_t i = 0; i < destinations.count; i++)
		assert_int_equal(ranked[i]->missed, 0);

	destinations_clear(&destinations);
	assert_int_equal(destinations.total, 0);
	assert_int_equal(destinations.incoming, 0);
	add(&destinations, mapped, 1);
	assert_int_equal(destinations_rank(&destinations, &arena, &ranked), 0);
	assert_int_equal(destinations.count, 1);
	assert_int_equal(ranked[0]->seen, 1);
	assert_int_equal(ranked[0]->states[TCP_ESTABLISHED], 0);
}

static void test_ages_of_time_wait(void **state)
{
	static const struct {
		uint32_t left_ms;
		size_t slot;
	} rows[] = {
		{ 60000, 0 }, { 59999, 0 }, { 50001, 0 }, { 50000, 1 }, { 40001, 1 }, { 10001, 4 }, { 10000, 5 },
		{ 1, 5 }, { 0, 5 }, { 60001, 0 }, { 61000, 0 }, { UINT32_MAX, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP_ARENA struct arena arena;
		struct destinations destinations;
		const struct destination **ranked;
		struct tcp_socket socket = make_socket(TCP_TIME_WAIT, "10.0.0.1", 1, "10.0.0.9", 5432);

		arena_init(&arena);
		assert_int_equal(destinations_init(&destinations, &arena, 1, i), 0);
		socket.expires_ms = rows[i].left_ms;
		add(&destinations, socket, 2);
		/* Of no other state is the timer an age. */
		socket.state = TCP_FIN_WAIT2;
		add(&destinations, socket, 1);
		assert_int_equal(destinations_rank(&destinations, &arena, &ranked), 0);
		for (size_t slot = 0; slot < DESTINATION_AGES; slot++)
			check_row(ranked[0]->time_wait_ages[slot] == (slot == rows[i].slot ? 2 : 0), "row %zu", i);
	}
}

/* ---- against the oracle ---- */

enum { NUMBERS = 20000 };

struct oracle {
	uint32_t counts[NUMBERS], states[NUMBERS][TCP_SOCKET_STATES];
	uint64_t total;
};

static void check_listed(const struct oracle *oracle, const struct destination *destination, uint64_t unlisted_max)
{
	uint32_t number = number_of(destination), sum = 0, ages = 0;
	uint32_t truth = oracle->counts[number];

	assert_true(destination->seen > 0);
	assert_true(destination->seen <= truth);
	assert_true(truth <= destination->seen + destination->missed);
	assert_true(destination->missed <= unlisted_max);
	for (size_t state = 0; state < TCP_SOCKET_STATES; state++) {
		assert_true(destination->states[state] <= oracle->states[number][state]);
		sum += destination->states[state];
	}
	for (size_t slot = 0; slot < DESTINATION_AGES; slot++)
		ages += destination->time_wait_ages[slot];
	assert_int_equal(sum, destination->seen);
	assert_int_equal(ages, destination->states[TCP_TIME_WAIT]);
}

/* Everything that the header promises. */
static void check_bounds(const struct destinations *destinations, const struct oracle *oracle, struct arena *arena)
{
	uint64_t unlisted_max = destinations_unlisted_max(destinations), weights = 0;
	static bool listed[NUMBERS];
	const struct destination **ranked;

	memset(listed, 0, sizeof(listed));
	assert_int_equal(destinations_rank(destinations, arena, &ranked), 0);
	assert_int_equal(destinations->total, oracle->total);
	assert_true(destinations->count <= destinations->capacity);
	assert_true(unlisted_max <= oracle->total / destinations->capacity);
	for (size_t i = 0; i < destinations->count; i++) {
		uint64_t weight = (uint64_t)ranked[i]->seen + ranked[i]->missed;

		check_listed(oracle, ranked[i], unlisted_max);
		assert_false(listed[number_of(ranked[i])]);
		listed[number_of(ranked[i])] = true;
		assert_true(i == 0 || weight <= (uint64_t)ranked[i - 1]->seen + ranked[i - 1]->missed);
		weights += weight;
	}
	/* Space-Saving hands on every weight, so that none is lost and none is made. */
	assert_int_equal(weights, oracle->total);
	for (uint32_t number = 0; number < NUMBERS; number++)
		assert_true(listed[number] || oracle->counts[number] <= unlisted_max);
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33);
}

/* The orders in which sockets may come. */
enum shape { EVEN, SKEWED, ONE_BY_ONE, RUNS, CYCLE, HEAVY_LAST, SHAPES };

static uint32_t next_number(enum shape shape, uint32_t i, uint32_t count, uint64_t *random)
{
	uint32_t a = next_random(random), b = next_random(random);

	switch (shape) {
	case EVEN:
		return a % NUMBERS;
	case SKEWED:	/* few have most of it */
		return (uint32_t)((uint64_t)(a % NUMBERS) * (b % NUMBERS) / NUMBERS * (a / NUMBERS % 100) / 100);
	case ONE_BY_ONE:
		return i % NUMBERS;
	case RUNS:	/* as the kernel lists them: the same destination many times on end */
		return i / 50 % NUMBERS;
	case CYCLE:	/* one more than there is room for, which is the worst */
		return i % 65;
	default:
		return i < count / 2 ? i % NUMBERS : i % 3;
	}
}

static void test_bounds(void **state)
{
	static const size_t capacities[] = { 1, 2, 3, 64, 100, DESTINATIONS_MAX };
	static struct oracle oracle;
	const uint32_t count = 30000;

	(void)state;
	for (unsigned row = 0; row < SHAPES * COUNT_OF(capacities); row++) {
		CLEANUP_ARENA struct arena arena;
		struct destinations destinations;
		enum shape shape = row % SHAPES;
		uint64_t random = row;

		arena_init(&arena);
		memset(&oracle, 0, sizeof(oracle));
		assert_int_equal(destinations_init(&destinations, &arena, capacities[row / SHAPES], row), 0);
		for (uint32_t i = 0; i < count; i++) {
			uint32_t number = next_number(shape, i, count, &random);
			struct tcp_socket socket = make_numbered(number);

			assert_int_equal(destinations_add(&destinations, &socket, &no_ports), 0);
			oracle.counts[number]++;
			oracle.states[number][socket.state]++;
			oracle.total++;
			if (i < 130 || i % 9973 == 0)
				check_bounds(&destinations, &oracle, &arena);
		}
		check_bounds(&destinations, &oracle, &arena);
		/* The second dump is as good as the first. */
		destinations_clear(&destinations);
		memset(&oracle, 0, sizeof(oracle));
		check_bounds(&destinations, &oracle, &arena);
	}
}

/* What the table is for: the one that runs out of ports, in the middle of very many others. */
static void test_the_heaviest_is_never_lost(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct destinations destinations;
	const struct destination **ranked;
	const struct tcp_socket heavy = make_socket(TCP_TIME_WAIT, "10.0.0.1", 1, "192.0.2.1", 5432);

	(void)state;
	arena_init(&arena);
	assert_int_equal(destinations_init(&destinations, &arena, DESTINATIONS_MAX, 7), 0);
	for (uint32_t i = 0; i < 200000; i++) {
		struct tcp_socket other = make_numbered(i);

		assert_int_equal(destinations_add(&destinations, &other, &no_ports), 0);
		if (i % 10 == 0)
			assert_int_equal(destinations_add(&destinations, &heavy, &no_ports), 0);
	}
	assert_int_equal(destinations_rank(&destinations, &arena, &ranked), 0);
	assert_int_equal(destinations.count, DESTINATIONS_MAX);
	assert_int_equal(ranked[0]->port, 5432);
	assert_true(ranked[0]->seen >= 20000 - 220000 / DESTINATIONS_MAX);
	assert_true(ranked[0]->seen <= 20000);
	assert_true(ranked[1]->seen + ranked[1]->missed < 100);
}

/* ---- memory ---- */

static void test_memory_failure(void **state)
{
	unsigned long failures, n = 0;

	(void)state;
	do {
		CLEANUP_ARENA struct arena arena;
		struct destinations destinations;
		const struct destination **ranked;
		int r;

		arena_init(&arena);
		memory_fail_at(++n);
		r = destinations_init(&destinations, &arena, 600, 1);
		for (uint32_t i = 0; i < 800 && r == 0; i++) {
			struct tcp_socket socket = make_numbered(i);

			r = destinations_add(&destinations, &socket, &no_ports);
		}
		if (r == 0)
			r = destinations_rank(&destinations, &arena, &ranked);
		failures = memory_failures();
		memory_fail_at(0);
		assert_int_equal(r, failures ? -ENOMEM : 0);
	} while (failures);
	assert_true(n > 3);
}

static void test_idle_is_a_share_of_the_sample(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct destinations destinations;
	const struct destination **ranked;
	struct tcp_socket socket = {
		.family = AF_INET, .state = TCP_ESTABLISHED, .remote_port = 5432, .known = TCP_SOCKET_HAS_INFO,
	};

	(void)state;
	arena_init(&arena);
	assert_int_equal(destinations_init(&destinations, &arena, 8, 1), 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(destinations_count(&destinations, &socket), 0);
	assert_int_equal(destinations_rank(&destinations, &arena, &ranked), 0);
	/* A side that is busy is a connection that is in use. */
	socket.info.last_data_sent_ms = DESTINATION_IDLE_MS;
	for (int i = 0; i < DESTINATION_SAMPLED_MIN / 2; i++)
		destinations_sample_idle(&destinations, &socket);
	socket.info.last_data_received_ms = DESTINATION_IDLE_MS;
	for (int i = 0; i < DESTINATION_SAMPLED_MIN / 2 - 1; i++)
		destinations_sample_idle(&destinations, &socket);
	assert_int_equal(destination_idle(ranked[0]), 0);	/* too few */
	destinations_sample_idle(&destinations, &socket);
	assert_int_equal(destination_idle(ranked[0]), 500);
	/* Gone meanwhile, in another state, or of no destination that is known. */
	socket.known = 0;
	destinations_sample_idle(&destinations, &socket);
	socket.known = TCP_SOCKET_HAS_INFO;
	socket.state = TCP_CLOSE_WAIT;
	destinations_sample_idle(&destinations, &socket);
	socket.state = TCP_ESTABLISHED;
	socket.remote_port++;
	destinations_sample_idle(&destinations, &socket);
	assert_int_equal(destination_idle(ranked[0]), 500);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idle_is_a_share_of_the_sample),
		cmocka_unit_test(test_incoming),
		cmocka_unit_test(test_grouping),
		cmocka_unit_test(test_ages_of_time_wait),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_the_heaviest_is_never_lost),
		cmocka_unit_test(test_memory_failure),
	};

	return RUN_TESTS(tests);
}
