/* SPDX-License-Identifier: MIT */
/* A verified plan in the Test Anything Protocol. */
#include "format/tap.h"

#include "unit.h"

#include <string.h>

static const struct profile profile = { .name = "test" };
static const struct setting setting = { .profile = &profile };

static void test_every_kind_of_row(void **state)
{
	struct plan_row rows[] = {
		{ .key = "net.core.somaxconn", .setting = &setting, .status = PLAN_SAME, .live_text = "1",
		  .target_text = "1" },
		{ .key = "vm.swappiness", .setting = &setting, .status = PLAN_CHANGE, .live_text = "60",
		  .target_text = "10" },
		{ .key = "net.x", .setting = &setting, .status = PLAN_ABSENT, .target_text = "1" },
		{ .key = "net.y", .setting = &setting, .status = PLAN_READ_ONLY, .tolerated = true,
		  .live_text = "2", .target_text = "1" },
	};
	const struct plan plan = { .rows = rows, .count = COUNT_OF(rows) };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	tap_write(&text, &plan);
	assert_int_equal(strbuf_check(&text), 0);
	assert_string_equal(text.bytes,
		"TAP version 13\n"
		"1..4\n"
		"ok 1 - net.core.somaxconn\n"
		"not ok 2 - vm.swappiness\n"
		"# expected 10, found 60\n"
		"not ok 3 - net.x\n"
		"# expected 1, but the key is absent\n"
		"ok 4 - net.y # SKIP read_only here\n");
}

/* A value must not end its line, nor turn into a directive. */
static void test_hostile_texts(void **state)
{
	struct plan_row row = { .key = "net.ipv4.conf.a#TODO.x", .setting = &setting, .status = PLAN_CHANGE,
		.live_text = "1\nok 2 - forged\x1b[31m", .target_text = "a # SKIP" };
	const struct plan plan = { .rows = &row, .count = 1 };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	size_t lines = 0;

	(void)state;
	tap_write(&text, &plan);
	for (const char *at = text.bytes; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, 4);
	assert_non_null(strstr(text.bytes, "not ok 1 - net.ipv4.conf.a\\#TODO.x\n"));
	assert_null(strchr(text.bytes, '\x1b'));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_of_row),
		cmocka_unit_test(test_hostile_texts),
	};

	return RUN_TESTS(tests);
}
