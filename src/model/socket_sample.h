/* SPDX-License-Identifier: MIT */
/* socket_sample.h - some of many sockets, to be looked at again, of however many there are in a fixed size.
 *
 * As long as there is room, all are kept. Then only those stay whose ports and inode, multiplied into a hash, begin with
 * a zero bit, later two of them, and so on: a sample that does not depend on the order in which they come, in which each
 * kept one stands for socket_sample_scale() of those seen. */
#pragma once

#include "base/arena.h"
#include "model/tcp_socket.h"

struct socket_sample {
	size_t capacity;		/* to be filled in before the first one comes */
	struct tcp_socket *sockets;	/* made when it comes */
	size_t count;
	uint64_t seen;
	unsigned shift;		/* 0: all are kept */
};

/* 0 or -ENOMEM. */
MUST_CHECK int socket_sample_add(struct socket_sample *sample, struct arena *arena, const struct tcp_socket *socket);

/* Begins anew and keeps the capacity and the memory. */
void socket_sample_clear(struct socket_sample *sample);

uint64_t socket_sample_scale(const struct socket_sample *sample);
