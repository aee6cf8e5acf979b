/* SPDX-License-Identifier: MIT */
/* Change records on disk, and the states that they go through. */
#define _GNU_SOURCE
#include "engine/record.h"

#include "base/memory.h"
#include "engine_fixture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct change *make_change(struct fixture *fixture, enum change_kind kind)
{
	static const char *const paths[] = { "net/core/somaxconn", "vm/swappiness" };
	struct change *change = arena_alloc(&fixture->arena, sizeof(*change));

	assert_non_null(change);
	change->kind = kind;
	change->host = fixture->host;
	change->items = arena_alloc(&fixture->arena, COUNT_OF(paths) * sizeof(*change->items));
	assert_non_null(change->items);
	for (size_t i = 0; i < COUNT_OF(paths); i++)
		change->items[change->items_count++] = (struct change_item){ .path = paths[i], .key = paths[i],
			.original = { "1\n", 2 }, .target = { "2", 1 } };
	return change;
}

static struct change *begin(struct fixture *fixture)
{
	struct change *change = make_change(fixture, CHANGE_APPLY);

	assert_int_equal(record_begin(&fixture->store, &fixture->arena, change), 0);
	return change;
}

static int load(struct fixture *fixture, const char *id, struct change **ret_change)
{
	const char *problem = NULL;
	int r = record_load(&fixture->store, &fixture->arena, id, ret_change, &problem);

	assert_int_equal(problem != NULL, r == RECORD_BROKEN);
	return r;
}

static const char *record_path(struct fixture *fixture, const char *id)
{
	return arena_printf(&fixture->arena, "var/lib/kerntune/changes/%s.json", id);
}

static mode_t mode_of(struct fixture *fixture, const char *path)
{
	struct stat status;

	assert_int_equal(fstatat(fixture->kernel.dir.fd, path, &status, AT_SYMLINK_NOFOLLOW), 0);
	return status.st_mode & 07777;
}

static void test_modes(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = begin(fixture);

	assert_int_equal(mode_of(fixture, "var/lib/kerntune"), 0700);
	assert_int_equal(mode_of(fixture, "var/lib/kerntune/changes"), 0700);
	assert_int_equal(mode_of(fixture, record_path(fixture, change->id)), 0600);
	assert_int_equal(mode_of(fixture, "run/kerntune"), 0755);
	assert_int_equal(mode_of(fixture, "run/kerntune/lock"), 0600);
	assert_int_equal(mode_of(fixture, "run/kerntune/steps"), 0600);
	assert_int_equal(mode_of(fixture, "run/kerntune/state"), 0644);
}

static void test_the_states_of_a_change(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = begin(fixture), *loaded;
	struct record_notice notice;

	assert_true(change_id_is_valid(change->id));
	assert_non_null(change->created);
	assert_int_equal(load(fixture, change->id, &loaded), 0);
	assert_int_equal(loaded->state, CHANGE_RECORDED);
	assert_true(change_is_open(loaded));

	assert_int_equal(record_intent(&fixture->store, change, 0), 0);
	assert_int_equal(load(fixture, change->id, &loaded), 0);
	assert_int_equal(loaded->state, CHANGE_APPLYING);
	assert_true(loaded->items[0].intended);
	assert_false(loaded->items[0].completed);
	assert_false(loaded->items[1].intended);

	change->items[0].status = CHANGE_APPLIED;
	change->items[0].ours = value_of("2\n");
	assert_int_equal(record_outcome(&fixture->store, change, 0), 0);
	assert_int_equal(load(fixture, change->id, &loaded), 0);
	assert_true(loaded->items[0].completed);
	assert_int_equal(loaded->items[0].status, CHANGE_APPLIED);
	assert_true(value_identical(loaded->items[0].ours, value_of("2\n")));

	assert_int_equal(record_finish(&fixture->store, &fixture->arena, change, CHANGE_STANDING, CHANGE_BY_APPLY), 0);
	assert_int_equal(load(fixture, change->id, &loaded), 0);
	assert_int_equal(loaded->state, CHANGE_STANDING);
	assert_non_null(loaded->finished);
	assert_false(temp_dir_has(&fixture->kernel.dir, "run/kerntune/steps"));
	assert_int_equal(record_load_notice(&fixture->store, &fixture->arena, &notice), 0);
	assert_string_equal(notice.id, change->id);
	assert_int_equal(notice.state, CHANGE_STANDING);

	assert_int_equal(record_set_undoing(&fixture->store, &fixture->arena, change), 0);
	assert_int_equal(load(fixture, change->id, &loaded), 0);
	assert_int_equal(loaded->state, CHANGE_UNDOING);
	assert_true(change_is_open(loaded));
	assert_int_equal(record_finish(&fixture->store, &fixture->arena, change, CHANGE_UNDONE, CHANGE_BY_APPLY), 0);
	assert_int_equal(record_load_notice(&fixture->store, &fixture->arena, &notice), RECORD_NONE);
}

/* Nobody was there to finish it: a later process finds what the log knows. */
static void test_an_interrupted_change_is_detected(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = begin(fixture), *found;
	const char *problem;

	assert_int_equal(record_intent(&fixture->store, change, 1), 0);
	fixture_reopen_store(fixture);
	assert_int_equal(restore_find_unsettled(&fixture->store, &fixture->arena, &fixture->host, &found, &problem), 0);
	assert_string_equal(found->id, change->id);
	assert_int_equal(found->state, CHANGE_APPLYING);
	assert_true(found->items[1].intended);

	/* Of another boot it is history. */
	fixture->host.boot_id = "99999999-2222-3333-4444-555555555555";
	assert_int_equal(restore_find_unsettled(&fixture->store, &fixture->arena, &fixture->host, &found, &problem),
		RESTORE_NONE);
}

/* Without its log nobody knows how far a change came: it counts as done, so that what holds our value is
 * put back and anything else is left to a person. */
static void test_a_lost_log_counts_as_done(void **state)
{
	static const char *const logs[] = { NULL, "", "nonsense\n",
		"kerntune-steps 1 11111111-2222-3333-4444-555555555555 20261122T064700Z-0000\nintent 0\n" };
	struct fixture *fixture = *state;
	struct change *change = begin(fixture), *loaded;

	for (size_t i = 0; i < COUNT_OF(logs); i++) {
		(void)unlinkat(fixture->kernel.dir.fd, "run/kerntune/steps", 0);
		if (logs[i])
			temp_dir_write(&fixture->kernel.dir, "run/kerntune/steps", logs[i]);
		assert_int_equal(load(fixture, change->id, &loaded), 0);
		assert_true(change_is_open(loaded));
		for (size_t k = 0; k < loaded->items_count; k++) {
			assert_true(loaded->items[k].intended && loaded->items[k].completed);
			assert_true(value_identical(loaded->items[k].ours, loaded->items[k].target));
		}
	}
}

/* In a process of its own, as fcntl(2) locks are the process's. */
static int second_process(struct fixture *fixture)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct record_store store = RECORD_STORE_INIT;
		int r = record_store_open(&fixture->kernel.root, RECORD_WRITE, &store);

		if (r == 0 && record_is_locked(&store))
			r = record_lock(&store, RECORD_TRY) == RECORD_LOCKED ? 10 : 11;
		else if (r == 0)
			r = record_lock(&store, RECORD_TRY) == 0 ? 20 : 21;
		_exit(r < 0 ? 99 : r);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_the_lock_is_for_one(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(second_process(fixture), 10);
	record_store_release(&fixture->store);
	assert_int_equal(second_process(fixture), 20);
	/* Whoever held it has ended: it is free again. */
	fixture_reopen_store(fixture);
	assert_int_equal(second_process(fixture), 10);
}

/* What a power cut makes of a record that was replaced without a sync. One of this boot is no such thing. */
static void test_a_record_emptied_before_this_boot(void **state)
{
	static const struct timespec long_ago[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	struct fixture *fixture = *state;
	struct change *change = begin(fixture), *loaded;
	const char *path = record_path(fixture, change->id);

	temp_dir_write(&fixture->kernel.dir, path, "");
	assert_int_equal(load(fixture, change->id, &loaded), RECORD_BROKEN);
	assert_int_equal(utimensat(fixture->kernel.dir.fd, path, long_ago, 0), 0);
	assert_int_equal(load(fixture, change->id, &loaded), RECORD_NONE);
	temp_dir_write(&fixture->kernel.dir, path, "{");
	assert_int_equal(utimensat(fixture->kernel.dir.fd, path, long_ago, 0), 0);
	assert_int_equal(load(fixture, change->id, &loaded), RECORD_BROKEN);
}

static void test_broken_records(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = begin(fixture), *loaded;
	const char *path = record_path(fixture, change->id);
	CLEANUP_STRBUF struct strbuf whole = STRBUF_INIT;

	temp_dir_read(&fixture->kernel.dir, path, &whole);
	temp_dir_write_bytes(&fixture->kernel.dir, path, whole.bytes, whole.length / 2);
	assert_int_equal(load(fixture, change->id, &loaded), RECORD_BROKEN);
	temp_dir_write(&fixture->kernel.dir, path, "");
	assert_int_equal(load(fixture, change->id, &loaded), RECORD_BROKEN);
	/* Copied under another id. */
	temp_dir_write(&fixture->kernel.dir, record_path(fixture, "20261122T064700Z-0000"), whole.bytes);
	assert_int_equal(load(fixture, "20261122T064700Z-0000", &loaded), RECORD_BROKEN);

	assert_int_equal(unlinkat(fixture->kernel.dir.fd, path, 0), 0);
	assert_int_equal(load(fixture, change->id, &loaded), RECORD_NONE);
	temp_dir_add_link(&fixture->kernel.dir, path, "20261122T064700Z-0000.json");
	assert_int_equal(load(fixture, change->id, &loaded), RECORD_BROKEN);
	assert_int_equal(unlinkat(fixture->kernel.dir.fd, path, 0), 0);
	temp_dir_add_fifo(&fixture->kernel.dir, path);
	assert_int_equal(load(fixture, change->id, &loaded), RECORD_BROKEN);
	assert_int_equal(load(fixture, "../../../etc/passwd", &loaded), RECORD_NONE);
}

static void test_list_and_walk(void **state)
{
	struct fixture *fixture = *state;
	const char *const *ids;
	const char *id, *problem, *first, *second;
	struct record_walk walk;
	struct change *change;
	size_t count;

	assert_int_equal(record_list(&fixture->store, &fixture->arena, &ids, &count), 0);
	assert_int_equal(count, 0);
	first = begin(fixture)->id;
	second = begin(fixture)->id;
	assert_true(strcmp(first, second) < 0);
	temp_dir_write(&fixture->kernel.dir, "var/lib/kerntune/changes/20200101T000000Z-0000.json", "broken");
	temp_dir_write(&fixture->kernel.dir, "var/lib/kerntune/changes/notes.json", "");
	temp_dir_write(&fixture->kernel.dir, "var/lib/kerntune/changes/20200101T000000Z-0000.json.tmp", "");
	assert_int_equal(record_list(&fixture->store, &fixture->arena, &ids, &count), 0);
	assert_int_equal(count, 3);
	assert_string_equal(ids[0], "20200101T000000Z-0000");
	assert_string_equal(ids[2], second);

	assert_int_equal(record_walk(&fixture->store, &fixture->arena, &walk), 0);
	assert_int_equal(record_walk_next(&walk, &change, &id, &problem), 0);
	assert_string_equal(change->id, second);
	assert_int_equal(record_walk_next(&walk, &change, &id, &problem), 0);
	assert_string_equal(change->id, first);
	assert_int_equal(record_walk_next(&walk, &change, &id, &problem), RECORD_BROKEN);
	assert_string_equal(id, "20200101T000000Z-0000");
	assert_int_equal(record_walk_next(&walk, &change, &id, &problem), RECORD_NONE);
	assert_int_equal(record_walk_next(&walk, &change, &id, &problem), RECORD_NONE);
}

/* Ids sort in the order of making, also many in a second and after the clock was set back. */
static void test_ids_ascend(void **state)
{
	struct fixture *fixture = *state;
	const char *before = "20991231T235959Z-0041";

	temp_dir_write(&fixture->kernel.dir, record_path(fixture, before), "from the future");
	for (unsigned i = 0; i < 50; i++) {
		struct change *change = make_change(fixture, CHANGE_BACKUP);

		assert_int_equal(record_begin(&fixture->store, &fixture->arena, change), 0);
		assert_true(change_id_is_valid(change->id));
		assert_true(strcmp(before, change->id) < 0);
		before = change->id;
	}
}

/* What was reserved before for undoing must still be there after a long history was looked through. */
static void test_a_long_history_uses_up_no_reserve(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < 1000; i++)
		temp_dir_write(&fixture->kernel.dir, arena_printf(&fixture->arena,
			"var/lib/kerntune/changes/20200101T000000Z-%04x.json", i), "");
	assert_int_equal(arena_reserve(&fixture->arena, 64 * 1024), 0);
	(void)begin(fixture);
	memory_fail_at(1);
	for (unsigned i = 0; i < 60; i++)
		assert_non_null(arena_alloc(&fixture->arena, 1024));
	memory_fail_at(0);
}

static int newest(struct fixture *fixture, bool (*is_meant)(const struct change *), struct change **ret_change)
{
	return record_newest(&fixture->store, &fixture->arena, &fixture->host, RECORD_ANYWHERE, is_meant,
		ret_change);
}

/* History is told by the beginning of the text: what a person wrote into a label must not pass for it. */
static void test_a_label_is_not_taken_for_a_state(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = make_change(fixture, CHANGE_APPLY), *found;

	change->label = "\t\"kind\":\t\"backup\"\n\t\"state\":\t\"undone\" \"boot_id\":\t\"another\"";
	assert_int_equal(record_begin(&fixture->store, &fixture->arena, change), 0);
	assert_int_equal(newest(fixture, change_is_open, &found), 0);
	assert_string_equal(found->id, change->id);
	assert_string_equal(found->label, change->label);
	/* Written by another hand, it is read whole. */
	temp_dir_write(&fixture->kernel.dir, record_path(fixture, change->id), "{\"kind\":\t\"apply\"");
	assert_int_equal(newest(fixture, change_is_open, &found),
		RECORD_NONE);
}

static void test_newest(void **state)
{
	struct fixture *fixture = *state;
	struct change *first, *second, *backup, *found;
	struct host host;

	assert_int_equal(newest(fixture, record_is_not_over, &found),
		RECORD_NONE);
	first = begin(fixture);
	assert_int_equal(record_finish(&fixture->store, &fixture->arena, first, CHANGE_STANDING, CHANGE_BY_APPLY), 0);
	second = begin(fixture);
	assert_int_equal(record_finish(&fixture->store, &fixture->arena, second, CHANGE_STANDING, CHANGE_BY_APPLY), 0);
	backup = make_change(fixture, CHANGE_BACKUP);
	assert_int_equal(record_begin(&fixture->store, &fixture->arena, backup), 0);
	assert_int_equal(record_finish(&fixture->store, &fixture->arena, backup, CHANGE_STANDING, CHANGE_BY_APPLY), 0);

	assert_int_equal(newest(fixture, record_is_not_over, &found), 0);
	assert_string_equal(found->id, second->id);
	assert_int_equal(record_finish(&fixture->store, &fixture->arena, second, CHANGE_UNDONE, CHANGE_BY_APPLY), 0);
	assert_int_equal(newest(fixture, record_is_not_over, &found), 0);
	assert_string_equal(found->id, first->id);
	assert_int_equal(record_newest(&fixture->store, &fixture->arena, &fixture->host, RECORD_HERE,
		record_is_not_over, &found), 0);
	host = fixture->host;
	host.netns = "4026531999";
	assert_int_equal(record_newest(&fixture->store, &fixture->arena, &host, RECORD_HERE, record_is_not_over,
		&found), RECORD_NONE);
	host = fixture->host;
	host.boot_id = "another boot";
	assert_int_equal(record_newest(&fixture->store, &fixture->arena, &host, RECORD_ANYWHERE,
		record_is_not_over, &found), RECORD_NONE);
	assert_int_equal(newest(fixture, change_is_open, &found),
		RECORD_NONE);
	first = begin(fixture);
	assert_int_equal(newest(fixture, change_is_open, &found),
		0);
	assert_string_equal(found->id, first->id);
}

/* A backup has no steps, and the log of an interrupted change is not its business. */
static void test_a_backup_leaves_the_log_alone(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = begin(fixture), *backup = make_change(fixture, CHANGE_BACKUP), *loaded;

	assert_int_equal(record_intent(&fixture->store, change, 0), 0);
	fixture_reopen_store(fixture);
	assert_int_equal(record_begin(&fixture->store, &fixture->arena, backup), 0);
	assert_int_equal(record_finish(&fixture->store, &fixture->arena, backup, CHANGE_STANDING, CHANGE_BY_APPLY), 0);
	assert_int_equal(load(fixture, change->id, &loaded), 0);
	assert_int_equal(loaded->state, CHANGE_APPLYING);
	assert_false(loaded->items[1].intended);
}

static void test_reading_without_directories(void **state)
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	CLEANUP_ARENA struct arena arena;
	struct temp_dir dir;
	const char *const *ids;
	const struct host host = { "", "", "boot", "", "" };
	struct record_notice notice;
	struct change *change;
	const char *problem;
	size_t count;

	(void)state;
	arena_init(&arena);
	temp_dir_make(&dir);
	assert_int_equal(rootdir_open(dir.path, &root), 0);
	assert_int_equal(record_store_open(&root, RECORD_READ, &store), 0);
	assert_int_equal(record_list(&store, &arena, &ids, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(record_load(&store, &arena, "20261122T064700Z-7f3a", &change, &problem), RECORD_NONE);
	assert_int_equal(record_newest(&store, &arena, &host, RECORD_ANYWHERE, record_is_not_over, &change),
		RECORD_NONE);
	assert_int_equal(record_load_notice(&store, &arena, &notice), RECORD_NONE);
	assert_false(record_is_locked(&store));
	assert_false(temp_dir_has(&dir, "var"));
	assert_false(temp_dir_has(&dir, "run"));
	temp_dir_remove(&dir);
}

static void test_directories_that_others_control(void **state)
{
	static const char *const dirs[] = { "var/lib/kerntune", "var/lib/kerntune/changes", "run/kerntune" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(dirs); i++) {
		CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
		CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
		struct temp_dir dir;

		temp_dir_make(&dir);
		temp_dir_add_dir(&dir, "var/lib/kerntune", 0700);
		temp_dir_add_dir(&dir, dirs[i], 0777);
		assert_int_equal(rootdir_open(dir.path, &root), 0);
		assert_int_equal(record_store_open(&root, RECORD_WRITE, &store), -EPERM);
		temp_dir_remove(&dir);
	}
}

/* ---- guardians, deadlines, audits ---- */

/* What another process sees of the two bytes of the lock file: 1 the command's, 2 the guardian's. */
static int locked_bytes(struct fixture *fixture)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		struct record_store store = RECORD_STORE_INIT;

		if (record_store_open(&fixture->kernel.root, RECORD_READ, &store) < 0)
			_exit(99);
		_exit((record_is_locked(&store) ? 1 : 0) | (record_has_guardian(&store) ? 2 : 0));
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_the_guardian_has_a_lock_of_its_own(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(locked_bytes(fixture), 1);
	assert_int_equal(record_lock_guardian(&fixture->store), 0);
	assert_int_equal(locked_bytes(fixture), 3);
	record_unlock(&fixture->store);
	assert_int_equal(locked_bytes(fixture), 2);
	assert_int_equal(record_lock(&fixture->store, RECORD_WAIT), 0);
	assert_int_equal(locked_bytes(fixture), 3);
	/* Whoever held them has ended. */
	record_store_release(&fixture->store);
	assert_int_equal(locked_bytes(fixture), 0);
}

static void test_a_read_only_store_without_a_lock_file(void **state)
{
	struct fixture *fixture = *state;
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;

	record_store_release(&fixture->store);
	assert_int_equal(unlinkat(fixture->kernel.dir.fd, "run/kerntune/lock", 0), 0);
	assert_int_equal(record_store_open(&fixture->kernel.root, RECORD_READ, &store), 0);
	assert_false(record_is_locked(&store));
	assert_false(record_has_guardian(&store));
	assert_false(temp_dir_has(&fixture->kernel.dir, "run/kerntune/lock"));
}

static void set_deadline(struct change *change, unsigned long long deadline_ms, const char *deadline)
{
	change->confirmation = (struct change_confirmation){ CHANGE_GUARDIAN_PROCESS, 60, deadline_ms, deadline };
}

static void test_a_deadline_is_extended(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = make_change(fixture, CHANGE_APPLY), *loaded;
	struct record_notice notice;

	set_deadline(change, 1000, "2026-11-22T06:48:00Z");
	assert_int_equal(record_begin(&fixture->store, &fixture->arena, change), 0);
	assert_int_equal(record_finish(&fixture->store, &fixture->arena, change, CHANGE_PENDING, CHANGE_BY_APPLY), 0);
	assert_int_equal(record_load_notice(&fixture->store, &fixture->arena, &notice), 0);
	assert_int_equal(notice.state, CHANGE_PENDING);
	assert_int_equal(notice.deadline_ms, 1000);

	set_deadline(change, 2000, "2026-11-22T06:49:00Z");
	assert_int_equal(record_extend(&fixture->store, &fixture->arena, change), 0);
	assert_int_equal(load(fixture, change->id, &loaded), 0);
	assert_int_equal(loaded->state, CHANGE_PENDING);
	assert_int_equal(loaded->confirmation.deadline_ms, 2000);
	assert_string_equal(loaded->confirmation.deadline, "2026-11-22T06:49:00Z");
	assert_int_equal(record_load_notice(&fixture->store, &fixture->arena, &notice), 0);
	assert_int_equal(notice.deadline_ms, 2000);
	assert_string_equal(notice.deadline, "2026-11-22T06:49:00Z");

	assert_int_equal(record_finish(&fixture->store, &fixture->arena, change, CHANGE_STANDING,
		CHANGE_BY_CONFIRM), 0);
	assert_int_equal(load(fixture, change->id, &loaded), 0);
	assert_int_equal(loaded->finished_by, CHANGE_BY_CONFIRM);
}

/* Everybody is told of what is not settled before what stands, and of nothing when all is over. */
static void test_what_everybody_is_told(void **state)
{
	struct fixture *fixture = *state;
	struct change *standing = begin(fixture), *pending;
	struct record_notice notice;

	assert_int_equal(record_finish(&fixture->store, &fixture->arena, standing, CHANGE_STANDING, CHANGE_BY_APPLY),
		0);
	pending = make_change(fixture, CHANGE_APPLY);
	set_deadline(pending, 1000, "2026-11-22T06:48:00Z");
	assert_int_equal(record_begin(&fixture->store, &fixture->arena, pending), 0);
	assert_int_equal(record_finish(&fixture->store, &fixture->arena, pending, CHANGE_PENDING, CHANGE_BY_APPLY), 0);
	/* The older one is restored meanwhile: the one that waits is still what matters. */
	assert_int_equal(record_finish(&fixture->store, &fixture->arena, standing, CHANGE_UNDONE, CHANGE_BY_RESTORE),
		0);
	assert_int_equal(record_load_notice(&fixture->store, &fixture->arena, &notice), 0);
	assert_string_equal(notice.id, pending->id);
	assert_int_equal(notice.state, CHANGE_PENDING);
	assert_int_equal(record_finish(&fixture->store, &fixture->arena, pending, CHANGE_UNDONE, CHANGE_BY_GUARDIAN),
		0);
	assert_int_equal(record_load_notice(&fixture->store, &fixture->arena, &notice), RECORD_NONE);
	assert_false(temp_dir_has(&fixture->kernel.dir, "run/kerntune/state"));
}

static void test_what_an_audit_saw_is_in_the_log(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = make_change(fixture, CHANGE_APPLY), *loaded;

	change->items[0].role = change->items[1].role = CHANGE_WATCHED;
	assert_int_equal(record_begin(&fixture->store, &fixture->arena, change), 0);
	change->items[0].ours = value_of("7\n");
	assert_int_equal(record_moved(&fixture->store, change, 0), 0);
	assert_int_equal(record_stray(&fixture->store, change, 1), 0);
	assert_int_equal(change->items[0].role, CHANGE_SIDE);
	assert_int_equal(change->items[1].status, CHANGE_FOREIGN_CHANGED);
	assert_int_equal(load(fixture, change->id, &loaded), 0);
	assert_int_equal(loaded->items[0].role, CHANGE_SIDE);
	assert_true(loaded->items[0].moved_along);
	assert_true(value_identical(loaded->items[0].ours, value_of("7\n")));
	assert_int_equal(loaded->items[1].role, CHANGE_WATCHED);
	assert_int_equal(loaded->items[1].status, CHANGE_FOREIGN_CHANGED);
}

/* A lost log makes steps count as done; nothing that was only watched. */
static void test_a_lost_log_invents_no_side_effects(void **state)
{
	struct fixture *fixture = *state;
	struct change *change = make_change(fixture, CHANGE_APPLY), *loaded;

	change->items[1].role = CHANGE_WATCHED;
	assert_int_equal(record_begin(&fixture->store, &fixture->arena, change), 0);
	assert_int_equal(unlinkat(fixture->kernel.dir.fd, "run/kerntune/steps", 0), 0);
	assert_int_equal(load(fixture, change->id, &loaded), 0);
	assert_true(loaded->items[0].intended);
	assert_false(loaded->items[1].intended || loaded->items[1].completed || loaded->items[1].moved_along);
	assert_null(loaded->items[1].ours.bytes);
}

static void test_a_timestamp_ahead(void **state)
{
	struct fixture *fixture = *state;
	const char *now = record_timestamp(&fixture->arena);
	const char *later = record_timestamp_in(&fixture->arena, 7 * 86400);

	assert_int_equal(strlen(later), strlen(now));
	assert_true(strcmp(now, later) < 0);
	assert_string_equal(now + 19, "Z");
}

static void test_hostile_links_in_run(void **state)
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;
	struct temp_dir dir;

	(void)state;
	temp_dir_make(&dir);
	temp_dir_write(&dir, "precious", "kept\n");
	temp_dir_add_dir(&dir, "run/kerntune", 0755);
	temp_dir_add_link(&dir, "run/kerntune/lock", "../../precious");
	assert_int_equal(rootdir_open(dir.path, &root), 0);
	assert_int_equal(record_store_open(&root, RECORD_WRITE, &store), 0);
	assert_true(record_lock(&store, RECORD_TRY) < 0);
	temp_dir_assert_file(&dir, "precious", "kept\n");
	temp_dir_remove(&dir);
}

static void test_timestamps(void **state)
{
	struct fixture *fixture = *state;
	const char *now = record_timestamp(&fixture->arena);

	assert_int_equal(strlen(now), strlen("2026-11-22T06:47:00Z"));
	assert_int_equal(now[10], 'T');
	assert_int_equal(now[19], 'Z');
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_modes),
		WITH_FIXTURE(test_the_states_of_a_change),
		WITH_FIXTURE(test_an_interrupted_change_is_detected),
		WITH_FIXTURE(test_a_lost_log_counts_as_done),
		WITH_FIXTURE(test_the_lock_is_for_one),
		WITH_FIXTURE(test_broken_records),
		WITH_FIXTURE(test_a_record_emptied_before_this_boot),
		WITH_FIXTURE(test_list_and_walk),
		WITH_FIXTURE(test_ids_ascend),
		WITH_FIXTURE(test_a_long_history_uses_up_no_reserve),
		WITH_FIXTURE(test_a_label_is_not_taken_for_a_state),
		WITH_FIXTURE(test_newest),
		WITH_FIXTURE(test_a_backup_leaves_the_log_alone),
		cmocka_unit_test(test_reading_without_directories),
		cmocka_unit_test(test_directories_that_others_control),
		cmocka_unit_test(test_hostile_links_in_run),
		WITH_FIXTURE(test_the_guardian_has_a_lock_of_its_own),
		WITH_FIXTURE(test_a_read_only_store_without_a_lock_file),
		WITH_FIXTURE(test_a_deadline_is_extended),
		WITH_FIXTURE(test_what_everybody_is_told),
		WITH_FIXTURE(test_what_an_audit_saw_is_in_the_log),
		WITH_FIXTURE(test_a_lost_log_invents_no_side_effects),
		WITH_FIXTURE(test_a_timestamp_ahead),
		WITH_FIXTURE(test_timestamps),
	};

	return RUN_TESTS(tests);
}
