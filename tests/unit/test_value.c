/* SPDX-License-Identifier: MIT */
/* When two texts mean the same to the kernel. */
#include "model/value.h"

#include "base/memory.h"
#include "unit.h"

#include <string.h>

static void test_equal(void **state)
{
	static const struct {
		enum value_type type;
		const char *a, *b;
		bool equal;
	} cases[] = {
		/* Numbers and vectors. */
		{ VALUE_INT, "4096\n", "4096", true },
		{ VALUE_INT, "4096", "0x1000", true },
		{ VALUE_INT, "4096", "0X1000\n", true },
		{ VALUE_INT, "4096", "4097", false },
		{ VALUE_INT, "-1", "-0x1", true },
		{ VALUE_INT, "-1", "1", false },
		{ VALUE_INT, "0", "-0", true },
		{ VALUE_INT, "16", "020", false },
		{ VALUE_INT, "", "\n", true },
		{ VALUE_INT, "", "0", false },
		{ VALUE_ULONG, "18446744073709551615", "0xffffffffffffffff", true },
		{ VALUE_ULONG, "18446744073709551615", "18446744073709551614", false },
		{ VALUE_INT, "4096\t131072\t6291456\n", "4096 131072 6291456", true },
		{ VALUE_INT, "  4096   131072 \t 6291456 ", "4096 131072 6291456\n", true },
		{ VALUE_INT, "4096 131072", "4096 131072 6291456", false },
		{ VALUE_INT, "4096 131072 6291456", "4096 131072", false },
		{ VALUE_INT, "4096 131072 6291456", "131072 4096 6291456", false },
		{ VALUE_UNKNOWN, "1\t2\n", "1 0x2", true },
		{ VALUE_UNKNOWN, "cubic\n", "cubic", true },
		{ VALUE_UNKNOWN, "cubic\n", "reno", false },
		{ VALUE_UNKNOWN, "on 1", "on  0x1", true },
		/* Texts, byte for byte but for the kernel's newline. */
		{ VALUE_STRING, "cubic\n", "cubic", true },
		{ VALUE_STRING, "cubic\n\n", "cubic", false },
		{ VALUE_STRING, "|/bin/x %p", "|/bin/x  %p", false },
		{ VALUE_STRING, "16", "0x10", false },
		{ VALUE_STRING, "cubic", "Cubic", false },
		{ VALUE_STRING, " cubic", "cubic", false },
		{ VALUE_STRING, "", "\n", true },
		/* Names, as a set. */
		{ VALUE_NAMES, "reno cubic\n", "cubic reno", true },
		{ VALUE_NAMES, "reno cubic bbr", "cubic reno", false },
		{ VALUE_NAMES, "reno", "cubic reno", false },
		{ VALUE_NAMES, "", "\n", true },
		{ VALUE_NAMES, "", "reno", false },
		/* Ports, as a set. */
		{ VALUE_PORTLIST, "8080,9090-9092\n", "9090,9091,9092,8080", true },
		{ VALUE_PORTLIST, "1-3,2-5", "1-5", true },
		{ VALUE_PORTLIST, "\n", "", true },
		{ VALUE_PORTLIST, "", "8080", false },
		{ VALUE_PORTLIST, "8080", "8081", false },
		{ VALUE_PORTLIST, "0-65535", "0-32767,32768-65535", true },
		{ VALUE_PORTLIST, "8080, 8081", "8080,8081", false },
		{ VALUE_PORTLIST, "nonsense", "nonsense", true },
		{ VALUE_PORTLIST, "nonsense", "other", false },
		/* CPU masks. */
		{ VALUE_CPUMASK, "00000000,0000000f\n", "f", true },
		{ VALUE_CPUMASK, "F", "f", true },
		{ VALUE_CPUMASK, "0", "00000000,00000000", true },
		{ VALUE_CPUMASK, "", "0", true },
		{ VALUE_CPUMASK, "1,00000000", "100000000", true },
		{ VALUE_CPUMASK, "1,00000000", "1", false },
		{ VALUE_CPUMASK, "f", "0", false },
		{ VALUE_CPUMASK, "f", "ff", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct value a = value_of(cases[i].a), b = value_of(cases[i].b);

		check_row(value_equal(cases[i].type, a, b) == cases[i].equal &&
			value_equal(cases[i].type, b, a) == cases[i].equal, "row %zu: \"%s\" and \"%s\"", i,
			cases[i].a, cases[i].b);
		assert_true(value_equal(cases[i].type, a, a));
	}
}

static void test_equal_with_bytes_that_are_no_text(void **state)
{
	struct value a = { "\xff\0x", 3 }, b = { "\xff\0y", 3 }, c = { "\xff", 1 };

	(void)state;
	for (int type = VALUE_UNKNOWN; type <= VALUE_CPUMASK; type++) {
		assert_true(value_equal((enum value_type)type, a, a));
		assert_false(value_equal((enum value_type)type, a, b));
		assert_false(value_equal((enum value_type)type, a, c));
	}
	assert_true(value_identical(a, a));
	assert_false(value_identical(a, c));
	assert_true(value_identical((struct value){ NULL, 0 }, (struct value){ "", 0 }));
}

static void test_port_lists(void **state)
{
	static const char *const good[] = { "", "\n", "0", "65535", "1,2,3", "1-2", "5-5", "0-65535",
		"8080,9090-9099\n", "080" };
	static const char *const bad[] = { "65536", "1,", ",1", "1-", "-1", "2-1", "1-2-3", "1 2", "1, 2", "a",
		"1,,2", "99999999999", "1\n\n", "0x10" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(good); i++)
		check_row(value_is_portlist(value_of(good[i])), "\"%s\" is refused", good[i]);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		check_row(!value_is_portlist(value_of(bad[i])), "\"%s\" is taken", bad[i]);
}

static void test_fields(void **state)
{
	struct value rest = value_of(" \t1\t22  333\n"), field;

	(void)state;
	assert_int_equal(value_count_fields(rest), 3);
	assert_true(value_next_field(&rest, &field));
	assert_true(value_identical(field, value_of("1")));
	assert_true(value_next_field(&rest, &field));
	assert_true(value_identical(field, value_of("22")));
	assert_true(value_next_field(&rest, &field));
	assert_true(value_identical(field, value_of("333")));
	assert_false(value_next_field(&rest, &field));
	assert_int_equal(value_count_fields(value_of("")), 0);
	assert_int_equal(value_count_fields(value_of(" \n\t")), 0);
	assert_int_equal(value_trimmed(value_of("a\n\n")).length, 2);
	assert_int_equal(value_trimmed(value_of("")).length, 0);
}

static void test_display(void **state)
{
	static const struct {
		enum value_type type;
		const char *value, *shown;
	} cases[] = {
		{ VALUE_INT, "4096\t131072\t6291456\n", "4096 131072 6291456" },
		{ VALUE_INT, "\n", "" },
		{ VALUE_UNKNOWN, "a  b\n", "a b" },
		{ VALUE_STRING, "|/x  y\n", "|/x  y" },
		{ VALUE_STRING, "", "" },
		{ VALUE_PORTLIST, "1,2\n", "1,2" },
		{ VALUE_UNKNOWN, "two\nlines\n", "two\nlines" },
	};
	CLEANUP_ARENA struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_string_equal(value_display(&arena, cases[i].type, value_of(cases[i].value)),
			cases[i].shown);
	memory_fail_at(1);
	assert_null(value_display(&arena, VALUE_INT, value_of("1 2 3")));
	memory_fail_at(0);
}

static void test_bounded(void **state)
{
	static const struct {
		enum value_bound bound;
		const char *live, *limit, *expected;	/* NULL: cannot be compared */
	} cases[] = {
		{ VALUE_AT_LEAST, "100\n", "200", "200" },
		{ VALUE_AT_LEAST, "300\n", "200", "300" },
		{ VALUE_AT_LEAST, "200\n", "200", "200" },
		{ VALUE_AT_MOST, "100\n", "200", "100" },
		{ VALUE_AT_MOST, "300\n", "200", "200" },
		{ VALUE_AT_LEAST, "-5", "-1", "-1" },
		{ VALUE_AT_LEAST, "0x10", "15", "16" },
		{ VALUE_AT_LEAST, "18446744073709551615", "1", "18446744073709551615" },
		{ VALUE_AT_LEAST, "4096\t131072\t6291456\n", "8192 65536 16777216", "8192 131072 16777216" },
		{ VALUE_AT_MOST, "4096\t131072\t6291456\n", "8192 65536 16777216", "4096 65536 6291456" },
		{ VALUE_AT_LEAST, "1 2", "1 2 3", NULL },
		{ VALUE_AT_LEAST, "1 2 3", "1 2", NULL },
		{ VALUE_AT_LEAST, "cubic", "1", NULL },
		{ VALUE_AT_LEAST, "1", "reno", NULL },
		{ VALUE_AT_LEAST, "010", "1", NULL },
		{ VALUE_AT_LEAST, "", "1", NULL },
		{ VALUE_AT_LEAST, "", "", "" },
	};
	CLEANUP_ARENA struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct value value = { "untouched", 9 };
		int r = value_bounded(&arena, VALUE_INT, cases[i].bound, value_of(cases[i].live),
			value_of(cases[i].limit), &value);

		check_row(r == (cases[i].expected ? 0 : 1), "row %zu gives %d", i, r);
		check_row(strcmp(value.bytes, r ? "untouched" : cases[i].expected) == 0, "row %zu gives %s", i,
			value.bytes);
	}
}

static void test_bounded_ports(void **state)
{
	static const struct {
		enum value_bound bound;
		const char *live, *limit, *expected;	/* NULL: not lists of ports */
	} cases[] = {
		{ VALUE_AT_LEAST, "8080\n", "11211,15672", "8080,11211,15672" },
		{ VALUE_AT_LEAST, "\n", "11211", "11211" },
		{ VALUE_AT_LEAST, "8000-9000\n", "8080", "8000-9000" },
		{ VALUE_AT_MOST, "8000-9000\n", "8080,9999", "8080" },
		{ VALUE_AT_LEAST, "", "", "" },
		{ VALUE_AT_LEAST, "1 2", "1", NULL },
		{ VALUE_AT_LEAST, "1", "65536", NULL },
	};
	CLEANUP_ARENA struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct value value = { "untouched", 9 };
		int r = value_bounded(&arena, VALUE_PORTLIST, cases[i].bound, value_of(cases[i].live),
			value_of(cases[i].limit), &value);

		check_row(r == (cases[i].expected ? 0 : 1), "row %zu gives %d", i, r);
		check_row(strcmp(value.bytes, r ? "untouched" : cases[i].expected) == 0, "row %zu gives %s", i,
			value.bytes);
	}
}

static void test_rounding(void **state)
{
	static const struct {
		enum value_rounding rounding;
		unsigned multiple;
		const char *written, *stored;
		bool rounded;
	} cases[] = {
		{ ROUNDING_NONE, 0, "5", "5", false },
		{ ROUNDING_NONE, 0, "5", "8", false },
		{ ROUNDING_POW2, 0, "5000", "8192\n", true },
		{ ROUNDING_POW2, 0, "8192", "8192", true },
		{ ROUNDING_POW2, 0, "8193", "16384", true },
		{ ROUNDING_POW2, 0, "5000", "16384", false },
		{ ROUNDING_POW2, 0, "5000", "4096", false },
		{ ROUNDING_POW2, 0, "5000", "5001", false },
		{ ROUNDING_POW2, 0, "5000", "0", false },
		{ ROUNDING_POW2, 0, "1", "4096", true },
		{ ROUNDING_POW2, 0, "18446744073709551615", "0", false },
		{ ROUNDING_MULTIPLE, 512, "1000", "1024", true },
		{ ROUNDING_MULTIPLE, 512, "1024", "1024", true },
		{ ROUNDING_MULTIPLE, 512, "1000", "1536", false },
		{ ROUNDING_MULTIPLE, 512, "1000", "512", false },
		{ ROUNDING_MULTIPLE, 512, "1000", "1023", false },
		{ ROUNDING_JIFFIES, 0, "101", "104", true },
		{ ROUNDING_JIFFIES, 0, "101", "110", true },
		{ ROUNDING_JIFFIES, 0, "101", "111", false },
		{ ROUNDING_JIFFIES, 0, "101", "100", true },
		{ ROUNDING_JIFFIES, 0, "101", "91", false },
		{ ROUNDING_BOOL, 0, "5", "1", true },
		{ ROUNDING_BOOL, 0, "0", "0", true },
		{ ROUNDING_BOOL, 0, "5", "0", false },
		{ ROUNDING_BOOL, 0, "0", "1", false },
		{ ROUNDING_BOOL, 0, "5", "5", false },
		{ ROUNDING_POW2, 0, "-5", "8", false },
		{ ROUNDING_BOOL, 0, "5", "-1", false },
		{ ROUNDING_POW2, 0, "text", "8", false },
		{ ROUNDING_POW2, 0, "5", "text", false },
		{ ROUNDING_POW2, 0, "5 6", "8 8", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_row(value_is_rounded(cases[i].rounding, cases[i].multiple, value_of(cases[i].written),
			value_of(cases[i].stored)) == cases[i].rounded, "row %zu: %s stored as %s", i,
			cases[i].written, cases[i].stored);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_equal_with_bytes_that_are_no_text),
		cmocka_unit_test(test_port_lists),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_display),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_bounded_ports),
		cmocka_unit_test(test_rounding),
	};

	return RUN_TESTS(tests);
}
