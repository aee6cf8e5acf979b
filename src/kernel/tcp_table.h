/* SPDX-License-Identifier: MIT */
/* tcp_table.h - the sockets in /proc/net/tcp and /proc/net/tcp6.
 *
 * The lines are those of get_tcp4_sock() in net/ipv4/tcp_ipv4.c and get_tcp6_sock() in net/ipv6/tcp_ipv6.c:
 *
 *	sl: local remote st tx_queue:rx_queue tr:when retransmits uid timeout inode ...
 *
 * Addresses are words of 32 bits in the byte order of the machine; of a listening socket, rx_queue is the
 * length of its accept queue, and what listen(2) set is not there. `when` is in hundredths of a second on every
 * machine (USER_HZ). Such tables have a line for every socket, a hundred thousand on a busy host, so
 * they are taken in pieces and only the line at hand is kept.
 *
 * Calling sequence: tcp_table_begin() -> tcp_table_feed() for every piece -> tcp_table_end(); or, instead of the last
 * two, tcp_table_read() for the file itself. */
#pragma once

#include "base/rootdir.h"
#include "model/tcp_socket.h"

enum { TCP_TABLE_LINE_MAX = 512 };	/* twice as long as any */

/* Gets every socket with the addresses that the table has: mapped ones are in their long form. 0 goes on, a negative
 * errno ends the reading with it. */
typedef int tcp_table_fn(void *context, const struct tcp_socket *socket);

struct tcp_table {
	tcp_table_fn *on_socket;
	void *context;
	uint32_t states;	/* bit N: those in state N */
	size_t *malformed;	/* how many lines were not understood is added here */
	uint8_t family;
	bool past_title;
	bool too_long;		/* the rest of the line at hand is skipped */
	size_t length;
	char line[TCP_TABLE_LINE_MAX];
};

/* The family says which of the two tables it is. */
void tcp_table_begin(struct tcp_table *table, uint8_t family, uint32_t states, tcp_table_fn *on_socket, void *context,
	size_t *malformed);

/* Both: 0, or what on_socket returned. */
MUST_CHECK int tcp_table_feed(struct tcp_table *table, const char *bytes, size_t length);
MUST_CHECK int tcp_table_end(struct tcp_table *table);

/* The whole file below the root. Besides the above: -ENOENT without one (a kernel without IPv6), -EINVAL for what is
 * no file, -EFBIG for what is too large to be such a table, below a root other than the system's. */
MUST_CHECK int tcp_table_read(struct tcp_table *table, const struct rootdir *root);
