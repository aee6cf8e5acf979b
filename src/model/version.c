/* SPDX-License-Identifier: MIT */
/* Comparing versions. */
#include "model/version.h"

#include <stddef.h>
#include <string.h>

enum { PARTS_MAX = 4, DIGITS_MAX = 6 };

struct version {
	unsigned long parts[PARTS_MAX];
};

/* The length of the version at the beginning, 0 when there is none. */
static size_t parse(const char *text, struct version *ret_version)
{
	struct version version = { { 0 } };
	size_t length = 0;

	for (int part = 0; part < PARTS_MAX; part++) {
		size_t start = part ? length + 1 : 0;
		size_t digits = strspn(text + start, "0123456789");

		if (digits == 0 || digits > DIGITS_MAX)
			break;
		for (size_t i = 0; i < digits; i++)
			version.parts[part] = version.parts[part] * 10 + (unsigned long)(text[start + i] - '0');
		length = start + digits;
		if (text[length] != '.')
			break;
	}
	*ret_version = version;
	return length;
}

bool version_is_valid(const char *text)
{
	struct version version;
	size_t length = parse(text, &version);

	return length > 0 && text[length] == '\0';
}

bool version_is_release(const char *text)
{
	struct version version;

	return parse(text, &version) > 0;
}

int version_compare(const char *a, const char *b)
{
	struct version first, second;

	(void)parse(a, &first);
	(void)parse(b, &second);
	for (int part = 0; part < PARTS_MAX; part++)
		if (first.parts[part] != second.parts[part])
			return first.parts[part] < second.parts[part] ? -1 : 1;
	return 0;
}
