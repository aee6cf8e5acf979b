/* SPDX-License-Identifier: MIT */
/* Backups: recorded without a write, and restored by id. */
#include "engine/backup.h"

#include "engine_fixture.h"

#include <string.h>

static const char *paths_list[] = { "net/core/somaxconn", "net/core/no_such_key", "net/ipv4/tcp_rmem",
	"vm/swappiness" };

static struct change *take(struct fixture *fixture, const char **paths, size_t count)
{
	struct backup backup = { .arena = &fixture->arena, .procsys = &fixture->kernel.procsys,
		.store = &fixture->store, .host = &fixture->host, .label = "before" };
	struct procsys_paths list = { .paths = paths, .count = count };
	struct change *change = NULL;

	assert_int_equal(backup_run(&backup, &list, &change), 0);
	assert_non_null(change);
	return change;
}

static void test_records_what_is_there(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = take(fixture, paths_list, COUNT_OF(paths_list)), *loaded;
	const char *problem;

	assert_int_equal(change->items_count, 3);
	assert_int_equal(fixture->kernel.writes, 0);
	assert_int_equal(record_load(&fixture->store, &fixture->arena, change->id, &loaded, &problem), 0);
	assert_int_equal(loaded->kind, CHANGE_BACKUP);
	assert_int_equal(loaded->state, CHANGE_STANDING);
	assert_string_equal(loaded->label, "before");
	assert_true(value_identical(loaded->items[1].original, value_of("4096\t131072\t6291456\n")));
	assert_null(loaded->items[1].target.bytes);
	assert_int_equal(change_count_steps(loaded), 3);
	/* Nothing that awaits anything. */
	assert_false(temp_dir_has(&fixture->kernel.dir, "run/kerntune/state"));
}

static void test_nothing_to_keep_leaves_no_record(void **state)
{
	static const char *none[] = { "net/core/no_such_key" };
	struct fixture *fixture = *state;
	const char *const *ids;
	size_t count;

	assert_int_equal(take(fixture, none, 1)->items_count, 0);
	assert_int_equal(record_list(&fixture->store, &fixture->arena, &ids, &count), 0);
	assert_int_equal(count, 0);
}

/* A backup has no "ours": every key that differs is put back. */
static void test_restored_by_id(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = take(fixture, paths_list, COUNT_OF(paths_list)), *chosen;
	struct undo undo = { .arena = &fixture->arena, .procsys = &fixture->kernel.procsys };
	struct restore_result result;
	const char *problem = NULL;

	fake_kernel_set(&fixture->kernel, "vm/swappiness", "1\n");
	fake_kernel_set(&fixture->kernel, "net/ipv4/tcp_rmem", "1\t2\t3\n");
	assert_int_equal(restore_choose(&fixture->store, &fixture->arena, &fixture->host, NULL, false, &chosen,
		&problem), RESTORE_NONE);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(restore_choose(&fixture->store, &fixture->arena, &fixture->host, change->id,
			false, &chosen, &problem), 0);
		assert_int_equal(restore_run(&undo, &fixture->store, CHANGE_BY_RESTORE, chosen, &result), 0);
		assert_int_equal(result.outcome, RESTORE_DONE);
		assert_int_equal(result.undone.restored, round == 0 ? 2 : 0);
		fixture_assert_unchanged(fixture);
	}
	assert_int_equal(fixture->kernel.writes, 2);
	/* It stays a backup. */
	assert_int_equal(fixture_state_on_disk(fixture, change->id), CHANGE_STANDING);
}

static void test_of_another_boot_only_by_force(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = take(fixture, paths_list, COUNT_OF(paths_list)), *chosen;
	const char *problem = NULL;

	fixture->host.boot_id = "99999999-2222-3333-4444-555555555555";
	assert_int_equal(restore_choose(&fixture->store, &fixture->arena, &fixture->host, change->id, false,
		&chosen, &problem), RESTORE_OTHER_BOOT);
	assert_int_equal(restore_choose(&fixture->store, &fixture->arena, &fixture->host, change->id, true,
		&chosen, &problem), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_records_what_is_there),
		WITH_FIXTURE(test_nothing_to_keep_leaves_no_record),
		WITH_FIXTURE(test_restored_by_id),
		WITH_FIXTURE(test_of_another_boot_only_by_force),
	};

	return RUN_TESTS(tests);
}
