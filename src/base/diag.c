/* SPDX-License-Identifier: MIT */
/* The list of diagnostics. */
#include "base/diag.h"

#include <errno.h>
#include <string.h>

/* A hostile file must not turn into a hundred thousand messages; the count goes on. */
enum { DIAGS_KEPT = 100 };

void diags_init(struct diags *diags, struct arena *arena)
{
	*diags = (struct diags){ .arena = arena };
}

static bool stands_behind(struct span a, struct span b)
{
	return a.source == b.source && a.line > 0 && b.line > 0 &&
		(a.line > b.line || (a.line == b.line && a.column > b.column));
}

/* A file is checked in several passes, and read from top to bottom. */
static void link_in(struct diags *diags, struct diag *diag)
{
	struct diag **link = &diags->first;

	while (*link && !stands_behind((*link)->span, diag->span))
		link = &(*link)->next;
	diag->next = *link;
	*link = diag;
}

static size_t *level_count(struct diags *diags, enum diag_level level)
{
	return level == DIAG_ERROR ? &diags->errors : level == DIAG_WARNING ? &diags->warnings : &diags->notes;
}

static bool is_muted(const struct diags *diags, const char *id)
{
	for (size_t i = 0; i < diags->muted_count; i++)
		if (strcmp(diags->muted[i], id) == 0)
			return true;
	return false;
}

void diag_report(struct diags *diags, enum diag_level level, const char *id, struct span span,
	const char *format, va_list arguments)
{
	struct diag *diag;
	const char *message;

	diags->newest = NULL;
	if (is_muted(diags, id))
		return;
	if (++*level_count(diags, level) > DIAGS_KEPT)
		return;

	diag = arena_alloc(diags->arena, sizeof(*diag));
	message = arena_vprintf(diags->arena, format, arguments);
	if (!diag || !message) {
		diags->failed = true;
		return;
	}
	*diag = (struct diag){ .level = level, .id = id, .span = span, .message = message };
	link_in(diags, diag);
	diags->newest = diag;
}

void diag_error(struct diags *diags, const char *id, struct span span, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	diag_report(diags, DIAG_ERROR, id, span, format, arguments);
	va_end(arguments);
}

void diag_warning(struct diags *diags, const char *id, struct span span, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	diag_report(diags, DIAG_WARNING, id, span, format, arguments);
	va_end(arguments);
}

void diag_note(struct diags *diags, const char *id, struct span span, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	diag_report(diags, DIAG_NOTE, id, span, format, arguments);
	va_end(arguments);
}

void diag_also(struct diags *diags, struct span span, const char *format, ...)
{
	struct diag *diag = diags->newest;
	va_list arguments;

	if (!diag)
		return;
	va_start(arguments, format);
	diag->also = span;
	diag->also_message = arena_vprintf(diags->arena, format, arguments);
	diags->failed |= !diag->also_message;
	va_end(arguments);
}

void diag_hint(struct diags *diags, const char *format, ...)
{
	struct diag *diag = diags->newest;
	va_list arguments;

	if (!diag)
		return;
	va_start(arguments, format);
	diag->hint = arena_vprintf(diags->arena, format, arguments);
	diags->failed |= !diag->hint;
	va_end(arguments);
}

void diag_basis(struct diags *diags, const char *text)
{
	if (diags->newest)
		diags->newest->basis = text;
}

const char *diag_level_name(enum diag_level level)
{
	static const char *const names[] = {
		[DIAG_NOTE] = "note",
		[DIAG_WARNING] = "warning",
		[DIAG_ERROR] = "error",
	};

	return names[level];
}

int diags_verdict(const struct diags *diags)
{
	if (diags->failed)
		return -ENOMEM;
	return diags->errors > 0;
}
