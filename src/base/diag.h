/* SPDX-License-Identifier: MIT */
/* diag.h - diagnostics that point at the text they are about.
 *
 * A function that takes a `struct diags *` reports; one that does not is silent. Nothing is printed here:
 * cli/render.c turns the list into `file:line:column: error: ... [id]` with the source line, a caret and
 * a hint, and format/json_out.c into the "messages" of the JSON output.
 *
 * Calling sequence: diags_init() -> diag_error(), diag_warning() or diag_note(), each optionally followed by
 * diag_also(), diag_hint() and diag_basis(), which add to the newest diagnostic -> read items, errors,
 * warnings, notes. Of each level the first hundred are kept, and the others only counted.
 *
 * Ownership: everything lives in the arena. Sources must outlive the list. When memory is short,
 * `failed` is set; the caller that returns the list's verdict treats that as -ENOMEM. */
#pragma once

#include "base/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* A text that diagnostics can point into. */
struct source {
	const char *name;	/* as a person would name it: a path */
	const char *text;
	size_t length;
};

/* A place; line and column count from 1, in characters. line 0: the file as a whole; source NULL: no
 * place at all. */
struct span {
	const struct source *source;
	unsigned line, column, end_column;
};

enum diag_level { DIAG_NOTE, DIAG_WARNING, DIAG_ERROR };

struct diag {
	enum diag_level level;
	const char *id;		/* stable slug, such as "unknown-field": part of the JSON contract */
	struct span span;
	const char *message;
	struct span also;	/* the other place of a clash; source NULL when there is none */
	const char *also_message;
	const char *hint;	/* what to do about it; may be NULL */
	const char *basis;	/* how it is known: a file of the kernel, an RFC, a document; may be NULL */
	struct diag *next;
};

struct diags {
	struct arena *arena;
	struct diag *first;	/* those about one source in the order of its lines */
	struct diag *newest;	/* NULL when it was only counted */
	size_t errors, warnings, notes;
	const char *const *muted;	/* ids that are not reported, not even counted */
	size_t muted_count;
	bool failed;
};

void diags_init(struct diags *diags, struct arena *arena);

void diag_error(struct diags *diags, const char *id, struct span span, const char *format, ...)
	PRINTF_FORMAT(4, 5);
void diag_warning(struct diags *diags, const char *id, struct span span, const char *format, ...)
	PRINTF_FORMAT(4, 5);
void diag_note(struct diags *diags, const char *id, struct span span, const char *format, ...)
	PRINTF_FORMAT(4, 5);
void diag_report(struct diags *diags, enum diag_level level, const char *id, struct span span,
	const char *format, va_list arguments) PRINTF_FORMAT(5, 0);
void diag_also(struct diags *diags, struct span span, const char *format, ...) PRINTF_FORMAT(3, 4);
void diag_hint(struct diags *diags, const char *format, ...) PRINTF_FORMAT(2, 3);

/* The text must outlive the list. */
void diag_basis(struct diags *diags, const char *text);

/* "note", "warning", "error": part of the JSON contract. */
const char *diag_level_name(enum diag_level level);

/* 0 when there was no error, 1 when there was, -ENOMEM when the list itself ran out of memory. */
MUST_CHECK int diags_verdict(const struct diags *diags);

static inline struct span span_none(void)
{
	return (struct span){ .source = NULL };
}

static inline struct span span_file(const struct source *source)
{
	return (struct span){ .source = source };
}
