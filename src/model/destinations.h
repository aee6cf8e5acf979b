/* SPDX-License-Identifier: MIT */
/* destinations.h - whom this host connects to: its outgoing sockets by (source address, destination address and port).
 *
 * That is what local ports run out for: connect(2) needs a local port that no other socket with the same three has.
 *
 * The table has a fixed size, whatever it is fed. While there are no more destinations than it has room for, everything
 * in it is exact. Beyond that it is the Space-Saving algorithm (Metwally, Agrawal, El Abbadi: Efficient Computation of
 * Frequent and Top-k Elements in Data Streams, 2005): a new destination takes the place of the lightest one, and
 * inherits its weight as what may have been missed of it. With N sockets added and room for M destinations, always:
 *
 *	seen <= true number <= seen + missed			of every destination in the table
 *	missed <= destinations_unlisted_max() <= N / M		of every destination in the table
 *	true number <= destinations_unlisted_max()		of every destination that is not
 *
 * So with the usual M and 400,000 outgoing sockets no figure is off by more than 97, and no destination with more sockets
 * than that can be absent. The counts by state and age are parts of `seen`.
 *
 * Calling sequence: listening_ports_of() -> destinations_init() -> for every dump destinations_clear(), and
 * destinations_add() for every socket -> destinations_rank(). Everything lives in the arena. */
#pragma once

#include "base/arena.h"
#include "model/listener.h"
#include "model/ports.h"
#include "model/tcp_socket.h"

enum {
	DESTINATIONS_MAX = 4096,	/* 0.5 MB; taken as it fills */
	DESTINATION_AGES = 6,
	DESTINATION_AGE_SECONDS = 10,
	DESTINATION_IDLE_MS = 600000,
	DESTINATION_IDLE_MIN = 500,	/* sockets, from where it is asked */
	DESTINATION_SAMPLED_MIN = 16,
	DESTINATION_INODES = 4,
	DESTINATION_WORDS = 10,	/* of 32 bits: what makes a destination */
	TIME_WAIT_SECONDS = 60,		/* TCP_TIMEWAIT_LEN in include/net/tcp.h; no sysctl changes it */
};

/* Local ports on which connections come in. A listener of IPv6 on "::" takes IPv4 as well, unless it has IPV6_V6ONLY,
 * which is not told of here: it is taken to be for both. (That loses little: __inet_hash_connect() in
 * net/ipv4/inet_hashtables.c passes over every port that something of either family was bound to.) */
struct listening_ports {
	struct ports ipv4, ipv6;
};

struct destination {
	uint8_t family;				/* as of struct tcp_socket: mapped addresses are IPv4 */
	uint16_t port;
	uint8_t source[16], address[16];	/* in network order; of AF_INET the first 4 bytes */
	uint32_t seen;				/* sockets that were counted */
	uint32_t missed;			/* at most so many more were not */
	/* Of those seen. There are no more ports on an address; where a key stands for several (peers behind one address),
	 * these stop at their end, and `seen` goes on. */
	uint16_t states[TCP_SOCKET_STATES];
	/* Of those seen, TIME_WAIT by age: [0] closed within the last DESTINATION_AGE_SECONDS, and so on. A segment
	 * that comes late makes its socket young again. */
	uint16_t time_wait_ages[DESTINATION_AGES];
	/* Of those ESTABLISHED, how many were looked at again, and were without data for DESTINATION_IDLE_MS. */
	uint32_t sampled, sampled_idle;
	uint32_t inodes[DESTINATION_INODES];	/* of some that a process holds: the latest; 0 is none */
};

struct destinations {
	struct arena *arena;
	size_t capacity, count;
	uint64_t random[DESTINATION_WORDS + 1];	/* from the seed */
	uint64_t total;		/* outgoing sockets that were added since the last destinations_clear() */
	uint64_t incoming;	/* others: listeners, and what came in through their ports */
	bool is_full;		/* at least one destination had to go: the table is an estimate */
	struct destination_entry **pieces;
	uint16_t *heads;	/* the chains of a hash table */
	struct destination_key *heap;
	struct destination_entry *last;	/* the table of the kernel has those of one destination side by side */
};

void listening_ports_of(const struct listeners *listeners, struct listening_ports *ret_ports);

/* Whether it came in, as far as can be told: it listens or is in SYN_RECV, or has the port of a listener. What is left
 * over of a listener that has gone is taken for outgoing. */
bool tcp_socket_is_incoming(const struct tcp_socket *socket, const struct listening_ports *ports);

/* Capacity is 1 to DESTINATIONS_MAX. A peer may choose what is in the table: with a seed that it cannot know, it cannot
 * choose how long the chains are. 0 or -ENOMEM. */
MUST_CHECK int destinations_init(struct destinations *destinations, struct arena *arena, size_t capacity,
	uint64_t seed);
void destinations_clear(struct destinations *destinations);

/* Counts the socket, whichever way it goes, by its own address and the other side's address and port. 0 or -ENOMEM. */
MUST_CHECK int destinations_count(struct destinations *destinations, const struct tcp_socket *socket);

/* The same, but only if it is outgoing. 0 or -ENOMEM. */
MUST_CHECK int destinations_add(struct destinations *destinations, const struct tcp_socket *socket,
	const struct listening_ports *ports);

/* Notes whether this socket, of which there is INFO, is idle, if it is ESTABLISHED and its destination in the table. */
void destinations_sample_idle(struct destinations *destinations, const struct tcp_socket *socket);

/* How many of those ESTABLISHED are idle, about: as many of all as of those looked at again; 0 where these were too few to
 * say. */
uint32_t destination_idle(const struct destination *destination);

/* The most sockets that a destination can have which is not in the table: 0 unless is_full. */
uint64_t destinations_unlisted_max(const struct destinations *destinations);

/* The heaviest first, by seen + missed; those of equal weight by address. An array of `count` pointers into the table,
 * which are good until it changes; 0 or -ENOMEM. */
MUST_CHECK int destinations_rank(const struct destinations *destinations, struct arena *arena,
	const struct destination ***ret_ranked);
