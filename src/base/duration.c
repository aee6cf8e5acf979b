/* SPDX-License-Identifier: MIT */
/* Durations. */
#include "base/duration.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Largest first, each at most once. */
static const struct unit {
	const char *name;
	unsigned long milliseconds;
} units[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 } };

/* The unit with which the text goes on, from this one on; the end of the table when there is none. */
static size_t find_unit(const char *text, size_t from)
{
	size_t length = 0;

	while (isalpha((unsigned char)text[length]))
		length++;
	while (from < COUNT_OF(units) &&
		!(strlen(units[from].name) == length && strncmp(units[from].name, text, length) == 0))
		from++;
	return from;
}

static bool parse(const char *text, unsigned long most_ms, unsigned long *ret_milliseconds)
{
	unsigned long total = 0;
	size_t next_unit = 0;

	while (*text) {
		unsigned long count = 0;

		if (!isdigit((unsigned char)*text))
			return false;
		for (; isdigit((unsigned char)*text); text++) {
			count = count * 10 + (unsigned long)(*text - '0');
			if (count > most_ms)
				return false;
		}
		next_unit = find_unit(text, next_unit);
		if (next_unit == COUNT_OF(units) || count > most_ms / units[next_unit].milliseconds)
			return false;
		total += count * units[next_unit].milliseconds;
		text += strlen(units[next_unit++].name);
	}
	if (total == 0 || total > most_ms)
		return false;
	*ret_milliseconds = total;
	return true;
}

bool duration_parse(const char *text, unsigned long *ret_seconds)
{
	unsigned long milliseconds;

	/* A length of time that is kept in seconds has none that are broken. */
	if (strstr(text, "ms") || !parse(text, DURATION_SECONDS_MAX * 1000UL, &milliseconds))
		return false;
	*ret_seconds = milliseconds / 1000;
	return true;
}

bool duration_parse_ms(const char *text, unsigned long *ret_milliseconds)
{
	return parse(text, DURATION_MS_MAX, ret_milliseconds);
}

void duration_format(unsigned long seconds, char buffer[DURATION_TEXT_SIZE])
{
	size_t length = 0;

	buffer[0] = '\0';
	/* All but the milliseconds. */
	for (size_t i = 0; i + 1 < COUNT_OF(units); i++) {
		unsigned long size = units[i].milliseconds / 1000, count = seconds / size;
		bool is_last = i + 2 == COUNT_OF(units);

		seconds %= size;
		if (count == 0 && !(is_last && length == 0))
			continue;
		length += (size_t)snprintf(buffer + length, DURATION_TEXT_SIZE - length, "%s%lu%s", length ? " " : "", count,
			units[i].name);
	}
}
