/* SPDX-License-Identifier: MIT */
/* Reading, writing and listing keys. */
#define _GNU_SOURCE
#include "kernel/procsys.h"

#include "base/fileio.h"
#include "base/memory.h"
#include "model/key.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Most values are a line. A buffer that came back full may have been cut: the longest known value, a full
 * ip_local_reserved_ports, has 191053 bytes, and the kernel refuses reads of several MiB. */
enum { READ_SIZE = 4096, READ_SIZE_MAX = 1024 * 1024, LARGE_SIZE = READ_SIZE_MAX + 1 };

static ssize_t plain_read(void *context, const char *path, int fd, void *buffer, size_t size)
{
	(void)context;
	(void)path;
	return read(fd, buffer, size);
}

static ssize_t plain_write(void *context, const char *path, int fd, const void *bytes, size_t size)
{
	(void)context;
	(void)path;
	return write(fd, bytes, size);
}

int procsys_open(const struct rootdir *root, enum procsys_mode mode, struct procsys *ret_procsys)
{
	/* Not O_PATH: fstatfs(2) takes such a descriptor only since Linux 3.12. */
	CLEANUP_FD int fd = rootdir_open_path(root, "proc/sys", O_RDONLY | O_DIRECTORY);
	struct statfs status;

	if (fd < 0)
		return fd;
	if (fstatfs(fd, &status) < 0)
		return -errno;
	*ret_procsys = (struct procsys){
		.mode = mode,
		.is_plain_tree = status.f_type != PROC_SUPER_MAGIC,
		.ops = { .read = plain_read, .write = plain_write },
	};
	ret_procsys->dir_fd = TAKE_FD(fd);
	return 0;
}

void procsys_release(struct procsys *procsys)
{
	close_fd_(&procsys->dir_fd);
	memory_free(procsys->large);
	procsys->large = NULL;
}

/* What an errno of open or read means; ENOENT after a successful open is an interface that went away. */
static int read_outcome(int error, int *ret_error)
{
	*ret_error = error;
	return error == ENOENT || error == ENOTDIR ? PROCSYS_ABSENT : PROCSYS_UNREADABLE;
}

/* Opens a key; in a plain tree only a regular file. A descriptor or a negative errno. */
static int open_key(const struct procsys *procsys, const char *path, int flags)
{
	CLEANUP_FD int fd = fileio_open_beneath(procsys->dir_fd, path, flags | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0)
		return fd;
	if (procsys->is_plain_tree) {
		if (fstat(fd, &status) < 0)
			return -errno;
		if (!S_ISREG(status.st_mode))
			return S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL;
	}
	return TAKE_FD(fd);
}

static int make_large_buffer(struct procsys *procsys)
{
	if (!procsys->large)
		procsys->large = memory_alloc(LARGE_SIZE);
	return procsys->large ? 0 : -ENOMEM;
}

static ssize_t read_once(const struct procsys *procsys, const char *path, int fd, char *buffer, size_t size)
{
	ssize_t count;

	do
		count = procsys->ops.read(procsys->ops.context, path, fd, buffer, size);
	while (count < 0 && errno == EINTR);
	return count;
}

int procsys_read(struct procsys *procsys, struct arena *arena, const char *path, struct value *ret_value,
	int *ret_error)
{
	CLEANUP_FD int fd = open_key(procsys, path, O_RDONLY);
	char page[READ_SIZE], *bytes = page;
	ssize_t count;

	if (fd < 0)
		return read_outcome(-fd, ret_error);
	count = read_once(procsys, path, fd, page, sizeof(page));
	if (count == READ_SIZE) {
		if (make_large_buffer(procsys) < 0)
			return -ENOMEM;
		if (lseek(fd, 0, SEEK_SET) < 0)
			return read_outcome(errno, ret_error);
		bytes = procsys->large;
		count = read_once(procsys, path, fd, bytes, READ_SIZE_MAX);
	}
	if (count < 0)
		return read_outcome(errno, ret_error);
	if (count == READ_SIZE_MAX)
		return read_outcome(EFBIG, ret_error);
	return value_copy(arena, (struct value){ bytes, (size_t)count }, ret_value);
}

/* Root of a child user namespace meets files that belong to its parent. */
static bool is_foreign(const struct procsys *procsys, const struct stat *status)
{
	return !procsys->is_plain_tree && geteuid() == 0 && status->st_uid != 0;
}

/* No write bit counts for root as well: /proc/sys knows no CAP_DAC_OVERRIDE. */
static bool is_unwritable(const struct procsys *procsys, int fd, const struct stat *status)
{
	struct statvfs mount;

	if ((status->st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)) == 0 || is_foreign(procsys, status))
		return true;
	return fstatvfs(fd, &mount) == 0 && (mount.f_flag & ST_RDONLY);
}

static int write_open_outcome(int error, int *ret_error)
{
	*ret_error = error;
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return PROCSYS_ABSENT;
	case EROFS:
		return PROCSYS_UNWRITABLE;
	case EACCES:
	case EPERM:
		return PROCSYS_NO_PRIVILEGE;
	default:
		return PROCSYS_REFUSED;
	}
}

int procsys_probe(const struct procsys *procsys, const char *path, int *ret_error)
{
	CLEANUP_FD int write_fd = procsys->mode == PROCSYS_READ_ONLY ? -EROFS :
		open_key(procsys, path, O_WRONLY);
	CLEANUP_FD int fd = -1;
	struct stat status;

	/* The quick answers; not for a plain tree, where root may write what has no write bit. */
	if (!procsys->is_plain_tree && (write_fd >= 0 || (procsys->mode == PROCSYS_READ_ONLY &&
		faccessat(procsys->dir_fd, path, W_OK, 0) == 0)))
		return 0;
	fd = fileio_open_beneath(procsys->dir_fd, path, O_PATH);
	if (fd < 0)
		return read_outcome(-fd, ret_error);
	if (fstat(fd, &status) < 0)
		return read_outcome(errno, ret_error);
	if (is_unwritable(procsys, fd, &status)) {
		*ret_error = EROFS;
		return PROCSYS_UNWRITABLE;
	}
	if (procsys->mode == PROCSYS_READ_ONLY)
		return 0;
	return write_fd < 0 ? write_open_outcome(-write_fd, ret_error) : 0;
}

/* Whether the handler's answer is one of its own, and no short count. addrconf_sysctl_forward() answers 1 for whatever it
 * was given (net.ipv6.conf.all.forwarding of 6.1: measured); and one number or word is never taken in part. What
 * came of it is read back anyway. */
static bool is_handlers_own(struct value text, ssize_t count)
{
	return count == 1 && value_count_fields(text) == 1;
}

static int write_key(const struct procsys *procsys, const char *path, int fd, struct value text,
	bool in_pieces, int *ret_error)
{
	size_t done = 0;

	while (done < text.length) {
		ssize_t count = procsys->ops.write(procsys->ops.context, path, fd, text.bytes + done,
			text.length - done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			*ret_error = errno;
			return PROCSYS_REFUSED;
		}
		done += (size_t)count;
		if (!in_pieces && is_handlers_own(text, count))
			break;
		if (done < text.length && (!in_pieces || count == 0)) {
			*ret_error = EINVAL;
			return PROCSYS_SHORT;
		}
	}
	/* Written first, cut after: a full disk then leaves the old value. */
	if (procsys->is_plain_tree && ftruncate(fd, (off_t)text.length) < 0) {
		*ret_error = errno;
		return PROCSYS_REFUSED;
	}
	return 0;
}

int procsys_write(struct procsys *procsys, const char *path, struct value value, bool in_pieces,
	int *ret_error)
{
	CLEANUP_FD int fd = -1;
	char page[READ_SIZE], *bytes = page;

	if (procsys->mode == PROCSYS_READ_ONLY)
		return -EROFS;
	value = value_trimmed(value);
	if (value.length >= READ_SIZE_MAX)
		return -EFBIG;
	if (value.length >= sizeof(page)) {
		if (make_large_buffer(procsys) < 0)
			return -ENOMEM;
		bytes = procsys->large;
	}
	memcpy(bytes, value.bytes, value.length);
	bytes[value.length] = '\n';

	fd = open_key(procsys, path, O_WRONLY);
	if (fd < 0)
		return write_open_outcome(-fd, ret_error);
	return write_key(procsys, path, fd, (struct value){ bytes, value.length + 1 }, in_pieces, ret_error);
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_path(struct arena *arena, struct procsys_paths *paths, const char *path)
{
	const char **grown = arena_grow(arena, paths->paths, paths->count, &paths->capacity, sizeof(*grown));

	if (!grown || !path)
		return -ENOMEM;
	paths->paths = grown;
	paths->paths[paths->count++] = path;
	return 0;
}

static void sort_paths(struct procsys_paths *paths, size_t first)
{
	if (paths->count > first)
		qsort(paths->paths + first, paths->count - first, sizeof(*paths->paths), compare_paths);
}

/* A directory below the handle ("" for the handle itself) as a stream; NULL with errno. */
static DIR *open_listing(const struct procsys *procsys, const char *path)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	CLEANUP_FD int fd = path[0] ? fileio_open_beneath(procsys->dir_fd, path, flags) :
		openat(procsys->dir_fd, ".", flags);
	DIR *listing;

	if (fd < 0) {
		errno = path[0] ? -fd : errno;
		return NULL;
	}
	listing = fdopendir(fd);
	if (listing)
		(void)TAKE_FD(fd);
	return listing;
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

static char *join_path(struct arena *arena, const char *parent, const char *name)
{
	return parent[0] ? arena_printf(arena, "%s/%s", parent, name) : arena_strdup(arena, name);
}

/* Expands the first component of `glob` that holds a wildcard; `parent` has none. */
static int expand_below(const struct procsys *procsys, struct arena *arena, const char *parent,
	const char *glob, struct procsys_paths *paths)
{
	CLEANUP_DIR DIR *listing = NULL;
	size_t length = strcspn(glob, "/");
	char *component = arena_copy(arena, glob, length);
	const char *rest = glob[length] ? glob + length + 1 : NULL;
	struct dirent *entry;

	if (!component)
		return -ENOMEM;
	if (!key_is_glob(component)) {
		char *path = join_path(arena, parent, component);
		struct stat status;
		int fd;

		if (!path)
			return -ENOMEM;
		if (rest)
			return expand_below(procsys, arena, path, rest, paths);
		fd = fileio_open_beneath(procsys->dir_fd, path, O_PATH);
		if (fd < 0)
			return 0;
		if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
			(void)close(fd);
			return add_path(arena, paths, path);
		}
		(void)close(fd);
		return 0;
	}

	listing = open_listing(procsys, parent);
	if (!listing)
		return errno == ENOMEM ? -ENOMEM : 0;
	while ((entry = readdir(listing))) {
		char *path;
		int r;

		if (is_dots(entry->d_name) || !key_matches(component, entry->d_name) ||
			(!rest && entry->d_type == DT_DIR))
			continue;
		path = join_path(arena, parent, entry->d_name);
		if (!path)
			return -ENOMEM;
		r = rest ? expand_below(procsys, arena, path, rest, paths) : add_path(arena, paths, path);
		if (r < 0)
			return r;
	}
	return 0;
}

int procsys_expand(const struct procsys *procsys, struct arena *arena, const char *glob,
	struct procsys_paths *paths)
{
	size_t first = paths->count;
	int r = expand_below(procsys, arena, "", glob, paths);

	if (r == 0)
		sort_paths(paths, first);
	return r;
}

/* Reading it makes every CPU flush its counters. */
static bool reading_has_effects(const char *path)
{
	return strcmp(path, "vm/stat_refresh") == 0;
}

static int walk_below(const struct procsys *procsys, struct arena *arena, const char *parent, dev_t device,
	struct procsys_paths *paths)
{
	CLEANUP_DIR DIR *listing = open_listing(procsys, parent);
	struct dirent *entry;

	if (!listing)
		return errno == ENOMEM ? -ENOMEM : 0;
	while ((entry = readdir(listing))) {
		struct stat status;
		char *path;
		int r = 0;

		if (is_dots(entry->d_name) ||
			fstatat(dirfd(listing), entry->d_name, &status,
				AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0 ||
			status.st_dev != device)
			continue;
		path = join_path(arena, parent, entry->d_name);
		if (!path)
			return -ENOMEM;
		if (S_ISDIR(status.st_mode))
			r = walk_below(procsys, arena, path, device, paths);
		else if (S_ISREG(status.st_mode) && (status.st_mode & 0222) && (status.st_mode & 0444) &&
			!reading_has_effects(path))
			r = add_path(arena, paths, path);
		if (r < 0)
			return r;
	}
	return 0;
}

int procsys_walk(const struct procsys *procsys, struct arena *arena, const char *top,
	struct procsys_paths *paths)
{
	size_t first = paths->count;
	struct stat status;
	int r;

	if (fstat(procsys->dir_fd, &status) < 0)
		return -errno;
	r = walk_below(procsys, arena, top, status.st_dev, paths);
	if (r == 0)
		sort_paths(paths, first);
	return r;
}

int procsys_siblings(const struct procsys *procsys, struct arena *arena, const char *path,
	struct procsys_paths *names)
{
	CLEANUP_DIR DIR *listing = NULL;
	const char *slash = strrchr(path, '/');
	char *parent = arena_copy(arena, path, slash ? (size_t)(slash - path) : 0);
	struct dirent *entry;

	if (!parent)
		return -ENOMEM;
	listing = open_listing(procsys, parent);
	while (listing && (entry = readdir(listing))) {
		if (is_dots(entry->d_name))
			continue;
		if (add_path(arena, names, arena_strdup(arena, entry->d_name)) < 0)
			return -ENOMEM;
	}
	return 0;
}
