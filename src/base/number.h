/* SPDX-License-Identifier: MIT */
/* number.h - whole numbers as the kernel prints and reads them, without its surprises.
 *
 * The kernel parses with base 0: "010" is 8 to it. number_parse() takes decimal and 0x hexadecimal and
 * refuses a leading zero, a plus sign, blanks, digits separators, fractions and exponents, so that a text
 * never means something else than what it says. The range is -(2^64-1) to 2^64-1, which covers every
 * type in /proc/sys. */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct number {
	bool negative;		/* never for zero */
	uint64_t magnitude;
};

enum { NUMBER_TEXT_SIZE = 24, NUMBER_GROUPED_SIZE = 32 };

/* False when the text is not such a number; *ret_number is then untouched. */
MUST_CHECK bool number_parse(const char *text, size_t length, struct number *ret_number);

/* The same, and false too for what does not fit into 64 bits with a sign. */
MUST_CHECK bool number_parse_int64(const char *text, size_t length, int64_t *ret_value);

int number_compare(struct number a, struct number b);
struct number number_of(int64_t value);
void number_format(struct number number, char buffer[NUMBER_TEXT_SIZE]);

/* For people: 1234567 as "1,234,567". Returns the buffer. */
const char *number_group(uint64_t number, char buffer[NUMBER_GROUPED_SIZE]);
