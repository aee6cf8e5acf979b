/* SPDX-License-Identifier: MIT */
/* Whose a socket is: in fake roots, and this process's own. */
#define _GNU_SOURCE
#include "kernel/owners.h"

#include "base/memory.h"
#include "old_kernel.h"
#include "temp_dir.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void add_process(const struct temp_dir *dir, const char *pid, const char *comm, const char *cgroup)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%s/fd", pid);
	temp_dir_add_dir(dir, path, 0755);
	snprintf(path, sizeof(path), "proc/%s/comm", pid);
	if (comm)
		temp_dir_write(dir, path, comm);
	snprintf(path, sizeof(path), "proc/%s/cgroup", pid);
	if (cgroup)
		temp_dir_write(dir, path, cgroup);
}

static void add_descriptor(const struct temp_dir *dir, const char *pid, const char *number, const char *target)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%s/fd/%s", pid, number);
	temp_dir_add_link(dir, path, target);
}

static int find(const char *path, struct arena *arena, const uint32_t inodes[], size_t count, struct owners *owners)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;

	assert_int_equal(rootdir_open(path, &root), 0);
	*owners = (struct owners){ .hidden = 99 };
	return owners_find(&root, arena, inodes, count, owners);
}

static void assert_owner(const struct owners *owners, uint32_t inode, size_t processes, pid_t pid, const char *name,
	const char *unit)
{
	const struct owner *owner = owners_get(owners, inode);

	check_row(owner != NULL, "inode %u is missing", inode);
	check_row(owner->processes == processes && owner->pid == pid && strcmp(owner->name, name) == 0 &&
		strcmp(owner->unit, unit) == 0, "inode %u: %zu processes, %d \"%s\" \"%s\"", inode, owner->processes,
		(int)owner->pid, owner->name, owner->unit);
}

static void make_tree(struct temp_dir *dir)
{
	temp_dir_make(dir);
	/* In an order that is hardly that of their numbers. */
	add_process(dir, "1003", "nginx\n", "0::/system.slice/nginx.service\n");
	add_process(dir, "9", "nginx\n", "0::/system.slice/nginx.service\n");
	add_process(dir, "1002", "nginx\n", "0::/system.slice/nginx.service\n");
	add_process(dir, "500", "java\n", "12:cpu:/x.service\n1:name=systemd:/user.slice/session-3.scope\n");
	add_process(dir, "501", NULL, NULL);
	add_descriptor(dir, "1003", "3", "socket:[100]");
	add_descriptor(dir, "9", "3", "socket:[100]");
	add_descriptor(dir, "1002", "3", "socket:[100]");
	add_descriptor(dir, "1002", "4", "socket:[100]");
	add_descriptor(dir, "1002", "5", "socket:[101]");
	add_descriptor(dir, "1002", "6", "socket:[100]");
	add_descriptor(dir, "500", "0", "/dev/null");
	add_descriptor(dir, "500", "1", "pipe:[102]");
	add_descriptor(dir, "500", "77", "socket:[4294967295]");
	add_descriptor(dir, "501", "3", "socket:[103]");
}

static void test_one_walk_answers_for_all(void **state)
{
	static const uint32_t inodes[] = { 4294967295, 100, 102, 103, 100, 101 };
	CLEANUP_ARENA struct arena arena;
	struct owners owners;
	struct temp_dir dir;

	(void)state;
	arena_init(&arena);
	make_tree(&dir);
	assert_int_equal(find(dir.path, &arena, inodes, COUNT_OF(inodes), &owners), 0);
	assert_int_equal(owners.count, 5);
	assert_int_equal(owners.hidden, 0);
	assert_owner(&owners, 100, 3, 9, "nginx", "nginx.service");
	assert_owner(&owners, 101, 1, 1002, "nginx", "nginx.service");
	assert_owner(&owners, 102, 0, 0, "", "");
	assert_owner(&owners, 103, 1, 501, "", "");
	assert_owner(&owners, 4294967295, 1, 500, "java", "session-3.scope");
	assert_null(owners_get(&owners, 99));
	assert_int_equal(find(dir.path, &arena, NULL, 0, &owners), 0);
	assert_int_equal(owners.count, 0);
	assert_null(owners_get(&owners, 100));
	temp_dir_remove(&dir);
}

static void test_names_are_clean(void **state)
{
	static const struct {
		const char *comm, *name;
	} rows[] = {
		{ "", "" },
		{ "\n", "" },
		{ "no newline", "no newline" },
		{ "two\nlines\n", "two?lines" },
		{ "\x1b[2J\x07\n", "?[2J?" },
		{ "caf\xc3\xa9\n", "caf\xc3\xa9" },
		{ "cut \xc3\n", "cut ?" },
		{ "\xe2\x80\xaegpj.exe\n", "?gpj.exe" },
		{ "(sd-pam) x)\n", "(sd-pam) x)" },
	};
	static const uint32_t inode = 7;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP_ARENA struct arena arena;
		struct owners owners;
		struct temp_dir dir;

		arena_init(&arena);
		temp_dir_make(&dir);
		add_process(&dir, "12", rows[i].comm, NULL);
		add_descriptor(&dir, "12", "3", "socket:[7]");
		assert_int_equal(find(dir.path, &arena, &inode, 1, &owners), 0);
		check_row(strcmp(owners.items[0].name, rows[i].name) == 0, "row %zu: \"%s\"", i, owners.items[0].name);
		temp_dir_remove(&dir);
	}
}

static void test_units(void **state)
{
	static const struct {
		const char *cgroup, *unit;
	} rows[] = {
		{ "", "" },
		{ "0::/\n", "" },
		{ "0::/init.scope\n", "init.scope" },
		{ "0::/system.slice/system-getty.slice/getty@tty1.service\n", "getty@tty1.service" },
		{ "0::/system.slice/docker.service/payload/.service\n", "docker.service" },
		{ "0::/user.slice/user-1.slice/user@1.service/app.slice/app-x.scope/sub\n", "app-x.scope" },
		{ "0::/a.slice/b.slice\n", "b.slice" },
		{ "0::/kubepods/burstable/pod1a2b/3c4d\n", "3c4d" },
		{ "2:cpu:/x\n1:name=systemd:/docker/5e6f\n0::/\n", "5e6f" },
		{ "0::/../..\n", "" },
		{ "0::/../pod7/\n", "pod7" },
		{ "1:name=systemd:/lxc/c1\n0::/own.service\n", "own.service" },
		{ "0::no-slash.service\n", "no-slash.service" },
		{ "0::/cut.service", "" },
		{ "3:memory:/other.service\n1:name=systemd:/own.service\n0::/\n", "own.service" },
		{ "1:name=systemd:/\n0::/own.service\n", "own.service" },
		{ "1:name=elogind:/own.service\n", "" },
		{ "0:/own.service\n::\n:\n\n0\n", "" },
		{ "0::/a:b.service\n", "a:b.service" },
		{ "0::/\x1b[2J.service\n", "?[2J.service" },
	};
	static const uint32_t inode = 7;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		CLEANUP_ARENA struct arena arena;
		struct owners owners;
		struct temp_dir dir;

		arena_init(&arena);
		temp_dir_make(&dir);
		add_process(&dir, "12", "x\n", rows[i].cgroup);
		add_descriptor(&dir, "12", "3", "socket:[7]");
		assert_int_equal(find(dir.path, &arena, &inode, 1, &owners), 0);
		check_row(strcmp(owners.items[0].unit, rows[i].unit) == 0, "row %zu: \"%s\"", i, owners.items[0].unit);
		temp_dir_remove(&dir);
	}
}

static void test_command_lines(void **state)
{
	static const char digits[] = "0123456789";
	static const struct {
		const char *cmdline;
		size_t length;
		const char *command;
	} rows[] = {
		{ "", 0, "" },
		{ "java\0-jar\0app.jar\0", 18, "java -jar app.jar" },
		{ "no end", 6, "no end" },
		{ "nginx: worker process\0\0\0\0", 25, "nginx: worker process" },
		{ "sh\0-c\0\0x\0", 9, "sh -c  x" },
		{ "\0\0", 2, "" },
		{ "a\nb\x1b[2J\0\xff\0", 10, "a?b?[2J ?" },
	};
	static const uint32_t inode = 7;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows) + 3; i++) {
		CLEANUP_STRBUF struct strbuf line = STRBUF_INIT, wanted = STRBUF_INIT;
		CLEANUP_ARENA struct arena arena;
		struct owners owners;
		struct temp_dir dir;

		/* The last three are just short enough, one too long, and more than is read. */
		size_t count = i == COUNT_OF(rows) ? 12 : i == COUNT_OF(rows) + 1 ? 13 : 300;

		if (i < COUNT_OF(rows))
			strbuf_add(&line, rows[i].cmdline, rows[i].length);
		for (size_t k = 0; i >= COUNT_OF(rows) && k < count; k++)
			strbuf_add_text(&line, digits);
		strbuf_add(&wanted, i < COUNT_OF(rows) ? rows[i].command : line.bytes,
			i < COUNT_OF(rows) ? strlen(rows[i].command) : count == 12 ? 120 : 117);
		if (i > COUNT_OF(rows))
			strbuf_add_text(&wanted, "...");
		arena_init(&arena);
		temp_dir_make(&dir);
		add_process(&dir, "12", "x\n", NULL);
		temp_dir_write_bytes(&dir, "proc/12/cmdline", line.bytes, line.length);
		add_descriptor(&dir, "12", "3", "socket:[7]");
		assert_int_equal(find(dir.path, &arena, &inode, 1, &owners), 0);
		check_row(strcmp(owners.items[0].command, wanted.bytes) == 0, "row %zu: \"%s\"", i,
			owners.items[0].command);
		temp_dir_remove(&dir);
	}
}

/* Nothing of it is a process or a socket; the one in the middle is found all the same. */
static void test_hostile_trees(void **state)
{
	static const uint32_t inodes[] = { 0, 7, 8 };
	CLEANUP_ARENA struct arena arena;
	struct owners owners;
	struct temp_dir dir, outside;

	(void)state;
	arena_init(&arena);
	temp_dir_make(&dir);
	temp_dir_make(&outside);
	add_process(&outside, "5", "outside\n", NULL);
	add_descriptor(&outside, "5", "3", "socket:[8]");
	assert_int_equal(find(dir.path, &arena, inodes, COUNT_OF(inodes), &owners), -ENOENT);
	assert_int_equal(owners.hidden, 99);

	temp_dir_write(&dir, "proc/1", "a file\n");
	temp_dir_add_dir(&dir, "proc/2", 0755);
	temp_dir_write(&dir, "proc/3/fd", "a file\n");
	temp_dir_add_fifo(&dir, "proc/4/fd");
	temp_dir_add_link(&dir, "proc/5", "12");
	temp_dir_add_link(&dir, "proc/6/fd", "../12/fd");
	temp_dir_add_link(&dir, "proc/7", outside.path);
	add_process(&dir, "012", "x\n", NULL);
	add_descriptor(&dir, "012", "3", "socket:[7]");
	add_process(&dir, "12a", "x\n", NULL);
	add_descriptor(&dir, "12a", "3", "socket:[7]");
	add_process(&dir, "99999999999", "x\n", NULL);
	add_descriptor(&dir, "99999999999", "3", "socket:[7]");
	add_process(&dir, "self", "x\n", NULL);
	add_descriptor(&dir, "self", "3", "socket:[7]");
	add_process(&dir, "12", NULL, NULL);
	temp_dir_add_fifo(&dir, "proc/12/comm");
	temp_dir_add_link(&dir, "proc/12/cgroup", "comm");
	add_descriptor(&dir, "12", "0", "socket:[7]");
	add_descriptor(&dir, "12", "1", "socket:[]");
	add_descriptor(&dir, "12", "2", "socket:[8");
	add_descriptor(&dir, "12", "3", "socket:[8]x");
	add_descriptor(&dir, "12", "4", "socket:[-8]");
	add_descriptor(&dir, "12", "5", "socket:[4294967304]");
	add_descriptor(&dir, "12", "6", "socket:[08]");
	add_descriptor(&dir, "12", "7", "Socket:[8]");
	add_descriptor(&dir, "12", "8", "socket:[8888888888888888888888888888888888888888888888888888888]");
	temp_dir_write(&dir, "proc/12/fd/9", "socket:[8]");
	assert_int_equal(find(dir.path, &arena, inodes, COUNT_OF(inodes), &owners), 0);
	assert_int_equal(owners.hidden, 0);
	assert_owner(&owners, 0, 0, 0, "", "");
	assert_owner(&owners, 7, 1, 12, "", "");
	assert_owner(&owners, 8, 0, 0, "", "");
	temp_dir_remove(&dir);
	temp_dir_remove(&outside);
}

/* In a process without privilege: root may look everywhere. */
static int look_as_nobody(const char *path)
{
	static const uint32_t inodes[] = { 100, 101 };
	CLEANUP_ARENA struct arena arena;
	struct owners owners;

	arena_init(&arena);
	if (geteuid() == 0 && setuid(65534) < 0)
		return 1;
	if (find(path, &arena, inodes, COUNT_OF(inodes), &owners) != 0 || owners.hidden != 2)
		return 2;
	if (owners.items[0].processes != 1 || owners.items[0].pid != 1003 || owners.items[1].processes != 0)
		return 3;
	return 0;
}

static void test_hidden_processes_are_counted(void **state)
{
	struct temp_dir dir;
	int status;
	pid_t child;

	(void)state;
	make_tree(&dir);
	temp_dir_set_mode(&dir, ".", 0755);
	temp_dir_set_mode(&dir, "proc/9/fd", 0);
	temp_dir_set_mode(&dir, "proc/1002", 0);
	child = fork();
	if (child == 0)
		_exit(look_as_nobody(dir.path));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	temp_dir_set_mode(&dir, "proc/9/fd", 0755);
	temp_dir_set_mode(&dir, "proc/1002", 0755);
	temp_dir_remove(&dir);
}

/* The real thing: this process and a child hold a socket, one of them twice. */
static void test_own_sockets(void **state)
{
	CLEANUP_FD int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CLEANUP_FD int again = dup(fd);
	CLEANUP_ARENA struct arena arena;
	struct owners owners;
	struct stat status;
	uint32_t inode;
	int ends[2];
	pid_t child;

	(void)state;
	arena_init(&arena);
	assert_true(fd >= 0 && again >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	inode = (uint32_t)status.st_ino;
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		char byte;

		(void)close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
	}
	assert_true(child > 0);
	assert_int_equal(find("/", &arena, &inode, 1, &owners), 0);
	assert_int_equal(owners.items[0].processes, 2);
	assert_int_equal(owners.items[0].pid, child < getpid() ? child : getpid());
	assert_true(owners.items[0].name[0] != '\0');
	(void)close(ends[0]);
	(void)close(ends[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(find("/", &arena, &inode, 1, &owners), 0);
	assert_int_equal(owners.items[0].processes, 1);
	assert_int_equal(owners.items[0].pid, getpid());
}

/* ---- groups ---- */

static int find_groups(const char *path, struct arena *arena, const struct socket_group groups[], size_t count,
	bool exact, struct group_owners *owners)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;

	assert_int_equal(rootdir_open(path, &root), 0);
	*owners = (struct group_owners){ .hidden = 99 };
	return owners_find_groups(&root, arena, groups, count, exact, owners);
}

/* Descriptors first to end - 1, with the sockets from that inode on. */
static void add_sockets(const struct temp_dir *dir, const char *pid, unsigned first, unsigned end, uint32_t inode)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "proc/%s/fd", pid);
	fd = openat(dir->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (unsigned number = first; number < end; number++) {
		char name[16], target[32];

		snprintf(name, sizeof(name), "%u", number);
		snprintf(target, sizeof(target), "socket:[%u]", inode + number - first);
		assert_int_equal(symlinkat(target, fd, name), 0);
	}
	(void)close(fd);
}

struct numbered {
	uint32_t inodes[1024];
	struct socket_group group;
};

/* The sockets from that inode on. */
static const struct socket_group *numbered(struct numbered *set, uint32_t first, size_t count)
{
	assert_true(count <= COUNT_OF(set->inodes));
	for (size_t i = 0; i < count; i++)
		set->inodes[i] = first + (uint32_t)((i + count / 2) % count);
	set->group = (struct socket_group){ set->inodes, count };
	return &set->group;
}

/* What holds of every answer: no number is beyond what can be. */
static void assert_sane(const struct group_owners *owners, bool exact)
{
	for (size_t i = 0; i < owners->count; i++) {
		const struct holders *holders = &owners->items[i];
		size_t sum = 0;

		assert_true(holders->missing <= holders->sockets);
		assert_true(holders->count <= OWNERS_HOLDERS_MAX && holders->count <= holders->processes);
		assert_true(holders->count == OWNERS_HOLDERS_MAX || holders->count == holders->processes);
		assert_true((holders->count == 0) == (holders->missing == holders->sockets));
		for (size_t k = 0; k < holders->count; k++) {
			const struct holder *holder = &holders->items[k];

			assert_true(holder->sockets >= 1 && holder->sockets <= holders->sockets);
			assert_true(k == 0 || holder->sockets <= holder[-1].sockets);
			assert_true(holder->pid > 0 && holder->name && holder->command && holder->unit);
			assert_false(exact && holder->is_estimate);
			sum += holder->sockets;
		}
		assert_true(sum <= holders->sockets * holders->processes);
		assert_true(holders->processes > OWNERS_HOLDERS_MAX || sum + holders->missing >= holders->sockets);
	}
}

static void assert_holder(const struct holders *holders, size_t at, pid_t pid, size_t sockets, bool is_estimate)
{
	const struct holder *holder = &holders->items[at];

	check_row(at < holders->count && holder->pid == pid && holder->sockets == sockets &&
		holder->is_estimate == is_estimate, "holder %zu of %zu: pid %d, %zu sockets%s", at, holders->count,
		(int)holder->pid, holder->sockets, holder->is_estimate ? " (estimate)" : "");
}

/* A host with hundreds of listeners in trouble is not walked through for every few of them. */
static void test_many_groups_in_one_walk(void **state)
{
	static const uint32_t inode = 100;
	struct socket_group groups[500];
	CLEANUP_ARENA struct arena arena;
	struct group_owners owners;
	struct temp_dir dir;

	(void)state;
	arena_init(&arena);
	make_tree(&dir);
	for (size_t i = 0; i < COUNT_OF(groups); i++)
		groups[i] = (struct socket_group){ &inode, 1 };
	assert_int_equal(find_groups(dir.path, &arena, groups, COUNT_OF(groups), false, &owners), 0);
	assert_int_equal(owners.looked_at, 10);
	for (size_t i = 0; i < COUNT_OF(groups); i++)
		assert_holder(&owners.items[i], 0, 9, 1, false);
	temp_dir_remove(&dir);
}

static void test_groups_of_small_processes(void **state)
{
	static const uint32_t shared[] = { 100, 100 }, mixed[] = { 101, 4294967295, 100, 103, 102 };
	static const struct socket_group groups[] = { { shared, 2 }, { mixed, 5 }, { NULL, 0 }, { mixed, 1 } };
	CLEANUP_ARENA struct arena arena;
	struct group_owners owners;
	struct temp_dir dir;

	(void)state;
	arena_init(&arena);
	make_tree(&dir);
	for (int exact = 0; exact < 2; exact++) {
		assert_int_equal(find_groups(dir.path, &arena, groups, COUNT_OF(groups), exact, &owners), 0);
		assert_int_equal(owners.count, COUNT_OF(groups));
		assert_int_equal(owners.hidden, 0);
		assert_int_equal(owners.looked_at, 10);
		assert_sane(&owners, true);
		assert_int_equal(owners.items[0].sockets, 1);
		assert_int_equal(owners.items[0].processes, 3);
		assert_holder(&owners.items[0], 0, 9, 1, false);
		assert_holder(&owners.items[0], 1, 1002, 1, false);
		assert_holder(&owners.items[0], 2, 1003, 1, false);
		assert_string_equal(owners.items[0].items[0].unit, "nginx.service");
		assert_int_equal(owners.items[1].sockets, 5);
		assert_int_equal(owners.items[1].missing, 1);
		assert_int_equal(owners.items[1].processes, 5);
		assert_holder(&owners.items[1], 0, 1002, 2, false);
		assert_holder(&owners.items[1], 1, 9, 1, false);
		assert_int_equal(owners.items[2].sockets, 0);
		assert_int_equal(owners.items[2].count, 0);
		assert_holder(&owners.items[3], 0, 1002, 1, false);
	}
	assert_int_equal(find_groups(dir.path, &arena, groups, OWNERS_GROUPS_MAX + 1, false, &owners), -E2BIG);
	assert_int_equal(find_groups(dir.path, &arena, NULL, 0, false, &owners), 0);
	assert_int_equal(owners.count, 0);
	temp_dir_remove(&dir);
}

static void test_the_heaviest_are_told(void **state)
{
	struct numbered set;
	CLEANUP_ARENA struct arena arena;
	struct group_owners owners;
	struct temp_dir dir;

	(void)state;
	arena_init(&arena);
	temp_dir_make(&dir);
	for (unsigned i = 1; i <= 12; i++) {
		char pid[16];

		snprintf(pid, sizeof(pid), "%u", 20 + i);
		add_process(&dir, pid, "x\n", NULL);
		add_sockets(&dir, pid, 0, i / 2 + 1, 100);
	}
	assert_int_equal(find_groups(dir.path, &arena, numbered(&set, 100, 7), 1, false, &owners), 0);
	assert_sane(&owners, true);
	assert_int_equal(owners.items[0].processes, 12);
	assert_int_equal(owners.items[0].count, OWNERS_HOLDERS_MAX);
	assert_holder(&owners.items[0], 0, 32, 7, false);
	assert_holder(&owners.items[0], 1, 30, 6, false);
	assert_holder(&owners.items[0], 2, 31, 6, false);
	assert_holder(&owners.items[0], 7, 24, 3, false);
	temp_dir_remove(&dir);
}

/* A leak at the end of many descriptors, and a listener at their beginning. */
static void make_big(struct temp_dir *dir)
{
	temp_dir_make(dir);
	add_process(dir, "70", "proxy\n", NULL);
	add_sockets(dir, "70", 0, 3000, 10000);
	add_process(dir, "71", "shell\n", NULL);
	add_sockets(dir, "71", 0, 10, 20000);
}

static void test_elimination(void **state)
{
	struct numbered sets[4];
	CLEANUP_ARENA struct arena arena;
	struct group_owners owners;
	struct socket_group groups[4];
	struct temp_dir dir;

	(void)state;
	arena_init(&arena);
	make_big(&dir);
	groups[0] = *numbered(&sets[0], 12700, 300);
	groups[1] = *numbered(&sets[1], 10003, 1);
	groups[2] = *numbered(&sets[2], 20000, 10);
	groups[3] = *numbered(&sets[3], 19990, 20);	/* of which 10 are nowhere */
	for (int exact = 0; exact < 2; exact++) {
		assert_int_equal(find_groups(dir.path, &arena, groups, exact ? 4 : 3, exact, &owners), 0);
		assert_sane(&owners, true);
		assert_int_equal(owners.items[0].processes, 1);
		assert_holder(&owners.items[0], 0, 70, 300, false);
		assert_string_equal(owners.items[0].items[0].name, "proxy");
		assert_holder(&owners.items[1], 0, 70, 1, false);
		assert_holder(&owners.items[2], 0, 71, 10, false);
		assert_true(exact ? owners.looked_at == 3010 : owners.looked_at <= 10 + 256);
	}
	/* Whatever nobody holds is looked for everywhere before that is said. */
	assert_int_equal(find_groups(dir.path, &arena, groups, 4, false, &owners), 0);
	assert_int_equal(owners.items[3].missing, 10);
	assert_holder(&owners.items[3], 0, 71, 10, false);
	assert_true(owners.looked_at >= 3010);
	/* A part that was closed meanwhile is not. */
	groups[0] = *numbered(&sets[0], 19999, 11);
	assert_int_equal(find_groups(dir.path, &arena, groups, 1, false, &owners), 0);
	assert_int_equal(owners.items[0].missing, 1);
	assert_true(owners.looked_at <= 10 + 600);
	temp_dir_remove(&dir);
}

/* Each is found, wherever it is, and by then all is known. */
static void test_a_needle(void **state)
{
	static const uint32_t inodes[] = { 10000, 10063, 10064, 11111, 12998, 12999 };
	struct temp_dir dir;

	(void)state;
	make_big(&dir);
	for (size_t i = 0; i < COUNT_OF(inodes); i++) {
		const struct socket_group group = { &inodes[i], 1 };
		CLEANUP_ARENA struct arena arena;
		struct group_owners owners;

		arena_init(&arena);
		assert_int_equal(find_groups(dir.path, &arena, &group, 1, false, &owners), 0);
		assert_holder(&owners.items[0], 0, 70, 1, false);
		assert_true(owners.looked_at <= 3010);
	}
	temp_dir_remove(&dir);
}

static void test_several_big_processes(void **state)
{
	struct numbered set;
	CLEANUP_ARENA struct arena arena;
	struct group_owners owners;
	struct temp_dir dir;

	(void)state;
	arena_init(&arena);
	make_big(&dir);
	add_process(&dir, "72", "other\n", NULL);
	add_sockets(&dir, "72", 0, 2000, 13000);
	/* 600 of the one, 200 of the other: a share of 3 to 1, as far as a sample tells. */
	assert_int_equal(find_groups(dir.path, &arena, numbered(&set, 12400, 800), 1, false, &owners), 0);
	assert_sane(&owners, false);
	assert_int_equal(owners.items[0].processes, 2);
	assert_int_equal(owners.items[0].missing, 0);
	assert_int_equal(owners.items[0].items[0].pid, 70);
	assert_true(owners.items[0].items[0].is_estimate && owners.items[0].items[1].is_estimate);
	assert_int_equal(owners.items[0].items[0].sockets + owners.items[0].items[1].sockets, 800);
	assert_true(owners.items[0].items[0].sockets >= 500 && owners.items[0].items[0].sockets <= 700);
	assert_true(owners.looked_at <= 10 + 1024);
	temp_dir_remove(&dir);
}

static void add_forked(const struct temp_dir *dir, const char *pid, unsigned count)
{
	add_process(dir, pid, "x\n", NULL);
	add_sockets(dir, pid, 0, count, 10000);
}

/* A child that has the descriptors of its parent, and so many more that its table is twice as large; later one with
 * few of them. What a hundred of each say about a thousand is not exact, but it is not half of them each. */
static void test_forked_processes(void **state)
{
	struct numbered set;
	CLEANUP_ARENA struct arena arena;
	struct group_owners owners;
	struct socket_group groups[2];
	struct temp_dir dir;

	(void)state;
	arena_init(&arena);
	temp_dir_make(&dir);
	add_forked(&dir, "81", 1200);
	add_forked(&dir, "82", 1200);
	add_sockets(&dir, "82", 1200, 2500, 20000);
	groups[0] = *numbered(&set, 10200, 1000);
	/* The second step of the sample: a single hit is not taken for more than there are. */
	groups[1] = (struct socket_group){ &(const uint32_t){ 10000 + 887 }, 1 };
	for (size_t count = 2; count <= 3; count++) {
		assert_int_equal(find_groups(dir.path, &arena, groups, 2, false, &owners), 0);
		assert_sane(&owners, false);
		assert_int_equal(owners.items[0].processes, count);
		assert_int_equal(owners.items[0].missing, 0);
		assert_int_equal(owners.items[1].processes, count);
		for (size_t i = 0; i < count; i++) {
			const struct holder *holder = &owners.items[0].items[i];

			check_row(holder->pid == 83 ? holder->sockets == 700 && !holder->is_estimate :
				holder->sockets >= 800 && holder->is_estimate, "pid %d of %zu: %zu",
				(int)holder->pid, count, holder->sockets);
		}
		if (count == 2)
			add_forked(&dir, "83", 900);
	}
	assert_int_equal(find_groups(dir.path, &arena, groups, 2, true, &owners), 0);
	assert_sane(&owners, true);
	assert_holder(&owners.items[0], 0, 81, 1000, false);
	assert_holder(&owners.items[0], 1, 82, 1000, false);
	assert_holder(&owners.items[0], 2, 83, 700, false);
	temp_dir_remove(&dir);
}

/* Descriptors so far apart that numbers are not worth trying. */
static void test_a_sparse_table(void **state)
{
	struct numbered set;
	CLEANUP_ARENA struct arena arena;
	struct group_owners owners;
	struct temp_dir dir;

	(void)state;
	arena_init(&arena);
	temp_dir_make(&dir);
	add_process(&dir, "90", "x\n", NULL);
	add_sockets(&dir, "90", 0, 700, 10000);
	add_sockets(&dir, "90", 1000000, 1000800, 20000);
	assert_int_equal(find_groups(dir.path, &arena, numbered(&set, 20700, 200), 1, false, &owners), 0);
	assert_holder(&owners.items[0], 0, 90, 100, false);
	assert_int_equal(owners.items[0].missing, 100);
	assert_int_equal(owners.looked_at, 1500);
	temp_dir_remove(&dir);
}

static unsigned draw(unsigned *seed, unsigned end)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 16) % end;
}

/* Whatever is held by whom: no absurd number, and the exact answer for what the quick one calls exact. */
static void test_random_trees(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (unsigned round = 0; round < 12; round++) {
		CLEANUP_ARENA struct arena arena;
		struct group_owners quick, exact;
		struct numbered sets[3];
		struct socket_group groups[3];
		struct temp_dir dir;

		arena_init(&arena);
		temp_dir_make(&dir);
		for (unsigned pid = 10; pid < 14; pid++) {
			char name[16];

			snprintf(name, sizeof(name), "%u", pid);
			add_process(&dir, name, "x\n", NULL);
			add_sockets(&dir, name, draw(&seed, 50), 60 + draw(&seed, pid < 12 ? 2000 : 200),
				1 + draw(&seed, 2500));
		}
		for (unsigned i = 0; i < 3; i++)
			groups[i] = *numbered(&sets[i], 1 + draw(&seed, 3000), 1 + draw(&seed, 600));
		assert_int_equal(find_groups(dir.path, &arena, groups, 3, false, &quick), 0);
		assert_int_equal(find_groups(dir.path, &arena, groups, 3, true, &exact), 0);
		assert_sane(&quick, false);
		assert_sane(&exact, true);
		for (size_t i = 0; i < 3; i++) {
			const struct holders *a = &quick.items[i], *b = &exact.items[i];

			assert_true(a->processes <= b->processes && a->sockets == b->sockets);
			check_row(a->missing <= b->missing + a->sockets / 8, "round %u", round);
			check_row((a->count == 0) == (b->count == 0), "round %u", round);
		}
		temp_dir_remove(&dir);
	}
}

static void test_memory_failure(void **state)
{
	static const uint32_t inodes[] = { 100, 101, 103, 4294967295 };
	struct temp_dir dir;
	unsigned long failures, n = 0;

	(void)state;
	make_tree(&dir);
	do {
		CLEANUP_ARENA struct arena arena;
		struct owners owners;
		int r;

		arena_init(&arena);
		memory_fail_at(++n);
		r = find(dir.path, &arena, inodes, COUNT_OF(inodes), &owners);
		failures = memory_failures();
		memory_fail_at(0);
		assert_int_equal(r, failures ? -ENOMEM : 0);
	} while (failures);
	assert_true(n > 2);
	temp_dir_remove(&dir);
}

static void test_memory_failure_in_groups(void **state)
{
	struct numbered set;
	struct temp_dir dir;
	unsigned long failures, n = 0;

	(void)state;
	make_big(&dir);
	do {
		CLEANUP_ARENA struct arena arena;
		struct group_owners owners;
		int r;

		arena_init(&arena);
		memory_fail_at(++n);
		r = find_groups(dir.path, &arena, numbered(&set, 12700, 300), 1, false, &owners);
		failures = memory_failures();
		memory_fail_at(0);
		assert_int_equal(r, failures ? -ENOMEM : 0);
		assert_true(r == 0 || owners.hidden == 99);
	} while (failures);
	assert_true(n > 2);
	temp_dir_remove(&dir);
}

static int run(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_walk_answers_for_all),
		cmocka_unit_test(test_names_are_clean),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_command_lines),
		cmocka_unit_test(test_hostile_trees),
		cmocka_unit_test(test_hidden_processes_are_counted),
		cmocka_unit_test(test_own_sockets),
		cmocka_unit_test(test_many_groups_in_one_walk),
		cmocka_unit_test(test_groups_of_small_processes),
		cmocka_unit_test(test_the_heaviest_are_told),
		cmocka_unit_test(test_elimination),
		cmocka_unit_test(test_a_needle),
		cmocka_unit_test(test_several_big_processes),
		cmocka_unit_test(test_forked_processes),
		cmocka_unit_test(test_a_sparse_table),
		cmocka_unit_test(test_random_trees),
		cmocka_unit_test(test_memory_failure),
		cmocka_unit_test(test_memory_failure_in_groups),
	};

	return RUN_TESTS(tests);
}

int main(void)
{
	int failed = run();

	return old_kernel_run(run) || failed;
}
