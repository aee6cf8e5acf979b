/* SPDX-License-Identifier: MIT */
/* The table of findings is whole, and its ids are found. */
#include "engine/finding_table.h"
#include "engine/library.h"
#include "model/catalog.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const char *const ids[FINDING_COUNT] = {
#define FINDING_ID_(enumerator, id) [FINDING_##enumerator] = id,
	FINDINGS(FINDING_ID_)
#undef FINDING_ID_
};

/* A word on the command line: a key has dots or slashes. */
static bool is_plain(const char *id)
{
	return strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(id);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < FINDING_COUNT; i++) {
		const struct finding_row *row = &finding_rows[i];

		assert_non_null(row->id);
		assert_string_equal(row->id, ids[i]);
		check_row(is_plain(row->id), "%s", row->id);
		check_row(row->statement && row->statement[0], "%s: statement", row->id);
		check_row(row->meaning && row->mend && row->levels, "%s: prose", row->id);
		check_row(row->source && row->source[0], "%s: source", row->id);
		/* A note has one level, which is none. */
		check_row(row->is_note == (row->levels[0] == '\0'), "%s: levels", row->id);
		check_row(!row->is_note || !row->sysctl_helps, "%s: a note that needs help", row->id);
		check_row(row->sysctl_helps <= (row->parameters[0] != NULL), "%s: no parameter", row->id);
		check_row(!row->profile || row->parameters[0], "%s: a profile for no parameter", row->id);
	}
}

static void test_notes_come_last(void **state)
{
	(void)state;
	for (size_t i = 1; i < FINDING_COUNT; i++)
		check_row(finding_rows[i - 1].is_note <= finding_rows[i].is_note, "%s", finding_rows[i].id);
}

static void test_parameters_are_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < FINDING_COUNT; i++)
		for (size_t k = 0; finding_rows[i].parameters[k]; k++)
			check_row(catalog_find(finding_rows[i].parameters[k]), "%s: %s", finding_rows[i].id,
				finding_rows[i].parameters[k]);
}

/* At once, or where its `when` holds. */
static bool sets(const struct selection *selection, const char *path)
{
	if (resolve_find(&selection->settings, path) != RESOLVE_NOT_FOUND)
		return true;
	for (size_t i = 0; i < selection->settings.left_out_count; i++)
		if (strcmp(selection->settings.left_out[i].setting->path, path) == 0)
			return true;
	return false;
}

/* What a finding recommends, "kerntune diff PROFILE" must show. */
static void test_profiles_set_what_is_recommended(void **state)
{
	const char *directories[] = { getenv("PROFILES") };
	const struct library_options options = { .root_path = "/", .profile_dirs = directories, .profile_dirs_count = 1 };
	CLEANUP_ROOTDIR struct rootdir root = ROOTDIR_INIT;

	(void)state;
	assert_non_null(directories[0]);
	assert_int_equal(rootdir_open("/", &root), 0);
	for (size_t i = 0; i < FINDING_COUNT; i++) {
		const struct finding_row *row = &finding_rows[i];
		CLEANUP_ARENA struct arena arena = { 0 };
		struct selection selection;
		struct library library;
		struct diags diags;

		if (!row->profile)
			continue;
		diags_init(&diags, &arena);
		assert_int_equal(library_init(&library, &arena, &diags, &root, &options), 0);
		check_row(library_select(&library, &row->profile, 1, &selection) == 0, "%s: %s", row->id, row->profile);
		for (size_t k = 0; row->parameters[k]; k++)
			check_row(sets(&selection, row->parameters[k]), "%s: %s does not set %s", row->id, row->profile,
				row->parameters[k]);
	}
}

static void test_find(void **state)
{
	(void)state;
	for (size_t i = 0; i < FINDING_COUNT; i++)
		assert_ptr_equal(finding_row_find(ids[i]), &finding_rows[i]);
	assert_null(finding_row_find(""));
	assert_null(finding_row_find("ephemeral-port"));
	assert_string_equal(finding_row_suggest("ephemeral-port"), "ephemeral-ports");
	assert_null(finding_row_suggest("net.core.somaxconn"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_notes_come_last),
		cmocka_unit_test(test_parameters_are_known),
		cmocka_unit_test(test_profiles_set_what_is_recommended),
		cmocka_unit_test(test_find),
	};

	return RUN_TESTS(tests);
}
