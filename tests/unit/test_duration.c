/* SPDX-License-Identifier: MIT */
/* Durations as people write them. */
#include "base/duration.h"

#include "unit.h"

#include <string.h>

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		unsigned long seconds;
	} cases[] = {
		{ "1s", 1 },
		{ "90s", 90 },
		{ "2m", 120 },
		{ "1h30m", 5400 },
		{ "1h30s", 3630 },
		{ "0m5s", 5 },
		{ "007s", 7 },
		{ "7d", DURATION_SECONDS_MAX },
		{ "6d23h59m60s", DURATION_SECONDS_MAX },
		{ "604800s", DURATION_SECONDS_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		unsigned long seconds = 0;

		check_row(duration_parse(cases[i].text, &seconds), "\"%s\" is refused", cases[i].text);
		check_row(seconds == cases[i].seconds, "\"%s\" is %lu", cases[i].text, seconds);
	}
}

static void test_everything_else_is_refused(void **state)
{
	static const char *const texts[] = { "", " ", "s", "5", "1h30", "-1s", "+1s", " 1s", "1s ", "1 s", "1.5m", "1S",
		"1w", "1ms", "0s", "0d0h0m0s", "1s1m", "1m1m", "1s1s", "1d1d", "604801s", "7d1s", "8d", "999999h",
		"99999999999999999999s", "18446744073709551617s", "1\xb2s", "1s\n" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		unsigned long seconds = 4711;

		check_row(!duration_parse(texts[i], &seconds), "\"%s\" is taken", texts[i]);
		assert_int_equal(seconds, 4711);
	}
}

static void test_parse_ms(void **state)
{
	static const struct {
		const char *text;
		unsigned long milliseconds;
	} cases[] = { { "200ms", 200 }, { "1s", 1000 }, { "1s500ms", 1500 }, { "2m", 120000 }, { "1ms", 1 },
		{ "1m1ms", 60001 }, { "24h", DURATION_MS_MAX }, { "1d", DURATION_MS_MAX } };
	static const char *const refused[] = { "", "0ms", "5", "ms", "1.5s", "1d1ms", "1mss", "1sm", "500ms1s", "25h",
		"99999999999999999999ms" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		unsigned long milliseconds = 0;

		check_row(duration_parse_ms(cases[i].text, &milliseconds), "\"%s\" is refused", cases[i].text);
		check_row(milliseconds == cases[i].milliseconds, "\"%s\" is %lu", cases[i].text, milliseconds);
	}
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		unsigned long milliseconds = 4711;

		check_row(!duration_parse_ms(refused[i], &milliseconds), "\"%s\" is taken", refused[i]);
		assert_int_equal(milliseconds, 4711);
	}
}

static void test_format(void **state)
{
	static const struct {
		unsigned long seconds;
		const char *text;
	} cases[] = {
		{ 0, "0s" },
		{ 3, "3s" },
		{ 60, "1m" },
		{ 125, "2m 5s" },
		{ 3600, "1h" },
		{ 5400, "1h 30m" },
		{ 86400, "1d" },
		{ 86401, "1d 1s" },
		{ 6 * 86400 + 23 * 3600 + 59 * 60 + 59, "6d 23h 59m 59s" },
		{ DURATION_SECONDS_MAX, "7d" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[DURATION_TEXT_SIZE];

		duration_format(cases[i].seconds, text);
		check_row(strcmp(text, cases[i].text) == 0, "%lu is \"%s\"", cases[i].seconds, text);
	}
}

/* Without the blanks it is what can be typed. */
static void test_what_is_shown_can_be_typed(void **state)
{
	(void)state;
	for (unsigned long seconds = 1; seconds <= DURATION_SECONDS_MAX; seconds += seconds < 4000 ? 1 : 997) {
		char text[DURATION_TEXT_SIZE], typed[DURATION_TEXT_SIZE];
		unsigned long again = 0;
		size_t length = 0;

		duration_format(seconds, text);
		for (const char *at = text; *at; at++)
			if (*at != ' ')
				typed[length++] = *at;
		typed[length] = '\0';
		check_row(duration_parse(typed, &again) && again == seconds, "%lu is shown as \"%s\"", seconds, text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_everything_else_is_refused),
		cmocka_unit_test(test_parse_ms), cmocka_unit_test(test_format),
		cmocka_unit_test(test_what_is_shown_can_be_typed),
	};

	return RUN_TESTS(tests);
}
