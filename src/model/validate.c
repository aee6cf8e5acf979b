/* SPDX-License-Identifier: MIT */
/* Types, ranges and vector lengths from the catalogue. */
#include "model/validate.h"

#include "model/catalog.h"
#include "model/key.h"

#include <string.h>

/* What a value of each type is called in a message. */
static const char *const type_names[] = {
	[VALUE_INT] = "a whole number",
	[VALUE_UINT] = "a whole number, not negative",
	[VALUE_LONG] = "a whole number",
	[VALUE_ULONG] = "a whole number, not negative",
};

static const char *shown(struct diags *diags, const char *path)
{
	const char *key = key_display(diags->arena, path);

	diags->failed |= !key;
	return key ? key : "?";
}

static bool is_numeric(enum value_type type)
{
	return type == VALUE_INT || type == VALUE_UINT || type == VALUE_LONG || type == VALUE_ULONG;
}

static void validate_field(struct diags *diags, const struct setting *setting,
	const struct catalog_row *row, struct value field, size_t index)
{
	struct span span = setting->fields ? setting->fields[index].span : setting->value_span;
	const char *key = shown(diags, setting->path);
	char min[NUMBER_TEXT_SIZE], max[NUMBER_TEXT_SIZE];
	struct number number;

	if (!value_field_number(field, &number) ||
		(number.negative && (row->type == VALUE_UINT || row->type == VALUE_ULONG))) {
		diag_error(diags, "not-a-number", span, "%s takes %s, not \"%.*s\"", key,
			type_names[row->type], (int)field.length, field.bytes);
		diag_hint(diags, "write it in decimal, without a leading zero, unit or separators");
		return;
	}
	number_format(row->min, min);
	number_format(row->max, max);
	if (row->has_min && number_compare(number, row->min) < 0) {
		diag_error(diags, "out-of-range", span,
			"value %.*s is below the minimum %s for %s", (int)field.length, field.bytes, min, key);
		if (row->has_max)
			diag_hint(diags, "the range is %s to %s", min, max);
	} else if (row->has_max && number_compare(number, row->max) > 0) {
		diag_error(diags, "out-of-range", span,
			"value %.*s is above the maximum %s for %s", (int)field.length, field.bytes, max, key);
		if (row->has_min)
			diag_hint(diags, "the range is %s to %s", min, max);
	}
}

static void validate_order(struct diags *diags, const struct setting *setting)
{
	struct value rest = setting->value, field;
	struct number number, before = { 0 };
	bool is_first = true;

	while (value_next_field(&rest, &field)) {
		if (!value_field_number(field, &number))
			return;
		if (!is_first && number_compare(number, before) < 0) {
			diag_error(diags, "wrong-order", setting->value_span,
				"the fields of %s must not decrease: \"%s\"",
				shown(diags, setting->path), setting->value.bytes);
			diag_hint(diags, "write the smallest number first");
			return;
		}
		before = number;
		is_first = false;
	}
}

static void validate_numbers(struct diags *diags, const struct setting *setting,
	const struct catalog_row *row)
{
	size_t count = value_count_fields(setting->value);
	struct value rest = setting->value, field;

	if (count != row->fields) {
		const char *key = shown(diags, setting->path);

		diag_error(diags, "wrong-field-count", setting->value_span,
			"%s takes %u number%s, this is %zu", key, row->fields, row->fields == 1 ? "" : "s",
			count);
		diag_hint(diags, row->fields == 1 ? "write one number" :
			"write all of them as a list: fewer would change only the first ones");
		return;
	}
	for (size_t i = 0; value_next_field(&rest, &field); i++)
		validate_field(diags, setting, row, field, i);
	if (row->ordered)
		validate_order(diags, setting);
}

static void validate_ports(struct diags *diags, const struct setting *setting)
{
	if (value_is_portlist(setting->value))
		return;
	diag_error(diags, "bad-port-list", setting->value_span, "\"%s\" is not a list of ports",
		setting->value.bytes);
	diag_hint(diags, "write ports and ranges with commas and no blanks, as in \"8080,9090-9099\"");
}

/* The catalogue does not say what the parameter holds, but a bound compares numbers. */
static void validate_unknown_bound(struct diags *diags, const struct setting *setting)
{
	struct value rest = setting->value, field = { .bytes = "" };
	struct number number;
	bool is_number = false;

	while (value_next_field(&rest, &field)) {
		is_number = value_field_number(field, &number);
		if (!is_number)
			break;
	}
	if (is_number)
		return;
	diag_error(diags, "not-a-number", setting->value_span, "%s takes whole numbers, not \"%.*s\"",
		setting_rule_name(setting->rule), (int)field.length, field.bytes);
	diag_hint(diags, "write numbers, or use value");
}

void validate_setting(struct diags *diags, const struct setting *setting)
{
	const struct catalog_row *row = catalog_find(setting->path);
	enum value_type type = catalog_type(row);

	if (setting->rule != SETTING_VALUE && type != VALUE_UNKNOWN && !is_numeric(type) && type != VALUE_PORTLIST) {
		diag_error(diags, "not-a-number", setting->value_span, "%s is not a number: %s does not apply",
			shown(diags, setting->path), setting_rule_name(setting->rule));
		diag_hint(diags, "use value");
		return;
	}
	if (setting->rule != SETTING_VALUE && type == VALUE_UNKNOWN)
		validate_unknown_bound(diags, setting);
	else if (is_numeric(type))
		validate_numbers(diags, setting, row);
	else if (type == VALUE_PORTLIST)
		validate_ports(diags, setting);
}

static bool list_names(const char *const *paths, const char *path)
{
	for (size_t i = 0; paths[i]; i++)
		if (strcmp(paths[i], path) == 0)
			return true;
	return false;
}

static void validate_pair(struct diags *diags, const struct setting *a, const struct setting *b)
{
	const struct catalog_row *row = catalog_find(a->path);
	const char *a_key, *b_key;

	if (!row || (!list_names(row->siblings, b->path) && !list_names(row->aliases, b->path)))
		return;
	a_key = shown(diags, a->path);
	b_key = shown(diags, b->path);
	if (list_names(row->siblings, b->path)) {
		diag_error(diags, "exclusive-keys", b->key_span, "%s and %s exclude each other", a_key, b_key);
		diag_also(diags, a->key_span, "%s is set here", a_key);
		diag_hint(diags, "the kernel zeroes one when the other is written: keep one of them");
	} else if (!value_equal(row->type, a->value, b->value)) {
		diag_error(diags, "same-variable", b->key_span,
			"%s and %s are one variable of the kernel and get different values", a_key, b_key);
		diag_also(diags, a->key_span, "%s is set here", a_key);
		diag_hint(diags, "keep one of them");
	}
}

void validate_together(struct diags *diags, const struct setting *const settings[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct catalog_row *row = catalog_find(settings[i]->path);

		if (!row || (!row->siblings[0] && !row->aliases[0]))
			continue;
		for (size_t j = i + 1; j < count; j++)
			validate_pair(diags, settings[i], settings[j]);
	}
}
