/* SPDX-License-Identifier: MIT */
/* Whose a socket is: in fake roots, and this process's own. */
#define _GNU_SOURCE
#include "kernel/owners.h"

#include "base/memory.h"
#include "old_kernel.h"
#include "temp_dir.h"
#include "unit.h"

#include <errno.h>
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
		cmocka_unit_test(test_memory_failure),
	};

	return RUN_TESTS(tests);
}

int main(void)
{
	int failed = run();

	return old_kernel_run(run) || failed;
}
