/* SPDX-License-Identifier: MIT */
/* sockdiag.h - which TCP sockets listen in this network namespace.
 *
 * It is a dump of kernel/sock_dump.h with no other state than LISTEN: the kernel walks the short table of listeners
 * only, however many connections there are (some 30 us), and it takes no privilege. Where netlink does not answer (no
 * module tcp_diag, a sandbox that forbids it), and below any other root, it is the tables proc/net/tcp and
 * proc/net/tcp6, which say the same except for backlog, interface and drops.
 *
 * The namespace is the one of the calling process: enter another one first (kernel/netns.h). */
#pragma once

#include "base/rootdir.h"
#include "model/listener.h"

/* All of both families, sorted; 0 or a negative errno, as of sock_dump(). The output is untouched on failure. */
MUST_CHECK int sockdiag_listeners(const struct rootdir *root, struct arena *arena, struct listeners *ret_listeners);
