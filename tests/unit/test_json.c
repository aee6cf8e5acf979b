/* SPDX-License-Identifier: MIT */
/* Building and reading JSON. */
#include "format/json.h"

#include "base/memory.h"
#include "unit.h"

#include <math.h>
#include <string.h>

static int set_up(void **state)
{
	(void)state;
	json_init();
	return 0;
}

/* The text without the blanks that cJSON lays it out with. */
static void finish(struct json *json, struct strbuf *text)
{
	CLEANUP_STRBUF struct strbuf printed = STRBUF_INIT;

	assert_int_equal(json_finish(json, &printed), 0);
	for (size_t i = 0; i < printed.length; i++)
		if (!strchr(" \t\n", printed.bytes[i]))
			strbuf_add_char(text, printed.bytes[i]);
	assert_null(json->root);
}

static void test_building(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct json json;
	cJSON *array;

	(void)state;
	json_begin(&json);
	json_add_string(&json, json.root, "s", "x\"y");
	json_add_string(&json, json.root, "n", NULL);
	json_add_integer(&json, json.root, "i", -7);
	json_add_boolean(&json, json.root, "b", true);
	array = json_add_array(&json, json.root, "a");
	json_add_string(&json, array, NULL, "e");
	json_add_integer(&json, json_add_object(&json, array, NULL), "k", 1);
	finish(&json, &text);
	assert_string_equal(text.bytes, "{\"s\":\"x\\\"y\",\"n\":null,\"i\":-7,\"b\":true,\"a\":[\"e\",{\"k\":1}]}");
}

/* What would move the cursor of a terminal is escaped, though JSON would not need it; what is beside it is not. */
static void test_no_control_characters(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_JSON struct json json;

	(void)state;
	json_begin(&json);
	json_add_string(&json, json.root, "s", "a\x1b\x7f" "\xc2\x80\xc2\x9b" "2J\xc2\x9f\u00a0\u00c2\u0682");
	json_add_string(&json, json.root, "\xc2\x9b", "\x7f");
	assert_int_equal(json_finish_line(&json, &text), 0);
	assert_string_equal(text.bytes, "{\"s\":\"a\\u001b\\u007f\\u0080\\u009b2J\\u009f\u00a0\u00c2\u0682\","
		"\"\\u009b\":\"\\u007f\"}\n");
}

static void test_bytes(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct json json;

	(void)state;
	json_begin(&json);
	json_add_bytes(&json, json.root, "text", (struct value){ "18446744073709551615", 20 });
	json_add_bytes(&json, json.root, "binary", (struct value){ "\xff\xfe\xfd", 3 });
	json_add_bytes(&json, json.root, "nul", (struct value){ "a\0b", 3 });
	json_add_bytes(&json, json.root, "empty", (struct value){ "", 0 });
	json_add_bytes(&json, json.root, "none", (struct value){ NULL, 0 });
	finish(&json, &text);
	assert_string_equal(text.bytes, "{\"text\":\"18446744073709551615\",\"binary_base64\":\"//79\","
		"\"nul_base64\":\"YQBi\",\"empty\":\"\",\"none\":null}");
}

static void test_text_that_is_not_utf8_is_repaired(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct json json;

	(void)state;
	json_begin(&json);
	json_add_string(&json, json.root, "s", "a\xff\xc3\xa4\xc3");
	finish(&json, &text);
	assert_string_equal(text.bytes, "{\"s\":\"a\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\"}");
}

static void test_errors_are_sticky(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct json json;

	(void)state;
	json_begin(&json);
	json_add_string(&json, NULL, "s", "nowhere to put it");
	json_add_string(&json, json.root, "t", "x");
	assert_int_equal(json_finish(&json, &text), -ENOMEM);
	assert_int_equal(text.length, 0);
	assert_null(json.root);
	json_release(&json);
}

static void test_every_allocation_failure(void **state)
{
	unsigned long failures, n = 0;

	(void)state;
	do {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
		struct json json;
		int r;

		memory_fail_at(++n);
		json_begin(&json);
		json_add_string(&json, json.root, "s", "\xff");
		json_add_bytes(&json, json_add_object(&json, json.root, "o"), "b", (struct value){ "\xff", 1 });
		json_add_integer(&json, json_add_array(&json, json.root, "a"), NULL, 1);
		r = json_finish(&json, &text);
		failures = memory_failures();
		memory_fail_at(0);
		check_row(r == (failures ? -ENOMEM : 0), "the %lu-th gives %d", n, r);
	} while (failures);
}

static void test_reading(void **state)
{
	static const struct {
		const char *text;
		bool taken;
	} cases[] = {
		{ "{}", true },
		{ " {\"a\": [1, null, true, \"x\"]} \r\n\t", true },
		{ "null", true },
		{ "", false },
		{ " ", false },
		{ "{", false },
		{ "{}x", false },
		{ "{} {}", false },
		{ "{}\f", false },
		{ "{\"a\": 1, \"a\": 2}", false },
		{ "{\"a\": {\"b\": 1, \"b\": 2}}", false },
		{ "[{\"b\": 1, \"b\": 2}]", false },
		{ "{\"a\": 1, \"A\": 2}", true },
		{ "{\"a\": {\"b\": 1}, \"c\": {\"b\": 2}}", true },
		{ "{'a': 1}", false },
		{ "{\"a\": 1,}", false },
		{ "{\"a\": \"x\\u0000y\"}", false },	/* cJSON would end the text there */
		{ "{\"a\": \"x\\\\u0000y\"}", true },
		{ "{\"a\": \"\x80\"}", true },		/* bytes are the caller's business */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		CLEANUP_JSON_ROOT cJSON *root = json_parse(cases[i].text, strlen(cases[i].text));

		check_row((root != NULL) == cases[i].taken, "%s", cases[i].text);
	}
}

static void test_the_length_counts_not_the_nul(void **state)
{
	CLEANUP_JSON_ROOT cJSON *cut = json_parse("{}{}", 2);
	CLEANUP_JSON_ROOT cJSON *with_nul = json_parse("{}\0", 3);
	CLEANUP_JSON_ROOT cJSON *hidden = json_parse("{}\0{}", 5);

	(void)state;
	assert_non_null(cut);
	assert_null(with_nul);
	assert_null(hidden);
}

static void test_member_limit(void **state)
{
	(void)state;
	for (unsigned count = JSON_MEMBERS_MAX; count <= JSON_MEMBERS_MAX + 1; count++) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
		CLEANUP_JSON_ROOT cJSON *root = NULL;

		for (unsigned i = 0; i < count; i++)
			strbuf_printf(&text, "%s\"k%u\": 1", i ? ", " : "{", i);
		strbuf_add_char(&text, '}');
		assert_int_equal(strbuf_check(&text), 0);
		root = json_parse(text.bytes, text.length);
		assert_int_equal(root != NULL, count == JSON_MEMBERS_MAX);
	}
}

static void test_deep_nesting_ends(void **state)
{
	static char text[200000];

	(void)state;
	memset(text, '[', sizeof(text));
	assert_null(json_parse(text, sizeof(text)));
}

static void test_getting(void **state)
{
	static const char text[] = "{\"s\": \"x\", \"i\": 1, \"b_base64\": \"//79\", \"bad_base64\": \"/\", "
		"\"both\": \"t\", \"both_base64\": \"//79\"}";
	CLEANUP_JSON_ROOT cJSON *root = json_parse(text, strlen(text));
	CLEANUP_ARENA struct arena arena;
	struct value value = { "untouched", 9 };

	(void)state;
	arena_init(&arena);
	assert_non_null(root);
	assert_string_equal(json_get_string(root, "s"), "x");
	assert_null(json_get_string(root, "i"));
	assert_null(json_get_string(root, "missing"));
	assert_null(json_get_string(NULL, "s"));
	assert_int_equal(json_get_bytes(&arena, root, "i", &value), 1);
	assert_int_equal(json_get_bytes(&arena, root, "bad", &value), 1);
	assert_int_equal(json_get_bytes(&arena, root, "missing", &value), 1);
	assert_string_equal(value.bytes, "untouched");
	assert_int_equal(json_get_bytes(&arena, root, "b", &value), 0);
	assert_int_equal(value.length, 3);
	assert_memory_equal(value.bytes, "\xff\xfe\xfd", 3);
	assert_int_equal(json_get_bytes(&arena, root, "both", &value), 0);
	assert_string_equal(value.bytes, "t");
}

/* Also not as it is, within a string or between two values: not one of these texts is JSON. */
static void test_nul_bytes(void **state)
{
	static const struct {
		const char *text;
		size_t length;
	} texts[] = { { "{\"a\": \"x\0y\"}", 12 }, { "{\"a\0\": 1}", 9 }, { "{}\0", 3 }, { "\0{}", 3 },
		{ "[1,\0""2]", 6 },
		/* An escape that is none: cJSON takes it for a NUL. */
		{ "[\"x\\u00zzy\"]", 12 }, { "[\"x\\u007=9\"]", 12 } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		CLEANUP_JSON_ROOT cJSON *root = json_parse(texts[i].text, texts[i].length);

		check_row(!root, "row %zu is taken", i);
	}
}

static void test_one_line(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_JSON struct json json;

	(void)state;
	json_begin(&json);
	json_add_string(&json, json.root, "s", "a\nb");
	json_add_number(&json, json.root, "n", 0.1 + 0.2);
	json_add_number(&json, json.root, "unknown", NAN);
	json_add_number(&json, json.root, "endless", INFINITY);
	json_add_array(&json, json.root, "a");
	assert_int_equal(json_finish_line(&json, &text), 0);
	assert_string_equal(text.bytes, "{\"s\":\"a\\nb\",\"n\":0.3,\"unknown\":null,\"endless\":null,\"a\":[]}\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nul_bytes),
		cmocka_unit_test(test_building),
		cmocka_unit_test(test_one_line),
		cmocka_unit_test(test_no_control_characters),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_text_that_is_not_utf8_is_repaired),
		cmocka_unit_test(test_errors_are_sticky),
		cmocka_unit_test(test_every_allocation_failure),
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_the_length_counts_not_the_nul),
		cmocka_unit_test(test_member_limit),
		cmocka_unit_test(test_deep_nesting_ends),
		cmocka_unit_test(test_getting),
	};

	return cmocka_run_group_tests(tests, set_up, NULL) != 0;
}
