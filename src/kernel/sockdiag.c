/* SPDX-License-Identifier: MIT */
/* Listening sockets over netlink, or from the tables below proc/net. */
#define _GNU_SOURCE
#include "kernel/sockdiag.h"

#include "kernel/diag_netlink.h"
#include "kernel/tcp_table.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>

enum {
	/* Listeners come and go seldom: a dump that is disturbed more often will not get better. */
	ATTEMPTS_MAX = 8,
};

static const uint8_t families[] = { AF_INET, AF_INET6 };

/* ---- netlink ---- */

/* What the messages are read for. */
struct found {
	const struct sockdiag_request *request;
	struct arena *arena;
	struct listeners *listeners;
};

static int add_socket(void *context, const struct nlmsghdr *header)
{
	const struct found *found = context;
	const struct sockdiag_request *request = found->request;
	const struct inet_diag_msg *socket = mnl_nlmsg_get_payload(header);
	struct listener listener = { .family = request->family };

	if (mnl_nlmsg_get_payload_len(header) < sizeof(*socket))
		return -EBADMSG;
	if (socket->idiag_state != TCP_LISTEN || socket->idiag_family != request->family)
		return 0;
	memcpy(listener.address, socket->id.idiag_src, request->family == AF_INET6 ? 16 : 4);
	listener.port = ntohs(socket->id.idiag_sport);
	listener.uid = socket->idiag_uid;
	listener.inode = socket->idiag_inode;
	listener.queue = socket->idiag_rqueue;
	listener.backlog = socket->idiag_wqueue;
	listener.interface = socket->id.idiag_if;
	return listeners_add(found->listeners, found->arena, &listener);
}

int sockdiag_read_datagram(const struct sockdiag_request *request, const void *bytes, size_t length,
	struct arena *arena, struct listeners *listeners)
{
	const struct diag_answer answer = {
		.sequence = request->sequence, .port_id = request->port_id, .type = SOCK_DIAG_BY_FAMILY,
	};
	struct found found = { request, arena, listeners };
	bool is_interrupted = false;
	int r = diag_netlink_read(&answer, bytes, length, add_socket, &found, &is_interrupted);

	return r >= 0 && is_interrupted ? -EAGAIN : r;
}

static int send_request(int fd, const struct sockdiag_request *request)
{
	alignas(struct nlmsghdr) char bytes[256] = { 0 };
	struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);
	struct inet_diag_req_v2 *query = mnl_nlmsg_put_extra_header(header, sizeof(*query));

	header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = request->sequence;
	query->sdiag_family = request->family;
	query->sdiag_protocol = IPPROTO_TCP;
	query->idiag_states = 1U << TCP_LISTEN;
	return diag_netlink_send(fd, header);
}

static int dump_family(int fd, const struct sockdiag_request *request, struct arena *arena,
	struct listeners *listeners)
{
	alignas(struct nlmsghdr) char buffer[DIAG_DATAGRAM_SIZE];
	int r = send_request(fd, request);

	if (r < 0)
		return r;
	do {
		r = diag_netlink_receive(fd, buffer, sizeof(buffer));
		if (r >= 0)
			r = sockdiag_read_datagram(request, buffer, (size_t)r, arena, listeners);
	} while (r > 0);
	return r;
}

/* A socket for one attempt: what a broken dump has left in it goes with it. */
static int dump(struct arena *arena, struct listeners *listeners)
{
	uint32_t port_id;
	CLEANUP_FD int fd = diag_netlink_open(&port_id);

	if (fd < 0)
		return fd;
	for (size_t i = 0; i < COUNT_OF(families); i++) {
		struct sockdiag_request request = {
			.sequence = (uint32_t)i + 1, .port_id = port_id, .family = families[i],
		};
		int r = dump_family(fd, &request, arena, listeners);

		if (r < 0)
			return r;
	}
	return 0;
}

static int read_netlink(struct arena *arena, struct listeners *listeners)
{
	int r = -EAGAIN;

	for (int i = 0; i < ATTEMPTS_MAX && (r == -EAGAIN || r == -ENOBUFS); i++) {
		listeners->count = 0;
		r = dump(arena, listeners);
	}
	listeners->has_backlog = r == 0;
	return r;
}

/* ---- text ---- */

static int read_tables(const struct rootdir *root, struct arena *arena, struct listeners *listeners)
{
	size_t missing = 0;

	listeners->count = 0;
	for (size_t i = 0; i < COUNT_OF(families); i++) {
		struct tcp_table table;
		int r;

		tcp_table_begin_listeners(&table, families[i], arena, listeners);
		r = tcp_table_read(&table, root);
		if (r < 0 && r != -ENOENT)
			return r;
		missing += r == -ENOENT;
	}
	return missing == COUNT_OF(families) ? -ENOENT : 0;
}

int sockdiag_listeners(const struct rootdir *root, struct arena *arena, struct listeners *ret_listeners)
{
	struct listeners listeners = { .items = NULL };
	int asked = root->is_system ? read_netlink(arena, &listeners) : -EPROTONOSUPPORT, r = asked;

	if (asked < 0 && asked != -ENOMEM) {
		r = read_tables(root, arena, &listeners);
		/* Netlink's errno says why the tables were needed at all. */
		if (r < 0 && r != -ENOMEM && root->is_system)
			r = asked;
	}
	if (r < 0)
		return r;
	listeners_sort(&listeners);
	*ret_listeners = listeners;
	return 0;
}
