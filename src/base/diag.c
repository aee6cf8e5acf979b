/* SPDX-License-Identifier: MIT */
/* The list of diagnostics. */
#include "base/diag.h"

#include <errno.h>

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

PRINTF_FORMAT(3, 0)
static void diag_add(struct diags *diags, struct diag diag, const char *format, va_list arguments)
{
	struct diag *kept;

	if (diag.level == DIAG_ERROR)
		diags->errors++;
	else
		diags->warnings++;
	if (diags->errors + diags->warnings > DIAGS_KEPT)
		return;

	kept = arena_alloc(diags->arena, sizeof(*kept));
	diag.message = arena_vprintf(diags->arena, format, arguments);
	if (!kept || !diag.message) {
		diags->failed = true;
		return;
	}
	*kept = diag;
	link_in(diags, kept);
	diags->newest = kept;
}

void diag_error(struct diags *diags, const char *id, struct span span, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	diag_add(diags, (struct diag){ .level = DIAG_ERROR, .id = id, .span = span }, format, arguments);
	va_end(arguments);
}

void diag_warning(struct diags *diags, const char *id, struct span span, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	diag_add(diags, (struct diag){ .level = DIAG_WARNING, .id = id, .span = span }, format, arguments);
	va_end(arguments);
}

/* The newest diagnostic, as long as it is one that was kept. */
static struct diag *diag_newest(struct diags *diags)
{
	return diags->errors + diags->warnings <= DIAGS_KEPT && !diags->failed ? diags->newest : NULL;
}

void diag_also(struct diags *diags, struct span span, const char *format, ...)
{
	struct diag *diag = diag_newest(diags);
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
	struct diag *diag = diag_newest(diags);
	va_list arguments;

	if (!diag)
		return;
	va_start(arguments, format);
	diag->hint = arena_vprintf(diags->arena, format, arguments);
	diags->failed |= !diag->hint;
	va_end(arguments);
}

int diags_verdict(const struct diags *diags)
{
	if (diags->failed)
		return -ENOMEM;
	return diags->errors > 0;
}
