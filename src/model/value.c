/* SPDX-License-Identifier: MIT */
/* Canonical comparison of parameter values. */
#include "model/value.h"

#include "base/strbuf.h"
#include "model/ports.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct value value_of(const char *text)
{
	return (struct value){ .bytes = text, .length = strlen(text) };
}

int value_copy(struct arena *arena, struct value value, struct value *ret_copy)
{
	const char *bytes = arena_copy(arena, value.bytes, value.length);

	if (!bytes)
		return -ENOMEM;
	*ret_copy = (struct value){ .bytes = bytes, .length = value.length };
	return 0;
}

struct value value_trimmed(struct value value)
{
	if (value.length > 0 && value.bytes[value.length - 1] == '\n')
		value.length--;
	return value;
}

static bool is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\n';
}

bool value_next_field(struct value *rest, struct value *ret_field)
{
	size_t start = 0, end;

	while (start < rest->length && is_blank(rest->bytes[start]))
		start++;
	if (start == rest->length)
		return false;
	for (end = start; end < rest->length && !is_blank(rest->bytes[end]); end++)
		;
	*ret_field = (struct value){ .bytes = rest->bytes + start, .length = end - start };
	rest->bytes += end;
	rest->length -= end;
	return true;
}

size_t value_count_fields(struct value value)
{
	struct value field;
	size_t count = 0;

	while (value_next_field(&value, &field))
		count++;
	return count;
}

bool value_field_number(struct value field, struct number *ret_number)
{
	return number_parse(field.bytes, field.length, ret_number);
}

bool value_identical(struct value a, struct value b)
{
	return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

static bool fields_equal(struct value a, struct value b)
{
	struct value a_field, b_field;
	struct number a_number, b_number;

	for (;;) {
		bool a_more = value_next_field(&a, &a_field);
		bool b_more = value_next_field(&b, &b_field);

		if (!a_more || !b_more)
			return a_more == b_more;
		if (value_identical(a_field, b_field))
			continue;
		if (!value_field_number(a_field, &a_number) || !value_field_number(b_field, &b_number) ||
			number_compare(a_number, b_number) != 0)
			return false;
	}
}

static bool has_field(struct value list, struct value name)
{
	struct value field;

	while (value_next_field(&list, &field))
		if (value_identical(field, name))
			return true;
	return false;
}

static bool names_included(struct value names, struct value list)
{
	struct value field;

	while (value_next_field(&names, &field))
		if (!has_field(list, field))
			return false;
	return true;
}

static bool next_is(struct value *rest, char character)
{
	if (rest->length == 0 || rest->bytes[0] != character)
		return false;
	rest->bytes++;
	rest->length--;
	return true;
}

bool value_is_portlist(struct value value)
{
	struct ports ports;

	return ports_parse(value.bytes, value.length, &ports);
}

static bool ports_equal(struct value a, struct value b)
{
	struct ports a_ports, b_ports;

	return ports_parse(a.bytes, a.length, &a_ports) && ports_parse(b.bytes, b.length, &b_ports) &&
		memcmp(&a_ports, &b_ports, sizeof(a_ports)) == 0;
}

/* The next hexadecimal digit that counts, commas left out; 0 at the end. */
static char next_mask_digit(struct value *rest)
{
	while (next_is(rest, ','))
		;
	if (rest->length == 0)
		return 0;
	rest->bytes++;
	rest->length--;
	return rest->bytes[-1];
}

static bool masks_equal(struct value a, struct value b)
{
	char a_digit, b_digit;

	a = value_trimmed(a);
	b = value_trimmed(b);
	while (next_is(&a, '0') || next_is(&a, ','))
		;
	while (next_is(&b, '0') || next_is(&b, ','))
		;
	do {
		a_digit = next_mask_digit(&a);
		b_digit = next_mask_digit(&b);
		if (strncasecmp(&a_digit, &b_digit, 1) != 0)
			return false;
	} while (a_digit && b_digit);
	/* A NUL in the text is no digit and not the end either. */
	return a.length == 0 && b.length == 0;
}

bool value_equal(enum value_type type, struct value a, struct value b)
{
	if (value_identical(value_trimmed(a), value_trimmed(b)))
		return true;
	switch (type) {
	case VALUE_STRING:
		return false;
	case VALUE_NAMES:
		return names_included(a, b) && names_included(b, a);
	case VALUE_PORTLIST:
		return ports_equal(a, b);
	case VALUE_CPUMASK:
		return masks_equal(a, b);
	default:
		return fields_equal(a, b);
	}
}

const char *value_display(struct arena *arena, enum value_type type, struct value value)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct value field;

	value = value_trimmed(value);
	if (type == VALUE_STRING || memchr(value.bytes, '\n', value.length))
		return arena_copy(arena, value.bytes, value.length);
	while (value_next_field(&value, &field)) {
		if (text.length)
			strbuf_add_char(&text, ' ');
		strbuf_add(&text, field.bytes, field.length);
	}
	return strbuf_check(&text) < 0 ? NULL : arena_copy(arena, text.bytes, text.length);
}

static int bound_numbers(struct strbuf *text, enum value_bound bound, struct value live, struct value limit)
{
	struct value live_field, limit_field;

	for (;;) {
		bool live_more = value_next_field(&live, &live_field);
		bool limit_more = value_next_field(&limit, &limit_field);
		struct number live_number, limit_number;
		char digits[NUMBER_TEXT_SIZE];
		int order;

		if (live_more != limit_more)
			return 1;
		if (!live_more)
			return 0;
		if (!value_field_number(live_field, &live_number) ||
			!value_field_number(limit_field, &limit_number))
			return 1;
		order = number_compare(live_number, limit_number);
		if (bound == VALUE_AT_LEAST ? order < 0 : order > 0)
			live_number = limit_number;
		number_format(live_number, digits);
		if (text->length)
			strbuf_add_char(text, ' ');
		strbuf_add_text(text, digits);
	}
}

static int bound_ports(struct strbuf *text, enum value_bound bound, struct value live, struct value limit)
{
	struct ports ports, limits;

	if (!ports_parse(live.bytes, live.length, &ports) || !ports_parse(limit.bytes, limit.length, &limits))
		return 1;
	if (bound == VALUE_AT_LEAST)
		ports_unite(&ports, &limits);
	else
		ports_intersect(&ports, &limits);
	ports_print(&ports, text);
	return 0;
}

int value_bounded(struct arena *arena, enum value_type type, enum value_bound bound, struct value live,
	struct value limit, struct value *ret_value)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	int r = type == VALUE_PORTLIST ? bound_ports(&text, bound, live, limit) :
		bound_numbers(&text, bound, live, limit);

	if (r != 0)
		return r;
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	return value_copy(arena, (struct value){ text.bytes, text.length }, ret_value);
}

static bool number_is_rounded(enum value_rounding rounding, unsigned multiple, uint64_t written,
	uint64_t stored)
{
	switch (rounding) {
	case ROUNDING_POW2:
		/* The smallest power of two that is not below; very small ones have a floor (a page). */
		return stored >= written && (stored & (stored - 1)) == 0 &&
			(stored / 2 < written || stored <= 4096);
	case ROUNDING_MULTIPLE:
		return stored >= written && stored % multiple == 0 && stored - written < multiple;
	case ROUNDING_JIFFIES:
		if (written == 0)
			return stored == 0;
		return stored >= written ? stored - written < 10 : written - stored < 10;
	case ROUNDING_BOOL:
		return stored == (written != 0);
	default:
		return false;
	}
}

bool value_is_rounded(enum value_rounding rounding, unsigned multiple, struct value written,
	struct value stored)
{
	struct number from, to;

	if (rounding == ROUNDING_NONE)
		return false;
	written = value_trimmed(written);
	stored = value_trimmed(stored);
	if (!value_field_number(written, &from) || !value_field_number(stored, &to))
		return false;
	return !from.negative && !to.negative &&
		number_is_rounded(rounding, multiple, from.magnitude, to.magnitude);
}
