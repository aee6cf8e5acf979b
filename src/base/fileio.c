/* SPDX-License-Identifier: MIT */
/* Safe opening, reading, writing and replacing of files below a directory handle. */
#define _GNU_SOURCE
#include "base/fileio.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH_COMPONENT_MAX = 255 };

/* "" , "." and ".." have no business in a path that this program opens below a directory: openat2
 * would let "net/../kernel" pass, since it stays beneath. */
static bool path_is_plain(const char *path)
{
	for (;;) {
		size_t length = strcspn(path, "/");

		if (length == 0 || length > PATH_COMPONENT_MAX)
			return false;
		if (path[0] == '.' && (length == 1 || (length == 2 && path[1] == '.')))
			return false;
		if (path[length] == '\0')
			return true;
		path += length + 1;
	}
}

/* The fallback for kernels before 5.6 and for sandboxes that hide openat2. */
static int open_by_component(int dir_fd, const char *path, int flags)
{
	char component[PATH_COMPONENT_MAX + 1];
	CLEANUP_FD int held = -1;
	struct stat status;
	int fd;

	for (;;) {
		size_t length = strcspn(path, "/");
		bool is_last = path[length] == '\0';
		int how = is_last ? flags : O_PATH | O_DIRECTORY;

		memcpy(component, path, length);
		component[length] = '\0';
		fd = openat(held >= 0 ? held : dir_fd, component, how | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		if (held >= 0)
			(void)close(held);
		held = fd;
		/* O_PATH opens a link itself where openat2 refuses it. */
		if (is_last && (flags & O_PATH) && (fstat(fd, &status) < 0 || S_ISLNK(status.st_mode)))
			return -ELOOP;
		if (is_last)
			return TAKE_FD(held);
		path += length + 1;
	}
}

static int open_resolving(int dir_fd, const char *path, int flags, unsigned long long resolve)
{
	struct open_how how = {
		.flags = (unsigned long long)(flags | O_CLOEXEC),
		.resolve = resolve | RESOLVE_NO_MAGICLINKS,
	};
	long fd;

	if (!path_is_plain(path))
		return -EINVAL;
	do
		fd = syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	if (fd >= 0)
		return (int)fd;
	/* Older container sandboxes answer EPERM for system calls that they do not know. */
	if (errno == ENOSYS || errno == EPERM)
		return open_by_component(dir_fd, path, flags);
	return -errno;
}

int fileio_open_beneath(int dir_fd, const char *path, int flags)
{
	return open_resolving(dir_fd, path, flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

int fileio_open_in_root(int dir_fd, const char *path, int flags)
{
	return open_resolving(dir_fd, path, flags, RESOLVE_IN_ROOT);
}

int fileio_read(int fd, size_t limit, struct strbuf *text)
{
	size_t start = text->length;

	for (;;) {
		size_t have = text->length - start;
		size_t room = text->capacity > text->length ? text->capacity - text->length - 1 : 0;
		ssize_t count;

		if (room == 0) {
			if (!strbuf_reserve(text, have ? have : 4096))
				return -ENOMEM;
			continue;
		}
		if (room > limit + 1 - have)
			room = limit + 1 - have;
		count = read(fd, text->bytes + text->length, room);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		text->length += (size_t)count;
		text->bytes[text->length] = '\0';
		if (count == 0)
			return 0;
		if (text->length - start > limit)
			return -EFBIG;
	}
}

int fileio_read_at(int dir_fd, const char *name, size_t limit, struct strbuf *text)
{
	CLEANUP_FD int fd = fileio_open_beneath(dir_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	return fileio_read(fd, limit, text);
}

int fileio_write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t count = write(fd, bytes, length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (count == 0)
			return -EIO;
		bytes += count;
		length -= (size_t)count;
	}
	return 0;
}

static int replace_content(int dir_fd, const char *temporary, const char *bytes, size_t length,
	mode_t mode, bool durable)
{
	CLEANUP_FD int fd = openat(dir_fd, temporary,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	int r;

	if (fd < 0)
		return -errno;
	if (fchmod(fd, mode) < 0)
		return -errno;
	r = fileio_write_all(fd, bytes, length);
	if (r < 0)
		return r;
	if (durable && fsync(fd) < 0)
		return -errno;
	/* A failing close is the last chance of a network file system to tell of a full disk. */
	if (close(TAKE_FD(fd)) < 0)
		return -errno;
	return 0;
}

int fileio_replace_at(int dir_fd, const char *name, const char *bytes, size_t length, mode_t mode,
	bool durable)
{
	char temporary[PATH_COMPONENT_MAX + 1];
	int r;

	if (strlen(name) + sizeof(".tmp") > sizeof(temporary))
		return -ENAMETOOLONG;
	strcpy(temporary, name);
	strcat(temporary, ".tmp");

	/* Left behind by a writer that was killed; the lock says that none is at work. */
	if (unlinkat(dir_fd, temporary, 0) < 0 && errno != ENOENT)
		return -errno;
	r = replace_content(dir_fd, temporary, bytes, length, mode, durable);
	if (r == 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlinkat(dir_fd, temporary, 0);
		return r;
	}
	if (durable && fsync(dir_fd) < 0)
		return -errno;
	return 0;
}

int fileio_make_dir_at(int dir_fd, const char *name, mode_t mode)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	CLEANUP_FD int fd = openat(dir_fd, name, flags);
	struct stat status;

	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(dir_fd, name, mode) < 0 && errno != EEXIST)
			return -errno;
		fd = openat(dir_fd, name, flags);
		if (fd >= 0 && fchmod(fd, mode) < 0)
			return -errno;
	}
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)))
		return -EPERM;
	return TAKE_FD(fd);
}
