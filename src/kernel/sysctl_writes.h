/* SPDX-License-Identifier: MIT */
/* sysctl_writes.h - who writes below /proc/sys while we look: told by the kernel (fanotify(7), FAN_MODIFY), without
 * polling and with the process that did it.
 *
 * Calling sequence: sysctl_writes_open() -> wait until fd is readable -> sysctl_writes_next() until it says 0, and so
 * on -> sysctl_writes_release(). Be quick: the name of a process can be read only as long as it is there, and several
 * writes of one process to one key that nobody has fetched yet are one event.
 *
 * The values before come from a reading of all keys at the start (10 ms), which every event brings up to date, and from
 * another one after events were lost, until which they are not known; the value
 * after is read from the very file that was written, so that it is right in whatever namespace the writer is.
 *
 * What is seen: every completed write through this procfs, from whatever mount namespace (FAN_MARK_FILESYSTEM, Linux
 * 4.20; before that, only those through this very mount, see `is_mount_only`), also of a value that was there already.
 * Not seen, all tried out:
 *	- writers with a procfs mount of their own, such as those in a container (each has its own superblock),
 *	- writes that the kernel refused, although they may have changed the first fields of a vector,
 *	- what the kernel changes along with a key, or by itself.
 *
 * Needs CAP_SYS_ADMIN in the first user namespace, and a kernel with CONFIG_FANOTIFY. Memory: the values, each at most
 * SYSCTL_VALUE_SIZE bytes, of at most SYSCTL_WRITES_KEYS_MAX keys. */
#pragma once

#include "base/rootdir.h"
#include "kernel/procsys.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
	SYSCTL_PATH_SIZE = 256,
	SYSCTL_VALUE_SIZE = 256,	/* longer ones are cut, and compared as far as that */
	SYSCTL_COMMAND_SIZE = 64,
	SYSCTL_WRITES_KEYS_MAX = 16384,
};

struct sysctl_write {
	char path[SYSCTL_PATH_SIZE];		/* below proc/sys */
	pid_t pid;				/* in our PID namespace; 0 when it is not in it */
	char command[SYSCTL_COMMAND_SIZE];	/* as the process calls itself: anything; "" when it had gone */
	char before[SYSCTL_VALUE_SIZE], after[SYSCTL_VALUE_SIZE];	/* as people write them, one blank between numbers */
	bool has_before, has_after;
	bool is_elsewhere;	/* of another network namespace, whose key it is: before is not known */
};

struct sysctl_cache_entry;

struct sysctl_writes {
	int fd;				/* to poll */
	bool is_mount_only;
	size_t lost;			/* events that could not be had: queue or descriptors were short */
	bool is_stale;			/* some were lost: what was remembered may be wrong, and is read anew */
	const struct rootdir *root;
	struct procsys *procsys;
	struct sysctl_cache_entry *entries;	/* sorted by path */
	size_t count, capacity;
	_Alignas(8) char buffer[4096];
	size_t at, length;
};

#define SYSCTL_WRITES_INIT { .fd = -1 }

/* Root and procsys must stay. 0 or a negative errno: -EPERM without privilege, -ENOSYS without fanotify, -EOPNOTSUPP
 * where proc/sys is no procfs, -ENOMEM. */
MUST_CHECK int sysctl_writes_open(const struct rootdir *root, struct procsys *procsys,
	struct sysctl_writes *ret_writes);
void sysctl_writes_release(struct sysctl_writes *writes);
#define CLEANUP_SYSCTL_WRITES CLEANUP(sysctl_writes_release)

/* 1 with the next write, which is none of this process's own; 0 when there is none now; or a negative errno. */
MUST_CHECK int sysctl_writes_next(struct sysctl_writes *writes, struct sysctl_write *ret_write);
