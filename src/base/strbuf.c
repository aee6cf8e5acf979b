/* SPDX-License-Identifier: MIT */
/* A growing byte string with sticky errors. */
#include "base/strbuf.h"

#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

char strbuf_empty[1];

void strbuf_init(struct strbuf *text)
{
	*text = (struct strbuf)STRBUF_INIT;
}

void strbuf_release(struct strbuf *text)
{
	if (text->capacity)
		memory_free(text->bytes);
	strbuf_init(text);
}

void strbuf_clear(struct strbuf *text)
{
	text->length = 0;
	text->failed = false;
	if (text->capacity)
		text->bytes[0] = '\0';
}

int strbuf_check(const struct strbuf *text)
{
	return text->failed ? -ENOMEM : 0;
}

bool strbuf_reserve(struct strbuf *text, size_t extra)
{
	size_t needed, capacity = text->capacity ? text->capacity : 64;
	char *grown;

	if (text->failed)
		return false;
	if (extra >= SIZE_MAX / 4 - text->length) {
		text->failed = true;
		return false;
	}
	needed = text->length + extra + 1;
	if (needed <= text->capacity)
		return true;

	while (capacity < needed)
		capacity *= 2;
	grown = memory_resize(text->capacity ? text->bytes : NULL, capacity);
	if (!grown) {
		text->failed = true;
		return false;
	}
	grown[text->length] = '\0';
	text->bytes = grown;
	text->capacity = capacity;
	return true;
}

void strbuf_add(struct strbuf *text, const char *bytes, size_t length)
{
	if (length == 0 || !strbuf_reserve(text, length))
		return;
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

void strbuf_add_text(struct strbuf *text, const char *string)
{
	strbuf_add(text, string, strlen(string));
}

void strbuf_add_char(struct strbuf *text, char character)
{
	strbuf_add(text, &character, 1);
}

void strbuf_vprintf(struct strbuf *text, const char *format, va_list arguments)
{
	va_list again;
	int length;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0) {
		text->failed = true;
		return;
	}
	if (!strbuf_reserve(text, (size_t)length))
		return;
	vsnprintf(text->bytes + text->length, (size_t)length + 1, format, arguments);
	text->length += (size_t)length;
}

void strbuf_printf(struct strbuf *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	strbuf_vprintf(text, format, arguments);
	va_end(arguments);
}
