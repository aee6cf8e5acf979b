/* SPDX-License-Identifier: MIT */
/* The root directory handle. */
#define _GNU_SOURCE
#include "base/rootdir.h"

#include "base/fileio.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

int rootdir_open(const char *path, struct rootdir *ret_root)
{
	CLEANUP_FD int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat ours, system;

	if (fd < 0 || fstat(fd, &ours) < 0 || stat("/", &system) < 0)
		return -errno;
	ret_root->is_system = ours.st_dev == system.st_dev && ours.st_ino == system.st_ino;
	ret_root->fd = TAKE_FD(fd);
	return 0;
}

void rootdir_release(struct rootdir *root)
{
	close_fd_(&root->fd);
}

int rootdir_open_path(const struct rootdir *root, const char *path, int flags)
{
	int fd;

	if (!root->is_system)
		return fileio_open_in_root(root->fd, path, flags);
	fd = openat(root->fd, path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}
