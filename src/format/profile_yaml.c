/* SPDX-License-Identifier: MIT */
/* The profile format: one table of fields for each level of the file. */
#include "format/profile_yaml.h"

#include "base/similar.h"
#include "format/yaml_tree.h"
#include "model/key.h"
#include "model/validate.h"

#include <errno.h>
#include <inttypes.h>
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
	size_t settings_capacity, extends_capacity, variables_capacity;
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

static void read_mapping(struct profile_reader *reader, const struct yaml_node *mapping,
	const struct field fields[], size_t count, void *target)
{
	for (const struct yaml_node *child = mapping->first; child; child = child->next) {
		size_t i = 0;

		while (i < count && strcmp(fields[i].name, child->key->text) != 0)
			i++;
		if (i < count)
			fields[i].read(reader, child, target);
		else
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

/* ---- computed values ---- */

static bool has_expression(const struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR)
		return strstr(node->text, "${") != NULL;
	for (const struct yaml_node *child = node->first; child; child = child->next)
		if (child->kind == YAML_SCALAR && strstr(child->text, "${"))
			return true;
	return false;
}

/* Escapes and folded lines make the text shorter than what stands in the file: only where both are equally long are
 * the columns of the text known. */
static struct expression_scalar *scalar_of(struct profile_reader *reader, const struct yaml_node *node)
{
	struct expression_scalar *scalar = arena_alloc(reader->arena, sizeof(*scalar));
	unsigned characters = 0, quotes = node->is_plain ? 0 : 2;

	if (!scalar) {
		out_of_memory(reader);
		return NULL;
	}
	for (size_t i = 0; i < node->length; i++)
		characters += ((unsigned char)node->text[i] & 0xc0) != 0x80;
	*scalar = (struct expression_scalar){ .text = node->text, .length = node->length, .span = node->span };
	if (node->span.end_column - node->span.column == characters + quotes)
		scalar->text_column = node->span.column + quotes / 2;
	return scalar;
}

/* The expression at *offset, which moves behind it; NULL after an error. */
static const struct expression *read_expression(struct profile_reader *reader,
	const struct expression_scalar *scalar, size_t *offset)
{
	const struct expression *expression = NULL;

	if (expression_parse(reader->arena, reader->diags, scalar, offset, &expression) < 0)
		out_of_memory(reader);
	return expression;
}

/* Finding the column of each one takes the longer the further behind it stands. */
enum { COMPUTED_FIELDS_MAX = 100 };

/* The fields of a computed value, while they are read. */
struct field_list {
	struct setting_field *fields;
	size_t count, capacity;
};

/* False when there is no room, after an error. */
static bool push_field(struct profile_reader *reader, struct field_list *list, struct setting_field field)
{
	struct setting_field *grown;

	if (list->count == COMPUTED_FIELDS_MAX) {
		diag_error(reader->diags, "bad-value", field.span, "more than %d fields", COMPUTED_FIELDS_MAX);
		diag_hint(reader->diags, "no parameter has so many numbers");
		return false;
	}
	grown = arena_grow(reader->arena, list->fields, list->count, &list->capacity, sizeof(*grown));
	if (!grown) {
		out_of_memory(reader);
		return false;
	}
	list->fields = grown;
	list->fields[list->count++] = field;
	return true;
}

static void report_mixed_field(struct profile_reader *reader, const struct yaml_node *node)
{
	diag_error(reader->diags, "mixed-field", node->span, "text and an expression in one field");
	diag_hint(reader->diags, "an expression is a whole field: put all of it between ${ and }");
}

/* Splits a scalar at blanks outside of expressions. */
static void add_computed_fields(struct profile_reader *reader, struct field_list *list,
	const struct yaml_node *node)
{
	static const char blanks[] = " \t\r\n";
	const struct expression_scalar *scalar = scalar_of(reader, node);
	size_t offset = strspn(node->text, blanks);

	for (; scalar && offset < node->length; offset += strspn(node->text + offset, blanks)) {
		struct setting_field field = { .span = node->span };
		const char *text = node->text + offset;

		if (strncmp(text, "${", 2) == 0) {
			field.expression = read_expression(reader, scalar, &offset);
			if (!field.expression)
				return;
			field.span = field.expression->span;
		} else {
			size_t length = strcspn(text, blanks);

			field.literal = arena_copy(reader->arena, text, length);
			if (!field.literal) {
				out_of_memory(reader);
				return;
			}
			offset += strstr(field.literal, "${") ? 0 : length;
		}
		if (offset < node->length && !strchr(blanks, node->text[offset])) {
			report_mixed_field(reader, node);
			return;
		}
		if (!push_field(reader, list, field))
			return;
	}
}

/* What the fields were written as. */
static const char *join_fields(struct profile_reader *reader, const struct field_list *list)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const char *joined;

	for (size_t i = 0; i < list->count; i++) {
		const struct setting_field *field = &list->fields[i];

		strbuf_add_text(&text, i ? " " : "");
		if (field->literal)
			strbuf_add_text(&text, field->literal);
		else
			strbuf_printf(&text, "${%s}", field->expression->text);
	}
	joined = strbuf_check(&text) < 0 ? NULL : arena_copy(reader->arena, text.bytes, text.length);
	if (!joined)
		out_of_memory(reader);
	return joined;
}

/* False when no more can be added. */
static bool add_list_element(struct profile_reader *reader, struct field_list *list, const struct yaml_node *node)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	size_t count = list->count, errors = reader->diags->errors;

	if (!strstr(node->text, "${")) {
		add_field(reader, &text, node, true);
		return reader->diags->errors > errors ||
			push_field(reader, list, (struct setting_field){ .literal = node->text, .span = node->span });
	}
	add_computed_fields(reader, list, node);
	if (list->count > count + 1) {
		diag_error(reader->diags, "bad-value", node->span, "a field of a list holds one expression");
		diag_hint(reader->diags, "write [\"${a}\", \"${b}\"] or \"${a} ${b}\"");
	}
	return list->count < COMPUTED_FIELDS_MAX || reader->diags->errors == errors;
}

static void read_computed_value(struct profile_reader *reader, const struct yaml_node *node, struct setting *setting)
{
	struct field_list list = { 0 };
	size_t errors = reader->diags->errors;

	if (node->kind == YAML_SCALAR)
		add_computed_fields(reader, &list, node);
	for (const struct yaml_node *child = node->kind == YAML_SCALAR ? NULL : node->first; child; child = child->next)
		if (expect_kind(reader, child, YAML_SCALAR, "a field of a list") &&
			!add_list_element(reader, &list, child))
			break;
	if (reader->diags->errors > errors || reader->diags->failed)
		return;
	setting->fields = list.fields;
	setting->fields_count = list.count;
	setting->expression = join_fields(reader, &list);
}

static bool has_value(const struct setting *setting)
{
	return setting->value.bytes || setting->fields;
}

static void read_value(struct profile_reader *reader, const struct yaml_node *node,
	enum setting_rule rule, struct setting *setting)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (has_value(setting)) {
		diag_error(reader->diags, "two-rules", node->key->span, "%s stands beside %s",
			setting_rule_name(rule), setting_rule_name(setting->rule));
		diag_also(reader->diags, setting->value_span, "the other one");
		diag_hint(reader->diags, "keep one of value, at_least and at_most");
		return;
	}
	setting->rule = rule;
	setting->value_span = node->span;
	if (node->kind != YAML_MAPPING && has_expression(node)) {
		read_computed_value(reader, node, setting);
		return;
	}
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

static void read_when(struct profile_reader *reader, const struct yaml_node *node, void *target)
{
	struct setting *setting = target;
	const struct expression_scalar *scalar;
	size_t offset = 0;

	if (!expect_kind(reader, node, YAML_SCALAR, "when"))
		return;
	offset = strspn(node->text, " \t\r\n");
	if (strncmp(node->text + offset, "${", 2) != 0) {
		diag_error(reader->diags, "bad-condition", node->span, "when takes an expression");
		diag_hint(reader->diags, "write it as in when: \"${kernel >= '6.14'}\"");
		return;
	}
	scalar = scalar_of(reader, node);
	setting->when = scalar ? read_expression(reader, scalar, &offset) : NULL;
	if (!setting->when || node->text[offset + strspn(node->text + offset, " \t\r\n")] == '\0')
		return;
	diag_error(reader->diags, "bad-condition", node->span, "when takes one expression and nothing else");
	diag_hint(reader->diags, "join conditions with && or || within the braces");
}

static const struct field setting_fields[] = {
	{ "value", read_exact },
	{ "at_least", read_at_least },
	{ "at_most", read_at_most },
	{ "when", read_when },
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
	if (reader->diags->errors == errors && !has_value(&setting) && !reader->is_cut_short) {
		diag_error(reader->diags, "no-value", node->key->span, "this parameter has no value");
		diag_hint(reader->diags, "add value, at_least or at_most");
	}
	if (!setting.path)
		return;
	if (reader->diags->errors > errors || reader->diags->failed || !has_value(&setting))
		return;

	grown = arena_grow(reader->arena, profile->settings, profile->settings_count,
		&reader->settings_capacity, sizeof(*grown));
	if (!grown) {
		out_of_memory(reader);
		return;
	}
	profile->settings = grown;
	profile->settings[profile->settings_count++] = setting;
	if (!setting.fields)
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

/* ---- variables ---- */

/* False when there is none, after an error. */
static bool read_integer(struct profile_reader *reader, const struct yaml_node *node, const char *what,
	int64_t *ret_integer)
{
	if (!expect_kind(reader, node, YAML_SCALAR, what))
		return false;
	if (number_parse_int64(node->text, node->length, ret_integer))
		return true;
	diag_error(reader->diags, "not-a-number", node->span,
		"%s must be a whole number of at most 64 bits, not \"%s\"", what, node->text);
	diag_hint(reader->diags, strstr(node->text, "${") ? "compute with it where it is used" :
		"write it in decimal, without a leading zero, unit or separators");
	return false;
}

static void read_default(struct profile_reader *reader, const struct yaml_node *node, void *target)
{
	struct variable *variable = target;

	variable->standard_span = node->span;
	if (read_integer(reader, node, "default", &variable->standard))
		variable->value = variable->standard;
}

static void read_min(struct profile_reader *reader, const struct yaml_node *node, void *target)
{
	struct variable *variable = target;

	variable->has_min = read_integer(reader, node, "min", &variable->min);
}

static void read_max(struct profile_reader *reader, const struct yaml_node *node, void *target)
{
	struct variable *variable = target;

	variable->has_max = read_integer(reader, node, "max", &variable->max);
}

static void read_unit(struct profile_reader *reader, const struct yaml_node *node, void *target)
{
	((struct variable *)target)->unit = read_text(reader, node, "unit");
}

static void read_variable_summary(struct profile_reader *reader, const struct yaml_node *node, void *target)
{
	((struct variable *)target)->summary = read_text(reader, node, "summary");
}

static const struct field variable_fields[] = {
	{ "default", read_default },
	{ "min", read_min },
	{ "max", read_max },
	{ "unit", read_unit },
	{ "summary", read_variable_summary },
};

static void check_variable_name(struct profile_reader *reader, const struct yaml_node *key)
{
	if (!variable_name_is_valid(key->text)) {
		diag_error(reader->diags, "bad-name", key->span, "\"%s\" cannot be a variable's name", key->text);
		diag_hint(reader->diags, "use small letters, digits and \"_\", a letter first, at most %d",
			VARIABLE_NAME_MAX);
	} else if (variable_name_is_taken(key->text)) {
		diag_error(reader->diags, "reserved-name", key->span, "\"%s\" is a fact or a function", key->text);
		diag_hint(reader->diags, "call the variable something else");
	}
}

static void check_variable(struct profile_reader *reader, const struct yaml_node *node,
	const struct variable *variable)
{
	if (!variable->standard_span.source) {
		if (reader->is_cut_short)
			return;
		diag_error(reader->diags, "no-default", node->key->span, "this variable has no default");
		diag_hint(reader->diags, "add one: a profile works without --set");
	} else if (variable->has_min && variable->has_max && variable->min > variable->max) {
		diag_error(reader->diags, "wrong-order", node->key->span, "min %" PRId64 " is above max %" PRId64,
			variable->min, variable->max);
		diag_hint(reader->diags, "exchange them");
	} else if (!variable_admits(variable, variable->standard)) {
		diag_error(reader->diags, "out-of-range", variable->standard_span,
			"the default %" PRId64 " is %s %" PRId64, variable->standard,
			variable->has_min && variable->standard < variable->min ? "below min" : "above max",
			variable->has_min && variable->standard < variable->min ? variable->min : variable->max);
		diag_hint(reader->diags, "move the default or the bound");
	}
}

static void read_variable(struct profile_reader *reader, const struct yaml_node *node)
{
	struct profile *profile = reader->profile;
	struct variable variable = { .name = node->key->text, .name_span = node->key->span, .profile = profile };
	size_t errors = reader->diags->errors;
	struct variable *grown;

	check_variable_name(reader, node->key);
	if (!expect_kind(reader, node, YAML_MAPPING, "a variable")) {
		diag_hint(reader->diags, "write it as in {default: 2000, min: 1}");
		return;
	}
	read_mapping(reader, node, variable_fields, COUNT_OF(variable_fields), &variable);
	if (reader->diags->errors == errors)
		check_variable(reader, node, &variable);
	if (reader->diags->errors > errors)
		return;
	grown = arena_grow(reader->arena, profile->variables, profile->variables_count, &reader->variables_capacity,
		sizeof(*grown));
	if (!grown) {
		out_of_memory(reader);
		return;
	}
	profile->variables = grown;
	profile->variables[profile->variables_count++] = variable;
}

static void read_variables(struct profile_reader *reader, const struct yaml_node *node, void *target)
{
	(void)target;
	if (!expect_kind(reader, node, YAML_MAPPING, "variables"))
		return;
	if (node->count > VARIABLES_MAX) {
		diag_error(reader->diags, "too-many-variables", node->key->span, "more than %d variables",
			VARIABLES_MAX);
		diag_hint(reader->diags, "nobody sets so many: write numbers");
		return;
	}
	for (const struct yaml_node *child = node->first; child; child = child->next)
		read_variable(reader, child);
}

static const struct field profile_fields[] = {
	{ "profile", read_profile },
	{ "summary", read_summary },
	{ "extends", read_extends },
	{ "variables", read_variables },
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
	struct profile *profile = profile_new(arena, source, name);
	struct profile_reader reader = { .arena = arena, .diags = diags, .profile = profile, .name = name };
	size_t errors = diags->errors;
	struct yaml_node *root = NULL;
	int r;

	if (!profile)
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

static void write_escaped(struct strbuf *text, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '"' || bytes[i] == '\\')
			strbuf_add_char(text, '\\');
		strbuf_add_char(text, bytes[i]);
	}
}

static void write_quoted(struct strbuf *text, const char *bytes, size_t length)
{
	strbuf_add_char(text, '"');
	write_escaped(text, bytes, length);
	strbuf_add_char(text, '"');
}

static void write_text_field(struct strbuf *text, const char *name, const char *value)
{
	if (!value)
		return;
	strbuf_add_text(text, name);
	write_quoted(text, value, strlen(value));
}

static void write_variable(struct strbuf *text, const struct variable *variable)
{
	strbuf_printf(text, "  %s:\n    default: %" PRId64, variable->name, variable->value);
	if (variable->has_min)
		strbuf_printf(text, "\n    min: %" PRId64, variable->min);
	if (variable->has_max)
		strbuf_printf(text, "\n    max: %" PRId64, variable->max);
	write_text_field(text, "\n    unit: ", variable->unit);
	write_text_field(text, "\n    summary: ", variable->summary);
	strbuf_add_char(text, '\n');
}

static void write_setting(struct strbuf *text, const struct setting *setting)
{
	/* The slash form is a valid key too, and never needs a second thought. */
	strbuf_add_text(text, "  ");
	write_quoted(text, setting->path, strlen(setting->path));
	strbuf_printf(text, ":\n    %s: ", setting_rule_name(setting->rule));
	if (setting->expression)
		write_quoted(text, setting->expression, strlen(setting->expression));
	else
		write_quoted(text, setting->value.bytes, setting->value.length);
	if (setting->when) {
		strbuf_add_text(text, "\n    when: \"${");
		write_escaped(text, setting->when->text, strlen(setting->when->text));
		strbuf_add_text(text, "}\"");
	}
	write_text_field(text, "\n    why: ", setting->why);
	strbuf_add_text(text, setting->optional ? "\n    optional: true\n" : "\n");
}

void profile_yaml_write(struct strbuf *text, const struct profile_text *profile)
{
	strbuf_printf(text, "profile: %s", profile->name);
	write_text_field(text, "\nsummary: ", profile->summary);
	strbuf_add_text(text, profile->variables_count ? "\nvariables:\n" : "\n");
	for (size_t i = 0; i < profile->variables_count; i++)
		write_variable(text, profile->variables[i]);
	strbuf_add_text(text, profile->settings_count ? "parameters:\n" : "parameters: {}\n");
	for (size_t i = 0; i < profile->settings_count; i++)
		write_setting(text, profile->settings[i]);
}
