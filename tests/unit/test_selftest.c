/* SPDX-License-Identifier: MIT */
/* The self-test, on a tree of files for a kernel: it must find what is left behind. */
#define _GNU_SOURCE
#include "engine/selftest.h"

#include "engine_fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define KEY "net/core/somaxconn"
#define OTHER "net/core/wmem_max"
#define PARAMETERS "  net.core.somaxconn: 65535\n  net.ipv4.tcp_fin_timeout: 30\n  vm.swappiness: 10\n"

/* The fixture's own operations would not survive that the self-test replaces the write. */
static void use_plain_files(struct fixture *fixture)
{
	procsys_release(&fixture->kernel.procsys);
	assert_int_equal(procsys_open(&fixture->kernel.root, PROCSYS_READ_WRITE, &fixture->kernel.procsys), 0);
}

static struct selftest_result run(struct fixture *fixture)
{
	CLEANUP_SELFTEST struct selftest selftest = { .state = ROOTDIR_INIT };
	struct procsys *procsys = &fixture->kernel.procsys;
	const struct procsys_ops ops = procsys->ops;
	struct selftest_result result;

	fixture_plan(fixture, PARAMETERS);
	assert_int_equal(selftest_begin(procsys, &fixture->host, &selftest), 0);
	assert_int_equal(selftest_run(&selftest, &fixture->arena, &fixture->diags, &fixture->selection, &result), 0);
	/* The kernel is left as it was given. */
	assert_true(procsys->ops.write == ops.write && procsys->ops.context == ops.context);
	return result;
}

/* Only what is below net is touched: two of the three. */
static void test_everything_comes_back(void **state)
{
	const char *problem;
	struct fixture *fixture = *state;
	struct selftest_result result;

	use_plain_files(fixture);
	result = run(fixture);
	assert_int_equal(result.parameters, 2);
	assert_int_equal(result.runs, 1 + 2 * 2);
	assert_int_equal(result.failures, 0);
	assert_null(result.problem);
	assert_int_equal(result.unknown.count, 0);
	fixture_assert_unchanged(fixture);
	/* Its records are its own. */
	assert_int_equal(restore_find_unsettled(&fixture->store, &fixture->arena, &fixture->host,
		&fixture->applied.change, &problem), RESTORE_NONE);
}

static void test_nothing_to_change(void **state)
{
	struct fixture *fixture = *state;
	struct selftest_result result;

	fake_kernel_set(&fixture->kernel, KEY, "65535\n");
	fake_kernel_set(&fixture->kernel, "net/ipv4/tcp_fin_timeout", "30\n");
	use_plain_files(fixture);
	result = run(fixture);
	assert_int_equal(result.parameters, 0);
	assert_int_equal(result.runs, 0);
	assert_int_equal(result.failures, 0);
}

/* ---- kernels that do more than they are told ---- */

static const struct fake_kernel *played;
static unsigned values_read;

static bool holds(const char *path, const char *text)
{
	CLEANUP_STRBUF struct strbuf now = STRBUF_INIT;
	char whole[100];

	snprintf(whole, sizeof(whole), "proc/sys/%s", path);
	temp_dir_read(&played->dir, whole, &now);
	return strcmp(now.bytes, text) == 0;
}

/* As soon as the key is seen with its new value, another one has moved with it. */
static ssize_t read_moved(void *context, const char *path, int fd, void *buffer, size_t size)
{
	(void)context;
	if (strcmp(path, KEY) == 0 && holds(KEY, "65535\n") && holds(OTHER, "212992\n"))
		fake_kernel_set(played, OTHER, "4711\n");
	return read(fd, buffer, size);
}

static void test_an_unknown_side_effect_is_found_and_undone(void **state)
{
	struct fixture *fixture = *state;
	struct selftest_result result;

	played = &fixture->kernel;
	use_plain_files(fixture);
	fixture->kernel.procsys.ops.read = read_moved;
	result = run(fixture);
	assert_int_equal(result.unknown.count, 1);
	assert_string_equal(result.unknown.paths[0], OTHER);
	assert_int_equal(result.failures, 0);
	fixture_assert_unchanged(fixture);
}

/* A key that never stands still. */
static ssize_t read_restless(void *context, const char *path, int fd, void *buffer, size_t size)
{
	char text[32];

	(void)context;
	if (strcmp(path, OTHER) == 0) {
		snprintf(text, sizeof(text), "%u\n", 10000 + values_read++);
		fake_kernel_set(played, OTHER, text);
	}
	return read(fd, buffer, size);
}

static void test_what_is_left_behind_is_told(void **state)
{
	struct fixture *fixture = *state;
	struct selftest_result result;

	played = &fixture->kernel;
	values_read = 0;
	use_plain_files(fixture);
	fixture->kernel.procsys.ops.read = read_restless;
	result = run(fixture);
	assert_int_equal(result.parameters, 2);
	assert_int_equal(result.runs, 5);
	assert_true(result.failures > 0 && result.failures <= result.runs);
	assert_non_null(result.problem);
}

static void test_the_directory_of_its_records(void **state)
{
	struct fixture *fixture = *state;
	struct selftest selftest = { .state = ROOTDIR_INIT };
	struct stat status;
	char path[64];

	/* Nothing was begun: nothing is removed. */
	selftest_end(&selftest);
	assert_int_equal(selftest_begin(&fixture->kernel.procsys, &fixture->host, &selftest), 0);
	snprintf(path, sizeof(path), "%s", selftest.state_path);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	selftest_end(&selftest);
	assert_int_equal(stat(path, &status), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_everything_comes_back),
		WITH_FIXTURE(test_nothing_to_change),
		WITH_FIXTURE(test_an_unknown_side_effect_is_found_and_undone),
		WITH_FIXTURE(test_what_is_left_behind_is_told),
		WITH_FIXTURE(test_the_directory_of_its_records),
	};

	return RUN_TESTS(tests);
}
