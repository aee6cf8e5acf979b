/* SPDX-License-Identifier: MIT */
/* sock_dump.h - every TCP socket of this network namespace, handed over one at a time.
 *
 * Nothing is kept: the memory that a dump takes is one buffer on the stack, however many sockets there are. The kernel
 * holds a lock of one hash bucket at a time, so that a dump is no snapshot: sockets that come and go meanwhile may be
 * missed, and one that moves to another bucket may be seen twice. Of a quiet namespace it is exact.
 *
 * Of the system itself the kernel is asked over netlink, which takes no privilege (uid and inode of other users'
 * sockets are told as well). There are three ways, and each is taken where the one before fails:
 *
 *	TCPDIAG_GETSOCK		both families in one walk over the table of connections. Nothing else can do that: a
 *				request of SOCK_DIAG_BY_FAMILY with AF_UNSPEC is refused, but the old request is
 *				translated to one with AF_UNSPEC (inet_diag_dump_compat() in net/ipv4/inet_diag.c).
 *	SOCK_DIAG_BY_FAMILY	one walk for each family: the table is shared, so that it is walked twice
 *	proc/net/tcp, tcp6	where netlink does not answer (no tcp_diag, a sandbox), and below any other root
 *
 * What costs: the walk over the hash table (0.1 us for each socket, wanted or not), and 0.2 us for each socket that is
 * handed over. So ask for the states that are needed. With no state but LISTEN the table of connections is not walked
 * at all. Bits beyond TCP_SOCKET_ALL_STATES would walk a third table (since 6.8) and are refused.
 *
 * The namespace is the one of the calling process: enter another one first (kernel/netns.h). */
#pragma once

#include "base/rootdir.h"
#include "model/tcp_socket.h"

#include <stddef.h>

enum sock_dump_source {
	SOCK_DUMP_BOTH,		/* one walk over netlink */
	SOCK_DUMP_BY_FAMILY,	/* two of them */
	SOCK_DUMP_TABLES,	/* text: no optional figures, no interfaces, no backlogs of listeners */
};

struct sock_dump_query {
	uint32_t states;	/* bit N: those in state N, of TCP_SOCKET_ALL_STATES */
	uint8_t wanted;		/* TCP_SOCKET_HAS_*: what is to be known of each socket besides, where there is any */
	/* Not 0: two walks side by side where there are two processors for them, of the sockets with local ports below
	 * this one and of the others. It shortens the wait and costs a second walk: for many sockets only. */
	uint16_t parted_at;
};

struct sock_dump_sink {
	/* A dump begins, or begins anew: forget what it handed over so far. */
	void (*begin)(void *context);
	/* 0, or a negative errno that ends the dump and is what sock_dump() returns. The socket is the dump's own. */
	int (*add)(void *context, const struct tcp_socket *socket);
	void *context;
};

struct sock_dump_result {
	enum sock_dump_source source;
	uint64_t sockets;	/* that were handed over since the last begin() */
	size_t malformed;	/* lines of a table that could not be understood, and were left out */
	unsigned attempts;	/* how often it began, with whatever source */
	/* The kernel said of each attempt that the table changed under it (NLM_F_DUMP_INTR), and the last one had to
	 * do. As far as is known inet_diag never says it: that this is false proves nothing. */
	bool is_disturbed;
};

/* 0 or a negative errno: -EINVAL for a query that asks for no or unknown states; what add() returned; else, where
 * nothing can be known, that of netlink or below another root of proc/net/tcp (-EFBIG for a file that is no such table).
 * The output is untouched on failure; what the sink got until then is worth nothing. */
MUST_CHECK int sock_dump(const struct rootdir *root, const struct sock_dump_query *query,
	const struct sock_dump_sink *sink, struct sock_dump_result *ret_result);

/* Asks about single sockets again, by their addresses and ports, for what was not wanted of all: each is looked up in the
 * hash table, 2 us, where a second dump would walk over all of them. What is found is brought up to date as a whole, its
 * state too; of one that is gone `known` loses what was wanted. 0, or a negative errno after which the sockets are as
 * they were or up to date: -EPROTONOSUPPORT below another root than the system's, otherwise that of netlink. */
MUST_CHECK int sock_dump_look_up(const struct rootdir *root, struct tcp_socket sockets[], size_t count, uint8_t wanted);

/* ---- one step of it, for the tests and the fuzzers ---- */

/* Hands over the sockets of one datagram from the kernel, which must be aligned for its headers; of an answer with
 * messages of this type to a request with this sequence number and port. As diag_netlink_read(); family is AF_UNSPEC,
 * or else that of the request: sockets of another one are left out, and so are states that were not asked for. */
struct sock_dump_step {
	uint32_t sequence, port_id;
	uint16_t type;		/* TCPDIAG_GETSOCK or SOCK_DIAG_BY_FAMILY */
	uint8_t family;
	const struct sock_dump_query *query;
	const struct sock_dump_sink *sink;
	uint64_t sockets;	/* is added to */
	struct tcp_socket socket;	/* the one that is handed over; to begin with, zero */
	int sink_error;		/* what add() returned when it ended the dump */
	bool is_interrupted;
};
MUST_CHECK int sock_dump_read_datagram(struct sock_dump_step *step, const void *bytes, size_t length);
