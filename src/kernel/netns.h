/* SPDX-License-Identifier: MIT */
/* netns.h - working in another network namespace.
 *
 * /proc/sys/net shows the namespace of whoever opens a file in it, so entering comes before
 * procsys_open(). NETNS is a NAME below /run/netns (see ip-netns(8)), a PATH with a slash, or pid:N.
 * Needs CAP_SYS_ADMIN. */
#pragma once

#include "base/rootdir.h"

/* 0 or a negative errno. */
MUST_CHECK int netns_enter(const struct rootdir *root, const char *netns);
