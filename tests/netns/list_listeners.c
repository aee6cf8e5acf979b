/* SPDX-License-Identifier: MIT */
/* Prints what kernel/sockdiag.h and kernel/owners.h find below a root, for test_listeners.py.
 *
 *	list_listeners ROOT [without-netlink]
 *
 * The first line is "SOURCE HIDDEN", where SOURCE is "netlink" or "table"; then one line for each socket:
 * ADDRESS UID INODE QUEUE BACKLOG INTERFACE PROCESSES PID UNIT NAME, with "-" for an empty unit. Given the second
 * argument, this process has no netlink, as in a sandbox. Exit 2 with the errno's text when it fails. */
#define _GNU_SOURCE
#include "sandbox.h"

#include "kernel/owners.h"
#include "kernel/sockdiag.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int print_all(const struct listeners *listeners, const struct owners *owners)
{
	printf("%s %zu\n", listeners->has_backlog ? "netlink" : "table", owners->hidden);
	for (size_t i = 0; i < listeners->count; i++) {
		const struct listener *listener = &listeners->items[i];
		const struct owner *owner = owners_get(owners, listener->inode);
		char address[LISTENER_TEXT_SIZE];

		listener_format(listener, address);
		printf("%s %u %u %u %u %u %zu %d %s %s\n", address, listener->uid, listener->inode, listener->queue,
			listener->backlog, listener->interface, owner->processes, (int)owner->pid,
			owner->unit[0] ? owner->unit : "-", owner->name);
	}
	return 0;
}

static int list(const char *path, struct arena *arena)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	struct listeners listeners;
	struct owners owners;
	uint32_t *inodes;
	int r = rootdir_open(path, &root);

	if (r == 0)
		r = sockdiag_listeners(&root, arena, &listeners);
	if (r < 0)
		return r;
	inodes = arena_alloc(arena, (listeners.count + 1) * sizeof(*inodes));
	if (!inodes)
		return -ENOMEM;
	for (size_t i = 0; i < listeners.count; i++)
		inodes[i] = listeners.items[i].inode;
	r = owners_find(&root, arena, inodes, listeners.count, &owners);
	return r < 0 ? r : print_all(&listeners, &owners);
}

int main(int argc, char **argv)
{
	CLEANUP_ARENA struct arena arena;
	int r = argc == 3 ? forbid_netlink() : 0;

	arena_init(&arena);
	if (r == 0)
		r = list(argc > 1 ? argv[1] : "/", &arena);
	if (r < 0)
		fprintf(stderr, "list_listeners: %s\n", strerror(-r));
	return r < 0 ? 2 : 0;
}
