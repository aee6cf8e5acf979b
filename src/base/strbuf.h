/* SPDX-License-Identifier: MIT */
/* strbuf.h - a growing byte string on the heap.
 *
 * Calling sequence: strbuf_init() (or STRBUF_INIT) -> strbuf_add*() -> read bytes and length ->
 * strbuf_release(). The bytes are always followed by a NUL that does not count; they may hold NULs.
 *
 * Errors are sticky: the add functions return nothing, and the first failed allocation sets
 * `failed`, after which they do nothing. Whoever uses the text asks strbuf_check() once. */
#pragma once

#include "base/cleanup.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct strbuf {
	char *bytes;		/* never NULL; an empty string while nothing is allocated */
	size_t length, capacity;
	bool failed;
};

extern char strbuf_empty[1];
#define STRBUF_INIT { .bytes = strbuf_empty }

void strbuf_init(struct strbuf *text);
void strbuf_release(struct strbuf *text);
#define CLEANUP_STRBUF CLEANUP(strbuf_release)

/* Forgets the content and the error, keeps the memory. */
void strbuf_clear(struct strbuf *text);

/* 0, or -ENOMEM when anything could not be added. */
MUST_CHECK int strbuf_check(const struct strbuf *text);

/* Makes room for at least `extra` more bytes; false (and failed) when memory is short. */
bool strbuf_reserve(struct strbuf *text, size_t extra);

void strbuf_add(struct strbuf *text, const char *bytes, size_t length);
void strbuf_add_text(struct strbuf *text, const char *string);
void strbuf_add_char(struct strbuf *text, char character);
void strbuf_printf(struct strbuf *text, const char *format, ...) PRINTF_FORMAT(2, 3);
void strbuf_vprintf(struct strbuf *text, const char *format, va_list arguments) PRINTF_FORMAT(2, 0);
