/* SPDX-License-Identifier: MIT */
/* Parameters: reading, probing, writing and listing, on plain trees and on a scripted kernel. */
#define _GNU_SOURCE
#include "kernel/procsys.h"

#include "base/memory.h"
#include "old_kernel.h"
#include "temp_dir.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tree {
	struct temp_dir dir;
	struct rootdir root;
	struct procsys procsys;
	struct arena arena;
};

static void open_tree(struct tree *tree, enum procsys_mode mode)
{
	procsys_release(&tree->procsys);
	assert_int_equal(procsys_open(&tree->root, mode, &tree->procsys), 0);
	assert_true(tree->procsys.is_plain_tree);
}

static int set_up(void **state)
{
	static struct tree tree;

	tree = (struct tree){ .root = ROOTDIR_INIT, .procsys = PROCSYS_INIT };
	arena_init(&tree.arena);
	temp_dir_make(&tree.dir);
	temp_dir_write(&tree.dir, "secret", "secret\n");
	temp_dir_write(&tree.dir, "proc/sys/net/core/somaxconn", "4096\n");
	temp_dir_write(&tree.dir, "proc/sys/net/ipv4/conf/eth0/rp_filter", "0\n");
	temp_dir_write(&tree.dir, "proc/sys/net/ipv4/conf/eth0.100/rp_filter", "1\n");
	temp_dir_write(&tree.dir, "proc/sys/net/ipv4/conf/all/rp_filter", "2\n");
	temp_dir_write(&tree.dir, "proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n");
	temp_dir_write(&tree.dir, "proc/sys/vm/read_only", "1\n");
	temp_dir_set_mode(&tree.dir, "proc/sys/vm/read_only", 0444);
	temp_dir_write(&tree.dir, "proc/sys/vm/write_only", "1\n");
	temp_dir_set_mode(&tree.dir, "proc/sys/vm/write_only", 0200);
	temp_dir_write(&tree.dir, "proc/sys/vm/stat_refresh", "\n");
	temp_dir_add_link(&tree.dir, "proc/sys/link-out", "../../secret");
	temp_dir_add_link(&tree.dir, "proc/sys/link-in", "net/core/somaxconn");
	temp_dir_add_link(&tree.dir, "proc/sys/link-dir", "net");
	temp_dir_add_fifo(&tree.dir, "proc/sys/fifo");
	assert_int_equal(rootdir_open(tree.dir.path, &tree.root), 0);
	open_tree(&tree, PROCSYS_READ_WRITE);
	*state = &tree;
	return 0;
}

static int tear_down(void **state)
{
	struct tree *tree = *state;

	procsys_release(&tree->procsys);
	rootdir_release(&tree->root);
	temp_dir_remove(&tree->dir);
	arena_release(&tree->arena);
	return 0;
}

static void test_read(void **state)
{
	static const struct {
		const char *path;
		int outcome;
		const char *text;
	} cases[] = {
		{ "net/core/somaxconn", 0, "4096\n" },
		{ "net/ipv4/tcp_rmem", 0, "4096\t131072\t6291456\n" },
		{ "net/ipv4/conf/eth0.100/rp_filter", 0, "1\n" },
		{ "net/core/missing", PROCSYS_ABSENT, NULL },
		{ "net/missing/x", PROCSYS_ABSENT, NULL },
		{ "net/core/somaxconn/x", PROCSYS_ABSENT, NULL },
		{ "net/core", PROCSYS_UNREADABLE, NULL },
		{ "fifo", PROCSYS_UNREADABLE, NULL },
		{ "link-out", PROCSYS_UNREADABLE, NULL },
		{ "link-in", PROCSYS_UNREADABLE, NULL },
		{ "../secret", PROCSYS_UNREADABLE, NULL },
		{ "net/../net/core/somaxconn", PROCSYS_UNREADABLE, NULL },
		{ "/etc/passwd", PROCSYS_UNREADABLE, NULL },
		{ "", PROCSYS_UNREADABLE, NULL },
	};
	struct tree *tree = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct value value = { NULL, 0 };
		int error = 0;
		int r = procsys_read(&tree->procsys, &tree->arena, cases[i].path, &value, &error);

		check_row(r == cases[i].outcome, "\"%s\" gives %d, %s", cases[i].path, r, strerror(error));
		if (cases[i].text)
			assert_true(value_identical(value, value_of(cases[i].text)));
		else
			assert_true(error > 0 && !value.bytes);
	}
}

static void test_a_linked_directory_is_not_entered(void **state)
{
	struct tree *tree = *state;
	struct value value = { NULL, 0 };
	int error;

	assert_true(procsys_read(&tree->procsys, &tree->arena, "link-dir/core/somaxconn", &value, &error) > 0);
	assert_null(value.bytes);
}

static void test_read_of_long_values(void **state)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 5000, 191053, 1024 * 1024 - 1 };
	struct tree *tree = *state;
	char *large = memory_alloc(2 * 1024 * 1024);
	struct value value;
	int error;

	assert_non_null(large);
	for (size_t i = 0; i < 2 * 1024 * 1024; i++)
		large[i] = (char)('0' + i % 10);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		temp_dir_write_bytes(&tree->dir, "proc/sys/vm/long", large, sizes[i]);
		assert_int_equal(procsys_read(&tree->procsys, &tree->arena, "vm/long", &value, &error), 0);
		assert_true(value_identical(value, (struct value){ large, sizes[i] }));
	}
	temp_dir_write_bytes(&tree->dir, "proc/sys/vm/long", large, 1024 * 1024);
	assert_int_equal(procsys_read(&tree->procsys, &tree->arena, "vm/long", &value, &error),
		PROCSYS_UNREADABLE);
	assert_int_equal(error, EFBIG);
	temp_dir_write_bytes(&tree->dir, "proc/sys/vm/long", large, 2 * 1024 * 1024);
	assert_int_equal(procsys_read(&tree->procsys, &tree->arena, "vm/long", &value, &error),
		PROCSYS_UNREADABLE);
	memory_free(large);
}

static void test_write(void **state)
{
	struct tree *tree = *state;
	int error = 0;

	assert_int_equal(procsys_write(&tree->procsys, "net/ipv4/tcp_rmem", value_of("1 2 3"), false, &error), 0);
	temp_dir_assert_file(&tree->dir, "proc/sys/net/ipv4/tcp_rmem", "1 2 3\n");
	/* With or without its newline: one stands there. */
	assert_int_equal(procsys_write(&tree->procsys, "net/core/somaxconn", value_of("65535\n"), false,
		&error), 0);
	temp_dir_assert_file(&tree->dir, "proc/sys/net/core/somaxconn", "65535\n");
	assert_int_equal(procsys_write(&tree->procsys, "net/core/somaxconn", value_of(""), false, &error), 0);
	temp_dir_assert_file(&tree->dir, "proc/sys/net/core/somaxconn", "\n");
}

static void test_long_values_are_written_whole(void **state)
{
	static const size_t sizes[] = { 4094, 4095, 4096, 5000, 200000, 1024 * 1024 - 1 };
	struct tree *tree = *state;
	char *large = memory_alloc(2 * 1024 * 1024);
	int error = 0;

	assert_non_null(large);
	memset(large, '7', 2 * 1024 * 1024);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

		assert_int_equal(procsys_write(&tree->procsys, "net/core/somaxconn",
			(struct value){ large, sizes[i] }, false, &error), 0);
		temp_dir_read(&tree->dir, "proc/sys/net/core/somaxconn", &text);
		assert_int_equal(text.length, sizes[i] + 1);
		assert_int_equal(text.bytes[sizes[i]], '\n');
		assert_memory_equal(text.bytes, large, sizes[i]);
	}
	assert_int_equal(procsys_write(&tree->procsys, "net/core/somaxconn",
		(struct value){ large, 1024 * 1024 }, false, &error), -EFBIG);
	memory_free(large);
}

static void test_write_refuses_what_is_no_key(void **state)
{
	static const struct {
		const char *path;
		int outcome;
	} cases[] = {
		{ "net/core/missing", PROCSYS_ABSENT },
		{ "link-out", PROCSYS_REFUSED },
		{ "link-in", PROCSYS_REFUSED },
		{ "fifo", PROCSYS_REFUSED },
		{ "net/core", PROCSYS_REFUSED },
		{ "../secret", PROCSYS_REFUSED },
		{ "net/../../../secret", PROCSYS_REFUSED },
	};
	struct tree *tree = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int error = 0;
		int r = procsys_write(&tree->procsys, cases[i].path, value_of("x"), false, &error);

		check_row(r == cases[i].outcome && error > 0, "%s gives %d, %s", cases[i].path, r,
			strerror(error));
	}
	temp_dir_assert_file(&tree->dir, "secret", "secret\n");
	temp_dir_assert_file(&tree->dir, "proc/sys/net/core/somaxconn", "4096\n");
	assert_false(temp_dir_has(&tree->dir, "proc/sys/net/core/missing"));
}

static void test_a_read_only_handle_cannot_write(void **state)
{
	static const char *const paths[] = { "net/core/somaxconn", "net/core/missing", "link-out", "../secret" };
	struct tree *tree = *state;
	struct stat before, after;

	open_tree(tree, PROCSYS_READ_ONLY);
	assert_int_equal(fstatat(tree->dir.fd, "proc/sys/net/core/somaxconn", &before, 0), 0);
	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		int error = -77;

		assert_int_equal(procsys_write(&tree->procsys, paths[i], value_of("1"), false, &error), -EROFS);
		assert_int_equal(error, -77);
	}
	assert_int_equal(fstatat(tree->dir.fd, "proc/sys/net/core/somaxconn", &after, 0), 0);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	temp_dir_assert_file(&tree->dir, "proc/sys/net/core/somaxconn", "4096\n");
	assert_int_equal(tree->procsys.mode, PROCSYS_READ_ONLY);
}

static void test_probe(void **state)
{
	struct tree *tree = *state;

	for (int mode = PROCSYS_READ_ONLY; mode <= PROCSYS_READ_WRITE; mode++) {
		int error = 0;

		open_tree(tree, (enum procsys_mode)mode);
		assert_int_equal(procsys_probe(&tree->procsys, "net/core/somaxconn", &error), 0);
		assert_int_equal(procsys_probe(&tree->procsys, "vm/read_only", &error), PROCSYS_UNWRITABLE);
		assert_int_equal(procsys_probe(&tree->procsys, "net/core/missing", &error), PROCSYS_ABSENT);
		assert_true(procsys_probe(&tree->procsys, "link-out", &error) > 0);
		assert_true(procsys_probe(&tree->procsys, "../secret", &error) > 0);
		temp_dir_assert_file(&tree->dir, "proc/sys/net/core/somaxconn", "4096\n");
	}
}

/* ---- listing ---- */

static void assert_paths(const struct procsys_paths *paths, const char *const expected[], size_t count)
{
	for (size_t i = 0; i < paths->count && i < count; i++)
		assert_string_equal(paths->paths[i], expected[i]);
	assert_int_equal(paths->count, count);
}

static void test_expand(void **state)
{
	static const struct {
		const char *glob;
		const char *expected[4];
	} cases[] = {
		{ "net/ipv4/conf/*/rp_filter", { "net/ipv4/conf/all/rp_filter", "net/ipv4/conf/eth0.100/rp_filter",
			"net/ipv4/conf/eth0/rp_filter" } },
		{ "net/ipv4/conf/eth*/rp_filter", { "net/ipv4/conf/eth0.100/rp_filter",
			"net/ipv4/conf/eth0/rp_filter" } },
		{ "net/*/*/eth0/rp_*", { "net/ipv4/conf/eth0/rp_filter" } },
		{ "net/core/*", { "net/core/somaxconn" } },
		{ "net/core/[st]omaxconn", { "net/core/somaxconn" } },
		{ "net/*", { NULL } },
		{ "net/none/*", { NULL } },
		{ "net/core/somaxconn/*", { NULL } },
		{ "link-dir/core/*", { NULL } },
		{ "link-*/core/*", { NULL } },
		{ "net/core/somaxconn", { "net/core/somaxconn" } },
		{ "net/core/missing", { NULL } },
		{ "net/core", { NULL } },
		{ "net/ipv4/conf/*/missing", { NULL } },
	};
	struct tree *tree = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct procsys_paths paths = { 0 };
		size_t count = 0;

		while (count < COUNT_OF(cases[i].expected) && cases[i].expected[count])
			count++;
		assert_int_equal(procsys_expand(&tree->procsys, &tree->arena, cases[i].glob, &paths), 0);
		check_row(paths.count == count, "%s finds %zu, %s", cases[i].glob, paths.count,
			paths.count ? paths.paths[0] : "");
		assert_paths(&paths, cases[i].expected, count);
	}
}

static void test_walk(void **state)
{
	static const char *const expected[] = { "net/core/somaxconn", "net/ipv4/conf/all/rp_filter",
		"net/ipv4/conf/eth0.100/rp_filter", "net/ipv4/conf/eth0/rp_filter", "net/ipv4/tcp_rmem" };
	struct tree *tree = *state;
	struct procsys_paths paths = { 0 };

	assert_int_equal(procsys_walk(&tree->procsys, &tree->arena, "", &paths), 0);
	assert_paths(&paths, expected, COUNT_OF(expected));
}

static void test_siblings(void **state)
{
	struct tree *tree = *state;
	struct procsys_paths names = { 0 };

	assert_int_equal(procsys_siblings(&tree->procsys, &tree->arena, "net/core/somaxcon", &names), 0);
	assert_int_equal(names.count, 1);
	assert_string_equal(names.paths[0], "somaxconn");
	names.count = 0;
	assert_int_equal(procsys_siblings(&tree->procsys, &tree->arena, "net/none/x", &names), 0);
	assert_int_equal(names.count, 0);
	assert_int_equal(procsys_siblings(&tree->procsys, &tree->arena, "x", &names), 0);
	assert_true(names.count >= 4);
}

/* ---- a scripted kernel ---- */

struct script {
	unsigned interruptions;		/* EINTR so often first */
	size_t most;			/* taken by one write; 0: all */
	size_t calls;
	int fds[8];
	int error;
	char taken[300000];
	size_t taken_length;
};

static ssize_t scripted_write(void *context, const char *path, int fd, const void *bytes, size_t size)
{
	struct script *script = context;

	assert_string_equal(path, "net/core/somaxconn");
	if (script->interruptions > 0) {
		script->interruptions--;
		errno = EINTR;
		return -1;
	}
	if (script->calls < COUNT_OF(script->fds))
		script->fds[script->calls] = fd;
	script->calls++;
	if (script->error) {
		errno = script->error;
		return -1;
	}
	if (script->most && size > script->most)
		size = script->most;
	memcpy(script->taken + script->taken_length, bytes, size);
	script->taken_length += size;
	return (ssize_t)size;
}

static ssize_t scripted_read(void *context, const char *path, int fd, void *buffer, size_t size)
{
	struct script *script = context;

	(void)path;
	if (script->interruptions > 0) {
		script->interruptions--;
		errno = EINTR;
		return -1;
	}
	if (script->error) {
		errno = script->error;
		return -1;
	}
	return read(fd, buffer, size);
}

static struct script *play(struct tree *tree)
{
	static struct script script;

	script = (struct script){ .calls = 0 };
	tree->procsys.is_plain_tree = false;
	tree->procsys.ops = (struct procsys_ops){ .read = scripted_read, .write = scripted_write,
		.context = &script };
	return &script;
}

static void test_interruptions_are_no_errors(void **state)
{
	struct tree *tree = *state;
	struct script *script = play(tree);
	struct value value;
	int error = 0;

	script->interruptions = 3;
	assert_int_equal(procsys_read(&tree->procsys, &tree->arena, "net/core/somaxconn", &value, &error), 0);
	assert_true(value_identical(value, value_of("4096\n")));
	script->interruptions = 3;
	assert_int_equal(procsys_write(&tree->procsys, "net/core/somaxconn", value_of("1"), false, &error), 0);
	assert_int_equal(script->calls, 1);
	assert_memory_equal(script->taken, "1\n", 2);
}

static void test_one_write_holds_everything(void **state)
{
	struct tree *tree = *state;
	struct script *script = play(tree);
	int error = 0;

	assert_int_equal(procsys_write(&tree->procsys, "net/core/somaxconn", value_of("1 2 3\n"), false,
		&error), 0);
	assert_int_equal(script->calls, 1);
	assert_int_equal(script->taken_length, 6);
	assert_memory_equal(script->taken, "1 2 3\n", 6);
}

static void test_a_short_write_is_an_error(void **state)
{
	struct tree *tree = *state;
	struct script *script = play(tree);
	int error = 0;

	script->most = 3;
	assert_int_equal(procsys_write(&tree->procsys, "net/core/somaxconn", value_of("60 00"), false, &error),
		PROCSYS_SHORT);
	assert_int_equal(script->calls, 1);
}

static void test_a_bitmap_goes_on_with_the_rest(void **state)
{
	struct tree *tree = *state;
	struct script *script = play(tree);
	CLEANUP_STRBUF struct strbuf ports = STRBUF_INIT;
	int error = 0;

	strbuf_add_char(&ports, '1');
	while (ports.length < 10000)
		strbuf_add_text(&ports, ",65535");
	assert_int_equal(strbuf_check(&ports), 0);
	script->most = 4095;
	assert_int_equal(procsys_write(&tree->procsys, "net/core/somaxconn",
		(struct value){ ports.bytes, ports.length }, true, &error), 0);
	assert_int_equal(script->calls, 3);
	/* On the same descriptor, or the kernel would begin a new list. */
	assert_int_equal(script->fds[0], script->fds[1]);
	assert_int_equal(script->fds[0], script->fds[2]);
	assert_int_equal(script->taken_length, ports.length + 1);
	assert_memory_equal(script->taken, ports.bytes, ports.length);
}

/* As some kernels do for single keys: whatever is written, they answer 1. */
static void test_an_answer_that_counts_nothing(void **state)
{
	static const char *const values[] = { "1", "10", "-1" };
	struct tree *tree = *state;
	struct script *script = play(tree);
	int error = 0;

	script->most = 1;
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		script->calls = 0;
		assert_int_equal(procsys_write(&tree->procsys, "net/core/somaxconn", value_of(values[i]), false, &error), 0);
		assert_int_equal(script->calls, 1);
	}
	assert_int_equal(procsys_write(&tree->procsys, "net/core/somaxconn", value_of("1 2"), false, &error), PROCSYS_SHORT);
}

static ssize_t take_nothing(void *context, const char *path, int fd, const void *bytes, size_t size)
{
	(void)context;
	(void)path;
	(void)fd;
	(void)bytes;
	(void)size;
	return 0;
}

static void test_a_bitmap_that_takes_nothing_ends(void **state)
{
	struct tree *tree = *state;
	int error = 0;

	(void)play(tree);
	tree->procsys.ops.write = take_nothing;
	assert_int_equal(procsys_write(&tree->procsys, "net/core/somaxconn", value_of("1,2"), true, &error),
		PROCSYS_SHORT);
}

static void test_errors_of_the_kernel_are_outcomes(void **state)
{
	static const int errors[] = { EINVAL, ENOENT, EPERM, ERANGE, EBUSY, EIO, ENOMEM };
	struct tree *tree = *state;
	struct script *script = play(tree);
	struct value value = { NULL, 0 };

	for (size_t i = 0; i < COUNT_OF(errors); i++) {
		int error = 0;

		script->error = errors[i];
		assert_int_equal(procsys_write(&tree->procsys, "net/core/somaxconn", value_of("1"), false,
			&error), PROCSYS_REFUSED);
		assert_int_equal(error, errors[i]);
	}
	script->error = EIO;
	assert_int_equal(procsys_read(&tree->procsys, &tree->arena, "net/core/somaxconn", &value,
		&(int){ 0 }), PROCSYS_UNREADABLE);
	/* An interface that went away between open and read. */
	script->error = ENOENT;
	assert_int_equal(procsys_read(&tree->procsys, &tree->arena, "net/core/somaxconn", &value,
		&(int){ 0 }), PROCSYS_ABSENT);
	assert_null(value.bytes);
}

static void test_memory_failures(void **state)
{
	struct tree *tree = *state;
	CLEANUP_ARENA struct arena fresh;
	char large[5000];
	struct value value = { NULL, 0 };
	struct procsys_paths paths = { 0 };
	int error = 0;

	arena_init(&fresh);
	memset(large, '7', sizeof(large));
	temp_dir_write_bytes(&tree->dir, "proc/sys/vm/long", large, sizeof(large));
	memory_fail_at(1);
	assert_int_equal(procsys_read(&tree->procsys, &fresh, "net/core/somaxconn", &value, &error), -ENOMEM);
	assert_int_equal(procsys_read(&tree->procsys, &fresh, "vm/long", &value, &error), -ENOMEM);
	assert_int_equal(procsys_write(&tree->procsys, "net/core/somaxconn",
		(struct value){ large, sizeof(large) }, false, &error), -ENOMEM);
	assert_int_equal(procsys_expand(&tree->procsys, &fresh, "net/*/somaxconn", &paths), -ENOMEM);
	assert_int_equal(procsys_walk(&tree->procsys, &fresh, "", &paths), -ENOMEM);
	assert_int_equal(procsys_siblings(&tree->procsys, &fresh, "net/core/x", &paths), -ENOMEM);
	memory_fail_at(0);
	assert_null(value.bytes);
	temp_dir_assert_file(&tree->dir, "proc/sys/net/core/somaxconn", "4096\n");

	/* Once read, a long value can be written back without memory. */
	assert_int_equal(procsys_read(&tree->procsys, &tree->arena, "vm/long", &value, &error), 0);
	memory_fail_at(1);
	assert_int_equal(procsys_write(&tree->procsys, "vm/long", value, false, &error), 0);
	memory_fail_at(0);
}

static void test_a_tree_without_proc_sys(void **state)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	struct procsys procsys = PROCSYS_INIT;
	struct temp_dir dir;

	(void)state;
	temp_dir_make(&dir);
	assert_int_equal(rootdir_open(dir.path, &root), 0);
	assert_int_equal(procsys_open(&root, PROCSYS_READ_ONLY, &procsys), -ENOENT);
	assert_int_equal(procsys.dir_fd, -1);
	temp_dir_remove(&dir);
}

/* The machine's own, read-only. */
static void test_the_real_proc_sys(void **state)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	CLEANUP_PROCSYS struct procsys procsys = PROCSYS_INIT;
	struct tree *tree = *state;
	struct value value;
	int error;

	assert_int_equal(rootdir_open("/", &root), 0);
	if (procsys_open(&root, PROCSYS_READ_ONLY, &procsys) < 0)
		return;
	assert_false(procsys.is_plain_tree);
	assert_int_equal(procsys_read(&procsys, &tree->arena, "kernel/ostype", &value, &error), 0);
	assert_true(value_identical(value, value_of("Linux\n")));
	assert_int_equal(procsys_read(&procsys, &tree->arena, "kernel/no_such_key", &value, &error),
		PROCSYS_ABSENT);
	assert_true(procsys_read(&procsys, &tree->arena, "../version", &value, &error) > 0);
	assert_int_equal(procsys_write(&procsys, "kernel/ostype", value_of("x"), false, &error), -EROFS);
}

static int run(void)
{
#define IN_TREE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		IN_TREE(test_read),
		IN_TREE(test_a_linked_directory_is_not_entered),
		IN_TREE(test_read_of_long_values),
		IN_TREE(test_write),
		IN_TREE(test_long_values_are_written_whole),
		IN_TREE(test_write_refuses_what_is_no_key),
		IN_TREE(test_a_read_only_handle_cannot_write),
		IN_TREE(test_probe),
		IN_TREE(test_expand),
		IN_TREE(test_walk),
		IN_TREE(test_siblings),
		IN_TREE(test_interruptions_are_no_errors),
		IN_TREE(test_one_write_holds_everything),
		IN_TREE(test_a_short_write_is_an_error),
		IN_TREE(test_an_answer_that_counts_nothing),
		IN_TREE(test_a_bitmap_goes_on_with_the_rest),
		IN_TREE(test_a_bitmap_that_takes_nothing_ends),
		IN_TREE(test_errors_of_the_kernel_are_outcomes),
		IN_TREE(test_memory_failures),
		IN_TREE(test_a_tree_without_proc_sys),
		IN_TREE(test_the_real_proc_sys),
	};

	return RUN_TESTS(tests);
}

int main(void)
{
	int failed = run();

	return old_kernel_run(run) || failed;
}
