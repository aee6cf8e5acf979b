/* SPDX-License-Identifier: MIT */
/* Prints what kernel/sockdiag.h and kernel/owners.h find below a root, for test_listeners.py.
 *
 *	list_listeners ROOT [without-netlink]
 *
 * The first line is "SOURCE HIDDEN", where SOURCE is "netlink" or "table"; then one line for each socket:
 * ADDRESS UID INODE QUEUE BACKLOG INTERFACE PROCESSES PID UNIT NAME, with "-" for an empty unit. Given the second
 * argument, this process has no netlink, as in a sandbox. Exit 2 with the errno's text when it fails. */
#define _GNU_SOURCE
#include "kernel/owners.h"
#include "kernel/sockdiag.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static int forbid_netlink(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = COUNT_OF(filter), .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return -errno;
	return 0;
}

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
