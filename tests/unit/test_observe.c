/* SPDX-License-Identifier: MIT */
/* Looking at processes: those near their limit of descriptors, and those with the most. */
#define _GNU_SOURCE
#include "engine/observe.h"
#include "kernel/descriptors.h"
#include "old_kernel.h"
#include "temp_dir.h"
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OPEN = 50, SOFT = 64 };

/* A child that has so many open of so many, and waits. */
static pid_t start_child(void)
{
	int ready[2];
	char byte;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit limit;

		for (int fd = 0; fd < OPEN; fd++)
			dup2(ready[1], fd);
		for (int fd = OPEN; fd < 1024; fd++)
			close(fd);
		getrlimit(RLIMIT_NOFILE, &limit);
		limit.rlim_cur = SOFT;
		setrlimit(RLIMIT_NOFILE, &limit);
		if (write(0, "r", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return child;
}

static void end_child(pid_t child)
{
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static const struct near_limit *find(const struct near_limit *processes, size_t count, pid_t pid)
{
	for (size_t i = 0; i < count; i++)
		if (processes[i].pid == pid)
			return &processes[i];
	return NULL;
}

static void look(const struct rootdir *root, struct arena *arena, uint64_t files, uint64_t files_max,
	struct observation *seen)
{
	CLEANUP_OBSERVE struct observe observe;

	observe_open(&observe, root, NULL, arena, seen);
	seen->now.files = files;
	seen->now.files_max = files_max;
	seen->now.known.files = seen->now.known.files_max = true;
	assert_int_equal(observe_processes(&observe, false), 0);
	assert_false(seen->cost.did[TIER_OWNERS]);
}

static void test_a_process_near_its_limit(void **state)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	CLEANUP_ARENA struct arena arena;
	const struct near_limit *near;
	struct observation seen;
	pid_t child;

	(void)state;
	arena_init(&arena);
	/* valgrind has descriptors of its own, and tells the program of a lower limit. */
	if (old_kernel_is_running())
		return;
	child = start_child();
	assert_int_equal(rootdir_open("/", &root), 0);
	look(&root, &arena, 699, 1000, &seen);
	near = find(seen.near_limits, seen.near_limits_count, child);
	assert_non_null(near);
	assert_int_equal(near->open, OPEN);
	assert_int_equal(near->soft, SOFT);
	assert_non_null(strstr(near->name, "test_observe"));
	assert_non_null(strstr(near->command, "test_observe"));
	assert_null(find(seen.near_limits, seen.near_limits_count, getpid()));
	for (size_t i = 1; i < seen.near_limits_count; i++)
		assert_true(seen.near_limits[i - 1].open * seen.near_limits[i].soft >=
			seen.near_limits[i].open * seen.near_limits[i - 1].soft);
	assert_int_equal(seen.openers_count, 0);
	end_child(child);
}

/* They are asked for only where the host is short of files. */
static void test_who_has_the_most_open(void **state)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	CLEANUP_ARENA struct arena arena;
	struct observation seen;

	(void)state;
	arena_init(&arena);
	assert_int_equal(rootdir_open("/", &root), 0);
	look(&root, &arena, 700, 1000, &seen);
	assert_in_range(seen.openers_count, 1, OPENERS_MAX);
	for (size_t i = 1; i < seen.openers_count; i++)
		assert_true(seen.openers[i - 1].open >= seen.openers[i].open);
	assert_true(seen.openers[0].open > 0);
}

static void add_process(struct temp_dir *dir, int pid, size_t open, const char *limit)
{
	char path[64], text[128];

	snprintf(path, sizeof(path), "proc/%d/fd", pid);
	temp_dir_add_dir(dir, path, 0755);
	for (size_t i = 0; i < open; i++) {
		snprintf(path, sizeof(path), "proc/%d/fd/%zu", pid, i);
		temp_dir_write(dir, path, "");
	}
	snprintf(path, sizeof(path), "proc/%d/comm", pid);
	snprintf(text, sizeof(text), "worker%d\n", pid);
	temp_dir_write(dir, path, text);
	snprintf(path, sizeof(path), "proc/%d/limits", pid);
	snprintf(text, sizeof(text), "Limit\nMax open files            %s                 4096                 files     \n",
		limit);
	temp_dir_write(dir, path, text);
}

/* Where nothing tells the number, as before Linux 6.2, the descriptors are counted. */
static void test_below_a_root(void **state)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	CLEANUP_ARENA struct arena arena;
	struct observation seen;
	struct temp_dir dir;

	(void)state;
	arena_init(&arena);
	temp_dir_make(&dir);
	add_process(&dir, 11, 7, "10");
	add_process(&dir, 12, 6, "10");
	add_process(&dir, 13, 9, "10");
	add_process(&dir, 14, 9, "unlimited");
	add_process(&dir, 15, 5, "0");
	temp_dir_add_dir(&dir, "proc/16", 0755);
	assert_int_equal(rootdir_open(dir.path, &root), 0);
	look(&root, &arena, 90, 100, &seen);
	assert_int_equal(seen.near_limits_count, 2);
	assert_int_equal(seen.near_limits[0].pid, 13);
	assert_string_equal(seen.near_limits[0].name, "worker13");
	assert_int_equal(seen.near_limits[0].hard, 4096);
	assert_int_equal(seen.near_limits[1].pid, 11);
	assert_int_equal(seen.openers_count, OPENERS_MAX);
	assert_int_equal(seen.openers[0].open, 9);
	assert_int_equal(seen.openers[2].pid, 11);
	assert_string_equal(seen.openers[2].name, "worker11");
	assert_int_equal(seen.openers[4].pid, 15);
	assert_true(find(seen.openers, OPENERS_MAX, 14)->soft == DESCRIPTORS_UNLIMITED);
	temp_dir_remove(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_process_near_its_limit),
		cmocka_unit_test(test_who_has_the_most_open),
		cmocka_unit_test(test_below_a_root),
	};

	return RUN_TESTS(tests);
}
