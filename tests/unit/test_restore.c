/* SPDX-License-Identifier: MIT */
/* Which change a restore is about, and when there is none. */
#include "engine/restore.h"

#include "engine_fixture.h"

#include <fcntl.h>
#include <string.h>

#define OTHER_BOOT "99999999-2222-3333-4444-555555555555"

static struct change *apply_one(struct fixture *fixture, const char *parameters)
{
	fixture_plan(fixture, parameters);
	assert_int_equal(fixture_apply(fixture), APPLY_APPLIED);
	return fixture->applied.change;
}

static int choose(struct fixture *fixture, const char *id, bool force, struct change **ret_change)
{
	const char *problem = NULL;
	int r = restore_choose(&fixture->store, &fixture->arena, &fixture->host, id, force, ret_change, &problem);

	assert_int_equal(problem != NULL, r == RESTORE_BROKEN);
	return r;
}

static void test_nothing_stands(void **state)
{
	struct fixture *fixture = *state;
	struct change *change;

	assert_int_equal(choose(fixture, NULL, false, &change), RESTORE_NONE);
	assert_int_equal(choose(fixture, "20261122T064700Z-7f3a", false, &change), RESTORE_NONE);
	assert_int_equal(choose(fixture, "../../../../etc/pass", false, &change), RESTORE_NONE);
	assert_int_equal(choose(fixture, "", false, &change), RESTORE_NONE);
}

static void test_the_newest_that_stands(void **state)
{
	struct fixture *fixture = *state;
	const struct undo plainly = { .force = false };
	struct restore_result result;
	struct change *first, *second, *chosen;

	first = apply_one(fixture, "  net.core.somaxconn: 1\n");
	second = apply_one(fixture, "  net.core.somaxconn: 2\n");
	fixture_restore(fixture, &plainly, &result, &chosen);
	assert_string_equal(chosen->id, second->id);
	fake_kernel_assert(&fixture->kernel, "net/core/somaxconn", "1\n");
	fixture_restore(fixture, &plainly, &result, &chosen);
	assert_string_equal(chosen->id, first->id);
	fixture_assert_unchanged(fixture);
	assert_int_equal(choose(fixture, NULL, false, &chosen), RESTORE_NONE);
	assert_int_equal(choose(fixture, first->id, false, &chosen), RESTORE_ALREADY_UNDONE);
}

static void test_another_boot_is_history(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = apply_one(fixture, "  net.core.somaxconn: 1\n"), *chosen;

	fixture->host.boot_id = OTHER_BOOT;
	assert_int_equal(choose(fixture, NULL, false, &chosen), RESTORE_NONE);
	assert_int_equal(choose(fixture, change->id, false, &chosen), RESTORE_OTHER_BOOT);
	assert_int_equal(choose(fixture, change->id, true, &chosen), RESTORE_OTHER_BOOT);
}

static void test_another_namespace_only_by_force(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = apply_one(fixture, "  net.core.somaxconn: 1\n"), *chosen;

	fixture->host.netns = "4026531999";
	assert_int_equal(choose(fixture, NULL, false, &chosen), RESTORE_OTHER_NETNS);
	assert_int_equal(choose(fixture, change->id, false, &chosen), RESTORE_OTHER_NETNS);
	assert_int_equal(choose(fixture, change->id, true, &chosen), 0);
}

/* Leaves a change as a killed process would. */
static struct change *interrupt(struct fixture *fixture)
{
	struct change *change = arena_alloc(&fixture->arena, sizeof(*change));

	assert_non_null(change);
	change->host = fixture->host;
	change->items = arena_alloc(&fixture->arena, sizeof(*change->items));
	assert_non_null(change->items);
	change->items[0] = (struct change_item){ .path = "vm/swappiness", .key = "vm.swappiness",
		.original = { "60\n", 3 }, .target = { "1", 1 } };
	change->items_count = 1;
	assert_int_equal(record_begin(&fixture->store, &fixture->arena, change), 0);
	assert_int_equal(record_intent(&fixture->store, change, 0), 0);
	fixture_reopen_store(fixture);
	return change;
}

static void test_an_interrupted_change_comes_first(void **state)
{
	struct fixture *fixture = *state;
	struct change *standing = apply_one(fixture, "  net.core.somaxconn: 1\n");
	struct change *open = interrupt(fixture), *chosen;

	assert_int_equal(choose(fixture, NULL, false, &chosen), 0);
	assert_string_equal(chosen->id, open->id);
	assert_int_equal(choose(fixture, standing->id, false, &chosen), RESTORE_INTERRUPTED_FIRST);
	assert_string_equal(chosen->id, open->id);
	assert_int_equal(choose(fixture, open->id, false, &chosen), 0);
}

static void test_a_broken_record_is_said_to_be_broken(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = apply_one(fixture, "  net.core.somaxconn: 1\n"), *chosen;

	temp_dir_write(&fixture->kernel.dir, arena_printf(&fixture->arena,
		"var/lib/kerntune/changes/%s.json", change->id), "{\"schema\": \"kern");
	assert_int_equal(choose(fixture, change->id, false, &chosen), RESTORE_BROKEN);
}

/* One that cannot be read and is newer may be the one that is meant. */
static void test_a_newer_broken_record_is_not_passed_over(void **state)
{
	struct fixture *fixture = *state;
	struct change *chosen;

	(void)apply_one(fixture, "  net.core.somaxconn: 1\n");
	temp_dir_write(&fixture->kernel.dir, "var/lib/kerntune/changes/20991231T000000Z-0000.json", "torn");
	assert_int_equal(choose(fixture, NULL, false, &chosen), RESTORE_BROKEN);
	assert_int_equal(unlinkat(fixture->kernel.dir.fd,
		"var/lib/kerntune/changes/20991231T000000Z-0000.json", 0), 0);
	temp_dir_write(&fixture->kernel.dir, "var/lib/kerntune/changes/20000101T000000Z-0000.json", "torn");
	assert_int_equal(choose(fixture, NULL, false, &chosen), 0);
}

/* The record's directory cannot be written any more: the values go back all the same. */
static void test_a_record_that_cannot_be_updated(void **state)
{
	struct fixture *fixture = *state;
	struct undo undo = { .arena = &fixture->arena, .procsys = &fixture->kernel.procsys };
	struct restore_result result;
	struct change *change;

	(void)apply_one(fixture, "  net.core.somaxconn: 1\n");
	assert_int_equal(choose(fixture, NULL, false, &change), 0);
	close_fd_(&fixture->store.changes_fd);
	fixture->store.changes_fd = openat(fixture->kernel.dir.fd, "run/kerntune/state", O_RDONLY | O_CLOEXEC);
	assert_true(fixture->store.changes_fd >= 0);
	assert_int_equal(restore_run(&undo, &fixture->store, CHANGE_BY_RESTORE, change, &result), 0);
	assert_int_equal(result.outcome, RESTORE_DONE);
	assert_true(result.record_error < 0);
	fixture_assert_unchanged(fixture);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_nothing_stands),
		WITH_FIXTURE(test_the_newest_that_stands),
		WITH_FIXTURE(test_another_boot_is_history),
		WITH_FIXTURE(test_another_namespace_only_by_force),
		WITH_FIXTURE(test_an_interrupted_change_comes_first),
		WITH_FIXTURE(test_a_broken_record_is_said_to_be_broken),
		WITH_FIXTURE(test_a_newer_broken_record_is_not_passed_over),
		WITH_FIXTURE(test_a_record_that_cannot_be_updated),
	};

	return RUN_TESTS(tests);
}
