/* SPDX-License-Identifier: MIT */
/* tcp_socket.h - one TCP socket as the kernel describes it. kernel/sock_dump.h hands them over one at a time. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* The kernel's numbers (include/net/tcp_states.h), which are those of TCP_ESTABLISHED and so on in <netinet/tcp.h>. */
enum {
	TCP_SOCKET_STATES = 12,		/* 1 to 11; 0 is none */
	TCP_SOCKET_ALL_STATES = 0xffe,	/* a mask: bit N is state N. Higher bits make a dump slower: see sock_dump.h */
};

/* Which timer runs, in both of the kernel's descriptions of a socket. */
enum tcp_timer {
	TCP_TIMER_NONE,
	TCP_TIMER_RETRANSMIT,	/* of SYN_RECV: of the SYN-ACK */
	TCP_TIMER_KEEPALIVE,	/* or what else the socket's own timer does, FIN_WAIT2 for one */
	TCP_TIMER_TIME_WAIT,	/* of the small sockets that stay of a closed one, in TIME_WAIT or FIN_WAIT2 */
	TCP_TIMER_PROBE,	/* of a closed window */
};

/* Which of the optional figures are known. */
enum {
	TCP_SOCKET_HAS_INFO = 1 << 0,
	TCP_SOCKET_HAS_MEMORY = 1 << 1,
	TCP_SOCKET_HAS_CGROUP = 1 << 2,
};

/* From struct tcp_info. Never of SYN_RECV and of the small sockets; a listener's is zero but for its queue. */
struct tcp_socket_info {
	uint32_t last_data_sent_ms, last_data_received_ms;	/* ago */
	uint32_t last_ack_received_ms;				/* ago; of CLOSE_WAIT, the least age of that state */
	uint32_t rtt_us;					/* smoothed */
	uint32_t retransmits;					/* segments, since the connection began */
};

/* SK_MEMINFO_*, in bytes; never of SYN_RECV and of the small sockets. */
struct tcp_socket_memory {
	uint32_t received, receive_limit, sent, send_limit, backlog;
	bool has_drops;		/* since 4.6 */
	uint32_t drops;		/* segments: of a listener, the connections that it lost */
};

/* A socket of AF_INET6 that talks IPv4 (::ffff:0:0/96, RFC 4291) is described as one of AF_INET with is_mapped set: it
 * takes the same ports and obeys the same limits. */
struct tcp_socket {
	uint8_t family;			/* AF_INET or AF_INET6 */
	bool is_mapped;
	uint8_t state;			/* 1 to 11 */
	uint8_t timer;			/* enum tcp_timer */
	uint8_t retries;		/* of what the timer repeats: of SYN_RECV, SYN-ACKs that nobody answered */
	uint8_t known;			/* TCP_SOCKET_HAS_* */
	uint16_t local_port, remote_port;
	uint8_t local[16], remote[16];	/* in network order; of AF_INET the first 4 bytes */
	uint32_t expires_ms;		/* until the timer is due; 0 when it is overdue */
	uint32_t receive_queue;		/* bytes not read; of a listener: connections that wait for accept(2) */
	uint32_t send_queue;		/* bytes not acknowledged; of a listener: its backlog, 0 from the text tables */
	uint32_t uid;			/* 0 as well for SYN_RECV, and for the small sockets, which have no owner */
	uint32_t inode;			/* as "socket:[N]" says it; 0 has none */
	uint32_t interface;		/* index of the one that it is bound to, or 0; 0 from the text tables */
	struct tcp_socket_info info;
	struct tcp_socket_memory memory;
	uint64_t cgroup;		/* inode of its directory in the unified hierarchy */
};

/* Of a socket with the addresses as the kernel has them: makes a mapped one what is said above. */
void tcp_socket_unmap(struct tcp_socket *socket);

/* "ESTABLISHED", "TIME_WAIT", ...; "?" for what is no state. */
const char *tcp_state_name(unsigned state);
