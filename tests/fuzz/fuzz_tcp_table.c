/* SPDX-License-Identifier: MIT */
/* Fuzzes the reader of /proc/net/tcp and tcp6: the first byte says which, the rest is the table. However it is cut into
 * pieces, it says the same. */
#include "fuzz.h"

#include "kernel/tcp_table.h"
#include "model/listener.h"

#include <netinet/tcp.h>
#include <string.h>

struct reading {
	struct arena *arena;
	struct listeners *listeners;
};

static int add_listener(void *context, const struct tcp_socket *socket)
{
	const struct reading *reading = context;
	struct listener listener;

	/* They are compared byte by byte, with what lies between the members. */
	memset(&listener, 0, sizeof(listener));
	listener.family = socket->family;
	listener.port = socket->local_port;
	listener.uid = socket->uid;
	listener.inode = socket->inode;
	listener.queue = socket->receive_queue;
	memcpy(listener.address, socket->local, sizeof(listener.address));
	return listeners_add(reading->listeners, reading->arena, &listener);
}

static void read_in_pieces(struct arena *arena, uint8_t family, const char *text, size_t length, size_t piece,
	struct listeners *listeners)
{
	struct reading reading = { arena, listeners };
	struct tcp_table table;

	*listeners = (struct listeners){ .items = NULL };
	tcp_table_begin(&table, family, 1U << TCP_LISTEN, add_listener, &reading, &listeners->malformed);
	for (size_t at = 0; at < length; at += piece)
		REQUIRE(tcp_table_feed(&table, text + at, piece < length - at ? piece : length - at) == 0);
	REQUIRE(tcp_table_end(&table) == 0);
}

/* What is to be the same however the text is cut. */
struct sum {
	size_t sockets, listening, malformed;
	uint64_t hash;
};

static int add_socket(void *context, const struct tcp_socket *socket)
{
	struct sum *sum = context;
	struct tcp_socket unmapped = *socket;

	REQUIRE(socket->state > 0 && socket->state < TCP_SOCKET_STATES);
	tcp_socket_unmap(&unmapped);
	REQUIRE(unmapped.family == socket->family || unmapped.is_mapped);
	sum->sockets++;
	sum->listening += socket->state == TCP_LISTEN;
	sum->hash = sum->hash * 31 + socket->local_port + socket->inode + socket->expires_ms + socket->state;
	return 0;
}

static void read_all(uint8_t family, const char *text, size_t length, size_t piece, struct sum *sum)
{
	struct tcp_table table;

	*sum = (struct sum){ .sockets = 0 };
	tcp_table_begin(&table, family, TCP_SOCKET_ALL_STATES, add_socket, sum, &sum->malformed);
	for (size_t at = 0; at < length; at += piece)
		REQUIRE(tcp_table_feed(&table, text + at, piece < length - at ? piece : length - at) == 0);
	REQUIRE(tcp_table_end(&table) == 0);
}

/* Of all states, and those that listen among them. */
static void check_all(uint8_t family, const char *text, size_t length, size_t lines, const struct listeners *listeners)
{
	struct sum whole, again;

	read_all(family, text, length, length + 1, &whole);
	read_all(family, text, length, 13, &again);
	REQUIRE(memcmp(&whole, &again, sizeof(whole)) == 0);
	REQUIRE(whole.sockets + whole.malformed <= lines);
	REQUIRE(whole.listening == listeners->count);
	REQUIRE(whole.malformed >= listeners->malformed);
}

static size_t count_lines(const char *text, size_t length)
{
	size_t lines = length > 0 && text[length - 1] != '\n';

	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t pieces[] = { 1, 7, 512 };
	CLEANUP_ARENA struct arena arena;
	const char *text = (const char *)data + 1;
	uint8_t family = size > 0 && data[0] == '6' ? AF_INET6 : AF_INET;
	char address[LISTENER_TEXT_SIZE];
	struct listeners whole, again;
	size_t count;

	arena_init(&arena);
	if (size == 0)
		return 0;
	read_in_pieces(&arena, family, text, size - 1, size, &whole);
	REQUIRE(whole.count + whole.malformed <= count_lines(text, size - 1));
	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		read_in_pieces(&arena, family, text, size - 1, pieces[i], &again);
		REQUIRE(again.count == whole.count && again.malformed == whole.malformed);
		REQUIRE(whole.count == 0 || memcmp(again.items, whole.items, whole.count * sizeof(*whole.items)) == 0);
	}
	check_all(family, text, size - 1, count_lines(text, size - 1), &whole);
	count = whole.count;
	listeners_sort(&whole);
	REQUIRE(whole.count <= count);
	for (size_t i = 0; i < whole.count; i++) {
		REQUIRE(whole.items[i].family == family);
		REQUIRE(i == 0 || whole.items[i - 1].port <= whole.items[i].port);
		listener_format(&whole.items[i], address);
		REQUIRE(strrchr(address, ':'));
	}
	return 0;
}
