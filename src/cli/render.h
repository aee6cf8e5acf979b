/* SPDX-License-Identifier: MIT */
/* render.h - text for people: tables, diagnostics, colours. The only place that knows escape sequences. */
#pragma once

#include "cli/command.h"
#include "model/change.h"
#include "model/plan.h"

enum cell_style { STYLE_PLAIN, STYLE_GOOD, STYLE_CHANGE, STYLE_BAD, STYLE_FAINT };

/* The sequence that begins it, "" for plain; "\033[0m" ends it. */
const char *render_style(enum cell_style style);

/* ---- messages, on stderr ---- */

/* All diagnostics so far: place, message, source line with a caret, the other place, the hint. */
void render_diags(struct app *app);
/* The same on stdout, for a command that was asked for them. */
void render_findings(struct app *app);

/* NULL, from a message that could not be made, is shown as "out of memory". */
void render_error(struct app *app, const char *text);
/* A line about what was done; not with --quiet. */
void render_note(struct app *app, const char *format, ...) PRINTF_FORMAT(2, 3);

/* ---- prose, on stdout ---- */

/* One line that may hold text from elsewhere: what could move the cursor is shown as a question mark. */
void render_line(struct app *app, const char *format, ...) PRINTF_FORMAT(2, 3);

/* Fills the text to the width of the terminal (80 columns without one); the first line begins with
 * `first`, the others with `indent` blanks. */
void render_paragraph(struct app *app, size_t indent, const char *first, const char *text);

/* "LABEL  text": the label in colour. */
void render_heading(struct app *app, enum cell_style style, const char *label, const char *format, ...)
	PRINTF_FORMAT(4, 5);

/* Lines that are to be pasted: indented, and otherwise as they are. */
void render_block(struct app *app, size_t indent, const char *text);

/* ---- tables, on stdout ---- */

struct column {
	const char *name;
	bool may_wrap;		/* gives way on a narrow terminal */
};

struct cell {
	const char *text;	/* NULL is shown as "-" */
	enum cell_style style;
};

struct table;

/* NULL when memory is short; every other function takes NULL and does nothing. */
struct table *table_new(const struct app *app, const struct column columns[], size_t count);
void table_add(struct table *table, const struct cell cells[]);
void table_discard(struct table *table);
/* Prints and frees. 0 or -ENOMEM. */
MUST_CHECK int table_print(struct table *table);

enum cell_style plan_row_style(const struct plan_row *row);
enum cell_style change_status_style(enum change_status status);
