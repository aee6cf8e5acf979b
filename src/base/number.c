/* SPDX-License-Identifier: MIT */
/* Strict decimal and hexadecimal integers with 65 bits of range. */
#include "base/number.h"

#include <inttypes.h>
#include <stdio.h>

static int digit_value(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	if (character >= 'A' && character <= 'F')
		return character - 'A' + 10;
	return 16;
}

bool number_parse(const char *text, size_t length, struct number *ret_number)
{
	struct number number = { 0 };
	unsigned base = 10;
	size_t i = 0;

	if (length && text[0] == '-') {
		number.negative = true;
		i++;
	}
	if (length - i > 2 && text[i] == '0' && (text[i + 1] == 'x' || text[i + 1] == 'X')) {
		base = 16;
		i += 2;
	} else if (length - i > 1 && text[i] == '0') {
		return false;
	}
	if (i == length)
		return false;

	for (; i < length; i++) {
		unsigned digit = (unsigned)digit_value(text[i]);

		if (digit >= base || number.magnitude > (UINT64_MAX - digit) / base)
			return false;
		number.magnitude = number.magnitude * base + digit;
	}
	if (number.magnitude == 0)
		number.negative = false;
	*ret_number = number;
	return true;
}

bool number_parse_int64(const char *text, size_t length, int64_t *ret_value)
{
	struct number number;

	if (!number_parse(text, length, &number) || number.magnitude > (uint64_t)INT64_MAX + number.negative)
		return false;
	*ret_value = (int64_t)(number.negative ? 0 - number.magnitude : number.magnitude);
	return true;
}

int number_compare(struct number a, struct number b)
{
	int order = a.magnitude < b.magnitude ? -1 : a.magnitude > b.magnitude;

	if (a.negative != b.negative)
		return a.negative ? -1 : 1;
	return a.negative ? -order : order;
}

struct number number_of(int64_t value)
{
	return (struct number){
		.negative = value < 0,
		.magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value,
	};
}

void number_format(struct number number, char buffer[NUMBER_TEXT_SIZE])
{
	snprintf(buffer, NUMBER_TEXT_SIZE, "%s%" PRIu64, number.negative ? "-" : "", number.magnitude);
}

const char *number_group(uint64_t number, char buffer[NUMBER_GROUPED_SIZE])
{
	char digits[NUMBER_TEXT_SIZE];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, number), at = 0;

	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			buffer[at++] = ',';
		buffer[at++] = digits[i];
	}
	buffer[at] = '\0';
	return buffer;
}
