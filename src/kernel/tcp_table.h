/* SPDX-License-Identifier: MIT */
/* tcp_table.h - the listening sockets in /proc/net/tcp and /proc/net/tcp6.
 *
 * The lines are those of get_tcp4_sock() in net/ipv4/tcp_ipv4.c and get_tcp6_sock() in net/ipv6/tcp_ipv6.c:
 *
 *	sl: local remote st tx_queue:rx_queue tr:when retransmits uid timeout inode ...
 *
 * Addresses are words of 32 bits in the byte order of the machine; of a listening socket, rx_queue is the
 * length of its accept queue. Such tables have a line for every socket, a hundred thousand on a busy host, so
 * they are taken in pieces and only the line at hand is kept.
 *
 * Calling sequence: tcp_table_begin() -> tcp_table_feed() for every piece -> tcp_table_end(). */
#pragma once

#include "model/listener.h"

enum { TCP_TABLE_LINE_MAX = 512 };	/* twice as long as any */

struct tcp_table {
	struct arena *arena;
	struct listeners *listeners;	/* what is found is added here, and what is not understood is counted */
	uint8_t family;
	bool past_title;
	bool too_long;		/* the rest of the line at hand is skipped */
	size_t length;
	char line[TCP_TABLE_LINE_MAX];
};

/* The family says which of the two tables it is. */
void tcp_table_begin(struct tcp_table *table, uint8_t family, struct arena *arena, struct listeners *listeners);

/* Both: 0 or -ENOMEM. */
MUST_CHECK int tcp_table_feed(struct tcp_table *table, const char *bytes, size_t length);
MUST_CHECK int tcp_table_end(struct tcp_table *table);
