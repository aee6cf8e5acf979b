/* SPDX-License-Identifier: MIT */
/* owners.h - which processes hold a socket open.
 *
 * The kernel only says it the other way round: proc/PID/fd/N is a link that reads "socket:[INODE]" (proc(5)). So
 * every descriptor of every process is looked at, about 4 us each, and one walk answers for all sockets. It does not
 * end when each has an owner: then the processes that share a listener (prefork) could not be counted, and with a
 * socket of the kernel itself (NFS) or of somebody else's process it would go to the end anyway. Ask once, and only
 * about sockets that something is to be said about.
 *
 * Processes come and go meanwhile, which is no error. */
#pragma once

#include "base/arena.h"
#include "base/rootdir.h"

#include <stdint.h>
#include <sys/types.h>

struct owner {
	uint32_t inode;
	size_t processes;	/* that hold it; 0: none that could be seen */
	pid_t pid;		/* the lowest of them, or 0 */
	const char *name;	/* what that one calls itself, proc/PID/comm; "" when it is not known */
	const char *unit;	/* its systemd unit, the last .service or .scope of its cgroup, or "" */
};

/* Names and units are clean: whatever may not reach a terminal is "?". */
struct owners {
	struct owner *items;	/* one for each inode asked for, sorted by it */
	size_t count;
	size_t hidden;		/* processes that this user, even root in a container, may not look into; at least */
};

/* Looks for the owners of the sockets with these inodes, in any order, in the pid namespace of proc below the root. 0
 * or a negative errno: of memory, of descriptors, or of proc itself. The output is untouched on failure. */
MUST_CHECK int owners_find(const struct rootdir *root, struct arena *arena, const uint32_t inodes[], size_t count,
	struct owners *ret_owners);

/* The one of that inode; NULL for an inode that was not asked for. */
const struct owner *owners_get(const struct owners *owners, uint32_t inode);
