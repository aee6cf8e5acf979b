/* SPDX-License-Identifier: MIT */
/* The walk over proc/PID/fd. */
#define _GNU_SOURCE
#include "kernel/owners.h"

#include "base/fileio.h"
#include "base/number.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

enum {
	COMM_SIZE_MAX = 256,		/* the kernel's workers have up to 64 bytes, everybody else 15 */
	CGROUP_SIZE_MAX = 64 * 1024,	/* a dozen hierarchies, each a path */
};

/* The walk, and the process that it is at. */
struct walk {
	struct arena *arena;
	struct owners owners;
	int proc_fd;
	pid_t *last_holder;		/* for each row: a process may have several descriptors of a socket */
	bool has_init;			/* process 1 was listed */
	pid_t pid;
	int pid_fd;			/* its directory: never that of another one that got its number */
	const char *name, *unit;	/* NULL until somebody asks */
};

static int compare_owners(const void *left, const void *right)
{
	const struct owner *a = left, *b = right;

	return (a->inode > b->inode) - (a->inode < b->inode);
}

static struct owner *find_owner(const struct owners *owners, uint32_t inode)
{
	const struct owner key = { .inode = inode };

	return owners->count == 0 ? NULL :
		bsearch(&key, owners->items, owners->count, sizeof(key), compare_owners);
}

const struct owner *owners_get(const struct owners *owners, uint32_t inode)
{
	return find_owner(owners, inode);
}

/* A row for each inode, once. */
static int make_rows(struct arena *arena, const uint32_t inodes[], size_t count, struct walk *walk)
{
	struct owners *owners = &walk->owners;
	size_t kept = 0;

	if (count == 0)
		return 0;
	if (count > SIZE_MAX / sizeof(*owners->items))
		return -ENOMEM;
	owners->items = arena_alloc(arena, count * sizeof(*owners->items));
	walk->last_holder = arena_alloc(arena, count * sizeof(*walk->last_holder));
	if (!owners->items || !walk->last_holder)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		owners->items[i] = (struct owner){ .inode = inodes[i], .name = "", .unit = "" };
	qsort(owners->items, count, sizeof(*owners->items), compare_owners);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || owners->items[kept - 1].inode != owners->items[i].inode)
			owners->items[kept++] = owners->items[i];
	owners->count = kept;
	return 0;
}

/* A copy that may be printed. */
static const char *clean(struct arena *arena, const char *bytes, size_t length)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	while (length > 0) {
		uint32_t character;
		size_t size = utf8_decode(bytes, length, &character);

		if (size == 0 || utf8_is_unsafe(character))
			strbuf_add_char(&text, '?');
		else
			strbuf_add(&text, bytes, size);
		bytes += size ? size : 1;
		length -= size ? size : 1;
	}
	return strbuf_check(&text) < 0 ? NULL : arena_copy(arena, text.bytes, text.length);
}

/* A small file of the process; nothing when it cannot be read. 0 or -ENOMEM. */
static int read_small(const struct walk *walk, const char *file, size_t limit, struct strbuf *text)
{
	int r = fileio_read_at(walk->pid_fd, file, limit, text);

	if (r < 0)
		strbuf_clear(text);
	return r == -ENOMEM ? r : 0;
}

static const char *read_name(const struct walk *walk)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (read_small(walk, "comm", COMM_SIZE_MAX, &text) < 0)
		return NULL;
	if (text.length > 0 && text.bytes[text.length - 1] == '\n')
		text.length--;
	return clean(walk->arena, text.bytes, text.length);
}

/* Whether it is the hierarchy that systemd keeps: "0::PATH", or "N:name=systemd:PATH" (cgroups(7)). */
static const char *find_cgroup(const char *line, size_t length)
{
	const char *list = memchr(line, ':', length), *path;

	if (!list)
		return NULL;
	list++;
	path = memchr(list, ':', length - (size_t)(list - line));
	if (!path)
		return NULL;
	if (path == list || ((size_t)(path - list) == strlen("name=systemd") &&
		memcmp(list, "name=systemd", strlen("name=systemd")) == 0))
		return path + 1;
	return NULL;
}

static bool ends_with(const char *text, size_t length, const char *end)
{
	size_t size = strlen(end);

	return length > size && memcmp(text + length - size, end, size) == 0;
}

/* The last component of the path that is the name of a unit; units have groups of their own below them. */
static size_t find_unit(const char *path, size_t length, const char **ret_unit)
{
	while (length > 0) {
		const char *slash = memrchr(path, '/', length);
		const char *component = slash ? slash + 1 : path;
		size_t size = length - (size_t)(component - path);

		if (ends_with(component, size, ".service") || ends_with(component, size, ".scope")) {
			*ret_unit = component;
			return size;
		}
		length = slash ? (size_t)(slash - path) : 0;
	}
	return 0;
}

static const char *read_unit(const struct walk *walk)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const char *line, *newline;

	if (read_small(walk, "cgroup", CGROUP_SIZE_MAX, &text) < 0)
		return NULL;
	for (line = text.bytes; (newline = strchr(line, '\n')); line = newline + 1) {
		const char *path = find_cgroup(line, (size_t)(newline - line)), *unit = NULL;
		size_t length = path ? find_unit(path, (size_t)(newline - path), &unit) : 0;

		if (length > 0)
			return clean(walk->arena, unit, length);
	}
	return "";
}

/* The process at hand holds a socket that is, perhaps, one of those asked for. 0 or -ENOMEM. */
static int add_holder(struct walk *walk, struct owner *owner)
{
	pid_t *last_holder = owner ? &walk->last_holder[owner - walk->owners.items] : NULL;

	if (!owner || *last_holder == walk->pid)
		return 0;
	*last_holder = walk->pid;
	owner->processes++;
	if (owner->pid && owner->pid < walk->pid)
		return 0;
	if (!walk->name)
		walk->name = read_name(walk);
	if (walk->name && !walk->unit)
		walk->unit = read_unit(walk);
	if (!walk->name || !walk->unit)
		return -ENOMEM;
	owner->pid = walk->pid;
	owner->name = walk->name;
	owner->unit = walk->unit;
	return 0;
}

/* Whether the text of a link names a socket, and which. */
static bool parse_link(const char *text, size_t length, uint32_t *ret_inode)
{
	const size_t start = strlen("socket:[");
	struct number inode;

	if (length <= start || memcmp(text, "socket:[", start) != 0 || text[length - 1] != ']' ||
		!number_parse(text + start, length - start - 1, &inode) || inode.negative ||
		inode.magnitude > UINT32_MAX)
		return false;
	*ret_inode = (uint32_t)inode.magnitude;
	return true;
}

static bool is_denial(int error)
{
	return error == EACCES || error == EPERM;
}

/* What comes of opening something that is gone by now, or that never was a process. */
static bool is_gone(int error)
{
	return error == ENOENT || error == ESRCH || error == ENOTDIR || error == ELOOP;
}

static DIR *open_listing(int dir_fd, const char *name)
{
	CLEANUP_FD int fd = fileio_open_beneath(dir_fd, name, O_RDONLY | O_DIRECTORY);
	DIR *listing;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	listing = fdopendir(fd);
	if (listing)
		(void)TAKE_FD(fd);
	return listing;
}

/* 0 or a negative errno: -EACCES for a process that does not let its links be read. */
static int walk_descriptors(struct walk *walk, DIR *listing)
{
	const struct dirent *entry;

	while ((entry = readdir(listing))) {
		char text[sizeof("socket:[4294967295]")];
		ssize_t length = entry->d_name[0] == '.' ? -1 :
			readlinkat(dirfd(listing), entry->d_name, text, sizeof(text));
		uint32_t inode;
		int r;

		if (length < 0 && entry->d_name[0] != '.' && is_denial(errno))
			return -EACCES;
		if (length < 0 || !parse_link(text, (size_t)length, &inode))
			continue;
		r = add_holder(walk, find_owner(&walk->owners, inode));
		if (r < 0)
			return r;
	}
	return 0;
}

/* What is left of an errno that may have come because a process ended, or will not be looked into. */
static int judge(struct walk *walk, int error)
{
	if (is_denial(error)) {
		walk->owners.hidden++;
		return 0;
	}
	return is_gone(error) ? 0 : -error;
}

static int walk_process(struct walk *walk, const char *name)
{
	CLEANUP_FD int fd = fileio_open_beneath(walk->proc_fd, name, O_PATH | O_DIRECTORY);
	CLEANUP_DIR DIR *listing = NULL;
	int r;

	if (fd < 0)
		return judge(walk, -fd);
	listing = open_listing(fd, "fd");
	if (!listing)
		return judge(walk, errno);
	walk->pid_fd = fd;
	walk->name = NULL;
	walk->unit = NULL;
	r = walk_descriptors(walk, listing);
	return r < 0 ? judge(walk, -r) : 0;
}

/* Whether a name in proc is that of a process, and which. */
static bool parse_pid(const char *name, pid_t *ret_pid)
{
	struct number pid;

	if (name[0] < '1' || name[0] > '9' || !number_parse(name, strlen(name), &pid) || pid.magnitude > INT_MAX)
		return false;
	*ret_pid = (pid_t)pid.magnitude;
	return true;
}

static int walk_processes(struct walk *walk, DIR *proc)
{
	const struct dirent *entry;
	struct statfs status;

	while ((entry = readdir(proc))) {
		int r;

		if (!parse_pid(entry->d_name, &walk->pid))
			continue;
		walk->has_init |= walk->pid == 1;
		r = walk_process(walk, entry->d_name);
		if (r < 0)
			return r;
	}
	/* There is always a process 1; with the mount option hidepid it and others may not be listed (proc(5)). */
	if (!walk->has_init && fstatfs(walk->proc_fd, &status) == 0 && status.f_type == PROC_SUPER_MAGIC)
		walk->owners.hidden++;
	return 0;
}

int owners_find(const struct rootdir *root, struct arena *arena, const uint32_t inodes[], size_t count,
	struct owners *ret_owners)
{
	struct walk walk = { .arena = arena, .proc_fd = -1, .pid_fd = -1 };
	CLEANUP_FD int fd = rootdir_open_path(root, "proc", O_RDONLY | O_DIRECTORY);
	CLEANUP_DIR DIR *proc = NULL;
	int r = fd < 0 ? fd : make_rows(arena, inodes, count, &walk);

	if (r < 0)
		return r;
	proc = fdopendir(fd);
	if (!proc)
		return -errno;
	walk.proc_fd = TAKE_FD(fd);
	if (walk.owners.count > 0)
		r = walk_processes(&walk, proc);
	if (r < 0)
		return r;
	*ret_owners = walk.owners;
	return 0;
}
