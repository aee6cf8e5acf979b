/* SPDX-License-Identifier: MIT */
/* Descriptors of processes, of this one and below a root. */
#include "kernel/descriptors.h"

#include "old_kernel.h"
#include "temp_dir.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define TITLE "Limit                     Soft Limit           Hard Limit           Units     \n"
#define NAME "Max open files            "

static void test_below_a_root(void **state)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	struct descriptors found = { .open = 77 };
	struct temp_dir dir;

	(void)state;
	temp_dir_make(&dir);
	assert_int_equal(rootdir_open(dir.path, &root), 0);
	assert_int_equal(descriptors_of(&root, 5, &found), -ESRCH);
	assert_int_equal(found.open, 77);
	temp_dir_write(&dir, "proc/5/fd/0", "");
	temp_dir_write(&dir, "proc/5/fd/1", "");
	temp_dir_write(&dir, "proc/5/fd/17", "");
	temp_dir_write(&dir, "proc/5/limits", TITLE
		"Max processes             1                    2                    processes \n"
		"Max open files            1024                 524288               files     \n");
	temp_dir_add_dir(&dir, "proc/6", 0755);
	assert_int_equal(descriptors_of(&root, 5, &found), 0);
	assert_true(found.open_known && found.limits_known);
	assert_int_equal(found.open, 3);
	assert_int_equal(found.soft, 1024);
	assert_int_equal(found.hard, 524288);
	/* Neither file: not nothing, but unknown. */
	assert_int_equal(descriptors_of(&root, 6, &found), 0);
	assert_false(found.open_known || found.limits_known);
	temp_dir_remove(&dir);
}

static void test_limits(void **state)
{
	static const struct {
		const char *line;
		bool known;
		uint64_t soft, hard;
	} rows[] = {
		{ NAME "1024                 4096                 files     \n", true, 1024, 4096 },
		{ NAME "1024                 unlimited            files     \n", true, 1024, UINT64_MAX },
		{ NAME "unlimited            unlimited            files     \n", true, UINT64_MAX, UINT64_MAX },
		{ NAME "0                    0                    files     \n", true, 0, 0 },
		{ NAME "18446744073709551615 1                    files     \n", true, UINT64_MAX, 1 },
		{ NAME "1024                 4096", false, 0, 0 },
		{ NAME "1024", false, 0, 0 },
		{ NAME, false, 0, 0 },
		{ NAME "-1                   4096                 files     \n", false, 0, 0 },
		{ NAME "18446744073709551616 1                    files     \n", false, 0, 0 },
		{ NAME "1x                   1                    files     \n", false, 0, 0 },
		{ "Max open filesystems      1                    1                    files     \n", false, 0, 0 },
		{ "", false, 0, 0 },
	};
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	struct temp_dir dir;
	char text[512];

	(void)state;
	temp_dir_make(&dir);
	assert_int_equal(rootdir_open(dir.path, &root), 0);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct descriptors found;

		snprintf(text, sizeof(text), TITLE "%s", rows[i].line);
		temp_dir_write(&dir, "proc/5/limits", text);
		assert_int_equal(descriptors_of(&root, 5, &found), 0);
		check_row(found.limits_known == rows[i].known && found.soft == rows[i].soft &&
			found.hard == rows[i].hard, "row %zu", i);
	}
	temp_dir_remove(&dir);
}

static uint64_t open_now(const struct rootdir *root)
{
	struct descriptors found;
	struct rlimit limit;

	assert_int_equal(descriptors_of(root, getpid(), &found), 0);
	assert_true(found.open_known && found.limits_known);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(found.soft == limit.rlim_cur && found.hard == limit.rlim_max);
	return found.open;
}

/* The slow way, by fcntl(). */
static uint64_t count_here(void)
{
	uint64_t count = 0;

	for (int fd = 0; fd < 1000; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void test_this_process(void **state)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	int fds[20];

	(void)state;
	/* valgrind has descriptors of its own, and tells the program of a lower limit. */
	if (old_kernel_is_running())
		return;
	assert_int_equal(rootdir_open("/", &root), 0);
	assert_int_equal(open_now(&root), count_here());
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		fds[i] = dup(root.fd);
	assert_int_equal(open_now(&root), count_here());
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
	assert_int_equal(open_now(&root), count_here());
}

/* One stat(2) is as good, where there is one that tells. */
static void test_a_look_at_all(void **state)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	CLEANUP_FD int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP_FD int elsewhere = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct descriptors found;
	uint64_t count;

	(void)state;
	assert_int_equal(rootdir_open("/", &root), 0);
	assert_false(descriptors_are_told(elsewhere));
	assert_int_equal(descriptors_open(proc, INT_MAX, &count), -ESRCH);
	assert_int_equal(descriptors_open(elsewhere, getpid(), &count), -ESRCH);
	if (!descriptors_are_told(proc))
		return;
	assert_int_equal(descriptors_open(proc, getpid(), &count), 0);
	assert_int_equal(descriptors_of(&root, getpid(), &found), 0);
	/* The one that descriptors_of() opens to look is not counted there, and was not open here. */
	assert_int_equal(count, found.open);
}

static void test_a_process_that_has_ended(void **state)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	struct descriptors found = { 0 };
	siginfo_t info;
	pid_t child = fork();
	int r;

	(void)state;
	assert_true(child >= 0);
	if (child == 0)
		_exit(0);
	assert_int_equal(rootdir_open("/", &root), 0);
	assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
	/* A zombie has none, or it passes for gone. */
	r = descriptors_of(&root, child, &found);
	assert_true(r == -ESRCH || (r == 0 && found.open == 0));
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(descriptors_of(&root, child, &found), -ESRCH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_below_a_root),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_this_process),
		cmocka_unit_test(test_a_look_at_all),
		cmocka_unit_test(test_a_process_that_has_ended),
	};

	return RUN_TESTS(tests);
}
