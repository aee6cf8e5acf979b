/* SPDX-License-Identifier: MIT */
/* TCP sockets as values. */
#include "model/tcp_socket.h"

#include <string.h>

static const char *const names[TCP_SOCKET_STATES] = {
	"?", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT",
	"LAST_ACK", "LISTEN", "CLOSING",
};

static bool is_mapped(const uint8_t address[16])
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(address, prefix, sizeof(prefix)) == 0;
}

static bool is_unspecified(const uint8_t address[16])
{
	static const uint8_t zero[16];

	return memcmp(address, zero, sizeof(zero)) == 0;
}

/* ::ffff:A.B.C.D; and "::" becomes 0.0.0.0. */
static void keep_last_word(uint8_t address[16])
{
	memcpy(address, address + 12, 4);
	memset(address + 4, 0, 12);
}

void tcp_socket_unmap(struct tcp_socket *socket)
{
	/* A listener has no peer, and one that is about to connect may have no address yet. */
	if (socket->family != AF_INET6 || !(is_mapped(socket->remote) ||
		(is_unspecified(socket->remote) && is_mapped(socket->local))))
		return;
	socket->family = AF_INET;
	socket->is_mapped = true;
	keep_last_word(socket->local);
	keep_last_word(socket->remote);
}

const char *tcp_state_name(unsigned state)
{
	return names[state < TCP_SOCKET_STATES ? state : 0];
}
