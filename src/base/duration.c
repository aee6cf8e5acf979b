/* SPDX-License-Identifier: MIT */
/* Durations. */
#include "base/duration.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Largest first, each at most once. */
static const struct unit {
	char letter;
	unsigned long seconds;
} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };

bool duration_parse(const char *text, unsigned long *ret_seconds)
{
	unsigned long total = 0;
	size_t next_unit = 0;

	while (*text) {
		unsigned long count = 0;

		if (!isdigit((unsigned char)*text))
			return false;
		for (; isdigit((unsigned char)*text); text++) {
			count = count * 10 + (unsigned long)(*text - '0');
			if (count > DURATION_SECONDS_MAX)
				return false;
		}
		while (next_unit < COUNT_OF(units) && units[next_unit].letter != *text)
			next_unit++;
		if (next_unit == COUNT_OF(units))
			return false;
		total += count * units[next_unit++].seconds;
		text++;
	}
	if (total == 0 || total > DURATION_SECONDS_MAX)
		return false;
	*ret_seconds = total;
	return true;
}

void duration_format(unsigned long seconds, char buffer[DURATION_TEXT_SIZE])
{
	size_t length = 0;

	buffer[0] = '\0';
	for (size_t i = 0; i < COUNT_OF(units); i++) {
		unsigned long count = seconds / units[i].seconds;

		seconds %= units[i].seconds;
		if (count == 0 && !(units[i].letter == 's' && length == 0))
			continue;
		length += (size_t)snprintf(buffer + length, DURATION_TEXT_SIZE - length, "%s%lu%c",
			length ? " " : "", count, units[i].letter);
	}
}
