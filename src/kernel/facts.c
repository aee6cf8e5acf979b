/* SPDX-License-Identifier: MIT */
/* Facts about the host. */
#define _GNU_SOURCE
#include "kernel/facts.h"

#include "base/fileio.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71	/* asm-generic/socket.h, Linux 5.14 */
#endif

enum { FACT_SIZE_MAX = 4096 };

/* The first line of a file, "" when it cannot be read; NULL when memory is short. */
static const char *read_line(const struct rootdir *root, struct arena *arena, const char *path)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_FD int fd = rootdir_open_path(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	int r = fd < 0 ? fd : fileio_read(fd, FACT_SIZE_MAX, &text);

	if (r == -ENOMEM)
		return NULL;
	return arena_copy(arena, text.bytes, r < 0 ? 0 : strcspn(text.bytes, "\n"));
}

/* proc/self/ns/net reads as net:[4026531840]. The link is read, not followed. */
static const char *read_netns(const struct rootdir *root, struct arena *arena)
{
	CLEANUP_FD int dir = rootdir_open_path(root, "proc/self/ns", O_PATH | O_DIRECTORY);
	char text[64] = "";
	const char *digits;
	ssize_t length = dir < 0 ? -1 : readlinkat(dir, "net", text, sizeof(text) - 1);

	if (length < 0 || strncmp(text, "net:[", 5) != 0)
		return arena_strdup(arena, "");
	digits = text + 5;
	return arena_copy(arena, digits, strspn(digits, "0123456789"));
}

/* A socket knows the namespace that it was made in. Of a tree of files nobody knows. */
static const char *read_netns_cookie(const struct rootdir *root, struct arena *arena)
{
	CLEANUP_FD int fd = root->is_system ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
	uint64_t cookie;
	socklen_t length = sizeof(cookie);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length) < 0)
		return arena_strdup(arena, "");
	return arena_printf(arena, "%" PRIu64, cookie);
}

int facts_host(const struct rootdir *root, struct arena *arena, struct host *ret_host)
{
	struct host host = {
		.hostname = read_line(root, arena, "proc/sys/kernel/hostname"),
		.kernel = read_line(root, arena, "proc/sys/kernel/osrelease"),
		.boot_id = read_line(root, arena, "proc/sys/kernel/random/boot_id"),
		.netns = read_netns(root, arena),
		.netns_cookie = read_netns_cookie(root, arena),
	};

	if (!host.hostname || !host.kernel || !host.boot_id || !host.netns || !host.netns_cookie)
		return -ENOMEM;
	*ret_host = host;
	return 0;
}
