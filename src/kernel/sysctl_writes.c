/* SPDX-License-Identifier: MIT */
/* fanotify on /proc/sys. */
#define _GNU_SOURCE
#include "kernel/sysctl_writes.h"

#include "base/memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>

/* The C library's headers may be older than the kernel. */
enum { MARK_FILESYSTEM = 0x100 };

/* What one read of a key takes: the kernel's own values fit into a page. */
enum { READ_SIZE = 4096 };

struct sysctl_cache_entry {
	char *path, *value;	/* value NULL: could not be read */
};

/* ---- the values before ---- */

static char *copy(const char *text)
{
	size_t size = strlen(text) + 1;
	char *bytes = memory_alloc(size);

	return bytes ? memcpy(bytes, text, size) : NULL;
}

/* Where the path is, or belongs. */
static size_t find_entry(const struct sysctl_writes *writes, const char *path, bool *ret_found)
{
	size_t low = 0, high = writes->count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(path, writes->entries[middle].path);

		if (order == 0)
			*ret_found = true;
		if (order <= 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static int insert_entry(struct sysctl_writes *writes, size_t at, const char *path)
{
	char *own;

	if (writes->count == writes->capacity) {
		size_t capacity = writes->capacity ? 2 * writes->capacity : 2048;
		void *grown = memory_resize(writes->entries, capacity * sizeof(*writes->entries));

		if (!grown)
			return -ENOMEM;
		writes->entries = grown;
		writes->capacity = capacity;
	}
	own = copy(path);
	if (!own)
		return -ENOMEM;
	memmove(&writes->entries[at + 1], &writes->entries[at], (writes->count - at) * sizeof(*writes->entries));
	writes->entries[at] = (struct sysctl_cache_entry){ .path = own };
	writes->count++;
	return 0;
}

/* value NULL: it cannot be read. */
static int remember(struct sysctl_writes *writes, const char *path, const char *value)
{
	bool found;
	size_t at = find_entry(writes, path, &found);
	char *own = NULL;
	int r = 0;

	if (!found && writes->count >= SYSCTL_WRITES_KEYS_MAX)
		return 0;
	if (!found)
		r = insert_entry(writes, at, path);
	if (r == 0 && value && !(own = copy(value)))
		r = -ENOMEM;
	if (r < 0)
		return r;
	memory_free(writes->entries[at].value);
	writes->entries[at].value = own;
	return 0;
}

static const char *remembered(const struct sysctl_writes *writes, const char *path)
{
	bool found;
	size_t at = find_entry(writes, path, &found);

	return found ? writes->entries[at].value : NULL;
}

/* As people write it: numbers are separated by a tab, lists of lines by a line feed. */
static void tidy(const char *bytes, size_t length, char text[SYSCTL_VALUE_SIZE])
{
	size_t count = 0;

	while (length > 0 && (bytes[length - 1] == '\n' || bytes[length - 1] == '\0'))
		length--;
	for (size_t i = 0; i < length && count < SYSCTL_VALUE_SIZE - 1; i++)
		text[count++] = bytes[i] == '\t' || bytes[i] == '\n' || bytes[i] == '\0' ? ' ' : bytes[i];
	text[count] = '\0';
}

static int fill_cache(struct sysctl_writes *writes)
{
	CLEANUP_ARENA struct arena paths_arena;
	struct procsys_paths paths = { .paths = NULL };
	int r;

	arena_init(&paths_arena);
	r = procsys_walk(writes->procsys, &paths_arena, "", &paths);
	for (size_t i = 0; i < paths.count && r >= 0; i++) {
		CLEANUP_ARENA struct arena arena;
		char text[SYSCTL_VALUE_SIZE];
		struct value value;
		int error;

		arena_init(&arena);
		r = procsys_read(writes->procsys, &arena, paths.paths[i], &value, &error);
		if (r == 0)
			tidy(value.bytes, value.length, text);
		if (r >= 0)
			r = remember(writes, paths.paths[i], r == 0 ? text : NULL);
	}
	/* Without a descriptor to look with there seems to be nothing. */
	return r < 0 ? r : paths.count == 0 ? -EMFILE : 0;
}

static void forget_values(struct sysctl_writes *writes)
{
	for (size_t i = 0; i < writes->count; i++) {
		memory_free(writes->entries[i].value);
		writes->entries[i].value = NULL;
	}
}

/* ---- events ---- */

static int set_mark(struct sysctl_writes *writes)
{
	int dir = writes->procsys->dir_fd;

	if (fanotify_mark(writes->fd, FAN_MARK_ADD | MARK_FILESYSTEM, FAN_MODIFY, dir, ".") == 0)
		return 0;
	if (errno != EINVAL)
		return -errno;
	writes->is_mount_only = true;
	return fanotify_mark(writes->fd, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_MODIFY, dir, ".") < 0 ? -errno : 0;
}

int sysctl_writes_open(const struct rootdir *root, struct procsys *procsys, struct sysctl_writes *ret_writes)
{
	CLEANUP_SYSCTL_WRITES struct sysctl_writes writes = { .fd = -1, .root = root, .procsys = procsys };
	int r;

	if (procsys->is_plain_tree)
		return -EOPNOTSUPP;
	writes.fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK,
		O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_LARGEFILE);
	if (writes.fd < 0)
		return -errno;
	/* In this order no write falls between the two. */
	r = set_mark(&writes);
	if (r == 0)
		r = fill_cache(&writes);
	if (r < 0)
		return r;
	*ret_writes = writes;
	writes = (struct sysctl_writes)SYSCTL_WRITES_INIT;
	return 0;
}

/* The next one that is in the buffer, or NULL. */
static const struct fanotify_event_metadata *take_event(struct sysctl_writes *writes)
{
	const struct fanotify_event_metadata *event = (const void *)(writes->buffer + writes->at);
	size_t left = writes->length - writes->at;

	if (left < sizeof(*event) || event->event_len < sizeof(*event) || event->event_len > left ||
		event->vers != FANOTIFY_METADATA_VERSION)
		return NULL;
	writes->at += event->event_len;
	return event;
}

void sysctl_writes_release(struct sysctl_writes *writes)
{
	const struct fanotify_event_metadata *event;

	while ((event = take_event(writes)))
		if (event->fd >= 0)
			(void)close(event->fd);
	close_fd_(&writes->fd);
	for (size_t i = 0; i < writes->count; i++) {
		memory_free(writes->entries[i].path);
		memory_free(writes->entries[i].value);
	}
	memory_free(writes->entries);
	*writes = (struct sysctl_writes)SYSCTL_WRITES_INIT;
}

static void lose(struct sysctl_writes *writes)
{
	writes->lost++;
	if (!writes->is_stale)
		forget_values(writes);
	writes->is_stale = true;
}

/* An event whose file cannot be opened for us (no descriptor left, the process of a /proc/PID file has gone) is lost
 * with the call. 1, 0 when there is none, or a negative errno. */
static int fill_buffer(struct sysctl_writes *writes)
{
	for (;;) {
		ssize_t count = read(writes->fd, writes->buffer, sizeof(writes->buffer));

		writes->at = 0;
		writes->length = count < 0 ? 0 : (size_t)count;
		if (count > 0)
			return 1;
		if (count == 0 || errno == EAGAIN)
			return 0;
		if (errno == EBADF || errno == EFAULT || errno == EINVAL || errno == EIO)
			return -errno;
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			lose(writes);
	}
}

static bool is_key(const struct sysctl_writes *writes, const char *path)
{
	struct stat status;

	return fstatat(writes->procsys->dir_fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode);
}

/* What of the name of a file in this procfs is the path below proc/sys; NULL for all else in it. The name is that in
 * the mount namespace of the writer, where procfs may be anywhere; and when that namespace is gone already, it begins
 * with the root of the mount: procfs, or proc/sys where that was mounted by itself. */
static const char *find_key(const struct sysctl_writes *writes, const char *name)
{
	static const char usual[] = "/proc/sys/", within[] = "/sys/";
	const char *at = strstr(name, usual);

	/* Also one that we do not have, of an interface in another namespace. */
	if (at)
		return at + strlen(usual);
	for (at = strstr(name, within); at; at = strstr(at + 1, within))
		if (is_key(writes, at + strlen(within)))
			return at + strlen(within);
	return name[0] == '/' && is_key(writes, name + 1) ? name + 1 : NULL;
}

static bool find_path(const struct sysctl_writes *writes, int fd, char path[SYSCTL_PATH_SIZE])
{
	char link[64], name[SYSCTL_PATH_SIZE + 256];
	const char *key;
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, name, sizeof(name) - 1);
	if (length < 0)
		return false;
	name[length] = '\0';
	key = find_key(writes, name);
	if (!key || strlen(key) >= SYSCTL_PATH_SIZE)
		return false;
	strcpy(path, key);
	return true;
}

/* Only what we ourselves would find under that path is a key of our namespaces. */
static bool is_ours(const struct sysctl_writes *writes, int fd, const char *path)
{
	struct stat theirs, ours;

	return fstat(fd, &theirs) == 0 && fstatat(writes->procsys->dir_fd, path, &ours, AT_SYMLINK_NOFOLLOW) == 0 &&
		theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev;
}

static void find_command(const struct sysctl_writes *writes, pid_t pid, char command[SYSCTL_COMMAND_SIZE])
{
	CLEANUP_FD int fd = -1;
	char path[64];
	ssize_t length;

	command[0] = '\0';
	if (pid <= 0)
		return;
	snprintf(path, sizeof(path), "proc/%ld/comm", (long)pid);
	fd = rootdir_open_path(writes->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	length = fd < 0 ? -1 : read(fd, command, SYSCTL_COMMAND_SIZE - 1);
	if (length > 0 && command[length - 1] == '\n')
		length--;
	command[length > 0 ? length : 0] = '\0';
}

static int describe(struct sysctl_writes *writes, int fd, pid_t pid, struct sysctl_write *write)
{
	char bytes[READ_SIZE];
	const char *before;
	ssize_t length;

	/* First what is gone soonest. */
	find_command(writes, pid, write->command);
	write->pid = pid;
	write->is_elsewhere = !is_ours(writes, fd, write->path);
	before = write->is_elsewhere ? NULL : remembered(writes, write->path);
	write->has_before = before != NULL;
	strcpy(write->before, before ? before : "");
	/* Its reading makes every processor flush its counters. */
	length = strcmp(write->path, "vm/stat_refresh") == 0 ? -1 : pread(fd, bytes, sizeof(bytes), 0);
	write->has_after = length >= 0;
	tidy(bytes, length > 0 ? (size_t)length : 0, write->after);
	if (write->is_elsewhere)
		return 0;
	return remember(writes, write->path, write->has_after ? write->after : NULL);
}

int sysctl_writes_next(struct sysctl_writes *writes, struct sysctl_write *ret_write)
{
	for (;;) {
		const struct fanotify_event_metadata *event = take_event(writes);
		CLEANUP_FD int fd = -1;
		int r;

		if (!event) {
			r = fill_buffer(writes);
			if (r == 0 && writes->is_stale) {
				r = fill_cache(writes);
				writes->is_stale = r < 0;
				/* Whatever was short still is. */
				r = r == -ENOMEM ? r : 0;
			}
			if (r <= 0)
				return r;
			continue;
		}
		fd = event->fd;
		if (event->mask & FAN_Q_OVERFLOW)
			lose(writes);
		if (fd < 0 || event->pid == getpid() || !find_path(writes, fd, ret_write->path))
			continue;
		r = describe(writes, fd, event->pid, ret_write);
		return r < 0 ? r : 1;
	}
}
