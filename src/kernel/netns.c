/* SPDX-License-Identifier: MIT */
/* setns(2). */
#define _GNU_SOURCE
#include "kernel/netns.h"

#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int open_netns(const struct rootdir *root, const char *netns)
{
	char path[300];
	struct number pid;
	int fd;

	if (strchr(netns, '/')) {
		fd = open(netns, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		return fd < 0 ? -errno : fd;
	}
	if (strncmp(netns, "pid:", 4) == 0) {
		if (!number_parse(netns + 4, strlen(netns + 4), &pid) || pid.negative)
			return -EINVAL;
		snprintf(path, sizeof(path), "proc/%s/ns/net", netns + 4);
		return rootdir_open_path(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	}
	if (!netns[0] || strlen(netns) > 255 || strcmp(netns, ".") == 0 || strcmp(netns, "..") == 0)
		return -EINVAL;
	snprintf(path, sizeof(path), "run/netns/%s", netns);
	return rootdir_open_path(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

int netns_enter(const struct rootdir *root, const char *netns)
{
	CLEANUP_FD int fd = open_netns(root, netns);

	if (fd < 0)
		return fd;
	return setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
}

int netns_open_own(const struct rootdir *root)
{
	return rootdir_open_path(root, "proc/self/ns/net", O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

int netns_return(int netns_fd)
{
	return setns(netns_fd, CLONE_NEWNET) < 0 ? -errno : 0;
}

static int write_text(const char *path, const char *text)
{
	CLEANUP_FD int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* user_namespaces(7): who is root inside is who we are outside; a group needs setgroups(2) denied first. */
static int enter_as_root(uid_t user, gid_t group)
{
	char map[64];
	int r;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return -errno;
	r = write_text("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %ld 1", (long)user);
	if (r == 0 || r == -ENOENT)
		r = write_text("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %ld 1", (long)group);
	if (r == 0)
		r = write_text("/proc/self/gid_map", map);
	return r;
}

int netns_enter_new(void)
{
	if (unshare(CLONE_NEWNET) == 0)
		return 0;
	return errno == EPERM ? enter_as_root(geteuid(), getegid()) : -errno;
}
