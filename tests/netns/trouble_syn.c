/* SPDX-License-Identifier: MIT */
/* SYNs from addresses that are nobody's, for make_trouble.c: they never answer; or they do, as real clients far away.
 *
 * The answers to them go to the far end of the link, where no address of theirs is, so that its kernel drops them
 * without a word. A packet socket sees them before that. An answering client completes the handshake after a round
 * trip, and closes at once; it keeps nothing of its connections, for each answer follows from the segment it is to. */
#define _GNU_SOURCE
#include "trouble.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PENDING_MAX = 1 << 16, FIRST_PORT = 1024, PORTS = 60000 };

struct segment {
	in_addr_t source;
	uint16_t source_port;	/* in network order */
	uint32_t sequence, acknowledged;
	uint8_t flags;
};

struct packet {
	struct iphdr ip;
	struct tcphdr tcp;
};

static int raw_socket;

static struct {
	struct {
		int64_t due;
		struct segment segment;
	} items[PENDING_MAX];
	unsigned first, last;
} pending;

static uint32_t sum_words(const void *bytes, size_t length, uint32_t sum)
{
	const uint16_t *words = bytes;

	for (size_t i = 0; i < length / 2; i++)
		sum += words[i];
	return sum;
}

static uint16_t tcp_checksum(const struct packet *packet)
{
	uint32_t sum = sum_words(&packet->ip.saddr, 8, htons(IPPROTO_TCP) + htons(sizeof(packet->tcp)));

	sum = sum_words(&packet->tcp, sizeof(packet->tcp), sum);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void send_segment(const struct segment *segment)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = near_address() };
	struct packet packet = {
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP, .tot_len = htons(sizeof(packet)),
			.saddr = segment->source, .daddr = near_address() },
		.tcp = { .source = segment->source_port, .dest = htons(SERVICE_PORT), .seq = htonl(segment->sequence),
			.ack_seq = htonl(segment->acknowledged), .doff = 5, .window = htons(65535) },
	};

	packet.tcp.th_flags = segment->flags;
	packet.tcp.check = tcp_checksum(&packet);
	check(sendto(raw_socket, &packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to)) == sizeof(packet) ||
		errno == ENOBUFS, "a raw packet");
}

static void send_syn(long index)
{
	struct segment syn = {
		.source = silent_address(index),
		.source_port = htons((uint16_t)(FIRST_PORT + index * 7919 % PORTS)),
		.sequence = (uint32_t)index * 2654435761U,
		.flags = TH_SYN,
	};

	send_segment(&syn);
}

static void send_later(const struct segment *segment, int64_t due)
{
	if (pending.last - pending.first == PENDING_MAX)
		return;
	pending.items[pending.last % PENDING_MAX].due = due;
	pending.items[pending.last++ % PENDING_MAX].segment = *segment;
}

/* To the second packet of a handshake, the third and a FIN; to a FIN, the acknowledgement. */
static void answer(const struct packet *packet, int64_t due)
{
	struct segment reply = {
		.source = packet->ip.daddr,
		.source_port = packet->tcp.dest,
		.sequence = ntohl(packet->tcp.ack_seq),
		.acknowledged = ntohl(packet->tcp.seq) + 1,
		.flags = TH_ACK,
	};

	if (packet->ip.protocol != IPPROTO_TCP || packet->ip.ihl != 5 || packet->tcp.th_flags & TH_RST ||
			!(packet->tcp.th_flags & (TH_SYN | TH_FIN)))
		return;
	send_later(&reply, due);
	if (!(packet->tcp.th_flags & TH_SYN))
		return;
	reply.flags = TH_ACK | TH_FIN;
	send_later(&reply, due);
}

static void answer_all(int packet_socket, int64_t delay)
{
	struct packet packet;
	int64_t now = now_ns();

	while (recv(packet_socket, &packet, sizeof(packet), MSG_DONTWAIT) >= (ssize_t)sizeof(packet))
		answer(&packet, now + delay);
	while (pending.first != pending.last && pending.items[pending.first % PENDING_MAX].due <= now)
		send_segment(&pending.items[pending.first++ % PENDING_MAX].segment);
}

static int open_packet_socket(void)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)if_nametoindex("far") };
	const int size = 8 << 20;
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP));

	check(fd >= 0, "a packet socket");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	check(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0, "far");
	return fd;
}

void send_syns(long ignored)
{
	long rate = number("rate"), delay = number("answer");
	struct pace pace = { 0 };
	int packet_socket = -1;

	(void)ignored;
	enter(FAR);
	raw_socket = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	check(raw_socket >= 0, "a raw socket");
	if (delay)
		packet_socket = open_packet_socket();
	ready();
	for (long i = 0;; i++) {
		keep_pace(&pace, rate);
		send_syn(i);
		if (delay)
			answer_all(packet_socket, delay * 1000000);
	}
}
