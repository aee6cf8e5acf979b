/* SPDX-License-Identifier: MIT */
/* diag_pair.h - the answers to two questions to sock_diag at once, each received by a thread of its own.
 *
 * A dump happens inside recvmsg(2): it is the kernel's walk over its table that takes the time. Two of them, each for a
 * part of the sockets, take two processors, while the caller reads what they say.
 *
 * Calling sequence: diag_pair_start() -> diag_pair_next() until both have said their last, or as long as wanted ->
 * diag_pair_stop(). The threads touch nothing but their sockets and the buffers here, and take no signals. */
#pragma once

#include "kernel/diag_netlink.h"

#include <pthread.h>
#include <stdalign.h>

enum { DIAG_PAIR_BUFFERS = 4 };

struct diag_pair_buffer {
	alignas(struct nlmsghdr) char bytes[DIAG_DATAGRAM_SIZE];
	int length;		/* or the negative errno of recvmsg(2) */
	unsigned which;		/* of the two */
	struct diag_pair_buffer *next;
};

struct diag_pair {
	struct diag_pair_reader {
		struct diag_pair *pair;
		pthread_t thread;
		int fd;
		unsigned which;
		bool is_running;
	} readers[2];
	pthread_mutex_t mutex;
	pthread_cond_t has_filled, has_free;
	struct diag_pair_buffer *filled, **filled_end, *free, *taken;
	bool is_stopped;
	struct diag_pair_buffer buffers[DIAG_PAIR_BUFFERS];
};

/* Both requests have been sent. 0, or a negative errno: -EAGAIN when there can be no threads; then nothing was received. The
 * pair must stay where it is; it takes 128 KiB. */
MUST_CHECK int diag_pair_start(struct diag_pair *pair, const int fds[2]);

/* Waits for the next datagram, which stays until the next call; *ret_which says whose it is. Its length, or the negative
 * errno with which one of the two has ended. */
MUST_CHECK int diag_pair_next(struct diag_pair *pair, const void **ret_bytes, unsigned *ret_which);

/* Ends the threads, which takes no longer than the kernel needs for a datagram. */
void diag_pair_stop(struct diag_pair *pair);
