/* SPDX-License-Identifier: MIT */
/* A verified plan as JUnit XML. */
#include "format/junit.h"

#include "unit.h"

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
		{ .key = "net.y", .setting = &setting, .status = PLAN_ABSENT, .tolerated = true,
		  .target_text = "1" },
		{ .key = "kernel.core_pattern", .setting = &setting, .status = PLAN_CHANGE,
		  .live_text = "|/x \"%p\" & <y>\x1b\xff", .target_text = "core" },
	};
	static const char *const names[] = { "a", "b" };
	const struct plan plan = { .rows = rows, .count = COUNT_OF(rows), .profiles = names,
		.profiles_count = COUNT_OF(names) };
	const struct host host = { .hostname = "h<1>" };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	junit_write(&text, &plan, &host);
	assert_int_equal(strbuf_check(&text), 0);
	assert_string_equal(text.bytes,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuites>\n"
		"  <testsuite name=\"a+b@h&lt;1&gt;\" tests=\"5\" failures=\"3\" skipped=\"1\" errors=\"0\">\n"
		"    <testcase classname=\"kerntune.test\" name=\"net.core.somaxconn\"/>\n"
		"    <testcase classname=\"kerntune.test\" name=\"vm.swappiness\">\n"
		"      <failure message=\"expected 10, found 60\">expected 10, found 60</failure>\n"
		"    </testcase>\n"
		"    <testcase classname=\"kerntune.test\" name=\"net.x\">\n"
		"      <failure message=\"expected 1, but the key is absent\">"
		"expected 1, but the key is absent</failure>\n"
		"    </testcase>\n"
		"    <testcase classname=\"kerntune.test\" name=\"net.y\">\n"
		"      <skipped message=\"expected 1, but the key is absent\">"
		"expected 1, but the key is absent</skipped>\n"
		"    </testcase>\n"
		"    <testcase classname=\"kerntune.test\" name=\"kernel.core_pattern\">\n"
		"      <failure message=\"expected core, found |/x &quot;%p&quot; &amp; &lt;y&gt;?" "?\">"
		"expected core, found |/x &quot;%p&quot; &amp; &lt;y&gt;?" "?</failure>\n"
		"    </testcase>\n"
		"  </testsuite>\n"
		"</testsuites>\n");
}

static void test_an_empty_plan(void **state)
{
	const struct plan plan = { .count = 0 };
	const struct host host = { .hostname = "h" };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	junit_write(&text, &plan, &host);
	assert_string_equal(text.bytes,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
		"  <testsuite name=\"@h\" tests=\"0\" failures=\"0\" skipped=\"0\" errors=\"0\">\n"
		"  </testsuite>\n</testsuites>\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_of_row),
		cmocka_unit_test(test_an_empty_plan),
	};

	return RUN_TESTS(tests);
}
