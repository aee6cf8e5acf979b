/* SPDX-License-Identifier: MIT */
/* UTF-8 and the characters that must not reach a terminal. */
#include "base/utf8.h"

#include "base/cleanup.h"
#include "unit.h"

#include <string.h>

static void test_decode(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		uint32_t character;
	} cases[] = {
		{ "a", 1, 'a' },
		{ "\x7f", 1, 0x7f },
		{ "\xc2\x80", 2, 0x80 },
		{ "\xdf\xbf", 2, 0x7ff },
		{ "\xe0\xa0\x80", 3, 0x800 },
		{ "\xed\x9f\xbf", 3, 0xd7ff },
		{ "\xee\x80\x80", 3, 0xe000 },
		{ "\xef\xbf\xbf", 3, 0xffff },
		{ "\xf0\x90\x80\x80", 4, 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
		{ "\x80", 0, 0 },			/* a continuation alone */
		{ "\xbf", 0, 0 },
		{ "\xc0\x80", 0, 0 },			/* overlong */
		{ "\xc1\xbf", 0, 0 },
		{ "\xe0\x9f\xbf", 0, 0 },
		{ "\xf0\x8f\xbf\xbf", 0, 0 },
		{ "\xed\xa0\x80", 0, 0 },		/* surrogates */
		{ "\xed\xbf\xbf", 0, 0 },
		{ "\xf4\x90\x80\x80", 0, 0 },		/* above U+10FFFF */
		{ "\xf8\x88\x80\x80\x80", 0, 0 },
		{ "\xff", 0, 0 },
		{ "\xc2", 0, 0 },			/* cut */
		{ "\xe2\x82", 0, 0 },
		{ "\xf0\x90\x80", 0, 0 },
		{ "\xc2g", 0, 0 },			/* no continuation */
		{ "\xe2\x82g", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		uint32_t character = 0;
		size_t size = utf8_decode(cases[i].bytes, strlen(cases[i].bytes), &character);

		check_row(size == cases[i].size && character == cases[i].character,
			"row %zu: %zu bytes, U+%04X", i, size, (unsigned)character);
		assert_int_equal(utf8_is_valid(cases[i].bytes, strlen(cases[i].bytes)), size > 0);
	}
}

static void test_valid(void **state)
{
	(void)state;
	assert_true(utf8_is_valid("", 0));
	assert_true(utf8_is_valid("na\xc3\xafve", 6));
	assert_true(utf8_is_valid("a\0b", 3));
	assert_false(utf8_is_valid("na\xc3", 3));
}

static void test_unsafe(void **state)
{
	static const uint32_t unsafe[] = { 0, '\t', '\n', '\r', 0x1b, 0x1f, 0x7f, 0x80, 0x85, 0x9b, 0x9f,
		0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069, 0xfeff, 0xfffe, 0x10ffff };
	static const uint32_t safe[] = { ' ', '~', 0xa0, 0xe4, 0x2027, 0x202f, 0x206a, 0x4e00, 0x1f600 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(unsafe); i++)
		check_row(utf8_is_unsafe(unsafe[i]), "U+%04X passes", (unsigned)unsafe[i]);
	for (size_t i = 0; i < COUNT_OF(safe); i++)
		check_row(!utf8_is_unsafe(safe[i]), "U+%04X does not pass", (unsigned)safe[i]);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_unsafe),
	};

	return RUN_TESTS(tests);
}
