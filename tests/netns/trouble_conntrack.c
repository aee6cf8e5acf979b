/* SPDX-License-Identifier: MIT */
/* Many entries of nf_conntrack, for make_trouble.c.
 *
 * Nothing is tracked in a namespace until a rule there asks for the state of a connection. This makes that rule over
 * nfnetlink, as "nft" may be missing:
 *
 *	table ip trouble { chain out { type filter hook output priority 0; ct state 0 drop; } }
 *
 * which drops nothing. Each datagram to another address and port is an entry then. */
#define _GNU_SOURCE
#include "trouble.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <unistd.h>

#define DIRECTORY "/proc/sys/net/netfilter/"

enum { TIMEOUT_SECONDS = 600, FIRST_PORT = 1, PORTS = 65535 };

static struct nlmsghdr *put_header(struct mnl_nlmsg_batch *batch, int type, int flags, int family)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(mnl_nlmsg_batch_current(batch));
	struct nfgenmsg *message = mnl_nlmsg_put_extra_header(header, sizeof(*message));

	header->nlmsg_type = (uint16_t)type;
	header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	message->nfgen_family = (uint8_t)family;
	message->version = NFNETLINK_V0;
	message->res_id = htons(NFNL_SUBSYS_NFTABLES);
	return header;
}

static struct nlmsghdr *put_request(struct mnl_nlmsg_batch *batch, int message)
{
	return put_header(batch, NFNL_SUBSYS_NFTABLES << 8 | message, NLM_F_CREATE | NLM_F_ACK, NFPROTO_IPV4);
}

static void put_chain(struct nlmsghdr *header)
{
	struct nlattr *hook;

	mnl_attr_put_strz(header, NFTA_CHAIN_TABLE, "trouble");
	mnl_attr_put_strz(header, NFTA_CHAIN_NAME, "out");
	mnl_attr_put_strz(header, NFTA_CHAIN_TYPE, "filter");
	hook = mnl_attr_nest_start(header, NFTA_CHAIN_HOOK);
	mnl_attr_put_u32(header, NFTA_HOOK_HOOKNUM, htonl(NF_INET_LOCAL_OUT));
	mnl_attr_put_u32(header, NFTA_HOOK_PRIORITY, 0);
	mnl_attr_nest_end(header, hook);
}

/* An expression begins; both nests are to be ended. */
static void begin_expression(struct nlmsghdr *header, const char *name, struct nlattr *nests[2])
{
	nests[0] = mnl_attr_nest_start(header, NFTA_LIST_ELEM);
	mnl_attr_put_strz(header, NFTA_EXPR_NAME, name);
	nests[1] = mnl_attr_nest_start(header, NFTA_EXPR_DATA);
}

static void end_expression(struct nlmsghdr *header, struct nlattr *nests[2])
{
	mnl_attr_nest_end(header, nests[1]);
	mnl_attr_nest_end(header, nests[0]);
}

/* The state goes to a register, and nobody asks what it is. */
static void put_rule(struct nlmsghdr *header)
{
	struct nlattr *expressions, *nests[2];

	mnl_attr_put_strz(header, NFTA_RULE_TABLE, "trouble");
	mnl_attr_put_strz(header, NFTA_RULE_CHAIN, "out");
	expressions = mnl_attr_nest_start(header, NFTA_RULE_EXPRESSIONS);
	begin_expression(header, "ct", nests);
	mnl_attr_put_u32(header, NFTA_CT_KEY, htonl(NFT_CT_STATE));
	mnl_attr_put_u32(header, NFTA_CT_DREG, htonl(NFT_REG_1));
	end_expression(header, nests);
	mnl_attr_nest_end(header, expressions);
}

static void send_batch(struct mnl_nlmsg_batch *batch, unsigned answers)
{
	char answer[4096];
	struct mnl_socket *netlink = mnl_socket_open(NETLINK_NETFILTER);

	check(netlink && mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) == 0, "nfnetlink");
	check(mnl_socket_sendto(netlink, mnl_nlmsg_batch_head(batch), mnl_nlmsg_batch_size(batch)) >= 0, "nfnetlink");
	while (answers > 0) {
		ssize_t length = mnl_socket_recvfrom(netlink, answer, sizeof(answer));
		struct nlmsghdr *header = (struct nlmsghdr *)answer;
		int left = (int)length;

		check(length > 0, "nfnetlink");
		for (; mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left), answers--) {
			const struct nlmsgerr *error = mnl_nlmsg_get_payload(header);

			errno = header->nlmsg_type == NLMSG_ERROR ? -error->error : EPROTO;
			check(errno == 0, "a rule of nf_tables");
		}
	}
	mnl_socket_close(netlink);
}

static void track_connections(void)
{
	static char buffer[8192];
	struct mnl_nlmsg_batch *batch = mnl_nlmsg_batch_start(buffer, sizeof(buffer) / 2);
	struct nlmsghdr *header;

	check(batch != NULL, "memory");
	put_header(batch, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC);
	mnl_nlmsg_batch_next(batch);
	header = put_request(batch, NFT_MSG_NEWTABLE);
	mnl_attr_put_strz(header, NFTA_TABLE_NAME, "trouble");
	mnl_nlmsg_batch_next(batch);
	put_chain(put_request(batch, NFT_MSG_NEWCHAIN));
	mnl_nlmsg_batch_next(batch);
	put_rule(put_request(batch, NFT_MSG_NEWRULE));
	mnl_nlmsg_batch_next(batch);
	put_header(batch, NFNL_MSG_BATCH_END, 0, AF_UNSPEC);
	mnl_nlmsg_batch_next(batch);
	send_batch(batch, 3);
	mnl_nlmsg_batch_stop(batch);
}

static void send_one(int fd, long index)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)(FIRST_PORT + index % PORTS)),
		.sin_addr.s_addr = silent_address(index / PORTS) };

	/* At the limit what has no entry is not sent. */
	check(sendto(fd, "", 1, 0, (struct sockaddr *)&to, sizeof(to)) == 1 || errno == EPERM || errno == ENOBUFS,
		"sendto");
}

static void talk_to_many(long ignored)
{
	long limit = read_key(DIRECTORY "nf_conntrack_max"), rate = number("rate"), sent = 0;
	long count = limit / 100 * number("percent");
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pace pace = { 0 };

	(void)ignored;
	check(fd >= 0, "socket");
	while (sent < count)
		send_one(fd, sent++);
	errno = EIO;
	check(read_key(DIRECTORY "nf_conntrack_count") >= (count < limit ? count : limit) / 100 * 99, "entries");
	ready();
	while (rate) {
		keep_pace(&pace, rate);
		send_one(fd, sent++);
	}
}

void make_conntrack(void)
{
	track_connections();
	write_key_number(DIRECTORY "nf_conntrack_udp_timeout", TIMEOUT_SECONDS);
	role(text("name"), talk_to_many, 0);
}
