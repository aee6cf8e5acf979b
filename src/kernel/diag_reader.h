/* SPDX-License-Identifier: MIT */
/* diag_reader.h - the answer to a question to sock_diag, received by a thread beside the caller.
 *
 * A dump happens inside recvmsg(2): it is the kernel's walk over its table that takes the time. While the thread walks over
 * one part of the sockets, the caller walks over another, and takes what the thread has received in between.
 *
 * Calling sequence: diag_reader_start() -> diag_reader_take() until the answer has ended, or as long as wanted ->
 * diag_reader_stop(). The thread touches nothing but its socket and the buffers here, and takes no signals. */
#pragma once

#include "kernel/diag_netlink.h"

#include <pthread.h>
#include <stdalign.h>

/* Half a datagram of the usual size costs the kernel no more, and leaves room for more of them. */
enum { DIAG_READER_BUFFERS = 8, DIAG_READER_DATAGRAM_SIZE = DIAG_DATAGRAM_SIZE / 2 };

struct diag_reader {
	pthread_t thread;
	int fd;
	pthread_mutex_t mutex;
	pthread_cond_t has_filled, has_free;
	size_t first, count;		/* the filled ones, in a ring; the first may be in the caller's hands */
	bool is_taken, is_stopped;
	struct {
		alignas(struct nlmsghdr) char bytes[DIAG_READER_DATAGRAM_SIZE];
		int length;		/* or the negative errno of recvmsg(2) */
	} buffers[DIAG_READER_BUFFERS];
};

/* The request has been sent. 0, or a negative errno: -EAGAIN when there can be no thread. The reader must stay where it is;
 * it takes 128 KiB. */
MUST_CHECK int diag_reader_start(struct diag_reader *reader, int fd);

/* The next datagram, which stays until the next call: its length, or the negative errno with which the thread has ended.
 * 0: there is none yet; not with `wait`. */
MUST_CHECK int diag_reader_take(struct diag_reader *reader, bool wait, const void **ret_bytes);

/* Ends the thread, which takes no longer than the kernel needs for a datagram. */
void diag_reader_stop(struct diag_reader *reader);
