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
