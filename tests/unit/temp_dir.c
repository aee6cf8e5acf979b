/* SPDX-License-Identifier: MIT */
/* Temporary trees of files. */
#define _GNU_SOURCE
#include "temp_dir.h"

#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void temp_dir_make(struct temp_dir *dir)
{
	const char *parent = getenv("TMPDIR");

	/* In memory where possible: a record is synced, and some tests make thousands. */
	if (!parent)
		parent = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(dir->path, sizeof(dir->path), "%s/kerntune-unit-XXXXXX", parent);
	assert_non_null(mkdtemp(dir->path));
	dir->fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir->fd >= 0);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *position)
{
	(void)status;
	(void)type;
	(void)position;
	return remove(path);
}

void temp_dir_remove(struct temp_dir *dir)
{
	(void)close(dir->fd);
	assert_int_equal(nftw(dir->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static void add_parents(const struct temp_dir *dir, const char *path)
{
	char parent[512];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
		(void)mkdirat(dir->fd, parent, 0755);
	}
}

void temp_dir_add_dir(const struct temp_dir *dir, const char *path, mode_t mode)
{
	add_parents(dir, path);
	(void)mkdirat(dir->fd, path, 0700);
	temp_dir_set_mode(dir, path, mode);
}

void temp_dir_write_bytes(const struct temp_dir *dir, const char *path, const char *bytes, size_t length)
{
	int fd;

	add_parents(dir, path);
	fd = openat(dir->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		fail_msg("cannot make %s/%s", dir->path, path);
	assert_int_equal(write(fd, bytes, length), length);
	assert_int_equal(close(fd), 0);
}

void temp_dir_write(const struct temp_dir *dir, const char *path, const char *text)
{
	temp_dir_write_bytes(dir, path, text, strlen(text));
}

void temp_dir_add_link(const struct temp_dir *dir, const char *path, const char *target)
{
	add_parents(dir, path);
	assert_int_equal(symlinkat(target, dir->fd, path), 0);
}

void temp_dir_add_fifo(const struct temp_dir *dir, const char *path)
{
	add_parents(dir, path);
	assert_int_equal(mkfifoat(dir->fd, path, 0644), 0);
}

void temp_dir_set_mode(const struct temp_dir *dir, const char *path, mode_t mode)
{
	assert_int_equal(fchmodat(dir->fd, path, mode, 0), 0);
}

bool temp_dir_has(const struct temp_dir *dir, const char *path)
{
	struct stat status;

	return fstatat(dir->fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

void temp_dir_read(const struct temp_dir *dir, const char *path, struct strbuf *text)
{
	int fd = openat(dir->fd, path, O_RDONLY | O_CLOEXEC);
	char buffer[4096];
	ssize_t count;

	if (fd < 0)
		fail_msg("cannot open %s/%s", dir->path, path);
	while ((count = read(fd, buffer, sizeof(buffer))) > 0)
		strbuf_add(text, buffer, (size_t)count);
	assert_int_equal(count, 0);
	assert_int_equal(strbuf_check(text), 0);
	(void)close(fd);
}

void temp_dir_assert_file(const struct temp_dir *dir, const char *path, const char *expected)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	temp_dir_read(dir, path, &text);
	if (text.length != strlen(expected) || memcmp(text.bytes, expected, text.length) != 0)
		fail_msg("%s holds \"%s\", not \"%s\"", path, text.bytes, expected);
}
