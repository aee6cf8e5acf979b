/* SPDX-License-Identifier: MIT */
/* The driver of the checks, and what they have in common. */
#include "engine/lint_check.h"

#include "base/similar.h"
#include "base/strbuf.h"
#include "kernel/facts.h"
#include "model/key.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---- the table ---- */

const struct lint_check *lint_find(const char *id)
{
	for (size_t i = 0; i < lint_checks_count; i++)
		if (strcmp(lint_checks[i].id, id) == 0)
			return &lint_checks[i];
	return NULL;
}

const char *lint_suggest(const char *id)
{
	const char *best = NULL;
	size_t best_distance = 4;

	for (size_t i = 0; i < lint_checks_count; i++) {
		size_t distance = similar_distance(id, lint_checks[i].id, best_distance);

		if (distance < best_distance) {
			best = lint_checks[i].id;
			best_distance = distance;
		}
	}
	return best;
}

/* ---- reporting ---- */

/* A profile that several others extend is looked at with each of them. */
static bool is_reported(const struct lint *lint, struct span span)
{
	for (const struct diag *diag = lint->diags->first; diag; diag = diag->next)
		if (diag->id == lint->check->id && diag->span.source == span.source &&
			diag->span.line == span.line && diag->span.column == span.column)
			return true;
	return false;
}

PRINTF_FORMAT(3, 0)
static void report(struct lint *lint, struct span span, const char *format, va_list arguments)
{
	struct lint_finding *grown;

	if (!lint->for_plan && is_reported(lint, span)) {
		lint->diags->newest = NULL;
		return;
	}
	diag_report(lint->diags, lint->check->level, lint->check->id, span, format, arguments);
	diag_basis(lint->diags, lint->check->source);
	if (!lint->diags->newest)
		return;
	grown = arena_grow(lint->arena, lint->findings, lint->findings_count, &lint->findings_capacity,
		sizeof(*grown));
	if (!grown) {
		lint->diags->failed = true;
		return;
	}
	lint->findings = grown;
	lint->findings[lint->findings_count++] = (struct lint_finding){
		.check = lint->check, .setting = lint->setting, .diag = lint->diags->newest };
}

void lint_report(struct lint *lint, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report(lint, lint->setting->value_span, format, arguments);
	va_end(arguments);
}

void lint_report_key(struct lint *lint, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report(lint, lint->setting->key_span, format, arguments);
	va_end(arguments);
}

/* NULL when memory is short, which the driver then knows. */
PRINTF_FORMAT(2, 0)
static const char *print(struct lint *lint, const char *format, va_list arguments)
{
	const char *text = arena_vprintf(lint->arena, format, arguments);

	lint->diags->failed |= !text;
	return text;
}

void lint_hint(struct lint *lint, const char *format, ...)
{
	va_list arguments;
	const char *text;

	va_start(arguments, format);
	text = print(lint, format, arguments);
	va_end(arguments);
	if (text)
		diag_hint(lint->diags, "%s", text);
}

void lint_also(struct lint *lint, const struct setting *setting, const char *format, ...)
{
	va_list arguments;
	const char *text;

	va_start(arguments, format);
	text = print(lint, format, arguments);
	va_end(arguments);
	if (text)
		diag_also(lint->diags, setting->value_span, "%s", text);
}

/* ---- values ---- */

const struct setting *lint_setting(struct lint *lint, const char *path)
{
	const struct catalog_row *row = catalog_find(path);
	size_t index = resolve_find(lint->settings, path);

	for (size_t i = 0; index == RESOLVE_NOT_FOUND && row && row->aliases[i]; i++)
		index = resolve_find(lint->settings, row->aliases[i]);
	return index == RESOLVE_NOT_FOUND ? NULL : lint->settings->settings[index];
}

bool lint_live(struct lint *lint, const char *path, struct value *ret_value)
{
	int error, r = key_is_glob(path) ? 1 :
		procsys_read(lint->procsys, lint->arena, path, ret_value, &error);

	lint->diags->failed |= r == -ENOMEM;
	return r == 0;
}

/* What the setting comes to here. With NULL bytes when that cannot be known. */
static struct value target_of(struct lint *lint, const struct setting *setting, bool *ret_is_inert)
{
	struct value live, target = setting->value;
	int r;

	*ret_is_inert = false;
	if (setting->rule == SETTING_VALUE || !lint_live(lint, setting->path, &live))
		return target;
	r = value_bounded(lint->arena, catalog_type(catalog_find(setting->path)),
		setting->rule == SETTING_AT_LEAST ? VALUE_AT_LEAST : VALUE_AT_MOST, live, setting->value, &target);
	lint->diags->failed |= r == -ENOMEM;
	if (r != 0)
		return (struct value){ .bytes = NULL };
	*ret_is_inert = value_equal(catalog_type(catalog_find(setting->path)), live, target);
	return target;
}

static bool field_number(struct value value, size_t field, uint64_t *ret_number)
{
	struct value text;
	struct number number;

	do {
		if (!value.bytes || !value_next_field(&value, &text))
			return false;
	} while (field-- > 0);
	if (!value_field_number(text, &number) || number.negative)
		return false;
	*ret_number = number.magnitude;
	return true;
}

bool lint_target_number(struct lint *lint, size_t field, uint64_t *ret_number)
{
	return field_number(lint->target, field, ret_number);
}

bool lint_live_number(struct lint *lint, const char *path, size_t field, uint64_t *ret_number)
{
	struct value live;

	return lint_live(lint, path, &live) && field_number(value_trimmed(live), field, ret_number);
}

bool lint_number(struct lint *lint, const char *path, size_t field, uint64_t *ret_number)
{
	const struct setting *setting = lint_setting(lint, path);
	bool is_inert;

	if (setting)
		return field_number(value_trimmed(target_of(lint, setting, &is_inert)), field, ret_number);
	return lint_live_number(lint, path, field, ret_number);
}

static int probe(struct lint *lint)
{
	int error;

	if (!lint->was_probed && !key_is_glob(lint->setting->path))
		lint->outcome = procsys_probe(lint->procsys, lint->setting->path, &error);
	lint->was_probed = true;
	return lint->outcome;
}

bool lint_is_absent(struct lint *lint)
{
	return probe(lint) == PROCSYS_ABSENT;
}

bool lint_is_unwritable(struct lint *lint)
{
	return probe(lint) == PROCSYS_UNWRITABLE;
}

const struct machine *lint_machine(struct lint *lint)
{
	static const struct machine unknown = { .release = "", .page_size = 4096 };
	struct machine *machine;

	if (lint->machine)
		return lint->machine;
	machine = arena_alloc(lint->arena, sizeof(*machine));
	if (!machine || facts_machine(lint->root, lint->arena, machine) < 0) {
		lint->diags->failed = true;
		return &unknown;
	}
	lint->machine = machine;
	return machine;
}

bool lint_release_before(struct lint *lint, const char *version)
{
	return lint_machine(lint)->release[0] && version_compare(lint_machine(lint)->release, version) < 0;
}

bool lint_release_from(struct lint *lint, const char *version)
{
	return lint_machine(lint)->release[0] && version_compare(lint_machine(lint)->release, version) >= 0;
}

/* ---- words ---- */

const char *lint_shown(struct lint *lint, const char *path)
{
	const char *key = key_display(lint->arena, path);

	lint->diags->failed |= !key;
	return key ? key : "";
}

const char *lint_key(struct lint *lint)
{
	return lint_shown(lint, lint->setting->path);
}

const char *lint_size(struct lint *lint, uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	uint64_t unit = 1024;
	size_t i = 0;
	const char *text;

	while (i + 1 < COUNT_OF(units) && bytes / 1024 >= unit) {
		unit *= 1024;
		i++;
	}
	if (bytes < 1024)
		text = arena_printf(lint->arena, "%" PRIu64 " bytes", bytes);
	else if (bytes % unit == 0 || bytes / unit >= 100)
		text = arena_printf(lint->arena, "%" PRIu64 " %s", bytes / unit, units[i]);
	else
		text = arena_printf(lint->arena, "%" PRIu64 ".%" PRIu64 " %s", bytes / unit,
			bytes % unit / (unit / 1024) * 10 / 1024, units[i]);
	lint->diags->failed |= !text;
	return text ? text : "";
}

const char *lint_listed(struct lint *lint, const char *const words[], size_t count)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	const char *copy;

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			strbuf_add_text(&text, i + 1 == count ? " and " : ", ");
		strbuf_add_text(&text, words[i]);
	}
	copy = strbuf_check(&text) < 0 ? NULL : arena_copy(lint->arena, text.bytes, text.length);
	lint->diags->failed |= !copy;
	return copy ? copy : "";
}

bool lint_is_conf(const struct lint *lint)
{
	const char *name = lint->setting->key_span.source ? lint->setting->key_span.source->name : "";
	size_t length = strlen(name), suffix = strlen(".conf");

	return length > suffix && strcmp(name + length - suffix, ".conf") == 0;
}

const char *lint_line(struct lint *lint, const char *path, const char *value)
{
	const char *text = arena_printf(lint->arena, lint_is_conf(lint) ? "%s = %s" : "%s: %s", lint_shown(lint, path),
		value);

	lint->diags->failed |= !text;
	return text ? text : "";
}

/* ---- the driver ---- */

static bool path_matches(const char *key, const char *path)
{
	size_t prefix = strcspn(key, "*");

	if (key[prefix] == '\0')
		return strcmp(key, path) == 0;
	return strncmp(key, path, prefix) == 0 && key_matches(key, path);
}

static bool looks_at(const struct lint_check *check, const char *path)
{
	for (size_t i = 0; check->keys[i]; i++)
		if (path_matches(check->keys[i], path))
			return true;
	return !check->keys[0];
}

/* A value that was refused already is not worth more words. */
static bool is_refused(struct lint *lint, const struct setting *setting)
{
	if (lint->diags->errors == 0)
		return false;
	for (const struct diag *diag = lint->diags->first; diag; diag = diag->next)
		if (diag->level == DIAG_ERROR && diag->span.source == setting->value_span.source &&
			diag->span.line == setting->value_span.line)
			return true;
	return false;
}

static void run_checks(struct lint *lint, const struct setting *setting)
{
	bool is_inert, refused = is_refused(lint, setting);

	lint->setting = setting;
	lint->row = catalog_find(setting->path);
	lint->was_probed = false;
	lint->outcome = 0;
	lint->target = value_trimmed(target_of(lint, setting, &is_inert));
	for (size_t i = 0; i < lint_checks_count; i++) {
		const struct lint_check *check = &lint_checks[i];

		if (!check->run || (lint->for_plan && !check->in_plan) ||
			(check->needs_value && (is_inert || refused)) || !looks_at(check, setting->path))
			continue;
		lint->check = check;
		check->run(lint);
	}
}

/* Of those that were made while the file was read. */
static void add_sources(struct lint *lint)
{
	for (struct diag *diag = lint->diags->first; diag; diag = diag->next) {
		const struct lint_check *check = diag->basis ? NULL : lint_find(diag->id);

		if (check)
			diag->basis = check->source;
	}
}

int lint_run(struct lint *lint)
{
	for (size_t i = 0; i < lint->settings->count && !lint->diags->failed; i++)
		run_checks(lint, lint->settings->settings[i]);
	add_sources(lint);
	return lint->diags->failed ? -ENOMEM : 0;
}
