/* SPDX-License-Identifier: MIT */
/* owners.h - which processes hold a socket open.
 *
 * The kernel only says it the other way round: proc/PID/fd/N is a link that reads "socket:[INODE]" (proc(5)). So
 * descriptors have to be looked at, 4 to 6 us each, for the kernel makes an inode of its own for every one. There are
 * two questions, and the second is for hosts where a process has tens of thousands of them:
 *
 * owners_find(): whose is each of these sockets? Every descriptor of every process is looked at, and one walk answers
 * for all. It does not end when each has an owner: then the processes that share a listener (prefork) could not be
 * counted, and with a socket of the kernel itself (NFS) or of somebody else's process it would go to the end anyway.
 *
 * owners_find_groups(): who holds most of these sockets? Only processes of up to OWNERS_SMALL_MAX descriptors are
 * looked at in full. A bigger one is probed: its first 64 numbers, where listeners are, and an even sample of the
 * others, at least 64 and, with a few such processes, 256. More follow only while there is a group of which sockets
 * are missing and no (or, among several big processes, hardly any) probe has hit one; in the end that is all of them.
 * Then what is missing of a group is with the big processes that were hit, in proportion to what the sample found in
 * each.
 *
 * Ask once, and only about sockets that something is to be said about. Processes and sockets come and go meanwhile,
 * which is no error. Not seen are sockets without a descriptor: on their way between processes (SCM_RIGHTS), in
 * io_uring's or BPF's tables, or in a thread that has left the table of its process. */
#pragma once

#include "base/arena.h"
#include "base/rootdir.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct owner {
	uint32_t inode;
	size_t processes;	/* that hold it; 0: none that could be seen */
	pid_t pid;		/* the lowest of them, or 0 */
	const char *name, *command, *unit;	/* of that one: see kernel/process.h; "" when not known */
};

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

/* ---- groups ---- */

enum {
	OWNERS_GROUPS_MAX = 512,	/* in one walk; each takes room for every big process */
	OWNERS_HOLDERS_MAX = 8,		/* that are told of a group */
	OWNERS_SMALL_MAX = 1024,	/* descriptors of a process that is always looked at in full */
};

/* Sockets that are of one kind to the caller, such as those in CLOSE_WAIT of one service, or one listener. Inodes in
 * any order; one that comes twice is counted once, and it may be in several groups. */
struct socket_group {
	const uint32_t *inodes;
	size_t count;
};

struct holder {
	pid_t pid;
	const char *name, *command, *unit;	/* see kernel/process.h */
	size_t sockets;		/* of the group that it holds: 1 to all of them */
	bool is_estimate;	/* sockets was inferred, and other big or hidden processes may hold some of them */
};

/* A socket may have several holders (fork(2)), so that their sum can exceed the number of sockets. */
struct holders {
	size_t sockets;		/* in the group, each counted once */
	size_t missing;		/* of which no holder is known: closed meanwhile, or as said above, or hidden */
	size_t processes;	/* that were seen to hold any: all of them, unless there are big or hidden ones */
	struct holder *items;	/* the heaviest of them, those first; of equal ones the lowest pid */
	size_t count;		/* up to OWNERS_HOLDERS_MAX */
};

struct group_owners {
	struct holders *items;	/* one for each group, in the order of the question */
	size_t count;
	size_t hidden;		/* as above */
	size_t looked_at;	/* descriptors: what it has cost */
};

/* Looks for the holders of up to OWNERS_GROUPS_MAX groups (else -E2BIG). `exact` looks at every descriptor: no number
 * is then an estimate. Without it, up to an eighth of a group may remain missing without a search for it in all of a
 * big process: sockets of a busy host that were closed meanwhile. Memory: 8 bytes for each inode, and for each big
 * process a bit; at most 256 are probed, further ones looked at in full. 0 or a negative errno, as above. */
MUST_CHECK int owners_find_groups(const struct rootdir *root, struct arena *arena, const struct socket_group groups[],
	size_t count, bool exact, struct group_owners *ret_owners);
