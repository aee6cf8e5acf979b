/* SPDX-License-Identifier: MIT */
/* value.h - what stands in a file below /proc/sys, and when two such texts mean the same.
 *
 * A value is its raw bytes, exactly as read; these are kept for restoring. Comparison is canonical and
 * depends on the type: the kernel prints vectors with tabs and people write blanks, numbers may be written
 * in hexadecimal, port lists come back sorted and merged, and lists of names come back in another order
 * (sysctl-semantics: 4.2, 4.4). */
#pragma once

#include "base/arena.h"
#include "base/number.h"

#include <stdbool.h>
#include <stddef.h>

enum value_type {
	VALUE_UNKNOWN,		/* not in the catalogue: fields compared as numbers, else as text */
	VALUE_INT,
	VALUE_UINT,
	VALUE_LONG,
	VALUE_ULONG,
	VALUE_STRING,		/* compared byte by byte */
	VALUE_NAMES,		/* blank-separated names, order without meaning */
	VALUE_PORTLIST,		/* a bitmap of 65536 bits printed as 8080,9090-9099 */
	VALUE_CPUMASK,		/* a bitmap in hexadecimal groups: 00000000,0000000f */
};

struct value {
	const char *bytes;
	size_t length;
};

struct value value_of(const char *text);
MUST_CHECK int value_copy(struct arena *arena, struct value value, struct value *ret_copy);

/* Without the one newline that the kernel puts behind every value. */
struct value value_trimmed(struct value value);

/* Takes the next blank-separated field off the front of *rest; false when there is none. */
bool value_next_field(struct value *rest, struct value *ret_field);
size_t value_count_fields(struct value value);
bool value_field_number(struct value field, struct number *ret_number);

/* Whether both mean the same to the kernel. */
bool value_equal(enum value_type type, struct value a, struct value b);

/* Whether the text is a list of ports as the kernel takes it: no blanks, ranges in order, up to 65535. */
bool value_is_portlist(struct value value);

/* Byte for byte. */
bool value_identical(struct value a, struct value b);

/* For people: fields separated by one blank (strings and lists as they are), without the newline.
 * NULL when memory is short. Bytes that are not text stay what they are. */
MUST_CHECK const char *value_display(struct arena *arena, enum value_type type, struct value value);

enum value_bound { VALUE_AT_LEAST, VALUE_AT_MOST };

/* The value that keeps what already satisfies the bound and moves the rest to it, field by field; of a list of ports,
 * at least these besides the live ones, or at most these of them. 0; 1 when the two are not numbers (or lists of
 * ports, for that type) or differ in their number of fields; -ENOMEM. */
MUST_CHECK int value_bounded(struct arena *arena, enum value_type type, enum value_bound bound, struct value live,
	struct value limit, struct value *ret_value);

/* How a kernel stores another number than was written, per key (catalogue column "rounding"). */
enum value_rounding {
	ROUNDING_NONE,
	ROUNDING_POW2,		/* up to a power of two */
	ROUNDING_MULTIPLE,	/* up to a multiple of a number */
	ROUNDING_JIFFIES,	/* milliseconds, to a whole tick of 1 to 10 ms, mostly upwards */
	ROUNDING_BOOL,		/* anything but zero becomes 1 */
};

/* Whether `stored` is what the kernel makes of `written` by that rule. */
bool value_is_rounded(enum value_rounding rounding, unsigned multiple, struct value written,
	struct value stored);
