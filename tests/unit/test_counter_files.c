/* SPDX-License-Identifier: MIT */
/* Samples of the counters below a root. */
#include "kernel/counters.h"

#include "base/memory.h"
#include "old_kernel.h"
#include "temp_dir.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fixture {
	struct temp_dir dir;
	struct rootdir root;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	temp_dir_make(&fixture->dir);
	assert_int_equal(rootdir_open(fixture->dir.path, &fixture->root), 0);
	temp_dir_add_dir(&fixture->dir, "proc/net", 0755);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	rootdir_release(&fixture->root);
	temp_dir_remove(&fixture->dir);
	free(fixture);
	return 0;
}

static void test_files_come_and_go(void **state)
{
	struct fixture *fixture = *state;
	CLEANUP_COUNTER_FILES struct counter_files files;
	struct counters first, second;

	temp_dir_write(&fixture->dir, "proc/net/netstat", "TcpExt: TW ListenDrops\nTcpExt: 3 4\n");
	counter_files_open(&fixture->root, &files);
	assert_int_equal(counter_files_read(&files, &first), 0);
	assert_true(first.time_ns > 0);
	assert_int_equal(first.listen_drops, 4);
	assert_false(first.known.conntrack_count);
	assert_int_equal(files.errors[COUNTER_NETSTAT], 0);
	assert_int_equal(files.errors[COUNTER_CONNTRACK_COUNT], -ENOENT);
	temp_dir_write(&fixture->dir, "proc/sys/net/netfilter/nf_conntrack_count", "17\n");
	temp_dir_write(&fixture->dir, "proc/net/netstat", "TcpExt: TW\nTcpExt: 5\n");
	assert_int_equal(counter_files_read(&files, &second), 0);
	assert_true(second.time_ns > first.time_ns);
	assert_true(second.known.time_waits && second.time_waits == 5);
	assert_false(second.known.listen_drops);
	assert_true(second.known.conntrack_count && second.conntrack_count == 17);
	assert_int_equal(files.errors[COUNTER_CONNTRACK_COUNT], 0);
}

/* In place of files there is what cannot be read, or not to its end. */
static void test_what_is_no_file(void **state)
{
	struct fixture *fixture = *state;
	CLEANUP_COUNTER_FILES struct counter_files files;
	struct counters counters;
	size_t size = (2 << 20) + 1;
	char *huge = malloc(size);

	assert_non_null(huge);
	memset(huge, 'a', size);
	memcpy(huge, "TCP: tw 1\n", 10);
	temp_dir_write_bytes(&fixture->dir, "proc/net/sockstat", huge, size);
	free(huge);
	temp_dir_add_dir(&fixture->dir, "proc/net/netstat", 0755);
	temp_dir_add_fifo(&fixture->dir, "proc/net/snmp");
	temp_dir_add_link(&fixture->dir, "proc/net/sockstat6", "sockstat6");
	temp_dir_write(&fixture->dir, "proc/sys/fs/file-nr", "1\t0\t9\n");
	counter_files_open(&fixture->root, &files);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(counter_files_read(&files, &counters), 0);
		assert_int_equal(files.errors[COUNTER_SOCKSTAT], -EFBIG);
		assert_int_equal(files.errors[COUNTER_NETSTAT], -EISDIR);
		assert_int_equal(files.errors[COUNTER_SOCKSTAT6], -ELOOP);
		assert_false(counters.known.tcp_time_waits);
		assert_true(counters.known.files && counters.files == 1 && counters.files_max == 9);
	}
}

/* What could be opened and not be read is opened again: a module was unloaded and loaded. */
static void test_what_fails_is_opened_again(void **state)
{
	struct fixture *fixture = *state;
	CLEANUP_COUNTER_FILES struct counter_files files;
	struct counters counters;

	temp_dir_add_dir(&fixture->dir, "proc/net/netstat", 0755);
	counter_files_open(&fixture->root, &files);
	assert_int_equal(files.errors[COUNTER_NETSTAT], 0);
	assert_int_equal(counter_files_read(&files, &counters), 0);
	assert_int_equal(files.errors[COUNTER_NETSTAT], -EISDIR);
	assert_int_equal(unlinkat(fixture->dir.fd, "proc/net/netstat", AT_REMOVEDIR), 0);
	temp_dir_write(&fixture->dir, "proc/net/netstat", "TcpExt: TW\nTcpExt: 5\n");
	assert_int_equal(counter_files_read(&files, &counters), 0);
	assert_int_equal(files.errors[COUNTER_NETSTAT], 0);
	assert_int_equal(counters.time_waits, 5);
}

static void test_a_link_does_not_lead_out(void **state)
{
	struct fixture *fixture = *state;
	CLEANUP_COUNTER_FILES struct counter_files files;
	struct counters counters;

	temp_dir_add_link(&fixture->dir, "proc/net/netstat", "/proc/net/netstat");
	temp_dir_add_link(&fixture->dir, "proc/net/snmp", "/proc/net/other");
	temp_dir_write(&fixture->dir, "proc/net/other", "Tcp: OutRsts\nTcp: 6\n");
	counter_files_open(&fixture->root, &files);
	assert_int_equal(counter_files_read(&files, &counters), 0);
	/* Without openat2 no link is followed at all. */
	if (old_kernel_is_running()) {
		assert_int_equal(files.errors[COUNTER_SNMP], -ELOOP);
		return;
	}
	assert_int_equal(files.errors[COUNTER_NETSTAT], -ELOOP);
	assert_int_equal(counters.resets_out, 6);
}

static void test_out_of_memory(void **state)
{
	struct fixture *fixture = *state;
	struct counter_files files;
	struct counters counters = { .time_ns = 5 };
	int r = -ENOMEM;

	temp_dir_write(&fixture->dir, "proc/sys/fs/file-nr", "1\t0\t9\n");
	for (unsigned long fail = 1; r == -ENOMEM; fail++) {
		counter_files_open(&fixture->root, &files);
		memory_fail_at(fail);
		r = counter_files_read(&files, &counters);
		memory_fail_at(0);
		assert_true(r == 0 || counters.time_ns == 5);
		counter_files_release(&files);
	}
	assert_int_equal(r, 0);
	assert_int_equal(counters.files_max, 9);
}

static void test_this_kernel(void **state)
{
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	CLEANUP_COUNTER_FILES struct counter_files files;
	struct counter_changes changes;
	struct counters first, second;

	(void)state;
	assert_int_equal(rootdir_open("/", &root), 0);
	counter_files_open(&root, &files);
	assert_int_equal(counter_files_read(&files, &first), 0);
	assert_int_equal(counter_files_read(&files, &second), 0);
	if (files.errors[COUNTER_FILE_NR] == 0) {
		assert_true(second.known.files && second.files > 0 && second.files <= second.files_max);
	}
	counters_change(&first, &second, &changes);
	assert_int_equal(changes.resets, 0);
	for (int i = 0; i < COUNTER_FILE_COUNT; i++)
		assert_int_equal(strncmp(counter_file_path((enum counter_file)i), "proc/", 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_files_come_and_go, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_no_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_fails_is_opened_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_link_does_not_lead_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_out_of_memory, set_up, tear_down),
		cmocka_unit_test(test_this_kernel),
	};

	return RUN_TESTS(tests);
}
