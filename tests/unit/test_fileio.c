/* SPDX-License-Identifier: MIT */
/* Opening beneath a directory, reading with limits, replacing as a whole. */
#define _GNU_SOURCE
#include "base/fileio.h"

#include "base/memory.h"
#include "old_kernel.h"
#include "temp_dir.h"
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct temp_dir dir;

static int set_up(void **state)
{
	(void)state;
	temp_dir_make(&dir);
	temp_dir_write(&dir, "outside", "secret\n");
	temp_dir_write(&dir, "root/a/b/file", "inside\n");
	temp_dir_write(&dir, "root/outside", "inside too\n");
	temp_dir_add_link(&dir, "root/link-to-file", "a/b/file");
	temp_dir_add_link(&dir, "root/link-up", "../outside");
	temp_dir_add_link(&dir, "root/link-absolute", "/outside");
	temp_dir_add_link(&dir, "root/link-dir", "a");
	temp_dir_add_link(&dir, "root/link-dir-up", "..");
	temp_dir_add_link(&dir, "root/link-nowhere", "nowhere");
	temp_dir_add_link(&dir, "root/link-loop", "link-loop");
	temp_dir_add_fifo(&dir, "root/fifo");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	temp_dir_remove(&dir);
	return 0;
}

static int open_root(void)
{
	int fd = openat(dir.fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void test_beneath_opens_plain_paths_only(void **state)
{
	static const struct {
		const char *path;
		int error;	/* 0: opens; 1: any */
	} cases[] = {
		{ "a/b/file", 0 },
		{ "outside", 0 },
		{ "missing", ENOENT },
		{ "a/missing/file", ENOENT },
		{ "outside/file", ENOTDIR },
		{ "", EINVAL },
		{ "/", EINVAL },
		{ "/etc/passwd", EINVAL },
		{ "..", EINVAL },
		{ ".", EINVAL },
		{ "../outside", EINVAL },
		{ "a/../outside", EINVAL },
		{ "a/./b/file", EINVAL },
		{ "a//b/file", EINVAL },
		{ "a/b/file/", EINVAL },
		{ "a/..", EINVAL },
		{ "link-to-file", 1 },
		{ "link-up", 1 },
		{ "link-absolute", 1 },
		{ "link-nowhere", 1 },
		{ "link-loop", 1 },
		{ "link-dir/b/file", 1 },
		{ "link-dir-up/outside", 1 },
	};
	static const int ways[] = { O_RDONLY | O_NONBLOCK, O_WRONLY | O_NONBLOCK, O_PATH };
	CLEANUP_FD int root = open_root();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		for (size_t k = 0; k < COUNT_OF(ways); k++) {
			CLEANUP_FD int fd = fileio_open_beneath(root, cases[i].path, ways[k]);

			check_row(cases[i].error == 0 ? fd >= 0 : fd < 0, "\"%s\" gives %d", cases[i].path,
				fd);
			check_row(cases[i].error <= 1 || fd == -cases[i].error, "\"%s\" gives %d",
				cases[i].path, fd);
			if (fd >= 0)
				assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		}
	}
}

static void test_components_have_a_limit(void **state)
{
	CLEANUP_FD int root = open_root();
	char path[2000];

	(void)state;
	memset(path, 'x', sizeof(path));
	path[255] = '\0';
	assert_int_equal(fileio_open_beneath(root, path, O_RDONLY), -ENOENT);
	path[255] = 'x';
	path[256] = '\0';
	assert_int_equal(fileio_open_beneath(root, path, O_RDONLY), -EINVAL);
	path[256] = 'x';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(fileio_open_beneath(root, path, O_RDONLY), -EINVAL);
}

/* What the opened file holds, or nothing. */
static const char *content(int fd, char buffer[64])
{
	ssize_t count = fd < 0 ? 0 : read(fd, buffer, 63);

	buffer[count > 0 ? count : 0] = '\0';
	return buffer;
}

static void test_in_root_follows_links_inside(void **state)
{
	static const struct {
		const char *path, *content;
	} cases[] = {
		{ "a/b/file", "inside\n" },
		{ "link-to-file", "inside\n" },
		{ "link-dir/b/file", "inside\n" },
		{ "link-absolute", "inside too\n" },
		{ "link-up", "inside too\n" },		/* the root's parent is the root */
		{ "link-dir-up/outside", "inside too\n" },
		{ "link-nowhere", "" },
		{ "link-loop", "" },
		{ "../outside", "" },
	};
	CLEANUP_FD int root = open_root();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP_FD int fd = fileio_open_in_root(root, cases[i].path, O_RDONLY);
		const char *expected = cases[i].content;
		char buffer[64];

		/* Without openat2 links are refused. */
		if (old_kernel_is_running() && strncmp(cases[i].path, "link", 4) == 0)
			expected = "";
		check_row(strcmp(content(fd, buffer), expected) == 0, "\"%s\" holds \"%s\"", cases[i].path,
			buffer);
	}
}

static void test_read_whole_and_limited(void **state)
{
	static const size_t sizes[] = { 0, 1, 63, 64, 4095, 4096, 4097, 100000 };
	static char large[100000];

	(void)state;
	memset(large, 'x', sizeof(large));
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
		CLEANUP_STRBUF struct strbuf cut = STRBUF_INIT;

		temp_dir_write_bytes(&dir, "large", large, sizes[i]);
		assert_int_equal(fileio_read_at(dir.fd, "large", sizes[i], &text), 0);
		assert_int_equal(text.length, sizes[i]);
		assert_int_equal(strlen(text.bytes), sizes[i]);
		if (sizes[i] > 0)
			assert_int_equal(fileio_read_at(dir.fd, "large", sizes[i] - 1, &cut), -EFBIG);
	}
}

static void test_read_adds_to_what_is_there(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	strbuf_add_text(&text, "before ");
	assert_int_equal(fileio_read_at(dir.fd, "outside", 7, &text), 0);
	assert_string_equal(text.bytes, "before secret\n");
}

static void test_read_takes_regular_files_only(void **state)
{
	static const struct {
		const char *name;
		int error;
	} cases[] = {
		{ "fifo", EINVAL }, { "a", EINVAL }, { "missing", ENOENT }, { "../outside", EINVAL },
	};
	CLEANUP_FD int root = open_root();

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
		int r = fileio_read_at(root, cases[i].name, 100, &text);

		check_row(r == -cases[i].error, "%s gives %d", cases[i].name, r);
		assert_int_equal(text.length, 0);
	}
}

static void test_read_without_memory(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	memory_fail_at(1);
	assert_int_equal(fileio_read_at(dir.fd, "outside", 100, &text), -ENOMEM);
	memory_fail_at(0);
}

static void assert_mode(const char *path, mode_t mode)
{
	struct stat status;

	assert_int_equal(fstatat(dir.fd, path, &status, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(status.st_mode & 07777, mode);
}

static void test_replace(void **state)
{
	mode_t before = umask(077);

	(void)state;
	for (int durable = 0; durable <= 1; durable++) {
		assert_int_equal(fileio_replace_at(dir.fd, "new", "one", 3, 0600, durable), 0);
		temp_dir_assert_file(&dir, "new", "one");
		assert_mode("new", 0600);
		assert_int_equal(fileio_replace_at(dir.fd, "new", "a longer two", 12, 0644, durable), 0);
		temp_dir_assert_file(&dir, "new", "a longer two");
		assert_mode("new", 0644);
		assert_int_equal(fileio_replace_at(dir.fd, "new", "", 0, 0644, durable), 0);
		temp_dir_assert_file(&dir, "new", "");
		assert_false(temp_dir_has(&dir, "new.tmp"));
	}
	umask(before);
}

static void test_replace_over_what_a_killed_writer_left(void **state)
{
	(void)state;
	temp_dir_write(&dir, "new.tmp", "half of it, and mo");
	temp_dir_set_mode(&dir, "new.tmp", 0666);
	assert_int_equal(fileio_replace_at(dir.fd, "new", "whole", 5, 0600, true), 0);
	temp_dir_assert_file(&dir, "new", "whole");
	assert_mode("new", 0600);
	assert_false(temp_dir_has(&dir, "new.tmp"));
}

static void test_replace_never_writes_through_a_link(void **state)
{
	(void)state;
	temp_dir_add_link(&dir, "new.tmp", "outside");
	temp_dir_add_link(&dir, "new", "outside");
	assert_int_equal(fileio_replace_at(dir.fd, "new", "whole", 5, 0600, false), 0);
	temp_dir_assert_file(&dir, "outside", "secret\n");
	temp_dir_assert_file(&dir, "new", "whole");
	assert_mode("new", 0600);
}

static void test_replace_that_fails_leaves_the_old_file(void **state)
{
	char name[300];

	(void)state;
	temp_dir_write(&dir, "taken/file", "");
	assert_int_equal(fileio_replace_at(dir.fd, "taken", "x", 1, 0600, false), -EISDIR);
	assert_true(temp_dir_has(&dir, "taken/file"));
	assert_false(temp_dir_has(&dir, "taken.tmp"));
	memset(name, 'n', sizeof(name));
	name[252] = '\0';
	assert_int_equal(fileio_replace_at(dir.fd, name, "x", 1, 0600, false), -ENAMETOOLONG);
}

static void test_make_dir(void **state)
{
	mode_t before = umask(077);
	CLEANUP_FD int made = fileio_make_dir_at(dir.fd, "made", 0755);
	CLEANUP_FD int again = fileio_make_dir_at(dir.fd, "made", 0700);

	(void)state;
	umask(before);
	assert_true(made >= 0);
	assert_true(again >= 0);
	assert_mode("made", 0755);
}

static void test_make_dir_refuses_what_others_control(void **state)
{
	(void)state;
	temp_dir_add_dir(&dir, "target", 0700);
	temp_dir_add_link(&dir, "linked", "target");
	temp_dir_add_dir(&dir, "group", 0770);
	temp_dir_add_dir(&dir, "world", 0777);
	temp_dir_write(&dir, "file", "");
	assert_true(fileio_make_dir_at(dir.fd, "linked", 0700) < 0);
	assert_int_equal(fileio_make_dir_at(dir.fd, "group", 0700), -EPERM);
	assert_int_equal(fileio_make_dir_at(dir.fd, "world", 0700), -EPERM);
	assert_int_equal(fileio_make_dir_at(dir.fd, "file", 0700), -ENOTDIR);
	temp_dir_add_link(&dir, "dangling", "nowhere");
	assert_true(fileio_make_dir_at(dir.fd, "dangling", 0700) < 0);
	assert_false(temp_dir_has(&dir, "nowhere"));

	temp_dir_add_dir(&dir, "foreign", 0755);
	if (geteuid() == 0 && fchownat(dir.fd, "foreign", 65534, 65534, 0) == 0)
		assert_int_equal(fileio_make_dir_at(dir.fd, "foreign", 0700), -EPERM);
}

static int run(void)
{
#define IN_TREE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		IN_TREE(test_beneath_opens_plain_paths_only),
		IN_TREE(test_components_have_a_limit),
		IN_TREE(test_in_root_follows_links_inside),
		IN_TREE(test_read_whole_and_limited),
		IN_TREE(test_read_adds_to_what_is_there),
		IN_TREE(test_read_takes_regular_files_only),
		IN_TREE(test_read_without_memory),
		IN_TREE(test_replace),
		IN_TREE(test_replace_over_what_a_killed_writer_left),
		IN_TREE(test_replace_never_writes_through_a_link),
		IN_TREE(test_replace_that_fails_leaves_the_old_file),
		IN_TREE(test_make_dir),
		IN_TREE(test_make_dir_refuses_what_others_control),
	};

	return RUN_TESTS(tests);
}

int main(void)
{
	int failed = run();

	return old_kernel_run(run) || failed;
}
