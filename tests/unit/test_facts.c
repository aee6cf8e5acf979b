/* SPDX-License-Identifier: MIT */
/* Which host this is, from below the root alone. */
#define _GNU_SOURCE
#include "kernel/facts.h"

#include "base/memory.h"
#include "fake_kernel.h"
#include "unit.h"

#include <unistd.h>

static void test_facts_come_from_the_root(void **state)
{
	struct fake_kernel kernel;
	CLEANUP_ARENA struct arena arena;
	struct host host;

	(void)state;
	arena_init(&arena);
	fake_kernel_make(&kernel);
	assert_int_equal(facts_host(&kernel.root, &arena, &host), 0);
	assert_string_equal(host.hostname, "fakehost");
	assert_string_equal(host.kernel, "6.18.44");
	assert_string_equal(host.boot_id, "11111111-2222-3333-4444-555555555555");
	assert_string_equal(host.netns, "4026531840");
	fake_kernel_remove(&kernel);
}

static void test_what_is_missing_or_hostile_is_empty(void **state)
{
	struct fake_kernel kernel;
	CLEANUP_ARENA struct arena arena;
	struct host host;

	(void)state;
	arena_init(&arena);
	fake_kernel_make(&kernel);
	assert_int_equal(unlinkat(kernel.procsys.dir_fd, "kernel/hostname", 0), 0);
	temp_dir_add_fifo(&kernel.dir, "proc/sys/kernel/hostname");
	assert_int_equal(unlinkat(kernel.procsys.dir_fd, "kernel/osrelease", 0), 0);
	temp_dir_add_dir(&kernel.dir, "proc/sys/kernel/osrelease", 0755);
	assert_int_equal(unlinkat(kernel.procsys.dir_fd, "kernel/random/boot_id", 0), 0);
	assert_int_equal(unlinkat(kernel.dir.fd, "proc/self/ns/net", 0), 0);
	temp_dir_add_link(&kernel.dir, "proc/self/ns/net", "/etc/passwd");
	assert_int_equal(facts_host(&kernel.root, &arena, &host), 0);
	assert_string_equal(host.hostname, "");
	assert_string_equal(host.kernel, "");
	assert_string_equal(host.boot_id, "");
	assert_string_equal(host.netns, "");
	fake_kernel_remove(&kernel);
}

static void test_memory_failure(void **state)
{
	struct fake_kernel kernel;
	unsigned long failures, n = 0;

	(void)state;
	fake_kernel_make(&kernel);
	do {
		CLEANUP_ARENA struct arena arena;
		struct host host;
		int r;

		arena_init(&arena);
		memory_fail_at(++n);
		r = facts_host(&kernel.root, &arena, &host);
		failures = memory_failures();
		memory_fail_at(0);
		assert_int_equal(r, failures ? -ENOMEM : 0);
	} while (failures);
	fake_kernel_remove(&kernel);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts_come_from_the_root),
		cmocka_unit_test(test_what_is_missing_or_hostile_is_empty),
		cmocka_unit_test(test_memory_failure),
	};

	return RUN_TESTS(tests);
}
