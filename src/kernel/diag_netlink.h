/* SPDX-License-Identifier: MIT */
/* diag_netlink.h - one question to the kernel over NETLINK_SOCK_DIAG (sock_diag(7)) and the datagrams of its answer.
 *
 * Calling sequence: diag_netlink_open() -> diag_netlink_send() -> diag_netlink_receive() and diag_netlink_read() in
 * turn while the latter says 1. A socket is for one attempt: close it when a dump was broken off, since what the kernel had
 * left to say is still in it.
 *
 * Nothing here waits for longer than the kernel needs: it answers every request, and ends every dump. */
#pragma once

#include "base/cleanup.h"

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* The kernel cuts its dumps to the buffer, up to 32 KiB (netlink_recvmsg() in net/netlink/af_netlink.c). */
	DIAG_DATAGRAM_SIZE = 32 * 1024,
};

/* Whose answer is waited for. */
struct diag_answer {
	uint32_t sequence, port_id;
	uint16_t type;		/* of the messages with a socket: inet_diag repeats that of the request */
};

/* Gets every message with a socket; 0 goes on, a negative errno ends the reading with it. */
typedef int diag_message_fn(void *context, const struct nlmsghdr *message);

/* A descriptor, or a negative errno: -EPROTONOSUPPORT without sock_diag, -EPERM or -EACCES in many sandboxes. */
MUST_CHECK int diag_netlink_open(uint32_t *ret_port_id);

/* One request, or several that lie behind each other. 0 or a negative errno. */
MUST_CHECK int diag_netlink_send(int fd, const struct nlmsghdr *request);
MUST_CHECK int diag_netlink_send_bytes(int fd, const void *requests, size_t length);

/* The length of the next datagram from the kernel itself (any process may send to us), or a negative errno: -EMSGSIZE
 * when the buffer was too small for it; -ENOBUFS when the kernel lost some of the answer. */
MUST_CHECK int diag_netlink_receive(int fd, void *buffer, size_t size);

/* Whether nothing comes after this datagram: it ends the answer, refuses the question, or cannot be understood. */
bool diag_netlink_is_last(const void *bytes, size_t length);

/* One datagram, which must be aligned for its headers. 1: more is to come; 0: that was the last one; or a negative
 * errno: the kernel's, that of on_message, -EBADMSG for lengths that cannot be, -EPROTO for the answer to something
 * else, -ENOBUFS for an overrun. *is_interrupted becomes true, and never false, when the kernel says that what it
 * lists changed meanwhile (NLM_F_DUMP_INTR); the messages are handed over all the same. */
MUST_CHECK int diag_netlink_read(const struct diag_answer *answer, const void *bytes, size_t length,
	diag_message_fn *on_message, void *context, bool *is_interrupted);
