/* SPDX-License-Identifier: MIT */
/* UTF-8 decoding and the characters that do not belong on a terminal. */
#include "base/utf8.h"

size_t utf8_decode(const char *bytes, size_t length, uint32_t *ret_character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *b = (const unsigned char *)bytes;
	uint32_t character;
	size_t size;

	if (length == 0)
		return 0;
	size = b[0] < 0x80 ? 1 : b[0] < 0xc0 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : b[0] < 0xf8 ? 4 : 0;
	if (size == 0 || size > length)
		return 0;

	character = size == 1 ? b[0] : b[0] & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (b[i] & 0x3fu);
	}
	if (character < least[size] || character > 0x10ffff ||
		(character >= 0xd800 && character <= 0xdfff))
		return 0;
	*ret_character = character;
	return size;
}

bool utf8_is_valid(const char *bytes, size_t length)
{
	uint32_t character;

	while (length > 0) {
		size_t size = utf8_decode(bytes, length, &character);

		if (size == 0)
			return false;
		bytes += size;
		length -= size;
	}
	return true;
}

bool utf8_is_unsafe(uint32_t character)
{
	if (character < 0x7f)
		return character < 0x20;
	return character < 0xa0 ||
		(character >= 0x2028 && character <= 0x202e) ||
		(character >= 0x2066 && character <= 0x2069) || character == 0xfeff ||
		(character & 0xfffe) == 0xfffe;
}
