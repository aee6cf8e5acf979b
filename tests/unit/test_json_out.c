/* SPDX-License-Identifier: MIT */
/* The parts of the JSON output, read back. */
#include "format/json_out.h"

#include "unit.h"

#include <string.h>

static const struct source source = { .name = "p.yaml", .text = "x\n", .length = 2 };
static const struct profile profile = { .name = "test" };
static const struct setting setting = { .path = "net/core/somaxconn", .value = { "10", 2 }, .why = "because",
	.profile = &profile, .key_span = { .source = &source, .line = 7, .column = 3 } };

static int set_up(void **state)
{
	(void)state;
	json_init();
	return 0;
}

static cJSON *reread(struct json *json)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	cJSON *root;

	assert_int_equal(json_finish(json, &text), 0);
	root = json_parse(text.bytes, text.length);
	assert_non_null(root);
	return root;
}

static const cJSON *get(const cJSON *object, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);

	check_row(member, "\"%s\" is missing", name);
	return member;
}

static void assert_text(const cJSON *object, const char *name, const char *expected)
{
	const cJSON *member = get(object, name);

	if (!expected)
		assert_true(cJSON_IsNull(member));
	else
		check_row(cJSON_IsString(member) && strcmp(member->valuestring, expected) == 0, "\"%s\" is %s",
			name, cJSON_IsString(member) ? member->valuestring : "no text");
}

static void test_schema_host_and_error(void **state)
{
	const struct host host = { "h", "6.18.44", "boot", "4026531840", "1" };
	CLEANUP_JSON_ROOT cJSON *root = NULL;
	struct json json;

	(void)state;
	json_begin(&json);
	json_out_schema(&json, "diff");
	json_out_host(&json, &host);
	json_out_error(&json, "usage", "what went wrong", 2);
	root = reread(&json);
	assert_text(root, "schema", "kerntune.diff/1");
	assert_text(get(root, "host"), "hostname", "h");
	assert_text(get(root, "host"), "kernel", "6.18.44");
	assert_text(get(root, "host"), "boot_id", "boot");
	assert_text(get(root, "host"), "netns", "4026531840");
	assert_text(get(root, "error"), "text", "what went wrong");
}

static void test_messages(void **state)
{
	const struct span span = { .source = &source, .line = 1, .column = 2 };
	CLEANUP_JSON_ROOT cJSON *root = NULL;
	CLEANUP_ARENA struct arena arena;
	const cJSON *message;
	struct diags diags;
	struct json json;

	(void)state;
	arena_init(&arena);
	diags_init(&diags, &arena);
	diag_error(&diags, "wrong", span, "is wrong");
	diag_hint(&diags, "mend it");
	diag_warning(&diags, "odd", span_none(), "is odd");
	json_begin(&json);
	json_out_messages(&json, &diags);
	root = reread(&json);
	message = cJSON_GetArrayItem(get(root, "messages"), 0);
	assert_text(message, "level", "error");
	assert_text(message, "id", "wrong");
	assert_text(message, "text", "is wrong");
	assert_text(message, "file", "p.yaml");
	assert_int_equal(get(message, "line")->valueint, 1);
	assert_int_equal(get(message, "column")->valueint, 2);
	assert_text(cJSON_GetArrayItem(get(root, "messages"), 1), "level", "warning");
}

static void test_plan(void **state)
{
	struct plan_note note = { .id = "restart-listeners", .text = "restart them" };
	struct plan_row rows[] = {
		{ .path = "net/core/somaxconn", .key = "net.core.somaxconn", .setting = &setting,
		  .catalog = NULL, .status = PLAN_CHANGE, .live = { "4096\t1\n", 7 }, .target = { "10", 2 },
		  .live_text = "4096 1", .target_text = "10", .notes = &note, .notes_count = 1 },
		{ .path = "kernel/binary", .key = "kernel.binary", .setting = &setting, .status = PLAN_SAME,
		  .live = { "\xff\n", 2 }, .target = { "\xff", 1 }, .live_text = "\xff", .target_text = "10" },
		{ .path = "kernel/absent", .key = "kernel.absent", .setting = &setting, .status = PLAN_ABSENT,
		  .target_text = "10" },
	};
	const struct plan plan = { .rows = rows, .count = COUNT_OF(rows) };
	CLEANUP_JSON_ROOT cJSON *root = NULL;
	const cJSON *row;
	struct json json;

	(void)state;
	json_begin(&json);
	json_out_plan(&json, &plan);
	root = reread(&json);
	assert_int_equal(get(get(root, "summary"), "total")->valueint, 3);
	assert_int_equal(get(get(root, "summary"), "change")->valueint, 1);
	row = cJSON_GetArrayItem(get(root, "parameters"), 0);
	assert_text(row, "key", "net.core.somaxconn");
	assert_text(row, "path", "net/core/somaxconn");
	assert_text(row, "status", "change");
	assert_text(row, "live", "4096 1");
	assert_text(row, "target", "10");
	assert_text(row, "why", "because");
	assert_text(get(row, "origin"), "file", "p.yaml");
	assert_int_equal(get(get(row, "origin"), "line")->valueint, 7);
	assert_text(cJSON_GetArrayItem(get(row, "notes"), 0), "id", "restart-listeners");
	row = cJSON_GetArrayItem(get(root, "parameters"), 1);
	assert_text(row, "live_base64", "/w==");
	row = cJSON_GetArrayItem(get(root, "parameters"), 2);
	assert_text(row, "live", NULL);
	assert_text(row, "status", "absent");
}

static void test_applied_and_restored(void **state)
{
	struct plan_row row = { .path = "net/core/somaxconn", .key = "net.core.somaxconn",
		.setting = &setting, .status = PLAN_CHANGE, .live = { "4096\n", 5 }, .target = { "10", 2 },
		.live_text = "4096", .target_text = "10" };
	const struct plan plan = { .rows = &row, .count = 1 };
	struct change_item items[] = {
		{ .path = "net/core/somaxconn", .key = "net.core.somaxconn", .status = CHANGE_REJECTED,
		  .original = { "4096\n", 5 }, .target = { "10", 2 }, .ours = { "4096\n", 5 },
		  .now = { "4096\n", 5 }, .completed = true, .error = 22, .undo_status = CHANGE_CONFLICT },
		{ .path = "net/x", .key = "net.x", .role = CHANGE_SIDE, .status = CHANGE_APPLIED,
		  .original = { "0\n", 2 }, .ours = { "1\n", 2 } },
	};
	const struct change change = { .items = items, .items_count = COUNT_OF(items) };
	CLEANUP_JSON_ROOT cJSON *applied = NULL;
	CLEANUP_JSON_ROOT cJSON *restored = NULL;
	const cJSON *object;
	struct json json;

	(void)state;
	json_begin(&json);
	json_out_applied(&json, &plan, &change);
	applied = reread(&json);
	object = cJSON_GetArrayItem(get(applied, "parameters"), 0);
	assert_text(object, "status", "rejected");
	assert_text(object, "before", "4096");
	assert_text(object, "target", "10");
	assert_text(object, "after", "4096");
	assert_int_equal(get(object, "errno")->valueint, 22);
	object = cJSON_GetArrayItem(get(applied, "side_effects"), 0);
	assert_text(object, "key", "net.x");
	assert_text(object, "after", "1");

	json_begin(&json);
	json_out_restored(&json, &change);
	restored = reread(&json);
	assert_int_equal(cJSON_GetArraySize(get(restored, "parameters")), 1);
	object = cJSON_GetArrayItem(get(restored, "parameters"), 0);
	assert_text(object, "status", "conflict");
	assert_text(object, "original", "4096");
	assert_text(object, "ours", "4096");
	assert_text(object, "now", "4096");
}

static void test_change_and_setting(void **state)
{
	struct change_profile profiles[] = { { "test", "digest" } };
	struct change_item items[] = {
		{ .path = "a/b", .key = "a.b", .status = CHANGE_APPLIED, .original = { "1\n", 2 },
		  .target = { "2", 1 }, .ours = { "2\n", 2 }, .intended = true },
		{ .path = "a/c", .key = "a.c", .role = CHANGE_SIDE, .original = { "1\n", 2 } },
	};
	const struct change change = { .id = "20261122T064700Z-7f3a", .state = CHANGE_STANDING,
		.created = "2026-11-22T06:47:00Z", .host = { "h", "k", "b", "n", "" }, .profiles = profiles,
		.profiles_count = 1, .items = items, .items_count = COUNT_OF(items) };
	CLEANUP_JSON_ROOT cJSON *root = NULL;
	struct json json;

	(void)state;
	json_begin(&json);
	json_out_change(&json, json.root, &change, true);
	json_out_setting(&json, json_add_array(&json, json.root, "settings"), &setting, "net.core.somaxconn");
	root = reread(&json);
	assert_text(root, "id", "20261122T064700Z-7f3a");
	assert_text(root, "state", "standing");
	assert_text(root, "label", NULL);
	assert_int_equal(get(root, "parameter_count")->valueint, 1);
	assert_int_equal(cJSON_GetArraySize(get(root, "parameters")), 2);
	assert_text(cJSON_GetArrayItem(get(root, "parameters"), 1), "role", "side_effect");
	assert_text(cJSON_GetArrayItem(get(root, "settings"), 0), "value", "10");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schema_host_and_error),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_applied_and_restored),
		cmocka_unit_test(test_change_and_setting),
	};

	return cmocka_run_group_tests(tests, set_up, NULL) != 0;
}
