/* SPDX-License-Identifier: MIT */
/* The words and ids of change records. */
#include "model/change.h"

#include "unit.h"

#include <string.h>

static void test_words_come_back(void **state)
{
	(void)state;
	for (int i = CHANGE_APPLY; i <= CHANGE_BACKUP; i++) {
		enum change_kind kind;

		assert_true(change_kind_parse(change_kind_name((enum change_kind)i), &kind));
		assert_int_equal(kind, i);
	}
	for (int i = CHANGE_RECORDED; i <= CHANGE_INCOMPLETE; i++) {
		enum change_state parsed;

		assert_true(change_state_parse(change_state_name((enum change_state)i), &parsed));
		assert_int_equal(parsed, i);
	}
	for (int i = CHANGE_STEP; i <= CHANGE_WATCHED; i++) {
		enum change_role role;

		assert_true(change_role_parse(change_role_name((enum change_role)i), &role));
		assert_int_equal(role, i);
	}
	for (int i = CHANGE_NOT_TRIED; i <= CHANGE_CONFLICT; i++) {
		enum change_status status;

		assert_true(change_status_parse(change_status_name((enum change_status)i), &status));
		assert_int_equal(status, i);
	}
	for (int i = CHANGE_BY_APPLY; i <= CHANGE_BY_GUARDIAN; i++) {
		enum change_actor actor;

		assert_true(change_actor_parse(change_actor_name((enum change_actor)i), &actor));
		assert_int_equal(actor, i);
	}
	for (int i = CHANGE_GUARDIAN_NONE; i <= CHANGE_GUARDIAN_SERVICE; i++) {
		enum change_guardian guardian;

		assert_true(change_guardian_parse(change_guardian_name((enum change_guardian)i), &guardian));
		assert_int_equal(guardian, i);
	}
}

/* What stands in records on disk and in the JSON output. */
static void test_words_are_the_contract(void **state)
{
	(void)state;
	assert_string_equal(change_role_name(CHANGE_WATCHED), "watched");
	assert_string_equal(change_state_name(CHANGE_PENDING), "pending");
	assert_string_equal(change_actor_name(CHANGE_BY_APPLY), "apply");
	assert_string_equal(change_actor_name(CHANGE_BY_RESTORE), "restore");
	assert_string_equal(change_actor_name(CHANGE_BY_CONFIRM), "confirm");
	assert_string_equal(change_actor_name(CHANGE_BY_GUARDIAN), "guardian");
	assert_string_equal(change_guardian_name(CHANGE_GUARDIAN_NONE), "none");
	assert_string_equal(change_guardian_name(CHANGE_GUARDIAN_PROCESS), "process");
	assert_string_equal(change_guardian_name(CHANGE_GUARDIAN_SERVICE), "systemd_service");
}

static void test_other_words_are_refused(void **state)
{
	static const char *const words[] = { "", "apply ", "Apply", "standing\n", "Watched", "nonsense" };
	enum change_kind kind = CHANGE_BACKUP;
	enum change_state parsed = CHANGE_UNDONE;
	enum change_role role = CHANGE_SIDE;
	enum change_status status = CHANGE_CONFLICT;
	enum change_actor actor = CHANGE_BY_CONFIRM;
	enum change_guardian guardian = CHANGE_GUARDIAN_SERVICE;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		assert_false(change_kind_parse(words[i], &kind));
		assert_false(change_state_parse(words[i], &parsed));
		assert_false(change_role_parse(words[i], &role));
		assert_false(change_status_parse(words[i], &status));
		assert_false(change_actor_parse(words[i], &actor));
		assert_false(change_guardian_parse(words[i], &guardian));
	}
	assert_int_equal(kind, CHANGE_BACKUP);
	assert_int_equal(parsed, CHANGE_UNDONE);
	assert_int_equal(role, CHANGE_SIDE);
	assert_int_equal(status, CHANGE_CONFLICT);
	assert_int_equal(actor, CHANGE_BY_CONFIRM);
	assert_int_equal(guardian, CHANGE_GUARDIAN_SERVICE);
}

static void test_ids(void **state)
{
	static const char *const bad[] = { "", "20261122T064700Z", "20261122T064700Z-7f3", "20261122T064700Z-7f3ag",
		"20261122T064700Z-7F3A", "20261122T064700Z-7f3g", "20261122t064700z-7f3a",
		"20261122T064700Z_7f3a", "2026112aT064700Z-7f3a", "../../../../etc/pass", "20261122T064700Z/7f3a",
		"20261122T064700Z-7f3a\n", " 0261122T064700Z-7f3a", "2026112\xb2T064700Z-7f3a" };

	(void)state;
	assert_true(change_id_is_valid("20261122T064700Z-7f3a"));
	assert_true(change_id_is_valid("00000000T000000Z-0000"));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		check_row(!change_id_is_valid(bad[i]), "\"%s\" is taken", bad[i]);
}

static void test_open_and_find(void **state)
{
	static const bool expected[] = {
		[CHANGE_RECORDED] = true, [CHANGE_APPLYING] = true, [CHANGE_UNDOING] = true,
		[CHANGE_INCOMPLETE] = false,
	};
	struct change_item items[] = { { .path = "a/b" }, { .path = "a/c" } };
	struct change change = { .items = items, .items_count = COUNT_OF(items) };

	(void)state;
	for (int i = CHANGE_RECORDED; i <= CHANGE_INCOMPLETE; i++) {
		change.state = (enum change_state)i;
		assert_int_equal(change_is_open(&change), expected[i]);
		assert_int_equal(change_is_unsettled(&change), expected[i] || i == CHANGE_PENDING);
	}
	assert_ptr_equal(change_find(&change, "a/c"), &items[1]);
	assert_null(change_find(&change, "a"));
}

static void test_count_steps(void **state)
{
	struct change_item items[] = {
		{ .path = "a/b", .intended = true }, { .path = "a/c", .role = CHANGE_SIDE, .moved_along = true },
		{ .path = "a/d", .role = CHANGE_WATCHED }, { .path = "a/e" }, { .path = "a/f", .intended = true },
	};
	struct change change = { .items = items, .items_count = COUNT_OF(items) };

	(void)state;
	assert_int_equal(change_count_steps(&change), 2);
	change.kind = CHANGE_BACKUP;
	assert_int_equal(change_count_steps(&change), 3);
	change.items_count = 0;
	assert_int_equal(change_count_steps(&change), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words_come_back),
		cmocka_unit_test(test_words_are_the_contract),
		cmocka_unit_test(test_other_words_are_refused),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_open_and_find),
		cmocka_unit_test(test_count_steps),
	};

	return RUN_TESTS(tests);
}
