/* SPDX-License-Identifier: MIT */
/* A host for changes. */
#define _GNU_SOURCE
#include "engine_fixture.h"

#include "base/memory.h"
#include "format/json.h"
#include "kernel/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fixture_make(struct fixture *fixture)
{
	*fixture = (struct fixture){ .store = RECORD_STORE_INIT, .before = STRBUF_INIT };
	json_init();
	arena_init(&fixture->arena);
	diags_init(&fixture->diags, &fixture->arena);
	fake_kernel_make(&fixture->kernel);
	assert_int_equal(facts_host(&fixture->kernel.root, &fixture->arena, &fixture->host), 0);
	assert_int_equal(record_store_open(&fixture->kernel.root, RECORD_WRITE, &fixture->store), 0);
	assert_int_equal(record_lock(&fixture->store, RECORD_TRY), 0);
	fake_kernel_snapshot(&fixture->kernel, &fixture->before);
}

static void remove_records(const struct fixture *fixture)
{
	const char *const *ids;
	struct arena arena;
	size_t count;

	arena_init(&arena);
	assert_int_equal(record_list(&fixture->store, &arena, &ids, &count), 0);
	for (size_t i = 0; i < count; i++) {
		const char *file = arena_printf(&arena, "%s.json", ids[i]);

		assert_non_null(file);
		assert_int_equal(unlinkat(fixture->store.changes_fd, file, 0), 0);
	}
	arena_release(&arena);
}

void fixture_begin_again(struct fixture *fixture)
{
	fixture_reopen_store(fixture);
	remove_records(fixture);
	(void)unlinkat(fixture->store.run_fd, "steps", 0);
	(void)unlinkat(fixture->store.run_fd, "state", 0);
	arena_release(&fixture->arena);
	memory_free(fixture->kernel.procsys.large);
	fixture->kernel.procsys.large = NULL;
	fixture->kernel.writes = fixture->kernel.reads = 0;
	fixture->plan = (struct plan){ .count = 0 };
	fixture->applied = (struct apply_result){ .outcome = APPLY_NOTHING_TO_DO };
	diags_init(&fixture->diags, &fixture->arena);
	assert_int_equal(facts_host(&fixture->kernel.root, &fixture->arena, &fixture->host), 0);
}

void fixture_remove(struct fixture *fixture)
{
	record_store_release(&fixture->store);
	fake_kernel_remove(&fixture->kernel);
	strbuf_release(&fixture->before);
	arena_release(&fixture->arena);
}

int fixture_set_up(void **state)
{
	struct fixture *fixture = malloc(sizeof(*fixture));

	assert_non_null(fixture);
	fixture_make(fixture);
	*state = fixture;
	return 0;
}

int fixture_tear_down(void **state)
{
	fixture_remove(*state);
	free(*state);
	return 0;
}

void fixture_add_profile(const struct fixture *fixture, const char *name, const char *text)
{
	CLEANUP_STRBUF struct strbuf whole = STRBUF_INIT;
	char path[100];

	snprintf(path, sizeof(path), "profiles/%s.yaml", name);
	strbuf_printf(&whole, "profile: %s\n%s", name, text);
	assert_int_equal(strbuf_check(&whole), 0);
	temp_dir_write(&fixture->kernel.dir, path, whole.bytes);
}

void fixture_open_library(struct fixture *fixture)
{
	const char **dirs = arena_alloc(&fixture->arena, sizeof(*dirs));
	struct library_options options = { .root_path = fixture->kernel.dir.path, .profile_dirs = dirs,
		.profile_dirs_count = 1 };

	assert_non_null(dirs);
	dirs[0] = arena_printf(&fixture->arena, "%s/profiles", fixture->kernel.dir.path);
	if (!temp_dir_has(&fixture->kernel.dir, "profiles"))
		temp_dir_add_dir(&fixture->kernel.dir, "profiles", 0755);
	diags_init(&fixture->diags, &fixture->arena);
	assert_int_equal(library_init(&fixture->library, &fixture->arena, &fixture->diags,
		&fixture->kernel.root, &options), 0);
}

int fixture_try_plan(struct fixture *fixture, const char *parameters)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	static const char *const names[] = { "test" };
	struct planner planner = { .arena = &fixture->arena, .diags = &fixture->diags,
		.procsys = &fixture->kernel.procsys };
	int r;

	strbuf_printf(&text, "parameters:\n%s", parameters);
	assert_int_equal(strbuf_check(&text), 0);
	fixture_add_profile(fixture, "test", text.bytes);
	fixture_open_library(fixture);
	r = library_select(&fixture->library, names, 1, &fixture->selection);
	return r ? r : planner_build(&planner, &fixture->selection, &fixture->plan);
}

void fixture_plan(struct fixture *fixture, const char *parameters)
{
	if (fixture_try_plan(fixture, parameters) != 0)
		fail_msg("%s", fixture->diags.first ? fixture->diags.first->message : "no memory");
}

const struct plan_row *fixture_row(const struct fixture *fixture, const char *path)
{
	for (size_t i = 0; i < fixture->plan.count; i++)
		if (strcmp(fixture->plan.rows[i].path, path) == 0)
			return &fixture->plan.rows[i];
	fail_msg("%s is not in the plan", path);
	return NULL;
}

enum apply_outcome fixture_apply(struct fixture *fixture)
{
	struct apply apply = { .arena = &fixture->arena, .procsys = &fixture->kernel.procsys,
		.store = &fixture->store, .host = &fixture->host, .label = "test",
		.counted = &fixture->kernel.root };

	assert_int_equal(apply_run(&apply, &fixture->plan, &fixture->applied), 0);
	assert_int_equal(fixture->applied.record_error, 0);
	return fixture->applied.outcome;
}

struct change_item *fixture_item(const struct fixture *fixture, const char *path)
{
	struct change_item *item = change_find(fixture->applied.change, path);

	if (!item)
		fail_msg("%s is not in the change", path);
	return item;
}

void fixture_restore(struct fixture *fixture, const struct undo *options, struct restore_result *ret_result,
	struct change **ret_change)
{
	struct undo undo = *options;
	const char *problem = NULL;

	undo.arena = &fixture->arena;
	undo.procsys = &fixture->kernel.procsys;
	assert_int_equal(restore_choose(&fixture->store, &fixture->arena, &fixture->host, NULL, false,
		ret_change, &problem), 0);
	assert_int_equal(restore_run(&undo, &fixture->store, CHANGE_BY_RESTORE, *ret_change, ret_result), 0);
	assert_int_equal(ret_result->record_error, 0);
}

void fixture_reopen_store(struct fixture *fixture)
{
	record_store_release(&fixture->store);
	fixture->store = (struct record_store)RECORD_STORE_INIT;
	assert_int_equal(record_store_open(&fixture->kernel.root, RECORD_WRITE, &fixture->store), 0);
	assert_int_equal(record_lock(&fixture->store, RECORD_TRY), 0);
}

void fixture_assert_unchanged(struct fixture *fixture)
{
	CLEANUP_STRBUF struct strbuf now = STRBUF_INIT;

	fake_kernel_snapshot(&fixture->kernel, &now);
	assert_string_equal(now.bytes, fixture->before.bytes);
}

enum change_state fixture_state_on_disk(struct fixture *fixture, const char *id)
{
	const char *problem = NULL;
	struct change *change;

	assert_int_equal(record_load(&fixture->store, &fixture->arena, id, &change, &problem), 0);
	return change->state;
}
