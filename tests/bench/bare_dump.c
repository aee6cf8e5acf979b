/* SPDX-License-Identifier: MIT */
/* The least that a dump of all TCP sockets takes: one request, both families, nothing but a count of states.
 *
 *	bare_dump [STATES]	a mask; 0xffe by default */
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>

static alignas(struct nlmsghdr) char buffer[32 * 1024];
static unsigned long counts[2][16];

/* Whether more is to come. */
static int count(ssize_t length)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)buffer;

	for (; NLMSG_OK(header, length); header = NLMSG_NEXT(header, length)) {
		const struct inet_diag_msg *message = NLMSG_DATA(header);

		if (header->nlmsg_type != TCPDIAG_GETSOCK)
			return 0;
		counts[message->idiag_family == AF_INET6][message->idiag_state % 16]++;
	}
	return 1;
}

int main(int argc, char **argv)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req query;
	} request = {
		.header = { .nlmsg_len = sizeof(request), .nlmsg_type = TCPDIAG_GETSOCK,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, .nlmsg_seq = 1 },
		.query = { .idiag_family = AF_INET },
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	ssize_t length;

	request.query.idiag_states = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : 0xffe;
	if (fd < 0 || send(fd, &request, sizeof(request), 0) < 0)
		return 2;
	do
		length = recv(fd, buffer, sizeof(buffer), 0);
	while (length > 0 && count(length));
	for (int state = 1; state < 12; state++)
		printf("%d %lu %lu\n", state, counts[0][state], counts[1][state]);
	return length > 0 ? 0 : 2;
}
