/* SPDX-License-Identifier: MIT */
/* Growing strings and their sticky failure. */
#include "base/strbuf.h"

#include "base/memory.h"
#include "unit.h"

#include <string.h>

static void test_starts_empty_and_readable(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	assert_string_equal(text.bytes, "");
	assert_int_equal(text.length, 0);
	assert_int_equal(strbuf_check(&text), 0);
	strbuf_add(&text, "", 0);
	strbuf_clear(&text);
	assert_string_equal(text.bytes, "");
}

static void test_grows_and_stays_terminated(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < 5000; i++) {
		strbuf_add_char(&text, (char)('a' + i % 26));
		assert_int_equal(text.length, i + 1);
		assert_int_equal(text.bytes[i + 1], '\0');
	}
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal(text.bytes[i], 'a' + i % 26);
}

static void test_holds_nuls_and_formats(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	strbuf_add(&text, "a\0b", 3);
	strbuf_printf(&text, "%d-%s", -7, "c");
	strbuf_add_text(&text, "!");
	assert_int_equal(text.length, 8);
	assert_memory_equal(text.bytes, "a\0b-7-c!", 9);
}

static void test_failure_is_sticky_and_keeps_what_was_there(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	char large[1000];

	(void)state;
	memset(large, 'x', sizeof(large));
	strbuf_add_text(&text, "kept");
	memory_fail_at(1);
	strbuf_add(&text, large, sizeof(large));
	memory_fail_at(0);
	assert_int_equal(strbuf_check(&text), -ENOMEM);
	strbuf_add_text(&text, "ignored");
	strbuf_printf(&text, "ignored %d", 1);
	strbuf_add_char(&text, '!');
	assert_false(strbuf_reserve(&text, 1));
	assert_string_equal(text.bytes, "kept");

	strbuf_clear(&text);
	assert_int_equal(strbuf_check(&text), 0);
	strbuf_add_text(&text, "again");
	assert_string_equal(text.bytes, "again");
}

static void test_absurd_sizes_fail(void **state)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	(void)state;
	strbuf_add_text(&text, "kept");
	assert_false(strbuf_reserve(&text, SIZE_MAX));
	assert_int_equal(strbuf_check(&text), -ENOMEM);
	strbuf_release(&text);
	assert_string_equal(text.bytes, "");
	assert_int_equal(strbuf_check(&text), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts_empty_and_readable),
		cmocka_unit_test(test_grows_and_stays_terminated),
		cmocka_unit_test(test_holds_nuls_and_formats),
		cmocka_unit_test(test_failure_is_sticky_and_keeps_what_was_there),
		cmocka_unit_test(test_absurd_sizes_fail),
	};

	return RUN_TESTS(tests);
}
