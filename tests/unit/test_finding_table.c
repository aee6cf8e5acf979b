/* SPDX-License-Identifier: MIT */
/* The table of findings: complete, and true about the profiles that it names. */
#include "engine/finding_table.h"
#include "engine/library.h"
#include "model/catalog.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void rows_are_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < FINDING_COUNT; i++) {
		const struct finding_row *row = &finding_rows[i];

		assert_non_null(row->id);
		check_row(finding_row_find(row->id) == row, "%s stands in the table twice", row->id);
		check_row(row->statement && row->meaning && row->mend && row->levels && row->source, "%s", row->id);
		check_row(row->is_note == (row->levels[0] == '\0'), "%s", row->id);
		/* Where a parameter helps, which; and a profile that sets it. */
		check_row(!row->sysctl_helps || (row->profile && row->parameters[0]), "%s", row->id);
		check_row(!row->profile || row->sysctl_helps, "%s", row->id);
		for (size_t k = 0; row->parameters[k]; k++)
			check_row(catalog_find(row->parameters[k]) != NULL, "%s: %s", row->id, row->parameters[k]);
	}
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
static void profiles_set_what_is_recommended(void **state)
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

static void slips_are_recognised(void **state)
{
	(void)state;
	assert_null(finding_row_find("orphan"));
	assert_string_equal(finding_row_suggest("orphan"), "orphans");
	assert_null(finding_row_suggest("something else entirely"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_complete),
		cmocka_unit_test(profiles_set_what_is_recommended),
		cmocka_unit_test(slips_are_recognised),
	};

	return RUN_TESTS(tests);
}
