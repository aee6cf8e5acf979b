/* SPDX-License-Identifier: MIT */
/* sysctl.d syntax. */
#include "format/sysctl_conf.h"

#include "base/utf8.h"
#include "model/catalog.h"
#include "model/key.h"
#include "model/validate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

struct conf_reader {
	struct arena *arena;
	struct diags *diags;
	struct profile *profile;
	size_t settings_capacity;
	const char *start;		/* of the line */
	unsigned line;
};

/* A part of the line, without the blanks around it. */
struct part {
	const char *bytes;
	size_t length;
};

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct part trim(const char *start, const char *end)
{
	while (start < end && is_blank(*start))
		start++;
	while (end > start && is_blank(end[-1]))
		end--;
	return (struct part){ start, (size_t)(end - start) };
}

/* Bytes that are not UTF-8 count one each, as where the line is shown. */
static unsigned count_characters(const char *bytes, size_t length)
{
	unsigned count = 0;

	while (length > 0) {
		uint32_t character;
		size_t size = utf8_decode(bytes, length, &character);

		if (size == 0)
			size = 1;
		bytes += size;
		length -= size;
		count++;
	}
	return count;
}

static struct span span_of(const struct conf_reader *reader, struct part part)
{
	unsigned column = 1 + count_characters(reader->start, (size_t)(part.bytes - reader->start));
	unsigned width = count_characters(part.bytes, part.length);

	return (struct span){ .source = &reader->profile->source, .line = reader->line, .column = column,
		.end_column = column + (width ? width : 1) };
}

static bool is_numeric(enum value_type type)
{
	return type == VALUE_INT || type == VALUE_UINT || type == VALUE_LONG || type == VALUE_ULONG;
}

/* A pattern or a path may hold anything (core_pattern); below net/ strings are names and lists of names. */
static bool is_free_text(const char *path, enum value_type type)
{
	return type == VALUE_STRING && strncmp(path, "net/", 4) != 0;
}

/* What two tools and the kernel would not take as it looks. Values of unknown meaning are let pass. */
static void check_value(struct conf_reader *reader, const char *path, struct part value, struct span span)
{
	const char *comment = NULL;

	if (value.length == 0 || is_free_text(path, catalog_type(catalog_find(path))))
		return;
	for (size_t i = 1; i < value.length && !comment; i++)
		if ((value.bytes[i] == '#' || value.bytes[i] == ';') && is_blank(value.bytes[i - 1]))
			comment = value.bytes + i;
	if (comment) {
		diag_error(reader->diags, "comment-in-value", span,
			"a comment behind a value becomes part of the value");
		diag_hint(reader->diags, "put it on a line of its own, beginning with #");
	} else if (value.bytes[0] == '"' || value.bytes[0] == '\'') {
		diag_error(reader->diags, "quoted-value", span, "quotes are part of the value here");
		diag_hint(reader->diags, "write the value without them");
	} else if (value.bytes[value.length - 1] == '\\') {
		diag_error(reader->diags, "continued-line", span, "a line cannot be continued on the next one");
		diag_hint(reader->diags, "write the whole value on this line");
	}
}

/* False after having said what cannot be in a value. */
static bool is_text(struct conf_reader *reader, struct part value, struct span span)
{
	for (size_t i = 0; i < value.length;) {
		uint32_t character;
		size_t size = utf8_decode(value.bytes + i, value.length - i, &character);

		if (size == 0 || (utf8_is_unsafe(character) && character != '\t')) {
			diag_error(reader->diags, "bad-value", span, "the value holds %s",
				size ? "a control character" : "bytes that are not UTF-8");
			diag_hint(reader->diags, "remove it: a value is plain text");
			return false;
		}
		i += size;
	}
	return true;
}

/* The fields of a vector are kept with one blank between them. */
static int copy_value(struct conf_reader *reader, struct part part, enum value_type type, struct value *ret_value)
{
	char *copy = arena_copy(reader->arena, part.bytes, part.length);
	size_t length = 0;

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < part.length; i++)
		if (!is_numeric(type) || !is_blank(copy[i]))
			copy[length++] = copy[i];
		else if (!is_blank(copy[i - 1]))
			copy[length++] = ' ';
	copy[length] = '\0';
	*ret_value = (struct value){ copy, length };
	return 0;
}

static int add_setting(struct conf_reader *reader, struct setting *setting, struct part value)
{
	struct profile *profile = reader->profile;
	enum value_type type = catalog_type(catalog_find(setting->path));
	size_t errors = reader->diags->errors;
	struct setting *grown;
	int r;

	setting->value_span = span_of(reader, value);
	if (!is_text(reader, value, setting->value_span))
		return 0;
	r = copy_value(reader, value, type, &setting->value);
	grown = arena_grow(reader->arena, profile->settings, profile->settings_count, &reader->settings_capacity,
		sizeof(*grown));
	if (r < 0 || !grown)
		return -ENOMEM;
	profile->settings = grown;
	profile->settings[profile->settings_count++] = *setting;
	check_value(reader, setting->path, value, setting->value_span);
	if (reader->diags->errors == errors)
		validate_setting(reader->diags, setting);
	return 0;
}

static void report_no_assignment(struct conf_reader *reader, struct part line)
{
	struct part word = { line.bytes, 0 };

	while (word.length < line.length && !is_blank(word.bytes[word.length]))
		word.length++;
	diag_error(reader->diags, "no-assignment", span_of(reader, line), "this line has no \"=\": it sets nothing");
	if (word.length < line.length && memchr(word.bytes, '.', word.length))
		diag_hint(reader->diags, "write KEY = VALUE");
	else
		diag_hint(reader->diags, "write KEY = VALUE, or begin a comment with #");
}

static int read_line(struct conf_reader *reader, struct part line)
{
	const char *equals = memchr(line.bytes, '=', line.length), *end = line.bytes + line.length;
	bool has_dash = line.bytes[0] == '-';
	struct part key = trim(line.bytes + has_dash, equals ? equals : end);
	struct setting setting = { .profile = reader->profile, .optional = has_dash };
	int problem;

	if (!equals && !has_dash) {
		report_no_assignment(reader, line);
		return 0;
	}
	setting.key_span = span_of(reader, key);
	problem = key_parse(reader->arena, key.bytes, key.length, &setting.path);
	if (problem > 0) {
		diag_error(reader->diags, "bad-key", setting.key_span, "the key %s",
			key_problem_text((enum key_problem)problem));
		diag_hint(reader->diags, "%s", key_problem_hint((enum key_problem)problem));
	}
	if (problem < 0)
		return problem;
	return problem == 0 && equals ? add_setting(reader, &setting, trim(equals + 1, end)) : 0;
}

static int compare_settings(const void *a, const void *b)
{
	const struct setting *a_setting = *(const struct setting *const *)a;
	const struct setting *b_setting = *(const struct setting *const *)b;
	int order = strcmp(a_setting->path, b_setting->path);

	/* Equal paths stay in the order of the file, which is that of the array. */
	return order ? order : (a_setting > b_setting) - (a_setting < b_setting);
}

static void report_overridden(struct conf_reader *reader, struct setting *setting, const struct setting *last)
{
	bool is_same = value_equal(catalog_type(catalog_find(setting->path)), setting->value, last->value);

	diag_warning(reader->diags, "overridden", setting->key_span, is_same ?
		"a later line sets this key again" : "a later line sets this key to another value: this one is lost");
	diag_also(reader->diags, last->key_span, "the last one counts");
	diag_hint(reader->diags, "keep one of the two");
	setting->path = NULL;
}

/* Of each key only the last setting stays. */
static int drop_overridden(struct conf_reader *reader)
{
	struct profile *profile = reader->profile;
	struct setting **sorted = arena_alloc(reader->arena, profile->settings_count * sizeof(*sorted));
	size_t kept = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < profile->settings_count; i++)
		sorted[i] = &profile->settings[i];
	qsort(sorted, profile->settings_count, sizeof(struct setting *), compare_settings);
	for (size_t i = profile->settings_count; i-- > 1;) {
		size_t last = i;

		while (i > 0 && strcmp(sorted[i - 1]->path, sorted[last]->path) == 0)
			report_overridden(reader, sorted[--i], sorted[last]);
	}
	for (size_t i = 0; i < profile->settings_count; i++)
		if (profile->settings[i].path)
			profile->settings[kept++] = profile->settings[i];
	profile->settings_count = kept;
	return 0;
}

/* Neither tool knows it: it becomes part of the first key. */
static void report_byte_order_mark(struct conf_reader *reader)
{
	struct span span = { .source = &reader->profile->source, .line = 1, .column = 1, .end_column = 2 };

	diag_error(reader->diags, "byte-order-mark", span,
		"a byte order mark stands before this line, and sysctl takes it as part of the line");
	diag_hint(reader->diags, "save the file as UTF-8 without a byte order mark");
}

static int read_lines(struct conf_reader *reader)
{
	const struct source *source = &reader->profile->source;
	const char *at = source->text, *end = source->text + source->length;
	int r = 0;

	if (source->length >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) {
		report_byte_order_mark(reader);
		at += 3;
	}
	while (r == 0 && at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		struct part line = trim(at, stop ? stop : end);

		reader->start = at;
		reader->line++;
		if (line.length > 0 && line.bytes[0] != '#' && line.bytes[0] != ';')
			r = read_line(reader, line);
		at = stop ? stop + 1 : end;
	}
	return r;
}

int sysctl_conf_read(struct arena *arena, const struct source *source, const char *name, struct diags *diags,
	struct profile **ret_profile)
{
	struct profile *profile = profile_new(arena, source, name);
	struct conf_reader reader = { .arena = arena, .diags = diags, .profile = profile };
	size_t errors = diags->errors;
	int r;

	if (!profile)
		return -ENOMEM;
	r = read_lines(&reader);
	if (r == 0)
		r = drop_overridden(&reader);
	if (r < 0 || diags->failed)
		return -ENOMEM;
	*ret_profile = profile;
	return diags->errors > errors;
}

/* ---- writing ---- */

/* In the dotted form unless a component holds a dot. */
static void add_key(struct strbuf *text, const char *path)
{
	bool has_dot = strchr(path, '.') != NULL;

	for (; *path; path++)
		strbuf_add_char(text, *path == '/' && !has_dot ? '.' : *path);
}

void sysctl_conf_write(struct strbuf *text, const char *title, const struct setting *const settings[],
	size_t count)
{
	strbuf_printf(text, "# %s, written by kerntune\n", title);
	for (size_t i = 0; i < count; i++) {
		const struct setting *setting = settings[i];

		strbuf_add_char(text, '\n');
		if (setting->why)
			strbuf_printf(text, "# %s\n", setting->why);
		if (setting->rule != SETTING_VALUE)
			strbuf_printf(text, "# %s: the profile leaves a %s value alone, this file does not\n",
				setting_rule_name(setting->rule),
				setting->rule == SETTING_AT_LEAST ? "larger" : "smaller");
		/* The dash: a key that is missing here is no error. */
		if (setting->optional)
			strbuf_add_char(text, '-');
		add_key(text, setting->path);
		strbuf_printf(text, " = %s\n", setting->value.bytes);
	}
}
