/* SPDX-License-Identifier: MIT */
/* The tables proc/net/tcp and tcp6, whole and broken. */
#include "kernel/tcp_table.h"

#include "model/listener.h"
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#define TITLE "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define REST " 1 0000000000000000 100 0 0 10 0"

/* As this machine's kernel would print an address. */
static const char *print_address(uint8_t family, const char *address, char text[33])
{
	uint32_t words[4];
	int count = family == AF_INET6 ? 4 : 1;

	assert_int_equal(inet_pton(family, address, words), 1);
	for (int i = 0; i < count; i++)
		snprintf(text + 8 * i, 9, "%08X", (unsigned)words[i]);
	return text;
}

struct reading {
	struct arena *arena;
	struct listeners *listeners;
};

static int add_listener(void *context, const struct tcp_socket *socket)
{
	const struct reading *reading = context;
	struct listener listener = {
		.family = socket->family, .port = socket->local_port, .uid = socket->uid, .inode = socket->inode,
		.queue = socket->receive_queue,
	};

	memcpy(listener.address, socket->local, sizeof(listener.address));
	return listeners_add(reading->listeners, reading->arena, &listener);
}

static void read_in_pieces(struct arena *arena, struct listeners *listeners, uint8_t family, const char *text,
	size_t piece)
{
	struct reading reading = { arena, listeners };
	struct tcp_table table;
	size_t length = strlen(text);

	*listeners = (struct listeners){ .items = NULL };
	tcp_table_begin(&table, family, 1U << TCP_LISTEN, add_listener, &reading, &listeners->malformed);
	for (size_t at = 0; at < length; at += piece)
		assert_int_equal(tcp_table_feed(&table, text + at, piece < length - at ? piece : length - at), 0);
	assert_int_equal(tcp_table_end(&table), 0);
}

static void assert_address(const struct listener *listener, const char *expected)
{
	char text[LISTENER_TEXT_SIZE];

	listener_format(listener, text);
	assert_string_equal(text, expected);
}

static void test_ipv4(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct listeners listeners;
	char text[2048], local[33];

	(void)state;
	arena_init(&arena);
	print_address(AF_INET, "10.1.2.3", local);
	snprintf(text, sizeof(text), TITLE
		"   0: %s:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000        0 123456"
			REST "   \n"
		"   1: %s:1F90 0200000A:D431 01 00000000:00000000 00:00000000 00000000  1000        0 123457" REST "\n"
		"   2: 00000000:FFFF 00000000:0000 0A 00000000:00000000 00:00000000 00000000 4294967295        0 "
			"4294967295" REST "\n", local, local);
	for (size_t piece = 1; piece < sizeof(text); piece *= 3) {
		read_in_pieces(&arena, &listeners, AF_INET, text, piece);
		assert_int_equal(listeners.count, 2);
		assert_int_equal(listeners.malformed, 0);
		assert_address(&listeners.items[0], "10.1.2.3:8080");
		assert_int_equal(listeners.items[0].queue, 3);
		assert_int_equal(listeners.items[0].uid, 1000);
		assert_int_equal(listeners.items[0].inode, 123456);
		assert_address(&listeners.items[1], "0.0.0.0:65535");
		assert_int_equal(listeners.items[1].uid, UINT32_MAX);
		assert_int_equal(listeners.items[1].inode, UINT32_MAX);
	}
}

static void test_ipv6(void **state)
{
	CLEANUP_ARENA struct arena arena;
	struct listeners listeners;
	char text[1024], local[33];

	(void)state;
	arena_init(&arena);
	print_address(AF_INET6, "fe80::1:2", local);
	snprintf(text, sizeof(text), TITLE
		"   0: %s:2382 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000"
		"     0        0 77" REST "\n", local);
	read_in_pieces(&arena, &listeners, AF_INET6, text, 7);
	assert_int_equal(listeners.count, 1);
	assert_int_equal(listeners.malformed, 0);
	assert_address(&listeners.items[0], "[fe80::1:2]:9090");
	assert_int_equal(listeners.items[0].inode, 77);
	/* Neither table passes for the other. */
	read_in_pieces(&arena, &listeners, AF_INET, text, 7);
	assert_int_equal(listeners.count, 0);
	assert_int_equal(listeners.malformed, 1);
}

/* Each of them stands between two good lines, which are found all the same. */
static void test_malformed_lines_are_counted(void **state)
{
	static const char good[] = "   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0"
		"        0 5" REST "\n";
	static const char *const rows[] = {
		"",
		"nonsense",
		"   0 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 5" REST,
		"   x: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 5" REST,
		"   0: 0100007:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 5" REST,
		"   0: 0100007G:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 5" REST,
		"   0: 0100007F:10050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 5" REST,
		"   0: 0100007F-0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 5" REST,
		"   0: 0100007F:0050 0000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 5" REST,
		"   0: 0100007F:0050 00000000:0000 0a 00000000:00000000 00:00000000 00000000 0 0 5" REST,
		"   0: 0100007F:0050 00000000:0000 0AA 00000000:00000000 00:00000000 00000000 0 0 5" REST,
		"   0: 0100007F:0050 00000000:0000 0A 00000000 00:00000000 00000000 0 0 5" REST,
		"   0: 0100007F:0050 00000000:0000 0A 00000000:000000000 00:00000000 00000000 0 0 5" REST,
		"   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 -1 0 5" REST,
		"   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 4294967296 0 5" REST,
		"   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 "
			"99999999999999999999999999999999" REST,
		"   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 5x" REST,
		"   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 5",
		"   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000",
		"   0: 0100007F:0050 00000000:0000 0A",
		"   0: 0100007F:0050",
	};
	CLEANUP_ARENA struct arena arena;
	struct listeners listeners;
	char text[2048];

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		snprintf(text, sizeof(text), TITLE "%s%s\n%s", good, rows[i], good);
		read_in_pieces(&arena, &listeners, AF_INET, text, 64);
		check_row(listeners.count == 2 && listeners.malformed == 1, "row %zu: %zu found, %zu malformed", i,
			listeners.count, listeners.malformed);
	}
}

static void test_long_lines_do_not_shift_the_others(void **state)
{
	static const char good[] = "   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0"
		"        0 5 1";
	CLEANUP_ARENA struct arena arena;
	struct listeners listeners;
	char text[4 * TCP_TABLE_LINE_MAX], line[TCP_TABLE_LINE_MAX + 2];

	(void)state;
	arena_init(&arena);
	for (size_t length = TCP_TABLE_LINE_MAX - 1; length <= TCP_TABLE_LINE_MAX + 1; length++) {
		bool fits = length <= TCP_TABLE_LINE_MAX;

		snprintf(line, sizeof(line), "%-*s", (int)length, good);
		snprintf(text, sizeof(text), TITLE "%s\n%s\n%s", line, good, line);
		for (size_t piece = 1; piece < sizeof(text); piece *= 2) {
			read_in_pieces(&arena, &listeners, AF_INET, text, piece);
			assert_int_equal(listeners.count, fits ? 3 : 1);
			assert_int_equal(listeners.malformed, fits ? 0 : 2);
		}
	}
}

/* ---- all states ---- */

struct found {
	struct tcp_socket items[8];
	size_t count, fails_at;
};

static int add_socket(void *context, const struct tcp_socket *socket)
{
	struct found *found = context;

	if (found->count == found->fails_at)
		return -EDQUOT;
	found->items[found->count++] = *socket;
	return 0;
}

static int read_states(const char *text, uint32_t states, struct found *found, size_t *malformed)
{
	struct tcp_table table;
	int r;

	found->count = *malformed = 0;
	tcp_table_begin(&table, AF_INET, states, add_socket, found, malformed);
	r = tcp_table_feed(&table, text, strlen(text));
	return r ? r : tcp_table_end(&table);
}

static const char several_states[] = TITLE
	"   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5" REST "\n"
	"   1: 0100007F:9C40 0200007F:1538 06 00000000:00000000 03:00000EA6 00000000     0        0 0 3 0\n"
	"   2: 0100007F:9C41 0200007F:1538 01 00000010:00000020 02:FFFFFFFF 000001FF  1000        0 6" REST "\n"
	"   3: 0100007F:9C42 0200007F:1538 03 00000000:00000000 01:00000064 00000003     0        0 0 0 0\n"
	"   4: 0100007F:9C43 0200007F:1538 0C 00000000:00000000 01:00000064 00000003     0        0 0 0 0\n";

static void test_all_states(void **state)
{
	struct found found = { .fails_at = SIZE_MAX };
	size_t malformed;

	(void)state;
	assert_int_equal(read_states(several_states, TCP_SOCKET_ALL_STATES, &found, &malformed), 0);
	/* The last is in a state that no table shows. */
	assert_int_equal(found.count, 4);
	assert_int_equal(malformed, 0);
	assert_int_equal(found.items[1].state, TCP_TIME_WAIT);
	assert_int_equal(found.items[1].timer, TCP_TIMER_TIME_WAIT);
	assert_int_equal(found.items[1].expires_ms, 37500);
	assert_int_equal(found.items[1].local_port, 40000);
	assert_int_equal(found.items[1].remote_port, 5432);
	assert_int_equal(found.items[2].send_queue, 16);
	assert_int_equal(found.items[2].receive_queue, 32);
	assert_int_equal(found.items[2].uid, 1000);
	assert_int_equal(found.items[2].inode, 6);
	/* Numbers that are larger than the fields stay as large as they can be. */
	assert_int_equal(found.items[2].expires_ms, UINT32_MAX);
	assert_int_equal(found.items[2].retries, UINT8_MAX);
	assert_int_equal(found.items[3].state, TCP_SYN_RECV);
	assert_int_equal(found.items[3].retries, 3);
	assert_int_equal(read_states(several_states, 1U << TCP_SYN_RECV | 1U << TCP_LISTEN, &found, &malformed), 0);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.items[0].state, TCP_LISTEN);
	assert_int_equal(found.items[1].state, TCP_SYN_RECV);
}

static void test_the_reader_can_be_stopped(void **state)
{
	struct found found = { .fails_at = 0 };
	size_t malformed;

	(void)state;
	for (; found.fails_at < 4; found.fails_at++) {
		assert_int_equal(read_states(several_states, TCP_SOCKET_ALL_STATES, &found, &malformed), -EDQUOT);
		assert_int_equal(found.count, found.fails_at);
	}
}

static void test_malformed_timers(void **state)
{
	static const char *const timers[] = {
		"", "0:00000000", "03-00000EA6", "03:0000EA6", "03:00000eA6", "03:000000000",
	};
	struct found found = { .fails_at = SIZE_MAX };
	char text[512];
	size_t malformed;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(timers); i++) {
		snprintf(text, sizeof(text), TITLE "   1: 0100007F:9C40 0200007F:1538 06 00000000:00000000 %s 00000000"
			"     0        0 0 3 0\n", timers[i]);
		assert_int_equal(read_states(text, TCP_SOCKET_ALL_STATES, &found, &malformed), 0);
		check_row(found.count == 0 && malformed == 1, "row %zu", i);
	}
}

/* Cut anywhere, a table never yields a socket that was not in it. */
static void test_truncated(void **state)
{
	static const char whole[] = TITLE
		"   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000   123        0 12345"
		REST "\n";
	CLEANUP_ARENA struct arena arena;
	struct listeners listeners;
	char text[sizeof(whole)];
	size_t found = 0;

	(void)state;
	arena_init(&arena);
	for (size_t length = 0; length < sizeof(whole); length++) {
		memcpy(text, whole, length);
		text[length] = '\0';
		read_in_pieces(&arena, &listeners, AF_INET, text, sizeof(whole));
		assert_int_equal(listeners.count + listeners.malformed, length > strlen(TITLE));
		if (listeners.count > 0) {
			assert_int_equal(listeners.items[0].uid, 123);
			assert_int_equal(listeners.items[0].inode, 12345);
		}
		found += listeners.count;
	}
	assert_true(found > 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_malformed_lines_are_counted),
		cmocka_unit_test(test_long_lines_do_not_shift_the_others),
		cmocka_unit_test(test_all_states),
		cmocka_unit_test(test_the_reader_can_be_stopped),
		cmocka_unit_test(test_malformed_timers),
		cmocka_unit_test(test_truncated),
	};

	return RUN_TESTS(tests);
}
