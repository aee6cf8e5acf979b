/* SPDX-License-Identifier: MIT */
/* Listening sockets over netlink, or from the tables below proc/net. */
#define _GNU_SOURCE
#include "kernel/sockdiag.h"

#include "kernel/tcp_table.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum {
	/* The kernel cuts its dumps to the buffer, up to 32 KiB (netlink_recvmsg() in net/netlink/af_netlink.c). */
	DATAGRAM_SIZE = 32 * 1024,
	/* Listeners come and go seldom: a dump that is disturbed more often will not get better. */
	ATTEMPTS_MAX = 8,
	ERRNO_MAX = 4095,
	PIECE_SIZE = 16 * 1024,
	/* Of a file below another root, which may be anything. A line takes 150 bytes. */
	TABLE_SIZE_MAX = 256 * 1024 * 1024,
};

static const uint8_t families[] = { AF_INET, AF_INET6 };

/* ---- netlink ---- */

static int add_socket(const struct sockdiag_request *request, const struct nlmsghdr *header, struct arena *arena,
	struct listeners *listeners)
{
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
	return listeners_add(listeners, arena, &listener);
}

/* The messages that refuse a dump and that end it begin with an errno; kernels have left it out of the latter. */
static int read_verdict(const struct nlmsghdr *header)
{
	bool is_end = header->nlmsg_type == NLMSG_DONE;
	int32_t error = 0;

	if (mnl_nlmsg_get_payload_len(header) >= sizeof(error))
		memcpy(&error, mnl_nlmsg_get_payload(header), sizeof(error));
	if (error < 0 && error >= -ERRNO_MAX)
		return error;
	return is_end && error >= 0 ? 0 : -EBADMSG;
}

/* mnl_nlmsg_ok() of libmnl 1.0.4 takes a length of 2 GiB and more for a negative one, which is less than anything. */
static bool is_whole(const struct nlmsghdr *header, int left)
{
	return mnl_nlmsg_ok(header, left) && header->nlmsg_len <= (uint32_t)left;
}

int sockdiag_read_datagram(const struct sockdiag_request *request, const void *bytes, size_t length,
	struct arena *arena, struct listeners *listeners)
{
	const struct nlmsghdr *header = bytes;
	int left = (int)length, r;

	for (; is_whole(header, left); header = mnl_nlmsg_next(header, &left)) {
		if (header->nlmsg_seq != request->sequence || header->nlmsg_pid != request->port_id)
			return -EPROTO;
		if (header->nlmsg_flags & NLM_F_DUMP_INTR)
			return -EAGAIN;
		switch (header->nlmsg_type) {
		case NLMSG_ERROR:
		case NLMSG_DONE:	/* without tcp_diag it comes first, with ENOENT */
			return read_verdict(header);
		case NLMSG_OVERRUN:
			return -ENOBUFS;
		case SOCK_DIAG_BY_FAMILY:
			r = add_socket(request, header, arena, listeners);
			if (r < 0)
				return r;
			break;
		default:
			break;
		}
	}
	return left > 0 ? -EBADMSG : 1;
}

static int send_request(int fd, const struct sockdiag_request *request)
{
	alignas(struct nlmsghdr) char bytes[256] = { 0 };
	struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);
	struct inet_diag_req_v2 *query = mnl_nlmsg_put_extra_header(header, sizeof(*query));
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t sent;

	header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	header->nlmsg_seq = request->sequence;
	query->sdiag_family = request->family;
	query->sdiag_protocol = IPPROTO_TCP;
	query->idiag_states = 1U << TCP_LISTEN;
	do
		sent = sendto(fd, header, header->nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel));
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* The length of the next datagram from the kernel itself, or a negative errno. Any process may send to us. */
static int receive(int fd, void *buffer, size_t size)
{
	for (;;) {
		struct sockaddr_nl sender = { .nl_family = AF_UNSPEC };
		struct iovec piece = { .iov_base = buffer, .iov_len = size };
		struct msghdr message = {
			.msg_name = &sender, .msg_namelen = sizeof(sender), .msg_iov = &piece, .msg_iovlen = 1,
		};
		ssize_t count = recvmsg(fd, &message, 0);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (message.msg_namelen != sizeof(sender) || sender.nl_family != AF_NETLINK)
			return -EPROTO;
		if (sender.nl_pid != 0)
			continue;
		if (message.msg_flags & MSG_TRUNC)
			return -EMSGSIZE;
		return count > 0 ? (int)count : -EPROTO;
	}
}

static int dump_family(int fd, const struct sockdiag_request *request, struct arena *arena,
	struct listeners *listeners)
{
	alignas(struct nlmsghdr) char buffer[DATAGRAM_SIZE];
	int r = send_request(fd, request);

	if (r < 0)
		return r;
	do {
		r = receive(fd, buffer, sizeof(buffer));
		if (r >= 0)
			r = sockdiag_read_datagram(request, buffer, (size_t)r, arena, listeners);
	} while (r > 0);
	return r;
}

/* A socket for one attempt: what a broken dump has left in it goes with it. */
static int dump(struct arena *arena, struct listeners *listeners)
{
	CLEANUP_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct sockaddr_nl own = { .nl_family = AF_NETLINK };
	socklen_t length = sizeof(own);

	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0 ||
		getsockname(fd, (struct sockaddr *)&own, &length) < 0)
		return -errno;
	for (size_t i = 0; i < COUNT_OF(families); i++) {
		struct sockdiag_request request = {
			.sequence = (uint32_t)i + 1, .port_id = own.nl_pid, .family = families[i],
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

static int read_pieces(int fd, off_t limit, struct tcp_table *table)
{
	char piece[PIECE_SIZE];
	off_t total = 0;

	for (;;) {
		ssize_t count = read(fd, piece, sizeof(piece));

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (count == 0)
			return tcp_table_end(table);
		total += count;
		if (limit && total > limit)
			return -EFBIG;
		if (tcp_table_feed(table, piece, (size_t)count) < 0)
			return -ENOMEM;
	}
}

static int read_table(const struct rootdir *root, uint8_t family, struct arena *arena, struct listeners *listeners)
{
	CLEANUP_FD int fd = rootdir_open_path(root, family == AF_INET6 ? "proc/net/tcp6" : "proc/net/tcp",
		O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct tcp_table table;
	struct stat status;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	tcp_table_begin(&table, family, arena, listeners);
	return read_pieces(fd, root->is_system ? 0 : TABLE_SIZE_MAX, &table);
}

static int read_tables(const struct rootdir *root, struct arena *arena, struct listeners *listeners)
{
	size_t missing = 0;

	listeners->count = 0;
	for (size_t i = 0; i < COUNT_OF(families); i++) {
		int r = read_table(root, families[i], arena, listeners);

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
