/* SPDX-License-Identifier: MIT */
/* netns_list.h - the network namespaces of this host.
 *
 * A namespace lives as long as a process is in it, a file is bound to it (ip-netns(8) does that below /run/netns), or
 * somebody holds it open. The first two are found: by proc/PID/ns/net, which takes the right to look into the process
 * (for all of them: root), and by the files below run/netns. One that only a container engine has bound elsewhere and
 * that no process is in has nobody to care about its sockets. */
#pragma once

#include "base/arena.h"
#include "base/rootdir.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct netns_place {
	uint64_t inode;		/* as in "net:[4026531840]" */
	const char *netns;	/* what netns_enter() takes: the name below run/netns, else "pid:N"; clean for a terminal */
	const char *process;	/* what the first process in it calls itself, or "" */
	pid_t pid;		/* its number, or 0: none is in it, as far as can be seen */
	size_t processes;	/* that are in it */
	bool is_own;		/* this process is in it */
	bool is_bound;		/* netns is a name below run/netns */
	bool is_named;		/* process and pid are of a program, not of the kernel */
};

struct netns_places {
	struct netns_place *items;	/* our own first, then by inode */
	size_t count, capacity;
	size_t hidden;		/* processes whose namespace this user may not see */
};

/* 0 or a negative errno: of memory, of descriptors, or of proc itself. The output is untouched on failure. */
MUST_CHECK int netns_list(const struct rootdir *root, struct arena *arena, struct netns_places *ret_places);

/* Enters it. -ESTALE when what its name leads to is another one by now; else as netns_enter(). */
MUST_CHECK int netns_place_enter(const struct rootdir *root, const struct netns_place *place);
