/* SPDX-License-Identifier: MIT */
/* Saved plans: whole and sound, or refused. */
#include "format/plan_json.h"

#include "base/memory.h"
#include "unit.h"

#include <string.h>

#define CREATED "2026-11-22T06:47:00Z"

static struct source profile_source = { .name = "/etc/kerntune/profiles/demo.yaml" };
static struct setting settings[5];
static struct plan_row rows[5];
static const char *const names[] = { "demo", "more" }, *const digests[] = { "fnv1a64:1", "fnv1a64:2" };
static const struct host host = { "host", "6.18.44", "11111111-2222-3333-4444-555555555555", "4026531840", "17" };
static const struct plan sample = { .rows = rows, .count = COUNT_OF(rows), .profiles = names, .digests = digests,
	.profiles_count = COUNT_OF(names) };

static void make_row(size_t i, const char *path, enum plan_status status, struct value live, const char *target)
{
	settings[i] = (struct setting){ .path = path, .value = value_of(target), .optional = status == PLAN_ABSENT,
		.why = i % 2 ? NULL : "for \"good\" reasons", .key_span = { &profile_source, 3 + (unsigned)i, 3, 9 } };
	rows[i] = (struct plan_row){ .path = path, .key = path, .setting = &settings[i],
		.catalog = catalog_find(path), .status = status, .live = live, .target = value_of(target) };
}

static int set_up(void **state)
{
	(void)state;
	json_init();
	make_row(0, "net/core/somaxconn", PLAN_CHANGE, value_of("4096\n"), "65535");
	make_row(1, "net/ipv4/tcp_rmem", PLAN_SAME, value_of("4096\t131072\t6291456\n"), "4096 131072 6291456");
	make_row(2, "net/ipv4/tcp_migrate_req", PLAN_ABSENT, (struct value){ .bytes = NULL }, "1");
	/* Any byte may stand in the name of an interface, and in a value. */
	make_row(3, "net/ipv4/conf/\xff/rp_filter", PLAN_CHANGE, value_of("0\n"), "2");
	make_row(4, "kernel/binary", PLAN_READ_ONLY, (struct value){ "\xff\n", 2 }, "x y");
	return 0;
}

static void write_plan(struct strbuf *text, const struct plan *plan)
{
	CLEANUP_JSON struct json json;

	json_begin(&json);
	json_add_string(&json, json.root, "schema", "kerntune.plan/1");
	plan_json_add(&json, plan, &host, CREATED);
	assert_int_equal(json_finish(&json, text), 0);
}

static int read_plan(struct arena *arena, const char *text, size_t length, struct saved_plan *ret_plan,
	const char **ret_problem)
{
	const struct source source = { .name = "plan.json", .text = text, .length = length };

	return plan_json_read(arena, &source, ret_plan, ret_problem);
}

static void test_round_trip(void **state)
{
	static const char *const expected[] = { "4096", "4096 131072 6291456", NULL, "0", "\xff" };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_ARENA struct arena arena;
	struct saved_plan plan;
	const char *problem;

	(void)state;
	arena_init(&arena);
	write_plan(&text, &sample);
	assert_int_equal(read_plan(&arena, text.bytes, text.length, &plan, &problem), 0);
	assert_string_equal(plan.created, CREATED);
	assert_string_equal(plan.host.hostname, host.hostname);
	assert_string_equal(plan.host.kernel, host.kernel);
	assert_string_equal(plan.host.boot_id, host.boot_id);
	assert_string_equal(plan.host.netns, host.netns);
	assert_string_equal(plan.host.netns_cookie, host.netns_cookie);
	assert_int_equal(plan.profiles_count, 2);
	assert_string_equal(plan.names[1], "more");
	assert_string_equal(plan.digests[0], "fnv1a64:1");
	assert_int_equal(plan.profile.settings_count, COUNT_OF(rows));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct setting *setting = &plan.profile.settings[i];

		assert_string_equal(setting->path, rows[i].path);
		assert_int_equal(setting->rule, SETTING_VALUE);
		assert_true(value_identical(setting->value, rows[i].target));
		assert_int_equal(setting->optional, settings[i].optional);
		assert_int_equal(setting->why != NULL, settings[i].why != NULL);
		assert_ptr_equal(setting->profile, &plan.profile);
		assert_string_equal(setting->key_span.source->name, profile_source.name);
		assert_int_equal(setting->key_span.line, settings[i].key_span.line);
		assert_int_equal(plan.rows[i].status, rows[i].status);
		assert_int_equal(plan.rows[i].expected.bytes != NULL, expected[i] != NULL);
		if (expected[i])
			assert_true(value_identical(plan.rows[i].expected, value_of(expected[i])));
	}
	assert_string_equal(plan.profile.settings[0].why, "for \"good\" reasons");
}

static void test_a_plan_of_nothing(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_ARENA struct arena arena;
	const struct plan empty = { .count = 0 };
	struct saved_plan plan;
	const char *problem;

	(void)state;
	arena_init(&arena);
	write_plan(&text, &empty);
	assert_int_equal(read_plan(&arena, text.bytes, text.length, &plan, &problem), 0);
	assert_int_equal(plan.profile.settings_count, 0);
	assert_int_equal(plan.profiles_count, 0);
}

/* An older kernel has no cookie to save. */
static void test_a_plan_without_a_cookie(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_ARENA struct arena arena;
	struct saved_plan plan;
	const char *problem;
	char *at;

	(void)state;
	arena_init(&arena);
	write_plan(&text, &sample);
	at = strstr(text.bytes, "netns_cookie");
	assert_non_null(at);
	*at = 'N';
	assert_int_equal(read_plan(&arena, text.bytes, text.length, &plan, &problem), 0);
	assert_string_equal(plan.host.netns_cookie, "");
}

static void test_a_cut_at_every_byte_is_refused(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	write_plan(&text, &sample);
	for (size_t length = 0; length < text.length - 1; length++) {
		CLEANUP_ARENA struct arena arena;
		const char *problem = NULL;
		struct saved_plan plan;
		char *cut = memory_alloc(length ? length : 1);
		int r;

		arena_init(&arena);
		assert_non_null(cut);
		memcpy(cut, text.bytes, length);
		r = read_plan(&arena, cut, length, &plan, &problem);
		memory_free(cut);
		check_row(r == 1 && problem, "cut at %zu gives %d", length, r);
	}
}

/* One replacement in the text of the sample makes it refused; the reason names what is wrong. */
static void test_unsound_plans_are_refused(void **state)
{
	static const struct {
		const char *from, *to, *reason;
	} cases[] = {
		{ "kerntune.plan/1", "kerntune.plan/2", "\"schema\"" },
		{ "kerntune.plan/1", "kerntune.change/1", "\"schema\"" },
		{ "\"schema\"", "\"scheme\"", "\"schema\"" },
		{ "\"created\"", "\"kreated\"", "\"created\"" },
		{ "\"host\":", "\"hosts\":", "\"hostname\"" },
		{ "\"kernel\"", "\"colonel\"", "\"kernel\"" },
		{ "\"boot_id\"", "\"boot\"", "\"boot_id\"" },
		{ "\"netns\"", "\"namespace\"", "\"netns\"" },
		{ "\"profiles\"", "\"profile\"", "\"profiles\"" },
		{ "\"digest\"", "\"digests\"", "\"digest\"" },
		{ "\"name\"", "\"names\"", "\"name\"" },
		{ "\"demo\"", "7", "\"name\"" },
		{ "\"parameters\"", "\"parameter\"", "\"parameters\"" },
		{ "\"path\":\t\"net/core/somaxconn\"", "\"path\":\t\"../x\"", "\"path\"" },
		{ "\"path\":\t\"net/core/somaxconn\"", "\"path\":\t\"/etc/passwd\"", "\"path\"" },
		{ "\"path\":\t\"net/core/somaxconn\"", "\"path\":\t\"net/*/somaxconn\"", "\"path\"" },
		{ "\"path\":\t\"net/core/somaxconn\"", "\"path\":\t\"\"", "\"path\"" },
		{ "\"path\":\t\"net/core/somaxconn\"", "\"path\":\t\"net\\u0000/core\"", "JSON" },
		{ "\"path\":\t\"net/core/somaxconn\"", "\"way\":\t\"net/core/somaxconn\"", "\"path\"" },
		{ "\"path\":\t\"net/core/somaxconn\"", "\"path_base64\":\t\"YQBi\"", "\"path\"" },
		{ "\"change\"", "\"changed\"", "\"status\"" },
		{ "\"status\"", "\"state\"", "\"status\"" },
		{ "\"65535\"", "65535", "\"target\"" },
		{ "\"65535\"", "\"\"", "\"target\"" },
		{ "\"65535\"", "\"1\\n2\"", "\"target\"" },
		{ "\"65535\"", "\"1\\u001b\"", "\"target\"" },
		{ "\"target\":\t\"65535\"", "\"target_base64\":\t\"AAA=\"", "\"target\"" },
		{ "\"target\":\t\"65535\"", "\"tarjet\":\t\"65535\"", "\"target\"" },
		{ "\"origin\"", "\"orig\"", "\"file\"" },
		{ "\"file\"", "\"files\"", "\"file\"" },
		{ "\"created\"", "\"schema\"", "JSON" },
	};
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	write_plan(&text, &sample);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP_STRBUF struct strbuf changed = STRBUF_INIT;
		CLEANUP_ARENA struct arena arena;
		const char *at = strstr(text.bytes, cases[i].from), *problem = NULL;
		struct saved_plan plan;
		int r;

		check_row(at, "row %zu: %s is not there", i, cases[i].from);
		arena_init(&arena);
		strbuf_add(&changed, text.bytes, (size_t)(at - text.bytes));
		strbuf_add_text(&changed, cases[i].to);
		strbuf_add_text(&changed, at + strlen(cases[i].from));
		r = read_plan(&arena, changed.bytes, changed.length, &plan, &problem);
		check_row(r == 1 && problem, "row %zu gives %d", i, r);
		check_row(strstr(problem, cases[i].reason), "row %zu: %s", i, problem);
	}
}

static void test_not_a_plan_at_all(void **state)
{
	static const char *const texts[] = { "", "\n", "null", "[]", "{}", "7", "\"x\"", "{\"schema\": 1}", "not json",
		"{}{}", "{\"schema\": \"kerntune.plan/1\"}", "{\"schema\": \"kerntune.plan/1\", \"host\": []}" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		CLEANUP_ARENA struct arena arena;
		const char *problem = NULL;
		struct saved_plan plan;

		arena_init(&arena);
		check_row(read_plan(&arena, texts[i], strlen(texts[i]), &plan, &problem) == 1 && problem, "\"%s\"",
			texts[i]);
	}
}

/* A line number that is none only takes the line from messages. */
static void test_odd_line_numbers(void **state)
{
	static const struct {
		const char *number;
		unsigned line;
	} cases[] = { { "-3", 0 }, { "1e99", 2147483647 }, { "\"3\"", 0 }, { "0", 0 }, { "4", 4 } };
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	write_plan(&text, &sample);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP_STRBUF struct strbuf changed = STRBUF_INIT;
		CLEANUP_ARENA struct arena arena;
		const char *at = strstr(text.bytes, "\"line\":\t3"), *problem;
		struct saved_plan plan;

		arena_init(&arena);
		assert_non_null(at);
		strbuf_add(&changed, text.bytes, (size_t)(at - text.bytes));
		strbuf_printf(&changed, "\"line\":\t%s%s", cases[i].number, at + strlen("\"line\":\t3"));
		assert_int_equal(read_plan(&arena, changed.bytes, changed.length, &plan, &problem), 0);
		check_row(plan.profile.settings[0].key_span.line == cases[i].line, "%s is line %u", cases[i].number,
			plan.profile.settings[0].key_span.line);
	}
}

static void test_memory_failures(void **state)
{
	CLEANUP_STRBUF struct strbuf whole = STRBUF_INIT;
	unsigned long failures, n = 0;

	(void)state;
	write_plan(&whole, &sample);
	do {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
		CLEANUP_JSON struct json json;
		int r;

		memory_fail_at(++n);
		json_begin(&json);
		plan_json_add(&json, &sample, &host, CREATED);
		r = json_finish(&json, &text);
		failures = memory_failures();
		memory_fail_at(0);
		check_row(r == (failures ? -ENOMEM : 0), "writing with %lu gives %d", n, r);
	} while (failures);
	n = 0;
	do {
		CLEANUP_ARENA struct arena arena;
		const char *problem = NULL;
		struct saved_plan plan;
		int r;

		arena_init(&arena);
		memory_fail_at(++n);
		r = read_plan(&arena, whole.bytes, whole.length, &plan, &problem);
		failures = memory_failures();
		memory_fail_at(0);
		check_row(r == (failures ? -ENOMEM : 0), "reading with %lu gives %d", n, r);
	} while (failures);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_a_plan_of_nothing),
		cmocka_unit_test(test_a_plan_without_a_cookie),
		cmocka_unit_test(test_a_cut_at_every_byte_is_refused),
		cmocka_unit_test(test_unsound_plans_are_refused),
		cmocka_unit_test(test_not_a_plan_at_all),
		cmocka_unit_test(test_odd_line_numbers),
		cmocka_unit_test(test_memory_failures),
	};

	return cmocka_run_group_tests(tests, set_up, NULL) != 0;
}
