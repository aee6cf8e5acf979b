/* SPDX-License-Identifier: MIT */
/* sockdiag.h - which TCP sockets listen in this network namespace.
 *
 * Of the system itself the kernel is asked over netlink (sock_diag(7), NETLINK_SOCK_DIAG): one dump for each
 * family with no other state than LISTEN, which walks the short table of listeners only, however many
 * connections there are. That takes no privilege. Where netlink does not answer (no module tcp_diag, a sandbox
 * that forbids it), and below any other root, the tables proc/net/tcp and proc/net/tcp6 are read instead; they say the
 * same except for backlog and interface.
 *
 * The namespace is the one of the calling process: enter another one first (kernel/netns.h). */
#pragma once

#include "base/rootdir.h"
#include "model/listener.h"

/* All of both families, sorted. Either table may be missing (a kernel without IPv6). 0 or a negative errno: where
 * nothing can be known, that of netlink or else of proc/net/tcp; -EFBIG for a file that is no such table. The output
 * is untouched on failure. */
MUST_CHECK int sockdiag_listeners(const struct rootdir *root, struct arena *arena, struct listeners *ret_listeners);

/* ---- one step of it, for the tests and the fuzzers ---- */

/* Whose answer is waited for. */
struct sockdiag_request {
	uint32_t sequence, port_id;
	uint8_t family;
};

/* Adds the listening sockets of one datagram from the kernel, which must be aligned for its headers. 1: more is to
 * come; 0: that was the last one; -EAGAIN: sockets came or went in between, so that the dump must begin anew;
 * or another negative errno, of the kernel or -EBADMSG, -EPROTO, -ENOMEM. */
MUST_CHECK int sockdiag_read_datagram(const struct sockdiag_request *request, const void *bytes, size_t length,
	struct arena *arena, struct listeners *listeners);
