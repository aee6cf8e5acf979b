/* SPDX-License-Identifier: MIT */
/* Listening sockets, out of a dump of sockets. */
#include "kernel/sockdiag.h"

#include "kernel/sock_dump.h"

#include <netinet/tcp.h>
#include <string.h>

struct found {
	struct arena *arena;
	struct listeners listeners;
};

static void begin(void *context)
{
	struct found *found = context;

	found->listeners.count = 0;
}

static int add(void *context, const struct tcp_socket *socket)
{
	struct found *found = context;
	struct listener listener = {
		.family = socket->family, .port = socket->local_port, .uid = socket->uid, .inode = socket->inode,
		.queue = socket->receive_queue, .backlog = socket->send_queue, .interface = socket->interface,
		.has_drops = socket->memory.has_drops, .drops = socket->memory.drops,
	};

	memcpy(listener.address, socket->local, sizeof(listener.address));
	return listeners_add(&found->listeners, found->arena, &listener);
}

int sockdiag_listeners(const struct rootdir *root, struct arena *arena, struct listeners *ret_listeners)
{
	static const struct sock_dump_query query = { .states = 1U << TCP_LISTEN, .wanted = TCP_SOCKET_HAS_MEMORY };
	struct found found = { .arena = arena };
	const struct sock_dump_sink sink = { begin, add, &found };
	struct sock_dump_result result;
	int r = sock_dump(root, &query, &sink, &result);

	if (r < 0)
		return r;
	found.listeners.has_backlog = result.source != SOCK_DUMP_TABLES;
	found.listeners.malformed = result.malformed;
	listeners_sort(&found.listeners);
	*ret_listeners = found.listeners;
	return 0;
}
