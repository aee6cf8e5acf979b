/* SPDX-License-Identifier: MIT */
/* host.h - which machine, boot and network namespace a plan, a change or an output is about. */
#pragma once

#include <stdbool.h>

struct host {
	const char *hostname;
	const char *kernel;	/* release, such as "6.18.44" */
	const char *boot_id;
	const char *netns;	/* inode of the network namespace, in decimal */
	const char *netns_cookie;	/* its SO_NETNS_COOKIE: inodes are used again, cookies are not */
};				/* a part that could not be found out is "" */

bool host_is_same_boot(const struct host *a, const struct host *b);

/* Same inode, and same cookie where both are known (Linux 5.14). */
bool host_is_same_netns(const struct host *a, const struct host *b);
