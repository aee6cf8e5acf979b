/* SPDX-License-Identifier: MIT */
/* Strict numbers. */
#include "base/number.h"

#include "unit.h"

#include <string.h>

/* NULL: refused; else how it is written back. */
static const struct {
	const char *text, *expected;
} cases[] = {
	{ "0", "0" },
	{ "-0", "0" },
	{ "0x0", "0" },
	{ "-0x0", "0" },
	{ "1", "1" },
	{ "-1", "-1" },
	{ "65535", "65535" },
	{ "0x10", "16" },
	{ "0XfF", "255" },
	{ "-0x10", "-16" },
	{ "0x00010", "16" },
	{ "9223372036854775807", "9223372036854775807" },
	{ "-9223372036854775808", "-9223372036854775808" },
	{ "18446744073709551615", "18446744073709551615" },
	{ "-18446744073709551615", "-18446744073709551615" },
	{ "0xffffffffffffffff", "18446744073709551615" },
	{ "18446744073709551616", NULL },
	{ "-18446744073709551616", NULL },
	{ "0x10000000000000000", NULL },
	{ "99999999999999999999999999", NULL },
	{ "", NULL },
	{ "-", NULL },
	{ "--1", NULL },
	{ "+1", NULL },
	{ "010", NULL },
	{ "-010", NULL },
	{ "00", NULL },
	{ "0x", NULL },
	{ "-0x", NULL },
	{ "0xg", NULL },
	{ "0x-1", NULL },
	{ "x10", NULL },
	{ "0b1", NULL },
	{ "0o7", NULL },
	{ "1a", NULL },
	{ "a", NULL },
	{ "1.0", NULL },
	{ "1e3", NULL },
	{ "1_000", NULL },
	{ "1,000", NULL },
	{ " 1", NULL },
	{ "1 ", NULL },
	{ "1\n", NULL },
	{ "64k", NULL },
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *text = cases[i].text, *expected = cases[i].expected;
		struct number number = { .magnitude = 77 };
		char digits[NUMBER_TEXT_SIZE];
		bool taken = number_parse(text, strlen(text), &number);

		check_row(taken == (expected != NULL), "\"%s\" was %s", text, taken ? "taken" : "refused");
		if (!taken) {
			assert_int_equal(number.magnitude, 77);
			continue;
		}
		number_format(number, digits);
		check_row(strcmp(digits, expected) == 0, "\"%s\" became %s", text, digits);
	}
}

static void test_nul_is_no_digit(void **state)
{
	struct number number;

	(void)state;
	assert_false(number_parse("1\0", 2, &number));
	assert_true(number_parse("12", 1, &number));
	assert_int_equal(number.magnitude, 1);
}

static void test_parse_int64(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} rows[] = {
		{ "0", 0 }, { "-0", 0 }, { "0x10", 16 }, { "9223372036854775807", INT64_MAX },
		{ "-9223372036854775808", INT64_MIN }, { "-9223372036854775807", -INT64_MAX },
	};
	static const char *const refused[] = {
		"9223372036854775808", "-9223372036854775809", "18446744073709551615", "-18446744073709551615", "1k", "",
	};
	int64_t value;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		check_row(number_parse_int64(rows[i].text, strlen(rows[i].text), &value), "%s", rows[i].text);
		check_row(value == rows[i].value, "%s", rows[i].text);
	}
	value = 7;
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		check_row(!number_parse_int64(refused[i], strlen(refused[i]), &value) && value == 7, "%s", refused[i]);
}

static void test_compare(void **state)
{
	static const char *const ascending[] = {
		"-18446744073709551615", "-9223372036854775808", "-2", "-1", "0", "1", "2",
		"9223372036854775807", "9223372036854775808", "18446744073709551615",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ascending); i++) {
		for (size_t k = 0; k < COUNT_OF(ascending); k++) {
			int expected = i < k ? -1 : i > k;
			struct number a, b;

			assert_true(number_parse(ascending[i], strlen(ascending[i]), &a));
			assert_true(number_parse(ascending[k], strlen(ascending[k]), &b));
			check_row(number_compare(a, b) == expected, "%s against %s", ascending[i],
				ascending[k]);
		}
	}
}

static void test_of(void **state)
{
	char digits[NUMBER_TEXT_SIZE];

	(void)state;
	number_format(number_of(INT64_MIN), digits);
	assert_string_equal(digits, "-9223372036854775808");
	number_format(number_of(INT64_MAX), digits);
	assert_string_equal(digits, "9223372036854775807");
	assert_false(number_of(0).negative);
}

static void test_group(void **state)
{
	static const struct {
		uint64_t number;
		const char *expected;
	} rows[] = {
		{ 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 20000, "20,000" }, { 123456, "123,456" },
		{ 1234567, "1,234,567" }, { UINT64_MAX, "18,446,744,073,709,551,615" },
	};
	char text[NUMBER_GROUPED_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_string_equal(number_group(rows[i].number, text), rows[i].expected);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_nul_is_no_digit),
		cmocka_unit_test(test_parse_int64),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_of),
		cmocka_unit_test(test_group),
	};

	return RUN_TESTS(tests);
}
