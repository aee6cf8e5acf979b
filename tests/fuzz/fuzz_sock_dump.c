/* SPDX-License-Identifier: MIT */
/* Fuzzes the reader of datagrams with all sockets, and what is counted of them. */
#include "fuzz.h"

#include "kernel/sock_dump.h"
#include "model/destinations.h"
#include "model/socket_counts.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <string.h>

enum { SOCKET_SIZE = 88 };	/* the headers of netlink and of a socket */

struct found {
	struct socket_counts counts;
	struct destinations destinations;
	struct listening_ports ports;
	uint8_t wanted;
};

static void begin(void *context)
{
	(void)context;
}

static int add(void *context, const struct tcp_socket *socket)
{
	struct found *found = context;

	REQUIRE(socket->family == AF_INET || socket->family == AF_INET6);
	REQUIRE(socket->state > 0 && socket->state < TCP_SOCKET_STATES);
	REQUIRE(socket->family == AF_INET || !socket->is_mapped);
	REQUIRE((socket->known & ~found->wanted) == 0);
	socket_counts_add(&found->counts, socket);
	return destinations_add(&found->destinations, socket, &found->ports);
}

static void check(struct found *found, uint16_t type, uint8_t family, uint8_t wanted, const void *datagram, size_t size)
{
	const struct sock_dump_query query = { .states = TCP_SOCKET_ALL_STATES, .wanted = wanted };
	const struct sock_dump_sink sink = { begin, add, found };
	struct sock_dump_step step = {
		.sequence = 3, .port_id = 77, .type = type, .family = family, .query = &query, .sink = &sink,
	};
	CLEANUP_ARENA struct arena arena;
	const struct destination **ranked;
	uint64_t weights = 0;
	int r;

	arena_init(&arena);
	socket_counts_clear(&found->counts);
	found->wanted = wanted;
	REQUIRE(destinations_init(&found->destinations, &arena, 2, size) == 0);
	r = sock_dump_read_datagram(&step, datagram, size);
	REQUIRE(r == 0 || r == 1 || (r < 0 && r >= -4095));
	REQUIRE(step.sockets <= size / SOCKET_SIZE);
	REQUIRE(socket_counts_total(&found->counts) == step.sockets);
	REQUIRE(found->destinations.total + found->destinations.incoming == step.sockets);
	REQUIRE(destinations_rank(&found->destinations, &arena, &ranked) == 0);
	for (size_t i = 0; i < found->destinations.count; i++)
		weights += ranked[i]->seen + ranked[i]->missed;
	REQUIRE(weights == found->destinations.total);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t every = TCP_SOCKET_HAS_INFO | TCP_SOCKET_HAS_MEMORY | TCP_SOCKET_HAS_CGROUP;
	static struct found found;
	/* Aligned as the buffer of the program is, and no byte more than there is. */
	void *datagram = malloc(size ? size : 1);

	if (!datagram)
		return 0;
	memcpy(datagram, data, size);
	check(&found, TCPDIAG_GETSOCK, AF_UNSPEC, every, datagram, size);
	check(&found, TCPDIAG_GETSOCK, AF_INET6, TCP_SOCKET_HAS_MEMORY, datagram, size);
	check(&found, TCPDIAG_GETSOCK, AF_INET, 0, datagram, size);
	/* As sock_dump_look_up() asks: one socket of whatever family. */
	check(&found, SOCK_DIAG_BY_FAMILY, AF_UNSPEC, every, datagram, size);
	free(datagram);
	return 0;
}
