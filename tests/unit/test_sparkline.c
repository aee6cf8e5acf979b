/* SPDX-License-Identifier: MIT */
/* Lines of bars. */
#include "model/sparkline.h"

#include "unit.h"

#include <math.h>

static void check_line(const struct sparkline *line, size_t width, bool is_ascii, const char *expected)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	sparkline_format(line, width, is_ascii, &text);
	assert_int_equal(strbuf_check(&text), 0);
	assert_string_equal(text.bytes, expected);
}

static void test_heights(void **state)
{
	struct sparkline line = { .count = 0 };

	(void)state;
	for (int i = 0; i <= 8; i++)
		sparkline_add(&line, i * 1000);
	check_line(&line, 9, true, "_.-~=+*##");
	check_line(&line, 9, false, "▁▂▃▄▅▆▇██");
	check_line(&line, 3, true, "*##");
	check_line(&line, 0, true, "");
	sparkline_add(&line, 80000);
	check_line(&line, 10, true, "_........#");
}

static void test_what_is_missing_is_blank(void **state)
{
	struct sparkline line = { .count = 0 };

	(void)state;
	check_line(&line, 4, true, "    ");
	sparkline_add(&line, NAN);
	sparkline_add(&line, 0);
	sparkline_add(&line, -5);
	check_line(&line, 4, true, "  __");
	sparkline_add(&line, NAN);
	check_line(&line, 4, true, " __ ");
	sparkline_add(&line, 0.001);
	check_line(&line, 4, true, "__ #");
	sparkline_clear(&line);
	check_line(&line, 2, false, "  ");
}

static void test_the_ring(void **state)
{
	struct sparkline line = { .count = 0 };
	char expected[SPARKLINE_VALUES + 4] = "   ";

	(void)state;
	for (int i = 0; i < 1000; i++)
		sparkline_add(&line, i % 2);
	for (int i = 0; i < SPARKLINE_VALUES; i++)
		expected[3 + i] = i % 2 ? '#' : '_';
	check_line(&line, SPARKLINE_VALUES + 3, true, expected);
	check_line(&line, 2, true, "_#");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heights),
		cmocka_unit_test(test_what_is_missing_is_blank),
		cmocka_unit_test(test_the_ring),
	};

	return RUN_TESTS(tests);
}
