/* SPDX-License-Identifier: MIT */
/* Fuzzes the comparison of values. The input is a digit for the type, a value, NUL, another value. */
#include "fuzz.h"

#include "model/ports.h"
#include "model/value.h"

#include <string.h>

static void check_number(struct value field)
{
	struct number number, again;
	char digits[NUMBER_TEXT_SIZE];

	if (!value_field_number(field, &number))
		return;
	REQUIRE(!number.negative || number.magnitude > 0);
	number_format(number, digits);
	REQUIRE(number_parse(digits, strlen(digits), &again));
	REQUIRE(number_compare(number, again) == 0);
	REQUIRE(number.negative == again.negative && number.magnitude == again.magnitude);
}

static void check_fields(struct value value)
{
	size_t expected = value_count_fields(value), count = 0;
	struct value field;

	for (; value_next_field(&value, &field); count++) {
		REQUIRE(field.length > 0);
		REQUIRE(!memchr(field.bytes, ' ', field.length));
		REQUIRE(!memchr(field.bytes, '\t', field.length));
		REQUIRE(!memchr(field.bytes, '\n', field.length));
		check_number(field);
	}
	REQUIRE(count == expected);
}

static bool has_blanks(struct value value)
{
	return memchr(value.bytes, ' ', value.length) || memchr(value.bytes, '\t', value.length) ||
		memchr(value.bytes, '\n', value.length);
}

/* What people read means the same as what they read it of, where that is the promise: for texts, and for
 * bitmaps that have the form of one. */
static void check_display(struct arena *arena, enum value_type type, struct value value)
{
	const char *shown = value_display(arena, type, value);
	struct value trimmed = value_trimmed(value);

	REQUIRE(shown);
	if (value.length > 0 && memchr(value.bytes, '\0', value.length))
		return;
	/* Only one line feed is the kernel's. */
	if (trimmed.length > 0 && trimmed.bytes[trimmed.length - 1] == '\n')
		return;
	REQUIRE(value_equal(type, value, trimmed));
	if ((type == VALUE_PORTLIST || type == VALUE_CPUMASK) && trimmed.length > 0 && has_blanks(trimmed))
		return;
	REQUIRE(value_equal(type, value_of(shown), value));
}

/* Every field keeps what satisfies the bound and takes the limit where it does not. */
static void check_bounded(struct arena *arena, enum value_bound bound, struct value live,
	struct value limit)
{
	struct value bounded, again, rest = { 0 };
	struct value field, live_field, limit_field;
	int r = value_bounded(arena, VALUE_INT, bound, live, limit, &bounded);

	REQUIRE(r == 0 || r == 1);
	if (r)
		return;
	REQUIRE(value_bounded(arena, VALUE_INT, bound, bounded, limit, &again) == 0);
	REQUIRE(value_identical(bounded, again));
	rest = bounded;
	while (value_next_field(&rest, &field)) {
		struct number number, live_number, limit_number;
		int against_live, against_limit;

		REQUIRE(value_next_field(&live, &live_field) && value_next_field(&limit, &limit_field));
		REQUIRE(value_field_number(field, &number));
		REQUIRE(value_field_number(live_field, &live_number));
		REQUIRE(value_field_number(limit_field, &limit_number));
		against_live = number_compare(number, live_number);
		against_limit = number_compare(number, limit_number);
		REQUIRE(against_live == 0 || against_limit == 0);
		if (bound == VALUE_AT_LEAST)
			REQUIRE(against_live >= 0 && against_limit >= 0);
		else
			REQUIRE(against_live <= 0 && against_limit <= 0);
	}
	REQUIRE(!value_next_field(&live, &live_field) && !value_next_field(&limit, &limit_field));
}

/* Of two lists of ports it is one that holds all or nothing but those of the limit, and then stays. */
static void check_bounded_ports(struct arena *arena, enum value_bound bound, struct value live, struct value limit)
{
	struct ports live_ports, limit_ports, ports;
	struct value bounded, again;

	if (value_bounded(arena, VALUE_PORTLIST, bound, live, limit, &bounded) != 0)
		return;
	REQUIRE(ports_parse(live.bytes, live.length, &live_ports) && ports_parse(limit.bytes, limit.length, &limit_ports));
	REQUIRE(ports_parse(bounded.bytes, bounded.length, &ports));
	REQUIRE(value_bounded(arena, VALUE_PORTLIST, bound, bounded, limit, &again) == 0);
	REQUIRE(value_identical(bounded, again));
	if (bound == VALUE_AT_LEAST)
		ports_unite(&live_ports, &limit_ports);
	else
		ports_intersect(&live_ports, &limit_ports);
	REQUIRE(memcmp(&live_ports, &ports, sizeof(ports)) == 0);
}

static void check_pair(struct arena *arena, enum value_type type, struct value a, struct value b)
{
	struct value copy;
	bool equal = value_equal(type, a, b);

	REQUIRE(value_equal(type, a, a));
	REQUIRE(equal == value_equal(type, b, a));
	REQUIRE(equal || !value_identical(a, b));
	REQUIRE(value_copy(arena, a, &copy) == 0 && value_identical(a, copy));
	for (int rounding = ROUNDING_NONE; rounding <= ROUNDING_BOOL; rounding++)
		(void)value_is_rounded((enum value_rounding)rounding, 4096, a, b);
	if (type == VALUE_PORTLIST && equal && !value_identical(value_trimmed(a), value_trimmed(b)))
		REQUIRE(value_is_portlist(a) && value_is_portlist(b));
	check_bounded(arena, VALUE_AT_LEAST, a, b);
	check_bounded(arena, VALUE_AT_MOST, a, b);
	check_bounded_ports(arena, VALUE_AT_LEAST, a, b);
	check_bounded_ports(arena, VALUE_AT_MOST, a, b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_ARENA struct arena arena;
	const char *text, *end;
	struct value a, b = { "", 0 };
	enum value_type type;

	arena_init(&arena);
	if (size == 0)
		return 0;
	type = (enum value_type)((data[0] - (unsigned)'0') % (VALUE_CPUMASK + 1));
	text = (const char *)data + 1;
	size--;
	end = size ? memchr(text, '\0', size) : NULL;
	a = (struct value){ text, end ? (size_t)(end - text) : size };
	if (end)
		b = (struct value){ end + 1, size - a.length - 1 };

	check_fields(a);
	check_fields(b);
	check_pair(&arena, type, a, b);
	check_display(&arena, type, a);
	check_display(&arena, type, b);
	return 0;
}
