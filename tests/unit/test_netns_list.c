/* SPDX-License-Identifier: MIT */
/* Network namespaces, in a tree that stands for the host's. */
#include "kernel/netns_list.h"

#include "temp_dir.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void add_process(const struct temp_dir *dir, int pid, const char *link, const char *name)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "proc/%d/ns/net", pid);
	temp_dir_add_link(dir, path, link);
	snprintf(path, sizeof(path), "proc/%d/comm", pid);
	snprintf(text, sizeof(text), "%s\n", name);
	temp_dir_write(dir, path, text);
	snprintf(path, sizeof(path), "proc/%d/cmdline", pid);
	temp_dir_write(dir, path, name[0] == '[' ? "" : name);
}

static uint64_t inode_of(const struct temp_dir *dir, const char *path)
{
	struct stat status;

	assert_int_equal(fstatat(dir->fd, path, &status, 0), 0);
	return status.st_ino;
}

static void test_list(void **state)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	CLEANUP_ARENA struct arena arena;
	struct netns_places places;
	struct temp_dir dir;
	char link[64];
	uint64_t named;

	(void)state;
	arena_init(&arena);
	temp_dir_make(&dir);
	assert_int_equal(rootdir_open(dir.path, &root), 0);
	assert_int_equal(netns_list(&root, &arena, &places), -ENOENT);
	temp_dir_add_link(&dir, "proc/self/ns/net", "net:[500]");
	add_process(&dir, 2, "net:[500]", "[kthreadd]");
	add_process(&dir, 20, "net:[500]", "init");
	/* Whatever the order in which they are listed. */
	for (int pid = 21; pid < 29; pid++)
		add_process(&dir, pid, "net:[500]", "bash");
	add_process(&dir, 30, "net:[400]", "po\033d");
	add_process(&dir, 31, "net:[bad]", "odd");
	temp_dir_write(&dir, "proc/net", "not a process");
	temp_dir_write(&dir, "run/netns/blue", "");
	temp_dir_write(&dir, "run/netns/na me", "");
	temp_dir_add_link(&dir, "run/netns/link", "blue");
	named = inode_of(&dir, "run/netns/blue");
	snprintf(link, sizeof(link), "net:[%lu]", (unsigned long)named);
	add_process(&dir, 40, link, "server");

	assert_int_equal(netns_list(&root, &arena, &places), 0);
	assert_int_equal(places.count, 3);
	assert_true(places.items[0].is_own);
	assert_int_equal(places.items[0].inode, 500);
	assert_int_equal(places.items[0].processes, 10);
	assert_string_equal(places.items[0].process, "init");
	assert_string_equal(places.items[0].netns, "pid:20");
	for (size_t i = 1; i < 3; i++) {
		const struct netns_place *place = &places.items[i];

		assert_false(place->is_own);
		assert_int_equal(place->processes, 1);
		if (place->inode == 400) {
			assert_string_equal(place->netns, "pid:30");
			assert_string_equal(place->process, "po?d");
		} else {
			assert_int_equal(place->inode, named);
			assert_string_equal(place->netns, "blue");
			assert_string_equal(place->process, "server");
			assert_int_equal(place->pid, 40);
		}
	}
	temp_dir_remove(&dir);
}

static void test_enter_own(void **state)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	CLEANUP_ARENA struct arena arena;
	struct netns_places places;
	struct netns_place other;

	(void)state;
	arena_init(&arena);
	assert_int_equal(rootdir_open("/", &root), 0);
	assert_int_equal(netns_list(&root, &arena, &places), 0);
	assert_true(places.count >= 1 && places.items[0].is_own);
	assert_int_equal(netns_place_enter(&root, &places.items[0]), 0);
	/* A number that belongs to another namespace by now. */
	other = places.items[0];
	other.inode++;
	other.netns = "pid:999999999";
	assert_true(netns_place_enter(&root, &other) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_enter_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
