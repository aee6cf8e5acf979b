/* SPDX-License-Identifier: MIT */
/* Open descriptors and their limit. */
#define _GNU_SOURCE
#include "kernel/descriptors.h"

#include "base/fileio.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum { LIMITS_SIZE_MAX = 64 << 10 };

/* What says nothing about the process. */
static bool is_ours(int negative_errno)
{
	return negative_errno == -ENOMEM || negative_errno == -EMFILE || negative_errno == -ENFILE;
}

static int count_entries(int process_fd, uint64_t *ret_count)
{
	CLEANUP_FD int fd = openat(process_fd, "fd", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	CLEANUP_DIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	uint64_t count = 0;

	if (!dir)
		return -errno;
	(void)TAKE_FD(fd);
	errno = 0;
	while ((entry = readdir(dir)))
		count += entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
	if (errno != 0)
		return -errno;
	*ret_count = count;
	return 0;
}

/* Of this process, the descriptors that do the counting are among them. */
static int count_open(int process_fd, bool is_self, uint64_t *ret_count)
{
	struct statfs system;
	struct stat stat;
	uint64_t count = 0;
	int r;

	if (fstatat(process_fd, "fd", &stat, AT_SYMLINK_NOFOLLOW) < 0 || fstatfs(process_fd, &system) < 0)
		return -errno;
	if (system.f_type == PROC_SUPER_MAGIC && stat.st_size > 0) {
		*ret_count = (uint64_t)stat.st_size - is_self;
		return 0;
	}
	r = count_entries(process_fd, &count);
	if (r == 0)
		*ret_count = count - 2 * is_self;
	return r;
}

int descriptors_open(int proc_fd, pid_t pid, uint64_t *ret_open)
{
	struct stat stat;
	char path[32];

	snprintf(path, sizeof(path), "%lld/fd", (long long)pid);
	if (fstatat(proc_fd, path, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return -ESRCH;
	*ret_open = (uint64_t)stat.st_size;
	return 0;
}

/* This process has some open for certain. */
bool descriptors_are_told(int proc_fd)
{
	struct statfs system;
	struct stat stat;

	return fstatfs(proc_fd, &system) == 0 && system.f_type == PROC_SUPER_MAGIC &&
		fstatat(proc_fd, "self/fd", &stat, 0) == 0 && stat.st_size > 0;
}

/* "1024" or "unlimited", and the blanks before it. */
static bool take_limit(const char **text, uint64_t *ret_limit)
{
	static const char unlimited[] = "unlimited";
	char *end;

	*text += strspn(*text, " ");
	if (strncmp(*text, unlimited, strlen(unlimited)) == 0) {
		*ret_limit = DESCRIPTORS_UNLIMITED;
		*text += strlen(unlimited);
		return **text == ' ';
	}
	if (**text < '0' || **text > '9')
		return false;
	errno = 0;
	*ret_limit = strtoull(*text, &end, 10);
	*text = end;
	return errno == 0 && *end == ' ';
}

/* "Max open files            1024                 524288               files     " */
static bool parse_limits(const char *text, uint64_t *ret_soft, uint64_t *ret_hard)
{
	static const char name[] = "\nMax open files ";
	const char *line = strstr(text, name);
	uint64_t soft, hard;

	if (!line)
		return false;
	line += strlen(name);
	if (!take_limit(&line, &soft) || !take_limit(&line, &hard))
		return false;
	*ret_soft = soft;
	*ret_hard = hard;
	return true;
}

int descriptors_of(const struct rootdir *root, pid_t pid, struct descriptors *ret_descriptors)
{
	struct descriptors descriptors = { 0 };
	CLEANUP_STRBUF struct strbuf limits = STRBUF_INIT;
	CLEANUP_FD int fd = -1;
	char path[32];
	int r;

	snprintf(path, sizeof(path), "proc/%lld", (long long)pid);
	fd = rootdir_open_path(root, path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return is_ours(fd) ? fd : -ESRCH;
	r = count_open(fd, root->is_system && pid == getpid(), &descriptors.open);
	if (is_ours(r) || r == -ESRCH)
		return r;
	descriptors.open_known = r == 0;
	r = fileio_read_at(fd, "limits", LIMITS_SIZE_MAX, &limits);
	if (is_ours(r) || r == -ESRCH)
		return r;
	descriptors.limits_known = r == 0 && parse_limits(limits.bytes, &descriptors.soft, &descriptors.hard);
	*ret_descriptors = descriptors;
	return 0;
}
