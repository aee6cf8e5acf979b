/* SPDX-License-Identifier: MIT */
/* Finding network namespaces. */
#define _GNU_SOURCE
#include "kernel/netns_list.h"

#include "kernel/netns.h"
#include "kernel/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The inode in "net:[4026531840]"; 0 when the link cannot be read. */
static uint64_t read_link(int dir_fd, const char *path)
{
	char text[64];
	ssize_t length = readlinkat(dir_fd, path, text, sizeof(text) - 1);
	unsigned long inode;

	if (length < 0)
		return 0;
	text[length] = '\0';
	return sscanf(text, "net:[%lu]", &inode) == 1 ? inode : 0;
}

static struct netns_place *find(struct netns_places *places, uint64_t inode)
{
	for (size_t i = 0; i < places->count; i++)
		if (places->items[i].inode == inode)
			return &places->items[i];
	return NULL;
}

/* The place of that inode, added when it is new; NULL: -ENOMEM. */
static struct netns_place *place_of(struct netns_places *places, struct arena *arena, uint64_t inode)
{
	struct netns_place *place = find(places, inode);
	struct netns_place *grown;

	if (place)
		return place;
	grown = arena_grow(arena, places->items, places->count, &places->capacity, sizeof(*grown));
	if (!grown)
		return NULL;
	places->items = grown;
	place = &grown[places->count++];
	*place = (struct netns_place){ .inode = inode, .netns = "", .process = "" };
	return place;
}

/* ---- processes ---- */

static pid_t pid_of(const char *name)
{
	char *end;
	long pid = strtol(name, &end, 10);

	return name[0] >= '1' && name[0] <= '9' && *end == '\0' && pid <= INT_MAX ? (pid_t)pid : 0;
}

/* Whom people know it by: the lowest number, which proc lists first; but a thread of the kernel, which has no command
 * line, only while there is nobody else. */
static int name_process(struct netns_place *place, struct arena *arena, int process_fd, pid_t pid)
{
	struct process_names names;
	int r = process_read_names(process_fd, arena, &names);

	if (r < 0 || (place->pid && !names.command[0]))
		return r;
	place->pid = pid;
	place->process = names.name;
	place->is_named = names.command[0] != '\0';
	if (place->is_bound)
		return 0;
	place->netns = arena_printf(arena, "pid:%d", (int)pid);
	return place->netns ? 0 : -ENOMEM;
}

static int add_process(struct netns_places *places, struct arena *arena, int proc_fd, const char *name)
{
	CLEANUP_FD int fd = openat(proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t inode = fd < 0 ? 0 : read_link(fd, "ns/net");
	struct netns_place *place;

	if (inode == 0) {
		/* One that has ended has no namespace either. */
		places->hidden += fd >= 0 && errno == EACCES;
		return 0;
	}
	place = place_of(places, arena, inode);
	if (!place)
		return -ENOMEM;
	place->processes++;
	return place->is_named && place->pid < pid_of(name) ? 0 : name_process(place, arena, fd, pid_of(name));
}

static int add_processes(struct netns_places *places, struct arena *arena, int proc_fd)
{
	int copy = fcntl(proc_fd, F_DUPFD_CLOEXEC, 0);
	CLEANUP_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir)))
		if (pid_of(entry->d_name))
			r = add_process(places, arena, proc_fd, entry->d_name);
	return r;
}

/* ---- names ---- */

static bool is_plain(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name <= ' ' || (unsigned char)*name >= 0x7f)
			return false;
	return true;
}

/* A name comes before a process: it stays. */
static int add_name(struct netns_places *places, struct arena *arena, int dir_fd, const char *name)
{
	struct netns_place *place;
	struct stat status;

	if (name[0] == '.' || !is_plain(name) || fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
		!S_ISREG(status.st_mode))
		return 0;
	place = place_of(places, arena, status.st_ino);
	if (!place)
		return -ENOMEM;
	if (place->is_bound)
		return 0;
	place->is_bound = true;
	place->netns = arena_strdup(arena, name);
	return place->netns ? 0 : -ENOMEM;
}

static int add_names(struct netns_places *places, struct arena *arena, const struct rootdir *root)
{
	CLEANUP_FD int fd = rootdir_open_path(root, "run/netns", O_RDONLY | O_DIRECTORY);
	int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	CLEANUP_DIR DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	int r = 0;

	while (r == 0 && dir && (entry = readdir(dir)))
		r = add_name(places, arena, fd, entry->d_name);
	return r;
}

/* ---- all ---- */

static int compare(const void *left, const void *right)
{
	const struct netns_place *a = left, *b = right;

	if (a->is_own != b->is_own)
		return a->is_own ? -1 : 1;
	return (a->inode > b->inode) - (a->inode < b->inode);
}

int netns_list(const struct rootdir *root, struct arena *arena, struct netns_places *ret_places)
{
	CLEANUP_FD int proc_fd = rootdir_open_path(root, "proc", O_RDONLY | O_DIRECTORY);
	struct netns_places places = { .items = NULL };
	struct netns_place *own;
	uint64_t inode;
	int r;

	if (proc_fd < 0)
		return proc_fd;
	inode = read_link(proc_fd, "self/ns/net");
	if (inode == 0)
		return errno ? -errno : -ENOENT;
	own = place_of(&places, arena, inode);
	if (!own)
		return -ENOMEM;
	own->is_own = true;
	r = add_names(&places, arena, root);
	if (r == 0)
		r = add_processes(&places, arena, proc_fd);
	if (r < 0)
		return r;
	qsort(places.items, places.count, sizeof(*places.items), compare);
	*ret_places = places;
	return 0;
}

int netns_place_enter(const struct rootdir *root, const struct netns_place *place)
{
	CLEANUP_FD int proc_fd = rootdir_open_path(root, "proc", O_RDONLY | O_DIRECTORY);
	int r;

	if (proc_fd < 0)
		return proc_fd;
	if (read_link(proc_fd, "self/ns/net") == place->inode)
		return 0;
	r = netns_enter(root, place->netns);
	if (r < 0)
		return r;
	return read_link(proc_fd, "self/ns/net") == place->inode ? 0 : -ESTALE;
}
