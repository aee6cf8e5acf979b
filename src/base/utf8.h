/* SPDX-License-Identifier: MIT */
/* utf8.h - checking text before it is trusted with a terminal or with JSON. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes one character at the start of the bytes. Returns its length, or 0 when the bytes are not
 * valid UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF). */
size_t utf8_decode(const char *bytes, size_t length, uint32_t *ret_character);

bool utf8_is_valid(const char *bytes, size_t length);

/* A control character (C0, DEL, C1), a separator of lines, a noncharacter, or one that changes the
 * direction of text around it: nothing that may reach a terminal. Tab, line feed and carriage return
 * count as control characters here. */
bool utf8_is_unsafe(uint32_t character);
