/* SPDX-License-Identifier: MIT */
/* The directory that stands for "/". */
#define _GNU_SOURCE
#include "base/rootdir.h"

#include "base/fileio.h"
#include "old_kernel.h"
#include "temp_dir.h"
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>

static void test_links_stay_inside_another_root(void **state)
{
	static const struct {
		const char *link, *target;
	} links[] = {
		{ "root/etc/absolute", "/secret" },
		{ "root/etc/up", "../../../../secret" },
		{ "root/etc/chain", "absolute" },
	};
	struct temp_dir dir;
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	char path[300];

	(void)state;
	temp_dir_make(&dir);
	temp_dir_write(&dir, "secret", "outside\n");
	temp_dir_write(&dir, "root/secret", "inside\n");
	snprintf(path, sizeof(path), "%s/root", dir.path);
	assert_int_equal(rootdir_open(path, &root), 0);
	assert_false(root.is_system);
	for (size_t i = 0; i < COUNT_OF(links); i++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
		CLEANUP_FD int fd = -1;

		temp_dir_add_link(&dir, links[i].link, links[i].target);
		fd = rootdir_open_path(&root, links[i].link + 5, O_RDONLY);
		if (old_kernel_is_running()) {
			assert_true(fd < 0);
			continue;
		}
		check_row(fd >= 0, "%s gives %d", links[i].link, fd);
		assert_int_equal(fileio_read(fd, 100, &text), 0);
		assert_string_equal(text.bytes, "inside\n");
	}
	assert_int_equal(rootdir_open_path(&root, "../secret", O_RDONLY), -EINVAL);
	assert_int_equal(rootdir_open_path(&root, "missing", O_RDONLY), -ENOENT);
	temp_dir_remove(&dir);
}

static void test_the_systems_root_is_recognised(void **state)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	CLEANUP_ROOTDIR struct rootdir same = ROOTDIR_INIT;
	CLEANUP_FD int fd = -1;

	(void)state;
	assert_int_equal(rootdir_open("/", &root), 0);
	assert_true(root.is_system);
	assert_int_equal(rootdir_open("/proc/..", &same), 0);
	assert_true(same.is_system);
	fd = rootdir_open_path(&root, "proc/self/status", O_RDONLY);
	assert_true(fd >= 0);
	assert_int_equal(rootdir_open_path(&root, "no-such-entry-here", O_RDONLY), -ENOENT);
}

static void test_a_root_must_be_a_directory(void **state)
{
	struct rootdir root = { .fd = -7 };

	(void)state;
	assert_int_equal(rootdir_open("/proc/self/status", &root), -ENOTDIR);
	assert_int_equal(rootdir_open("/no-such-entry-here", &root), -ENOENT);
	assert_int_equal(root.fd, -7);
}

static int run(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links_stay_inside_another_root),
		cmocka_unit_test(test_the_systems_root_is_recognised),
		cmocka_unit_test(test_a_root_must_be_a_directory),
	};

	return RUN_TESTS(tests);
}

int main(void)
{
	int failed = run();

	return old_kernel_run(run) || failed;
}
