/* SPDX-License-Identifier: MIT */
/* Netlink sockets for sock_diag, with the distrust that a parser of datagrams needs. */
#include "kernel/diag_netlink.h"

#include <libmnl/libmnl.h>
#include <string.h>
#include <sys/socket.h>

enum { ERRNO_MAX = 4095 };

int diag_netlink_open(uint32_t *ret_port_id)
{
	CLEANUP_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct sockaddr_nl own = { .nl_family = AF_NETLINK };
	socklen_t length = sizeof(own);

	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0 ||
		getsockname(fd, (struct sockaddr *)&own, &length) < 0)
		return -errno;
	*ret_port_id = own.nl_pid;
	return TAKE_FD(fd);
}

int diag_netlink_send(int fd, const struct nlmsghdr *request)
{
	return diag_netlink_send_bytes(fd, request, request->nlmsg_len);
}

int diag_netlink_send_bytes(int fd, const void *requests, size_t length)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t sent;

	do
		sent = sendto(fd, requests, length, 0, (struct sockaddr *)&kernel, sizeof(kernel));
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

int diag_netlink_receive(int fd, void *buffer, size_t size)
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

/* Not mnl_nlmsg_ok(): that of libmnl 1.0.4 takes a length of 2 GiB and more for a negative one, which is less than
 * anything; and this is asked for every socket of the host. */
static bool is_whole(const struct nlmsghdr *header, size_t left)
{
	return left >= sizeof(*header) && header->nlmsg_len >= sizeof(*header) && header->nlmsg_len <= left;
}

/* The message behind a whole one; the last of a datagram may lack what would align the next. */
static const struct nlmsghdr *next_message(const struct nlmsghdr *header, size_t *left)
{
	size_t step = NLMSG_ALIGN((size_t)header->nlmsg_len);

	step = step < *left ? step : *left;
	*left -= step;
	return (const void *)((const char *)header + step);
}

bool diag_netlink_is_last(const void *bytes, size_t length)
{
	const struct nlmsghdr *header = bytes;

	for (; is_whole(header, length); header = next_message(header, &length))
		if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR ||
			header->nlmsg_type == NLMSG_OVERRUN)
			return true;
	return length > 0;
}

int diag_netlink_read(const struct diag_answer *answer, const void *bytes, size_t length, diag_message_fn *on_message,
	void *context, bool *is_interrupted)
{
	const struct nlmsghdr *header = bytes;
	size_t left = length;
	int r;

	for (; is_whole(header, left); header = next_message(header, &left)) {
		if (header->nlmsg_seq != answer->sequence || header->nlmsg_pid != answer->port_id)
			return -EPROTO;
		if (header->nlmsg_flags & NLM_F_DUMP_INTR)
			*is_interrupted = true;
		switch (header->nlmsg_type) {
		case NLMSG_ERROR:
		case NLMSG_DONE:	/* without tcp_diag it comes first, with ENOENT */
			return read_verdict(header);
		case NLMSG_OVERRUN:
			return -ENOBUFS;
		default:
			if (header->nlmsg_type != answer->type)
				break;
			r = on_message(context, header);
			if (r)
				return r;
			break;
		}
	}
	return left > 0 ? -EBADMSG : 1;
}
