/* SPDX-License-Identifier: MIT */
/* The walk over proc/PID/fd. */
#define _GNU_SOURCE
#include "kernel/owner_walk.h"
#include "kernel/process.h"

#include "base/fileio.h"
#include "base/number.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum {
	GAPS_MAX = 16,		/* numbers without a descriptor before a listing is cheaper than trying */
	WORD_BITS = 64,
};

/* ---- what is asked for ---- */

static int compare_rows(const void *left, const void *right)
{
	const struct owner_row *a = left, *b = right;

	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	return (a->group > b->group) - (a->group < b->group);
}

static size_t words(size_t bits)
{
	return (bits + WORD_BITS - 1) / WORD_BITS;
}

/* Whether the bit was not set before. */
static bool set_bit(uint64_t set[], size_t bit)
{
	const uint64_t mask = UINT64_C(1) << bit % WORD_BITS;
	bool is_new = !(set[bit / WORD_BITS] & mask);

	set[bit / WORD_BITS] |= mask;
	return is_new;
}

/* Sorts the rows, keeps each once, and makes room for the answers. 0 or -ENOMEM. */
static int prepare(struct owner_walk *walk)
{
	size_t kept = 0;

	qsort(walk->rows, walk->row_count, sizeof(*walk->rows), compare_rows);
	for (size_t i = 0; i < walk->row_count; i++)
		if (i == 0 || compare_rows(&walk->rows[kept - 1], &walk->rows[i]) != 0)
			walk->rows[kept++] = walk->rows[i];
	walk->row_count = kept;
	walk->found = arena_alloc(walk->arena, words(kept) * sizeof(*walk->found));
	walk->groups = arena_alloc(walk->arena, walk->group_count * sizeof(*walk->groups));
	if (!walk->found || !walk->groups)
		return -ENOMEM;
	for (size_t i = 0; i < walk->group_count; i++) {
		struct holders *group = &walk->groups[i];

		group->items = arena_alloc(walk->arena, walk->holders_max * sizeof(*group->items));
		if (!group->items)
			return -ENOMEM;
	}
	for (size_t i = 0; i < kept; i++) {
		walk->groups[walk->rows[i].group].sockets++;
		walk->groups[walk->rows[i].group].missing++;
	}
	return 0;
}

static size_t find_first_row(const struct owner_walk *walk, uint32_t inode)
{
	size_t first = 0, end = walk->row_count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (walk->rows[middle].inode < inode)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

/* ---- what is found ---- */

int owner_walk_add_process(const struct owner_walk *walk, struct owner_process *process)
{
	process->held = arena_alloc(walk->arena, words(walk->row_count) * sizeof(*process->held));
	process->tallies = arena_alloc(walk->arena, walk->group_count * sizeof(*process->tallies));
	return process->held && process->tallies ? 0 : -ENOMEM;
}

static void add_socket(struct owner_walk *walk, struct owner_process *process, uint32_t inode)
{
	for (size_t i = find_first_row(walk, inode); i < walk->row_count && walk->rows[i].inode == inode; i++) {
		size_t group = walk->rows[i].group;
		struct owner_tally *tally = &process->tallies[group];

		if (!set_bit(process->held, i))
			continue;
		if (set_bit(walk->found, i)) {
			walk->groups[group].missing--;
			tally->first++;
			tally->first_in_sample += process->in_sample;
			continue;
		}
		tally->again++;
		tally->again_in_sample += process->in_sample;
	}
}

static bool is_heavier(const struct holder *a, const struct holder *b)
{
	return a->sockets != b->sockets ? a->sockets > b->sockets : a->pid < b->pid;
}

int owner_walk_add_holder(const struct owner_walk *walk, size_t group, const struct holder *holder, int process_fd)
{
	struct holders *holders = &walk->groups[group];
	struct process_names names = { "", "", "" };
	size_t at = holders->count;

	holders->processes++;
	while (at > 0 && is_heavier(holder, &holders->items[at - 1]))
		at--;
	if (at == walk->holders_max)
		return 0;
	if (process_fd >= 0 && process_read_names(process_fd, walk->arena, &names) < 0)
		return -ENOMEM;
	if (holders->count < walk->holders_max)
		holders->count++;
	memmove(&holders->items[at + 1], &holders->items[at], (holders->count - 1 - at) * sizeof(*holder));
	holders->items[at] = *holder;
	holders->items[at].name = names.name;
	holders->items[at].command = names.command;
	holders->items[at].unit = names.unit;
	return 0;
}

/* ---- one process ---- */

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

int owner_walk_judge(struct owner_walk *walk, int error)
{
	if (is_denial(error)) {
		walk->hidden++;
		return 0;
	}
	return is_gone(error) ? 0 : -error;
}

int owner_walk_look(struct owner_walk *walk, struct owner_process *process, int descriptors_fd, const char *name)
{
	char text[sizeof("socket:[4294967295]")];
	ssize_t length = readlinkat(descriptors_fd, name, text, sizeof(text));
	uint32_t inode;

	if (length < 0)
		return is_denial(errno) ? -EACCES : 0;
	walk->looked_at++;
	if (parse_link(text, (size_t)length, &inode))
		add_socket(walk, process, inode);
	return 1;
}

int owner_walk_open(const struct owner_walk *walk, const char *name, int *ret_process, int *ret_descriptors)
{
	CLEANUP_FD int process_fd = fileio_open_beneath(walk->proc_fd, name, O_PATH | O_DIRECTORY);
	int fd = process_fd < 0 ? process_fd : fileio_open_beneath(process_fd, "fd", O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return fd;
	*ret_process = TAKE_FD(process_fd);
	*ret_descriptors = fd;
	return 0;
}

static uint64_t size_of(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && status.st_size > 0 ? (uint64_t)status.st_size : 0;
}

/* Most processes have descriptors from 0 on without many gaps, and need not be listed. 1, or 0 when there are gaps:
 * then *ret_number is the first that was not tried; or -EACCES. */
static int walk_numbers(struct owner_walk *walk, struct owner_process *process, int fd, uint64_t *ret_number)
{
	uint64_t seen = 0, open = size_of(fd), number = 0;

	/* It may open more meanwhile, some of them below those that were there. */
	for (; number - seen <= GAPS_MAX && (seen < open || seen < (open = size_of(fd))); number++) {
		char name[NUMBER_TEXT_SIZE];
		int r;

		snprintf(name, sizeof(name), "%llu", (unsigned long long)number);
		r = owner_walk_look(walk, process, fd, name);
		if (r < 0)
			return r;
		seen += (uint64_t)r;
	}
	*ret_number = number;
	return seen >= open;
}

/* From that number on. */
static int walk_listing(struct owner_walk *walk, struct owner_process *process, DIR *listing, uint64_t first)
{
	const struct dirent *entry;

	while ((entry = readdir(listing))) {
		struct number number;

		if (!number_parse(entry->d_name, strlen(entry->d_name), &number) || number.negative ||
			number.magnitude < first)
			continue;
		if (owner_walk_look(walk, process, dirfd(listing), entry->d_name) < 0)
			return -EACCES;
	}
	return 0;
}

static DIR *open_listing(int fd)
{
	CLEANUP_FD int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = again < 0 ? NULL : fdopendir(again);

	if (listing)
		(void)TAKE_FD(again);
	return listing;
}

/* All descriptors of a process. */
static int walk_process(struct owner_walk *walk, struct owner_process *process, int process_fd, int fd)
{
	uint64_t first = 0;
	int r = !walk->exact && walk->is_sized ? walk_numbers(walk, process, fd, &first) : 0;

	if (r == 0) {
		CLEANUP_DIR DIR *listing = open_listing(fd);

		r = listing ? walk_listing(walk, process, listing, first) : -errno;
	}
	if (r < 0)
		r = owner_walk_judge(walk, -r);
	for (size_t i = 0; r >= 0 && i < walk->group_count; i++) {
		struct holder holder = { .pid = process->pid,
			.sockets = process->tallies[i].first + process->tallies[i].again };

		if (holder.sockets > 0)
			r = owner_walk_add_holder(walk, i, &holder, process_fd);
	}
	return r < 0 ? r : 0;
}

/* Where the kernel does not tell how many descriptors there are, and below which number. */
static int count_listing(int fd, uint64_t *ret_open, uint64_t *ret_numbers)
{
	CLEANUP_DIR DIR *listing = open_listing(fd);
	const struct dirent *entry;
	uint64_t open = 0, numbers = 0;

	if (!listing)
		return -errno;
	while ((entry = readdir(listing))) {
		struct number number;

		if (!number_parse(entry->d_name, strlen(entry->d_name), &number) || number.negative)
			continue;
		open++;
		if (number.magnitude >= numbers && number.magnitude < UINT64_MAX)
			numbers = number.magnitude + 1;
	}
	*ret_open = open;
	*ret_numbers = numbers;
	return 0;
}

/* 1 for a process that is left to be probed. */
static int set_aside(struct owner_walk *walk, pid_t pid, int process_fd, int fd)
{
	uint64_t open = 0, numbers = 0;
	int r = 0;

	if (walk->exact)
		return 0;
	if (walk->is_sized)
		open = size_of(fd);
	else
		r = count_listing(fd, &open, &numbers);
	return r < 0 || open <= OWNERS_SMALL_MAX ? r : owner_probe_add(walk, pid, process_fd, open, numbers);
}

/* Threads of the kernel, and processes without a descriptor that nobody may look into, hold nothing. */
static bool is_empty(const struct owner_walk *walk, const char *name)
{
	char path[NAME_MAX + sizeof("/fd")];
	struct stat status;

	snprintf(path, sizeof(path), "%s/fd", name);
	return walk->is_sized && fstatat(walk->proc_fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		status.st_size == 0;
}

static int visit(struct owner_walk *walk, struct owner_process *process, const char *name)
{
	CLEANUP_FD int process_fd = -1;
	CLEANUP_FD int fd = -1;
	int r = is_empty(walk, name) ? -ENOENT : owner_walk_open(walk, name, &process_fd, &fd);

	if (r < 0)
		return owner_walk_judge(walk, -r);
	r = set_aside(walk, process->pid, process_fd, fd);
	if (r != 0)
		return r < 0 ? owner_walk_judge(walk, -r) : 0;
	memset(process->held, 0, words(walk->row_count) * sizeof(*process->held));
	memset(process->tallies, 0, walk->group_count * sizeof(*process->tallies));
	return walk_process(walk, process, process_fd, fd);
}

/* ---- all processes ---- */

/* Whether a name in proc is that of a process, and which. */
static bool parse_pid(const char *name, pid_t *ret_pid)
{
	struct number pid;

	if (name[0] < '1' || name[0] > '9' || !number_parse(name, strlen(name), &pid) || pid.magnitude > INT_MAX)
		return false;
	*ret_pid = (pid_t)pid.magnitude;
	return true;
}

static int visit_all(struct owner_walk *walk, DIR *proc)
{
	struct owner_process process = { 0 };
	const struct dirent *entry;
	struct statfs system;
	struct stat status;
	bool is_proc = fstatfs(walk->proc_fd, &system) == 0 && system.f_type == PROC_SUPER_MAGIC, has_init = false;
	int r = owner_walk_add_process(walk, &process);

	walk->is_sized = is_proc && fstatat(walk->proc_fd, "self/fd", &status, 0) == 0 && status.st_size > 0;
	while (r == 0 && (entry = readdir(proc))) {
		if (!parse_pid(entry->d_name, &process.pid))
			continue;
		has_init |= process.pid == 1;
		r = visit(walk, &process, entry->d_name);
	}
	/* There is always a process 1; with the mount option hidepid it and others may not be listed (proc(5)). */
	walk->hidden += is_proc && !has_init;
	return r < 0 ? r : owner_probe_run(walk);
}

static int run(struct owner_walk *walk, const struct rootdir *root)
{
	CLEANUP_FD int fd = rootdir_open_path(root, "proc", O_RDONLY | O_DIRECTORY);
	CLEANUP_DIR DIR *proc = NULL;
	int r = fd < 0 ? fd : prepare(walk);

	if (r < 0 || walk->row_count == 0)
		return r;
	proc = fdopendir(fd);
	if (!proc)
		return -errno;
	walk->proc_fd = TAKE_FD(fd);
	return visit_all(walk, proc);
}

static int make_rows(struct owner_walk *walk, size_t count)
{
	if (count > UINT32_MAX)
		return -ENOMEM;
	walk->rows = arena_alloc(walk->arena, (count ? count : 1) * sizeof(*walk->rows));
	return walk->rows ? 0 : -ENOMEM;
}

int owners_find_groups(const struct rootdir *root, struct arena *arena, const struct socket_group groups[],
	size_t count, bool exact, struct group_owners *ret_owners)
{
	struct owner_walk walk = { .arena = arena, .group_count = count, .holders_max = OWNERS_HOLDERS_MAX,
		.exact = exact, .proc_fd = -1 };
	size_t total = 0;
	int r;

	if (count > OWNERS_GROUPS_MAX)
		return -E2BIG;
	for (size_t i = 0; i < count; i++)
		total += groups[i].count;
	r = make_rows(&walk, total);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < count; i++)
		for (size_t k = 0; k < groups[i].count; k++)
			walk.rows[walk.row_count++] = (struct owner_row){ groups[i].inodes[k], i };
	r = run(&walk, root);
	if (r < 0)
		return r;
	*ret_owners = (struct group_owners){ walk.groups, count, walk.hidden, walk.looked_at };
	return 0;
}

/* ---- each socket a group of its own ---- */

static int compare_inodes(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* A row for each inode, once, in order: what sorts the rows then finds the groups sorted as well. */
static int make_single_rows(struct owner_walk *walk, const uint32_t inodes[], size_t count)
{
	int r = make_rows(walk, count);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		walk->rows[i].inode = inodes[i];
	qsort(walk->rows, count, sizeof(*walk->rows), compare_inodes);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || walk->rows[walk->row_count - 1].inode != walk->rows[i].inode) {
			walk->rows[walk->row_count] =
				(struct owner_row){ walk->rows[i].inode, (uint32_t)walk->row_count };
			walk->row_count++;
		}
	walk->group_count = walk->row_count;
	return 0;
}

int owners_find(const struct rootdir *root, struct arena *arena, const uint32_t inodes[], size_t count,
	struct owners *ret_owners)
{
	struct owner_walk walk = { .arena = arena, .holders_max = 1, .exact = true, .proc_fd = -1 };
	struct owner *items;
	int r = make_single_rows(&walk, inodes, count);

	if (r == 0)
		r = run(&walk, root);
	if (r < 0)
		return r;
	items = arena_alloc(arena, (walk.row_count ? walk.row_count : 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < walk.row_count; i++) {
		const struct holders *group = &walk.groups[i];
		const struct holder *holder = group->items;

		items[i] = (struct owner){ walk.rows[i].inode, group->processes, 0, "", "", "" };
		if (group->count == 0)
			continue;
		items[i].pid = holder->pid;
		items[i].name = holder->name;
		items[i].command = holder->command;
		items[i].unit = holder->unit;
	}
	*ret_owners = (struct owners){ items, walk.row_count, walk.hidden };
	return 0;
}

static int compare_owners(const void *left, const void *right)
{
	const struct owner *a = left, *b = right;

	return (a->inode > b->inode) - (a->inode < b->inode);
}

const struct owner *owners_get(const struct owners *owners, uint32_t inode)
{
	const struct owner key = { .inode = inode };

	return owners->count == 0 ? NULL :
		bsearch(&key, owners->items, owners->count, sizeof(key), compare_owners);
}
