/* SPDX-License-Identifier: MIT */
/* The profile format: one table of fields for each level of the file. */
#include "format/profile_yaml.h"

#include "base/digest.h"
#include "base/similar.h"
#include "format/yaml_tree.h"
#include "model/key.h"
#include "model/validate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct profile_reader {
	struct arena *arena;
	struct diags *diags;
	struct profile *profile;
	const char *name;		/* of the file */
	struct span profile_span;	/* of the "profile" field, once seen */
	bool is_optional;		/* the whole profile */
	bool is_cut_short;		/* what seems missing may only be unread */
	size_t settings_capacity, extends_capacity;
};

/* One field of a mapping. `read` gets the value's node and what the mapping fills. */
struct field {
	const char *name;
	void (*read)(struct profile_reader *reader, const struct yaml_node *node, void *target);
};

static const char *const kind_names[] = {
	[YAML_SCALAR] = "a single value",
	[YAML_SEQUENCE] = "a list",
	[YAML_MAPPING] = "a mapping",
};

static void out_of_memory(struct profile_reader *reader)
{
	reader->diags->failed = true;
}

static bool expect_kind(struct profile_reader *reader, const struct yaml_node *node,
	enum yaml_kind kind, const char *what)
{
	if (node->kind == kind)
		return true;
	diag_error(reader->diags, "wrong-kind", node->span, "%s must be %s, not %s", what,
		kind_names[kind], kind_names[node->kind]);
	return false;
}

static void report_unknown_field(struct profile_reader *reader, const struct yaml_node *key,
	const struct field fields[], size_t count)
{
	const char *names[16];
	const char *best;

	for (size_t i = 0; i < count; i++)
		names[i] = fields[i].name;
	best = similar_best(key->text, names, count);
	diag_error(reader->diags, "unknown-field", key->span, "unknown field \"%s\"", key->text);
	if (best) {
		diag_hint(reader->diags, "did you mean \"%s\"?", best);
	} else {
		CLEANUP_STRBUF struct strbuf list = STRBUF_INIT;

		for (size_t i = 0; i < count; i++)
			strbuf_printf(&list, "%s%s", i ? ", " : "", names[i]);
		diag_hint(reader->diags, "known here: %s", list.bytes);
	}
}

/* Fields of the format that this version cannot evaluate: better refused than ignored. */
static bool report_later_field(struct profile_reader *reader, const struct yaml_node *key)
{
	if (strcmp(key->text, "variables") != 0 && strcmp(key->text, "when") != 0)
		return false;
	diag_error(reader->diags, "not-supported-yet", key->span,
		"\"%s\" is not supported by this version of kerntune", key->text);
	diag_hint(reader->diags, "computed values come with a later version: write the value itself");
	return true;
}

static void read_mapping(struct profile_reader *reader, const struct yaml_node *mapping,
	const struct field fields[], size_t count, void *target)
{
	for (const struct yaml_node *child = mapping->first; child; child = child->next) {
		size_t i = 0;

		while (i < count && strcmp(fields[i].name, child->key->text) != 0)
			i++;
		if (i < count)
			fields[i].read(reader, child, target);
		else if (!report_later_field(reader, child->key))
			report_unknown_field(reader, child->key, fields, count);
	}
}

/* Prose: summary and why. */
static const char *read_text(struct profile_reader *reader, const struct yaml_node *node, const char *what)
{
	char *text;

	if (!expect_kind(reader, node, YAML_SCALAR, what))
		return NULL;
	text = arena_copy(reader->arena, node->text, node->length);
	if (!text) {
		out_of_memory(reader);
		return NULL;
	}
	/* Line breaks of a block scalar are layout, not content. */
	for (char *c = text; *c; c++)
		if (*c == '\n' || *c == '\r' || *c == '\t')
			*c = ' ';
	for (size_t length = strlen(text); length > 0 && text[length - 1] == ' '; length--)
		text[length - 1] = '\0';
	return text[0] ? text : NULL;
}

static bool read_boolean(struct profile_reader *reader, const struct yaml_node *node)
{
	if (!expect_kind(reader, node, YAML_SCALAR, "optional"))
		return false;
	if (strcmp(node->text, "true") == 0)
		return true;
	if (strcmp(node->text, "false") != 0) {
		diag_error(reader->diags, "not-a-boolean", node->span, "optional is true or false, not \"%s\"",
			node->text);
		diag_hint(reader->diags, "write true or false");
	}
	return false;
}

/* ---- values ---- */

/* Plain words that YAML 1.1 takes for booleans or null. In a profile they are text, and text that is
 * not meant. */
static const struct {
	const char *word, *meant;
} yaml_words[] = {
	{ "on", "1" }, { "off", "0" }, { "yes", "1" }, { "no", "0" }, { "true", "1" }, { "false", "0" },
	{ "y", "1" }, { "n", "0" }, { "null", "\"\" to clear a text" }, { "~", "\"\" to clear a text" },
};

static bool looks_numeric(const char *text)
{
	text += *text == '-' || *text == '+';
	text += *text == '.';
	return *text >= '0' && *text <= '9';
}

/* A plain scalar that begins like a number but is written in one of YAML's other ways. */
static const char *number_mistake(const char *text, size_t length)
{
	size_t digits;

	if (text[0] == '+')
		return "write it without the plus sign";
	digits = strspn(text, "0123456789_");
	if (digits == length && memchr(text, '_', length))
		return "write it without underscores";
	if (digits == length && text[0] == '0')
		return "a leading zero means octal to the kernel: write it in decimal, without the zero";
	if (strncmp(text, "0o", 2) == 0 || strncmp(text, "0b", 2) == 0)
		return "write it in decimal";
	/* A range of ports. */
	if (digits > 0 && text[digits] == '-')
		return NULL;
	if (strspn(text, "0123456789.eE+-_") == length)
		return "the kernel takes whole numbers only";
	if (digits > 0 && length - digits <= 3 && strspn(text + digits, "kKmMgGtTiIbB") == length - digits)
		return "write the number in full, without a unit";
	return NULL;
}

/* Checks one field of a value and adds it to the text. */
static void add_field(struct profile_reader *reader, struct strbuf *text, const struct yaml_node *node,
	bool in_list)
{
	struct number number;
	const char *mistake;

	if (strstr(node->text, "${")) {
		diag_error(reader->diags, "not-supported-yet", node->span,
			"expressions are not supported by this version of kerntune");
		diag_hint(reader->diags, "computed values come with a later version: write the value itself");
		return;
	}
	if (memchr(node->text, '\n', node->length) || (in_list && strpbrk(node->text, " \t"))) {
		diag_error(reader->diags, "bad-value", node->span, "a value is one line, and a field of a list "
			"holds no blanks");
		diag_hint(reader->diags, "write a vector as [4096, 131072, 6291456] or \"4096 131072 6291456\"");
		return;
	}
	if (node->length == 0 && (node->is_plain || in_list)) {
		diag_error(reader->diags, "no-value", node->span, "no value");
		diag_hint(reader->diags, "write one; \"\" clears a text");
		return;
	}
	for (size_t i = 0; node->is_plain && i < COUNT_OF(yaml_words); i++) {
		if (strcasecmp(node->text, yaml_words[i].word) != 0)
			continue;
		diag_error(reader->diags, "yaml-boolean", node->span, "\"%s\" is not a kernel value", node->text);
		diag_hint(reader->diags, "write %s", yaml_words[i].meant);
		return;
	}
	mistake = node->is_plain && looks_numeric(node->text) && !strpbrk(node->text, " \t") &&
		!number_parse(node->text, node->length, &number) ?
		number_mistake(node->text, node->length) : NULL;
	if (mistake) {
		diag_error(reader->diags, "not-a-number", node->span, "\"%s\" is not a number the kernel takes "
			"as it looks", node->text);
		diag_hint(reader->diags, "%s", mistake);
		return;
	}
	if (in_list && text->length)
		strbuf_add_char(text, ' ');
	strbuf_add(text, node->text, node->length);
}

static void read_value(struct profile_reader *reader, const struct yaml_node *node,
	enum setting_rule rule, struct setting *setting)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (setting->value.bytes) {
		diag_error(reader->diags, "two-rules", node->key->span, "%s stands beside %s",
			setting_rule_name(rule), setting_rule_name(setting->rule));
		diag_also(reader->diags, setting->value_span, "the other one");
		diag_hint(reader->diags, "keep one of value, at_least and at_most");
		return;
	}
	setting->rule = rule;
	setting->value_span = node->span;
	if (node->kind == YAML_SCALAR) {
		add_field(reader, &text, node, false);
	} else if (expect_kind(reader, node, YAML_SEQUENCE, "a value")) {
		if (!node->first)
			diag_error(reader->diags, "no-value", node->span, "an empty list is no value");
		for (const struct yaml_node *field = node->first; field; field = field->next)
			if (expect_kind(reader, field, YAML_SCALAR, "a field of a list"))
				add_field(reader, &text, field, true);
	}
	if (strbuf_check(&text) < 0 ||
		value_copy(reader->arena, (struct value){ text.bytes, text.length }, &setting->value) < 0)
		out_of_memory(reader);
}

/* ---- one parameter ---- */

static void read_exact(struct profile_reader *reader, const struct yaml_node *node, void *target)
{
	read_value(reader, node, SETTING_VALUE, target);
}

static void read_at_least(struct profile_reader *reader, const struct yaml_node *node, void *target)
{
	read_value(reader, node, SETTING_AT_LEAST, target);
}

static void read_at_most(struct profile_reader *reader, const struct yaml_node *node, void *target)
{
	read_value(reader, node, SETTING_AT_MOST, target);
}

static void read_why(struct profile_reader *reader, const struct yaml_node *node, void *target)
{
	((struct setting *)target)->why = read_text(reader, node, "why");
}

static void read_setting_optional(struct profile_reader *reader, const struct yaml_node *node, void *target)
{
	((struct setting *)target)->optional = read_boolean(reader, node);
}

static const struct field setting_fields[] = {
	{ "value", read_exact },
	{ "at_least", read_at_least },
	{ "at_most", read_at_most },
	{ "why", read_why },
	{ "optional", read_setting_optional },
};

static const char *read_key(struct profile_reader *reader, const struct yaml_node *key)
{
	const char *path = NULL;
	int problem = key_parse(reader->arena, key->text, key->length, &path);

	if (problem < 0) {
		out_of_memory(reader);
	} else if (problem > 0) {
		diag_error(reader->diags, "bad-key", key->span, "key \"%s\" %s", key->text,
			key_problem_text((enum key_problem)problem));
		diag_hint(reader->diags, "%s", key_problem_hint((enum key_problem)problem));
	}
	return path;
}

static void read_setting(struct profile_reader *reader, const struct yaml_node *node)
{
	struct profile *profile = reader->profile;
	struct setting setting = { .profile = profile, .key_span = node->key->span,
		.value_span = node->span };
	size_t errors = reader->diags->errors;
	struct setting *grown;

	setting.path = read_key(reader, node->key);
	if (node->kind == YAML_MAPPING)
		read_mapping(reader, node, setting_fields, COUNT_OF(setting_fields), &setting);
	else
		read_value(reader, node, SETTING_VALUE, &setting);
	if (reader->diags->errors == errors && !setting.value.bytes && !reader->is_cut_short) {
		diag_error(reader->diags, "no-value", node->key->span, "this parameter has no value");
		diag_hint(reader->diags, "add value, at_least or at_most");
	}
	if (!setting.path)
		return;
	if (reader->diags->errors > errors || reader->diags->failed || !setting.value.bytes)
		return;

	grown = arena_grow(reader->arena, profile->settings, profile->settings_count,
		&reader->settings_capacity, sizeof(*grown));
	if (!grown) {
		out_of_memory(reader);
		return;
	}
	profile->settings = grown;
	profile->settings[profile->settings_count++] = setting;
	validate_setting(reader->diags, &setting);
}

/* ---- the file ---- */

static void read_profile(struct profile_reader *reader, const struct yaml_node *node, void *target)
{
	(void)target;
	reader->profile_span = node->span;
	if (!expect_kind(reader, node, YAML_SCALAR, "profile"))
		return;
	if (!profile_name_is_valid(node->text)) {
		diag_error(reader->diags, "bad-name", node->span, "\"%s\" cannot be a profile's name", node->text);
		diag_hint(reader->diags, "use letters, digits, \".\", \"_\" and \"-\"");
	} else if (strcmp(node->text, reader->name) != 0) {
		diag_error(reader->diags, "name-differs", node->span,
			"the profile is called \"%s\" here, but its file is %s.yaml", node->text, reader->name);
		diag_hint(reader->diags, "write \"profile: %s\" or rename the file", reader->name);
	}
}

static void read_summary(struct profile_reader *reader, const struct yaml_node *node, void *target)
{
	(void)target;
	reader->profile->summary = read_text(reader, node, "summary");
}

static void read_profile_optional(struct profile_reader *reader, const struct yaml_node *node, void *target)
{
	(void)target;
	reader->is_optional = read_boolean(reader, node);
}

static void add_parent(struct profile_reader *reader, const struct yaml_node *node)
{
	struct profile *profile = reader->profile;
	struct profile_reference *grown;

	if (!expect_kind(reader, node, YAML_SCALAR, "a name below extends"))
		return;
	if (!profile_name_is_valid(node->text)) {
		diag_error(reader->diags, "bad-name", node->span, "\"%s\" cannot be a profile's name", node->text);
		diag_hint(reader->diags, "extends takes names of profiles, not paths");
		return;
	}
	grown = arena_grow(reader->arena, profile->extends, profile->extends_count, &reader->extends_capacity,
		sizeof(*grown));
	if (!grown) {
		out_of_memory(reader);
		return;
	}
	profile->extends = grown;
	profile->extends[profile->extends_count++] =
		(struct profile_reference){ .name = node->text, .span = node->span };
}

static void read_extends(struct profile_reader *reader, const struct yaml_node *node, void *target)
{
	(void)target;
	if (node->kind == YAML_SCALAR) {
		add_parent(reader, node);
		return;
	}
	if (!expect_kind(reader, node, YAML_SEQUENCE, "extends"))
		return;
	for (const struct yaml_node *child = node->first; child; child = child->next)
		add_parent(reader, child);
}

static int compare_settings(const void *a, const void *b)
{
	const struct setting *a_setting = *(const struct setting *const *)a;
	const struct setting *b_setting = *(const struct setting *const *)b;
	int order = strcmp(a_setting->path, b_setting->path);

	/* Equal paths stay in the order of the file, which is that of the array. */
	return order ? order : (a_setting > b_setting) - (a_setting < b_setting);
}

/* One parameter in two spellings is a duplicate that the YAML level cannot see. */
static void report_same_paths(struct profile_reader *reader)
{
	size_t count = reader->profile->settings_count;
	const struct setting **sorted = arena_alloc(reader->arena, count * sizeof(*sorted));

	if (!sorted) {
		out_of_memory(reader);
		return;
	}
	for (size_t i = 0; i < count; i++)
		sorted[i] = &reader->profile->settings[i];
	qsort(sorted, count, sizeof(*sorted), compare_settings);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(sorted[i]->path, sorted[i - 1]->path) != 0)
			continue;
		diag_error(reader->diags, "duplicate-key", sorted[i]->key_span,
			"this parameter stands here twice");
		diag_also(reader->diags, sorted[i - 1]->key_span, "first here");
		diag_hint(reader->diags, "remove one of the two");
	}
}

static void read_parameters(struct profile_reader *reader, const struct yaml_node *node, void *target)
{
	(void)target;
	if (!expect_kind(reader, node, YAML_MAPPING, "parameters"))
		return;
	for (const struct yaml_node *child = node->first; child; child = child->next)
		read_setting(reader, child);
	report_same_paths(reader);
}

static const struct field profile_fields[] = {
	{ "profile", read_profile },
	{ "summary", read_summary },
	{ "extends", read_extends },
	{ "optional", read_profile_optional },
	{ "parameters", read_parameters },
};

static void read_root(struct profile_reader *reader, const struct yaml_node *root)
{
	const struct source *source = &reader->profile->source;

	if (root && root->kind == YAML_SCALAR && reader->is_cut_short)
		return;
	if (!root || (root->kind == YAML_SCALAR && root->length == 0)) {
		diag_error(reader->diags, "empty-file", span_file(source), "the file is empty");
		diag_hint(reader->diags, "a profile has at least \"profile:\" and \"parameters:\"");
		return;
	}
	if (!expect_kind(reader, root, YAML_MAPPING, "a profile"))
		return;
	read_mapping(reader, root, profile_fields, COUNT_OF(profile_fields), NULL);
	if (!reader->profile_span.source && !reader->is_cut_short) {
		diag_error(reader->diags, "no-name", root->span, "the field \"profile\" is missing");
		diag_hint(reader->diags, "add \"profile: %s\"", reader->name);
	}
	for (size_t i = 0; reader->is_optional && i < reader->profile->settings_count; i++)
		reader->profile->settings[i].optional = true;
}

int profile_yaml_read(struct arena *arena, const struct source *source, const char *name,
	struct diags *diags, struct profile **ret_profile)
{
	struct profile *profile = arena_alloc(arena, sizeof(*profile));
	char digest[DIGEST_TEXT_SIZE];
	struct profile_reader reader = { .arena = arena, .diags = diags, .profile = profile, .name = name };
	size_t errors = diags->errors;
	struct yaml_node *root = NULL;
	int r;

	if (!profile)
		return -ENOMEM;
	digest_format(source->text, source->length, digest);
	profile->source = *source;
	profile->name = arena_strdup(arena, name);
	profile->digest = arena_strdup(arena, digest);
	if (!profile->name || !profile->digest)
		return -ENOMEM;

	r = yaml_tree_parse(arena, &profile->source, diags, &root);
	if (r < 0)
		return r;
	reader.is_cut_short = r == YAML_TREE_CUT_SHORT;
	if (root || !reader.is_cut_short)
		read_root(&reader, root);
	if (diags->failed)
		return -ENOMEM;
	*ret_profile = profile;
	return diags->errors > errors;
}

/* ---- writing ---- */

static void write_quoted(struct strbuf *text, const char *bytes, size_t length)
{
	strbuf_add_char(text, '"');
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '"' || bytes[i] == '\\')
			strbuf_add_char(text, '\\');
		strbuf_add_char(text, bytes[i]);
	}
	strbuf_add_char(text, '"');
}

void profile_yaml_write(struct strbuf *text, const char *name, const char *summary,
	const struct setting *const settings[], size_t count)
{
	strbuf_printf(text, "profile: %s\n", name);
	if (summary) {
		strbuf_add_text(text, "summary: ");
		write_quoted(text, summary, strlen(summary));
		strbuf_add_char(text, '\n');
	}
	strbuf_add_text(text, count ? "parameters:\n" : "parameters: {}\n");
	for (size_t i = 0; i < count; i++) {
		const struct setting *setting = settings[i];

		/* The slash form is a valid key too, and never needs a second thought. */
		strbuf_add_text(text, "  ");
		write_quoted(text, setting->path, strlen(setting->path));
		strbuf_printf(text, ":\n    %s: ", setting_rule_name(setting->rule));
		write_quoted(text, setting->value.bytes, setting->value.length);
		if (setting->why) {
			strbuf_add_text(text, "\n    why: ");
			write_quoted(text, setting->why, strlen(setting->why));
		}
		strbuf_add_text(text, setting->optional ? "\n    optional: true\n" : "\n");
	}
}
