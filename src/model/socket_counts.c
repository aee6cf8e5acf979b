/* SPDX-License-Identifier: MIT */
/* Counting sockets by state. */
#include "model/socket_counts.h"

#include <netinet/tcp.h>
#include <string.h>

void socket_counts_clear(struct socket_counts *counts)
{
	memset(counts, 0, sizeof(*counts));
}

void socket_counts_add(struct socket_counts *counts, const struct tcp_socket *socket)
{
	if (socket->state == 0 || socket->state >= TCP_SOCKET_STATES)
		return;
	(socket->family == AF_INET6 ? counts->ipv6 : counts->ipv4)[socket->state]++;
	counts->mapped[socket->state] += socket->is_mapped;
	counts->fin_wait2_small += socket->state == TCP_FIN_WAIT2 && socket->timer == TCP_TIMER_TIME_WAIT;
}

uint64_t socket_counts_of(const struct socket_counts *counts, unsigned state)
{
	return state < TCP_SOCKET_STATES ? counts->ipv4[state] + counts->ipv6[state] : 0;
}

uint64_t socket_counts_total(const struct socket_counts *counts)
{
	uint64_t total = 0;

	for (unsigned state = 1; state < TCP_SOCKET_STATES; state++)
		total += socket_counts_of(counts, state);
	return total;
}
