/* SPDX-License-Identifier: MIT */
/* engine_fixture.h - everything that a change needs, on a fake kernel.
 *
 * Calling sequence: fixture_make() -> fixture_plan() with the "parameters" of a profile ->
 * fixture_apply() and what the test is about -> fixture_remove(). Whatever is not expected ends the
 * test. */
#pragma once

#include "engine/apply.h"
#include "engine/library.h"
#include "engine/planner.h"
#include "engine/record.h"
#include "engine/restore.h"
#include "fake_kernel.h"
#include "unit.h"

struct fixture {
	struct fake_kernel kernel;
	struct arena arena;
	struct diags diags;
	struct host host;
	struct record_store store;	/* writable and locked */
	struct library library;
	struct selection selection;
	struct plan plan;
	struct apply_result applied;
	struct strbuf before;		/* the tree at fixture_make() */
};

void fixture_make(struct fixture *fixture);
void fixture_remove(struct fixture *fixture);

/* As made afresh, but in the same tree: with its keys as they are, and without its records. */
void fixture_begin_again(struct fixture *fixture);

/* For cmocka: *state is a struct fixture. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)

/* Writes profiles/NAME.yaml with "profile: NAME" and this text. */
void fixture_add_profile(const struct fixture *fixture, const char *name, const char *text);

/* Begins a fresh library whose only --profile-dir is profiles/. */
void fixture_open_library(struct fixture *fixture);

/* Selects the profile "test" with these parameters and makes a plan; the verdict. */
int fixture_try_plan(struct fixture *fixture, const char *parameters);
/* The same, which must succeed. */
void fixture_plan(struct fixture *fixture, const char *parameters);
const struct plan_row *fixture_row(const struct fixture *fixture, const char *path);

/* Applies the plan, which must not end in an error. */
enum apply_outcome fixture_apply(struct fixture *fixture);
struct change_item *fixture_item(const struct fixture *fixture, const char *path);

/* Restores the change that was applied, read from its record. */
void fixture_restore(struct fixture *fixture, const struct undo *options, struct restore_result *ret_result,
	struct change **ret_change);

/* The lock and the directories as a second process would find them. */
void fixture_reopen_store(struct fixture *fixture);

void fixture_assert_unchanged(struct fixture *fixture);
enum change_state fixture_state_on_disk(struct fixture *fixture, const char *id);
