/* SPDX-License-Identifier: MIT */
/* host.h - which machine, boot and network namespace a plan, a change or an output is about. */
#pragma once

struct host {
	const char *hostname;
	const char *kernel;	/* release, such as "6.18.44" */
	const char *boot_id;
	const char *netns;	/* inode of the network namespace, in decimal */
};				/* a part that could not be found out is "" */
