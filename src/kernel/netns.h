/* SPDX-License-Identifier: MIT */
/* netns.h - working in another network namespace.
 *
 * /proc/sys/net shows the namespace of whoever opens a file in it, so entering comes before
 * procsys_open(). NETNS is a NAME below /run/netns (see ip-netns(8)), a PATH with a slash, or pid:N.
 * Needs CAP_SYS_ADMIN. */
#pragma once

#include "base/rootdir.h"

/* Makes a fresh network namespace, which goes with this process, and enters it: for root as it is, for anybody else in
 * a user namespace of their own, in which they are root. 0 or a negative errno; -EPERM where that is not
 * permitted. */
MUST_CHECK int netns_enter_new(void);

/* The way back: a descriptor of the network namespace that this process is in, or a negative errno. */
MUST_CHECK int netns_open_own(const struct rootdir *root);
MUST_CHECK int netns_return(int netns_fd);

/* 0 or a negative errno. */
MUST_CHECK int netns_enter(const struct rootdir *root, const char *netns);
