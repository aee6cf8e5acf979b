/* SPDX-License-Identifier: MIT */
/* socket_counts.h - how many TCP sockets are in which state: exact, for each family.
 *
 * Calling sequence: socket_counts_clear() -> socket_counts_add() for every socket -> the figures. Of a dump that is
 * repeated, begin again.
 *
 * The connection-request sockets of the kernel count as SYN_RECV, and the small ones that stay of a closed connection
 * as TIME_WAIT or FIN_WAIT2: as ss and netstat have it. "tw" of /proc/net/sockstat counts all of the latter, which is
 * why it is not the number of TIME_WAIT (sockstat_seq_show() in net/ipv4/proc.c); fin_wait2_small is the difference.
 * CurrEstab of /proc/net/snmp is ESTABLISHED and CLOSE_WAIT (tcp_set_state() in net/ipv4/tcp.c). */
#pragma once

#include "model/tcp_socket.h"

struct socket_counts {
	/* [0] is not used */
	uint64_t ipv4[TCP_SOCKET_STATES];	/* mapped ones included */
	uint64_t ipv6[TCP_SOCKET_STATES];
	uint64_t mapped[TCP_SOCKET_STATES];	/* those of ipv4 that are sockets of AF_INET6 */
	uint64_t fin_wait2_small;		/* those in FIN_WAIT2 that no process holds any more */
};

void socket_counts_clear(struct socket_counts *counts);
void socket_counts_add(struct socket_counts *counts, const struct tcp_socket *socket);

/* Of both families. */
uint64_t socket_counts_of(const struct socket_counts *counts, unsigned state);
uint64_t socket_counts_total(const struct socket_counts *counts);
