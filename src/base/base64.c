/* SPDX-License-Identifier: MIT */
/* Base64. */
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct strbuf *text, const char *bytes, size_t length)
{
	const unsigned char *b = (const unsigned char *)bytes;

	for (size_t i = 0; i < length; i += 3) {
		uint32_t group = (uint32_t)b[i] << 16;

		if (i + 1 < length)
			group |= (uint32_t)b[i + 1] << 8;
		if (i + 2 < length)
			group |= b[i + 2];
		strbuf_add_char(text, alphabet[group >> 18]);
		strbuf_add_char(text, alphabet[group >> 12 & 63]);
		strbuf_add_char(text, i + 1 < length ? alphabet[group >> 6 & 63] : '=');
		strbuf_add_char(text, i + 2 < length ? alphabet[group & 63] : '=');
	}
}

bool base64_decode(struct strbuf *bytes, const char *text, size_t length)
{
	if (length % 4 != 0)
		return false;
	for (size_t i = 0; i < length; i += 4) {
		unsigned padding = 0;
		uint32_t group = 0;

		for (size_t k = 0; k < 4; k++) {
			const char *at = text[i + k] ? strchr(alphabet, text[i + k]) : NULL;

			if (text[i + k] == '=' && i + 4 == length && k >= 2)
				padding++;
			else if (!at || padding)
				return false;
			group = group << 6 | (at ? (uint32_t)(at - alphabet) : 0);
		}
		strbuf_add_char(bytes, (char)(group >> 16));
		if (padding < 2)
			strbuf_add_char(bytes, (char)(group >> 8));
		if (padding < 1)
			strbuf_add_char(bytes, (char)group);
	}
	return true;
}
