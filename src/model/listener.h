/* SPDX-License-Identifier: MIT */
/* listener.h - listening TCP sockets, as values. kernel/sockdiag.h finds them, kernel/owners.h whose they are. */
#pragma once

#include "base/arena.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct listener {
	/* AF_INET or AF_INET6; without IPV6_V6ONLY the latter takes IPv4 as well. One that is bound to a mapped address
	 * takes nothing else, and is AF_INET. */
	uint8_t family;
	uint8_t address[16];	/* in network order; of AF_INET the first 4 bytes */
	uint16_t port;
	uint32_t uid;		/* whose it is, in the user namespace of this process */
	uint32_t inode;		/* the number in the link "socket:[N]" of its owners; 0 has none */
	uint32_t queue;		/* connections that wait for accept(2); full when beyond the backlog */
	uint32_t backlog;	/* what listen(2) set, at most somaxconn at that time; see has_backlog */
	uint32_t interface;	/* index of the one that it is bound to, or 0; see has_backlog */
	bool has_drops;
	uint32_t drops;		/* SYNs and ACKs that it lost since it began to listen, each try of a client; wraps */
};

struct listeners {
	struct listener *items;
	size_t count, capacity;
	size_t malformed;	/* lines of a table that could not be understood, and were left out */
	bool has_backlog;	/* backlog and interface are known: the text tables do not hold them */
};

enum { LISTENER_TEXT_SIZE = INET6_ADDRSTRLEN + sizeof("[]:65535") };

/* 0 or -ENOMEM. */
MUST_CHECK int listeners_add(struct listeners *listeners, struct arena *arena, const struct listener *listener);

/* By port, family, address and inode: the order in which people look for them. The kernel lists a socket twice when
 * others come while it is read; it is kept once. */
void listeners_sort(struct listeners *listeners);

/* The same socket at another moment, in a list that is sorted; NULL: it is not there, or has no inode to know it by. */
const struct listener *listeners_find(const struct listeners *listeners, const struct listener *like);

/* "0.0.0.0:8080", "[::1]:9090". */
void listener_format(const struct listener *listener, char text[LISTENER_TEXT_SIZE]);
