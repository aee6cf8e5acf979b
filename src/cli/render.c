/* SPDX-License-Identifier: MIT */
/* Text output. */
#include "cli/render.h"

#include "base/memory.h"
#include "base/strbuf.h"
#include "base/utf8.h"

#include <errno.h>
#include <libsmartcols.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { EXCERPT_MAX = 120, EXCERPT_BEFORE = 60, PROSE_WIDTH = 80 };

/* What libsmartcols calls its colours, and the sequences they stand for. */
static const struct {
	const char *name, *sequence;
} styles[] = {
	[STYLE_PLAIN] = { NULL, "" },
	[STYLE_GOOD] = { "green", "\033[32m" },
	[STYLE_CHANGE] = { "yellow", "\033[33m" },
	[STYLE_BAD] = { "red", "\033[31m" },
	[STYLE_FAINT] = { "darkgray", "\033[90m" },
};

const char *render_style(enum cell_style style)
{
	return styles[style].sequence;
}

/* ---- messages ---- */

/* Text from a file may hold anything: what could move the cursor is shown as a question mark. */
static void print_safe(FILE *out, const char *text, size_t length)
{
	size_t safe = 0;

	while (safe < length) {
		uint32_t character;
		size_t size = utf8_decode(text + safe, length - safe, &character);

		if (size > 0 && (!utf8_is_unsafe(character) || character == '\t' || character == '\n')) {
			safe += size;
			continue;
		}
		fwrite(text, 1, safe, out);
		fputc('?', out);
		safe += size ? size : 1;
		text += safe;
		length -= safe;
		safe = 0;
	}
	/* In one piece: stderr has no buffer. */
	fwrite(text, 1, safe, out);
}

static void print_safe_text(FILE *out, const char *text)
{
	print_safe(out, text, strlen(text));
}

static void print_label(const struct app *app, enum cell_style style, const char *label)
{
	fprintf(app->err, "%s%s%s ", app->color_err ? styles[style].sequence : "", label,
		app->color_err ? "\033[0m" : "");
}

static void print_place(FILE *out, struct span span)
{
	if (!span.source)
		return;
	print_safe_text(out, span.source->name);
	if (span.line)
		fprintf(out, ":%u:%u", span.line, span.column);
	fputs(": ", out);
}

/* The bytes of a line, without its end. */
static struct value source_line(const struct source *source, unsigned line)
{
	const char *at = source->text, *end = source->text + source->length;
	const char *stop;

	for (; line > 1 && at < end; line--) {
		stop = memchr(at, '\n', (size_t)(end - at));
		at = stop ? stop + 1 : end;
	}
	stop = memchr(at, '\n', (size_t)(end - at));
	if (!stop)
		stop = end;
	/* Neither of the two counts as a column. */
	if (at == source->text && source->length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	if (stop > at && stop[-1] == '\r')
		stop--;
	return (struct value){ at, (size_t)(stop - at) };
}

/* Prints `count` characters of the line beginning with number `first` (from 0), or as many blanks. */
static void print_characters(FILE *out, struct value line, unsigned first, unsigned count, bool as_blanks)
{
	for (unsigned i = 0; line.length > 0 && i < first + count; i++) {
		uint32_t character;
		size_t size = utf8_decode(line.bytes, line.length, &character);

		if (size == 0)
			size = 1;
		if (i >= first && as_blanks)
			fputc(line.bytes[0] == '\t' ? '\t' : ' ', out);
		else if (i >= first)
			print_safe(out, line.bytes, size);
		line.bytes += size;
		line.length -= size;
	}
}

static void print_excerpt(const struct app *app, struct span span)
{
	struct value line;
	unsigned first, before;

	if (!span.source || !span.source->text || !span.line)
		return;
	line = source_line(span.source, span.line);
	first = span.column > EXCERPT_BEFORE ? span.column - EXCERPT_BEFORE : 0;
	before = span.column - 1 - first;
	fprintf(app->err, "%5u | ", span.line);
	print_characters(app->err, line, first, EXCERPT_MAX, false);
	fputs("\n      | ", app->err);
	print_characters(app->err, line, first, before, true);
	fprintf(app->err, "%s^", app->color_err ? styles[STYLE_GOOD].sequence : "");
	for (unsigned i = span.column + 1; i < span.end_column && i < span.column + EXCERPT_MAX / 2; i++)
		fputc('~', app->err);
	fprintf(app->err, "%s\n", app->color_err ? "\033[0m" : "");
}

static const char *const level_labels[] = {
	[DIAG_NOTE] = "note:",
	[DIAG_WARNING] = "warning:",
	[DIAG_ERROR] = "error:",
};

static void print_diag(const struct app *app, const struct diag *diag)
{
	print_place(app->err, diag->span);
	print_label(app, diag->level == DIAG_ERROR ? STYLE_BAD : diag->level == DIAG_WARNING ? STYLE_CHANGE :
		STYLE_FAINT, level_labels[diag->level]);
	print_safe_text(app->err, diag->message);
	fprintf(app->err, " [%s]\n", diag->id);
	print_excerpt(app, diag->span);
	if (diag->also_message) {
		print_place(app->err, diag->also);
		fputs("note: ", app->err);
		print_safe_text(app->err, diag->also_message);
		fputc('\n', app->err);
		print_excerpt(app, diag->also);
	}
	if (diag->hint) {
		print_label(app, STYLE_GOOD, "hint:");
		print_safe_text(app->err, diag->hint);
		fputc('\n', app->err);
	}
	if (diag->basis)
		fprintf(app->err, "source: %s\n", diag->basis);
}

static void print_diags(const struct app *app)
{
	size_t shown = 0, count = app->diags.errors + app->diags.warnings + app->diags.notes;

	for (const struct diag *diag = app->diags.first; diag; diag = diag->next, shown++)
		if (diag->level == DIAG_ERROR || !app->options.quiet)
			print_diag(app, diag);
	if (count > shown)
		fprintf(app->err, "... and %zu more\n", count - shown);
}

/* stderr has no buffer, and an excerpt is printed character by character: all of it goes out in one piece. */
void render_diags(struct app *app)
{
	struct app buffered = *app;
	size_t length = 0;
	char *text = NULL;

	if (!app->diags.first)
		return;
	buffered.err = open_memstream(&text, &length);
	if (!buffered.err) {
		print_diags(app);
	} else {
		print_diags(&buffered);
		if (fclose(buffered.err) == 0)
			fwrite(text, 1, length, app->err);
		else
			print_diags(app);
		free(text);
	}
	/* Each is shown once, however often this is called. */
	app->diags.first = app->diags.newest = NULL;
	app->diags.errors = app->diags.warnings = app->diags.notes = 0;
}

void render_findings(struct app *app)
{
	FILE *err = app->err;
	bool color_err = app->color_err;

	app->err = app->out;
	app->color_err = app->color_out;
	render_diags(app);
	app->err = err;
	app->color_err = color_err;
}

void render_error(struct app *app, const char *text)
{
	fflush(app->out);
	fputs("kerntune: ", app->err);
	print_label(app, STYLE_BAD, "error:");
	print_safe_text(app->err, text ? text : "out of memory");
	fputc('\n', app->err);
}

void render_note(struct app *app, const char *format, ...)
{
	va_list arguments;
	char *text;

	if (app->options.quiet)
		return;
	va_start(arguments, format);
	text = arena_vprintf(app->arena, format, arguments);
	va_end(arguments);
	/* Where both go to one file, the note stays behind the table that it is about. */
	fflush(app->out);
	if (text) {
		print_safe_text(app->err, text);
		fputc('\n', app->err);
	}
}

/* ---- prose ---- */

void render_line(struct app *app, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = arena_vprintf(app->arena, format, arguments);
	va_end(arguments);
	print_safe_text(app->out, text ? text : "out of memory");
	fputc('\n', app->out);
}

void render_paragraph(struct app *app, size_t indent, const char *first, const char *text)
{
	size_t width = app->width ? app->width : PROSE_WIDTH, column = strlen(first);

	fputs(first, app->out);
	while (*text) {
		size_t length = strcspn(text, " \n");

		if (column > indent && column + 1 + length > width && length > 0) {
			fprintf(app->out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent || column < strlen(first)) {
			fputc(' ', app->out);
			column++;
		}
		print_safe(app->out, text, length);
		column += length;
		text += length;
		text += strspn(text, " \n");
	}
	fputc('\n', app->out);
}

void render_heading(struct app *app, enum cell_style style, const char *label, const char *format, ...)
{
	FILE *err = app->err;
	bool color_err = app->color_err;
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = arena_vprintf(app->arena, format, arguments);
	va_end(arguments);
	app->err = app->out;
	app->color_err = app->color_out;
	print_label(app, style, label);
	app->err = err;
	app->color_err = color_err;
	print_safe_text(app->out, text ? text : "out of memory");
	fputc('\n', app->out);
}

void render_block(struct app *app, size_t indent, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		fprintf(app->out, "%*s", length ? (int)indent : 0, "");
		print_safe(app->out, text, length);
		fputc('\n', app->out);
		text += length;
		text += *text == '\n';
	}
}

/* ---- tables ---- */

enum { COLUMNS_MAX = 8 };

struct table_column {
	struct libscols_column *column;
	size_t width;		/* of its widest cell, the header included */
	size_t least;		/* of the longest word of its cells, and the header */
	size_t header;		/* of the header */
	size_t room;		/* what it gets where the table does not fit */
	bool may_wrap;
};

struct table {
	struct libscols_table *table;
	struct table_column columns[COLUMNS_MAX];
	size_t count, terminal_width;	/* 0: no terminal, no limit */
	bool color, is_ascii, failed;
};

struct table *table_new(const struct app *app, const struct column columns[], size_t count)
{
	struct table *table = memory_alloc(sizeof(*table));

	if (!table)
		return NULL;
	*table = (struct table){ .table = scols_new_table(), .count = count, .color = app->color_out,
		.is_ascii = true, .terminal_width = app->width };
	if (!table->table) {
		memory_free(table);
		return NULL;
	}
	fflush(app->out);
	scols_table_set_stream(table->table, app->out);
	scols_table_enable_noheadings(table->table, app->options.no_legend);
	scols_table_enable_colors(table->table, app->color_out);
	for (size_t i = 0; i < count; i++) {
		struct table_column *column = &table->columns[i];

		column->column = scols_table_new_column(table->table, columns[i].name, 0,
			columns[i].may_wrap ? SCOLS_FL_WRAP : 0);
		column->width = column->least = column->header = strlen(columns[i].name);
		column->may_wrap = columns[i].may_wrap;
		table->failed |= !column->column;
	}
	return table;
}

static bool is_ascii(const char *text)
{
	while (*text && !(*text & 0x80))
		text++;
	return *text == '\0';
}

/* The end of the first line of text when lines hold `room` bytes: before a blank, where there is one. */
static size_t line_length(const char *text, size_t room)
{
	size_t length = strcspn(text, " ");

	while (text[length] == ' ') {
		size_t next = length + 1 + strcspn(text + length + 1, " ");

		if (next > room)
			break;
		length = next;
	}
	return length;
}

/* For libsmartcols: the length of the longest line, and cutting off the next one. */
static size_t longest_line(const struct libscols_column *column, const char *text, void *room)
{
	size_t longest = 0;

	(void)column;
	while (*text) {
		size_t length = line_length(text, *(size_t *)room);

		if (length > longest)
			longest = length;
		text += length + (text[length] == ' ');
	}
	return longest;
}

static char *next_line(const struct libscols_column *column, char *text, void *room)
{
	size_t length = line_length(text, *(size_t *)room);

	(void)column;
	if (text[length] == '\0')
		return NULL;
	text[length] = '\0';
	return text + length + 1;
}

static void measure(struct table_column *column, const char *text)
{
	size_t one_word = 0, least = column->may_wrap ? longest_line(NULL, text, &one_word) : 0;

	if (strlen(text) > column->width)
		column->width = strlen(text);
	if (least > column->least)
		column->least = least;
}

void table_add(struct table *table, const struct cell cells[])
{
	struct libscols_line *line = table ? scols_table_new_line(table->table, NULL) : NULL;

	if (!line) {
		if (table)
			table->failed = true;
		return;
	}
	for (size_t i = 0; i < table->count; i++) {
		const char *text = cells[i].text ? cells[i].text : "-";

		table->failed |= scols_line_set_data(line, i, text) != 0;
		table->is_ascii = table->is_ascii && is_ascii(text);
		measure(&table->columns[i], text);
		if (table->color && styles[cells[i].style].name)
			scols_cell_set_color(scols_line_get_cell(line, i), styles[cells[i].style].name);
	}
}

/* Gives each open column that needs more than its share what it needs, or each that needs no more than that; the
 * others share what is left. */
static void settle_columns(struct table *table, bool are_narrow, size_t *left, size_t *open)
{
	size_t before;

	/* Again while somebody's share has changed. */
	do {
		before = *open;
		for (size_t i = 0; i < table->count && *open > 0; i++) {
			struct table_column *column = &table->columns[i];
			size_t share = *left / *open, need = are_narrow ? column->width : column->least;

			if (!column->may_wrap || column->room || (need > share) == are_narrow)
				continue;
			column->room = need;
			*left -= need < *left ? need : *left;
			(*open)--;
		}
	} while (*open > 0 && *open < before);
}

/* A list such as "11211,15672,25672" is one word: with blanks behind the commas it can be wrapped. */
static void space_list(struct table *table, struct libscols_cell *cell)
{
	CLEANUP_STRBUF struct strbuf spaced = STRBUF_INIT;
	const char *text = scols_cell_get_data(cell);

	if (!text || !strchr(text, ',') || strchr(text, ' '))
		return;
	for (; *text; text++) {
		strbuf_add(&spaced, text, 1);
		if (*text == ',')
			strbuf_add_text(&spaced, " ");
	}
	table->failed |= strbuf_check(&spaced) < 0 || scols_cell_set_data(cell, spaced.bytes) != 0;
}

static void space_lists(struct table *table)
{
	struct libscols_line *line;

	for (size_t i = 0; i < table->count; i++) {
		struct table_column *column = &table->columns[i];

		if (!column->may_wrap)
			continue;
		column->width = column->least = column->header;
		for (size_t k = 0; (line = scols_table_get_line(table->table, k)) != NULL; k++) {
			space_list(table, scols_line_get_cell(line, i));
			measure(column, scols_cell_get_data(scols_line_get_cell(line, i)));
		}
	}
}

/* Shares what the fixed columns leave among those that may wrap: none is narrower than its longest word, a narrow
 * one keeps its width, and the others divide the rest. libsmartcols alone would break numbers in the middle. */
static void fit_columns(struct table *table)
{
	size_t fixed = table->count - 1, least = 0, open = 0, left;

	for (size_t i = 0; i < table->count; i++) {
		struct table_column *column = &table->columns[i];

		fixed += column->may_wrap ? 0 : column->width;
		least += column->may_wrap ? column->least : 0;
		open += column->may_wrap;
	}
	left = table->terminal_width > fixed ? table->terminal_width - fixed : 0;
	if (least > left)
		space_lists(table);
	settle_columns(table, false, &left, &open);
	settle_columns(table, true, &left, &open);
	for (size_t i = 0; i < table->count; i++) {
		struct table_column *column = &table->columns[i];

		if (!column->may_wrap)
			continue;
		if (!column->room)
			column->room = left / open;
		table->failed |= scols_column_set_wrapfunc(column->column, longest_line, next_line,
			&column->room) != 0;
	}
}

void table_discard(struct table *table)
{
	if (table)
		scols_unref_table(table->table);
	memory_free(table);
}

int table_print(struct table *table)
{
	int r = -ENOMEM;

	if (!table)
		return r;
	if (table->terminal_width)
		fit_columns(table);
	/* Only here does the character set matter, for the width of what is not ASCII; it costs a dozen files. */
	if (!table->is_ascii)
		setlocale(LC_CTYPE, "");
	if (!table->failed && scols_print_table(table->table) == 0)
		r = 0;
	table_discard(table);
	return r;
}

enum cell_style plan_row_style(const struct plan_row *row)
{
	if (row->status == PLAN_CHANGE)
		return STYLE_CHANGE;
	if (row->status == PLAN_SAME)
		return STYLE_GOOD;
	return row->tolerated ? STYLE_FAINT : STYLE_BAD;
}

enum cell_style change_status_style(enum change_status status)
{
	switch (status) {
	case CHANGE_APPLIED:
	case CHANGE_ADJUSTED:
	case CHANGE_RESTORED:
		return STYLE_GOOD;
	case CHANGE_ROLLED_BACK:
		return STYLE_CHANGE;
	case CHANGE_REJECTED:
	case CHANGE_FOREIGN_CHANGED:
	case CHANGE_ROLLBACK_CONFLICT:
	case CHANGE_CONFLICT:
		return STYLE_BAD;
	default:
		return STYLE_FAINT;
	}
}
