/* SPDX-License-Identifier: MIT */
/* Merging profiles. */
#include "model/resolve.h"

#include "base/strbuf.h"
#include "model/catalog.h"
#include "model/key.h"
#include "model/validate.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

void resolve_init(struct resolved *resolved, struct arena *arena)
{
	*resolved = (struct resolved){ .arena = arena };
}

/* Where the path stands in by_path, or where it would be inserted. */
static size_t lookup(const struct resolved *resolved, const char *path, bool *ret_found)
{
	size_t low = 0, high = resolved->count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(path, resolved->settings[resolved->by_path[middle]]->path);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* The bit of the list that is being joined. Nobody names more than 63 profiles; those that do share the last one. */
static uint64_t chain_of(const struct resolved *resolved)
{
	return UINT64_C(1) << (resolved->joined < 63 ? resolved->joined : 63);
}

static int insert(struct resolved *resolved, size_t at, const struct setting *setting)
{
	const struct setting **settings = arena_grow(resolved->arena, resolved->settings,
		resolved->count, &resolved->settings_capacity, sizeof(*settings));
	size_t *by_path = arena_grow(resolved->arena, resolved->by_path, resolved->count,
		&resolved->by_path_capacity, sizeof(*by_path));
	uint64_t *chains = arena_grow(resolved->arena, resolved->chains, resolved->count,
		&resolved->chains_capacity, sizeof(*chains));

	if (settings)
		resolved->settings = settings;
	if (by_path)
		resolved->by_path = by_path;
	if (chains)
		resolved->chains = chains;
	if (!settings || !by_path || !chains)
		return -ENOMEM;

	memmove(by_path + at + 1, by_path + at, (resolved->count - at) * sizeof(*by_path));
	by_path[at] = resolved->count;
	chains[resolved->count] = chain_of(resolved);
	settings[resolved->count++] = setting;
	return 0;
}

/* The index of a variable, or their number. */
static size_t find_variable(const struct resolved *resolved, const char *name)
{
	size_t i = 0;

	while (i < resolved->variables_count && strcmp(resolved->variables[i]->name, name) != 0)
		i++;
	return i;
}

static int add_variable(struct resolved *resolved, const struct variable *variable)
{
	size_t i = find_variable(resolved, variable->name);
	const struct variable **grown;

	if (i < resolved->variables_count) {
		resolved->variables[i] = variable;
		return 0;
	}
	grown = arena_grow(resolved->arena, resolved->variables, resolved->variables_count,
		&resolved->variables_capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	resolved->variables = grown;
	resolved->variables[resolved->variables_count++] = variable;
	return 0;
}

/* One that may not hold keeps what it takes the place of. NULL when memory is short. */
static const struct setting *take_the_place_of(struct arena *arena, const struct setting *setting,
	const struct setting *before)
{
	struct setting *conditional;

	if (!setting->when)
		return setting;
	conditional = arena_alloc(arena, sizeof(*conditional));
	if (!conditional)
		return NULL;
	*conditional = *setting;
	conditional->otherwise = before;
	return conditional;
}

int resolve_override(struct resolved *resolved, const struct profile *profile)
{
	for (size_t i = 0; i < profile->variables_count; i++)
		if (add_variable(resolved, &profile->variables[i]) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < profile->settings_count; i++) {
		const struct setting *setting = &profile->settings[i];
		bool found;
		size_t at = lookup(resolved, setting->path, &found);

		resolved->is_computed |= setting->fields || setting->when;

		if (found) {
			const struct setting **place = &resolved->settings[resolved->by_path[at]];

			setting = take_the_place_of(resolved->arena, setting, *place);
			if (!setting)
				return -ENOMEM;
			*place = setting;
		} else {
			int r = insert(resolved, at, setting);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

int resolve_set(struct resolved *resolved, const char *name, int64_t value, const struct variable **ret_variable)
{
	size_t i = find_variable(resolved, name);
	struct variable *variable;

	if (i == resolved->variables_count)
		return 1;
	*ret_variable = resolved->variables[i];
	if (!variable_admits(resolved->variables[i], value))
		return 2;
	variable = arena_alloc(resolved->arena, sizeof(*variable));
	if (!variable)
		return -ENOMEM;
	*variable = *resolved->variables[i];
	variable->value = value;
	resolved->variables[i] = variable;
	return 0;
}

/* ---- evaluating ---- */

static bool check_names(const struct setting *setting, const struct expression_scope *scope, struct diags *diags)
{
	bool are_known = !setting->when || expression_check_names(setting->when, scope, diags);

	for (size_t i = 0; i < setting->fields_count; i++)
		if (setting->fields[i].expression)
			are_known &= expression_check_names(setting->fields[i].expression, scope, diags);
	return are_known;
}

/* The numbers of a computed value, as a copy of the setting. 0; 1 after errors; a negative errno. */
static int evaluate_value(struct arena *arena, const struct setting *setting, const struct expression_scope *scope,
	struct diags *diags, const struct setting **ret_setting)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct setting *evaluated = arena_alloc(arena, sizeof(*evaluated));
	size_t errors = diags->errors;

	if (!evaluated)
		return -ENOMEM;
	for (size_t i = 0; i < setting->fields_count; i++) {
		const struct setting_field *field = &setting->fields[i];
		int64_t number;
		int r;

		strbuf_add_text(&text, i ? " " : "");
		if (field->literal) {
			strbuf_add_text(&text, field->literal);
			continue;
		}
		r = expression_evaluate(field->expression, scope, diags, &number);
		if (r < 0)
			return r;
		if (r == 0)
			strbuf_printf(&text, "%" PRId64, number);
	}
	if (diags->errors > errors)
		return 1;
	*evaluated = *setting;
	if (strbuf_check(&text) < 0 ||
		value_copy(arena, (struct value){ text.bytes, text.length }, &evaluated->value) < 0)
		return -ENOMEM;
	validate_setting(diags, evaluated);
	*ret_setting = evaluated;
	return diags->errors > errors;
}

static int leave_out(struct resolved *resolved, const struct setting *setting)
{
	struct left_out *grown = arena_grow(resolved->arena, resolved->left_out, resolved->left_out_count,
		&resolved->left_out_capacity, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	resolved->left_out = grown;
	resolved->left_out[resolved->left_out_count++] = (struct left_out){ setting, chain_of(resolved) };
	return 0;
}

/* The definition that holds, or NULL. 0; 1 after errors, also in those that are not reached; a negative errno. */
static int find_holding(const struct setting *setting, const struct expression_scope *scope, struct diags *diags,
	const struct setting **ret_setting)
{
	bool are_known = true;

	for (const struct setting *any = setting; any; any = any->otherwise)
		are_known &= check_names(any, scope, diags);
	if (!are_known)
		return 1;
	for (; setting; setting = setting->otherwise) {
		int64_t holds = 1;
		int r = 0;

		if (setting->when)
			r = expression_evaluate(setting->when, scope, diags, &holds);
		if (r != 0)
			return r;
		if (holds)
			break;
	}
	*ret_setting = setting;
	return 0;
}

/* What counts remembers the one that would have counted before it. */
static int remember_passed_over(struct arena *arena, const struct setting *defined, const struct setting **setting)
{
	struct setting *copy = arena_alloc(arena, sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	*copy = **setting;
	copy->passed_over = defined;
	*setting = copy;
	return 0;
}

static int evaluate_setting(struct resolved *evaluated, const struct setting *defined,
	const struct expression_scope *scope, struct diags *diags)
{
	const struct setting *setting;
	bool found;
	int r = find_holding(defined, scope, diags, &setting);

	if (r == 0 && !setting)
		return leave_out(evaluated, defined);
	if (r == 0 && setting != defined)
		r = remember_passed_over(evaluated->arena, defined, &setting);
	if (r == 0 && setting->fields)
		r = evaluate_value(evaluated->arena, setting, scope, diags, &setting);
	return r == 0 ? insert(evaluated, lookup(evaluated, setting->path, &found), setting) : r;
}

enum { EVALUATION_ERRORS_MAX = 100 };

int resolve_evaluate(const struct resolved *resolved, struct diags *diags, const struct fact_source *facts,
	struct resolved *ret_evaluated)
{
	const struct expression_scope scope = { resolved->variables, resolved->variables_count, facts };
	struct resolved evaluated;
	size_t errors = diags->errors;
	int verdict = 0;

	if (!resolved->is_computed) {
		*ret_evaluated = *resolved;
		return 0;
	}
	resolve_init(&evaluated, resolved->arena);
	evaluated.variables = resolved->variables;
	evaluated.variables_count = resolved->variables_count;
	/* A hostile file has a hundred thousand mistakes; nobody reads them (base/diag.c). */
	for (size_t i = 0; i < resolved->count && diags->errors - errors < EVALUATION_ERRORS_MAX; i++) {
		int r = evaluate_setting(&evaluated, resolved->settings[i], &scope, diags);

		if (r < 0)
			return r;
		verdict |= r;
	}
	*ret_evaluated = evaluated;
	return diags->failed ? -ENOMEM : verdict;
}

/* The lists that have the setting and do not leave this path out. */
static uint64_t lists_asking(const struct resolved *resolved, size_t index, const char *path)
{
	uint64_t asking = resolved->chains[index];

	for (size_t i = 0; i < resolved->left_out_count && asking; i++)
		if (strcmp(resolved->left_out[i].setting->path, path) == 0)
			asking &= ~resolved->left_out[i].chain;
	return asking;
}

bool resolve_leaves_out(const struct resolved *resolved, size_t index, const char *path)
{
	return lists_asking(resolved, index, path) == 0;
}

/* ---- joining ---- */

static bool agrees(const struct setting *a, const struct setting *b)
{
	return a->rule == b->rule &&
		value_equal(catalog_type(catalog_find(a->path)), a->value, b->value);
}

void resolve_report_clash(struct diags *diags, const char *path, const struct setting *a,
	const struct setting *b)
{
	const char *key = key_display(diags->arena, path);

	if (!key) {
		diags->failed = true;
		return;
	}
	/* A glob that several profiles have is the first one's, which may name the key besides. */
	diag_error(diags, "profiles-disagree", b->value_span, "%s and %s disagree about %s: %s %s here",
		a->profile->name, a->profile == b->profile ? "another profile" : b->profile->name, key,
		setting_rule_name(b->rule), b->value.bytes);
	diag_also(diags, a->value_span, a->profile == b->profile ? "%s %s here, and in the other profile" :
		"%s %s here", setting_rule_name(a->rule), a->value.bytes);
	diag_hint(diags,
		"apply one of the profiles, or write one that extends both: the later definition wins");
}

int resolve_join(struct resolved *resolved, struct diags *diags, const struct resolved *other)
{
	resolved->joined++;
	for (size_t i = 0; i < other->left_out_count; i++)
		if (leave_out(resolved, other->left_out[i].setting) < 0)
			return -ENOMEM;
	for (size_t i = 0; i < other->count; i++) {
		const struct setting *setting = other->settings[i];
		bool found;
		size_t at = lookup(resolved, setting->path, &found);

		if (found) {
			size_t index = resolved->by_path[at];
			const struct setting *before = resolved->settings[index];

			resolved->chains[index] |= chain_of(resolved);
			if (!agrees(before, setting))
				resolve_report_clash(diags, setting->path, before, setting);
		} else {
			int r = insert(resolved, at, setting);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

size_t resolve_find(const struct resolved *resolved, const char *path)
{
	bool found;
	size_t at = lookup(resolved, path, &found);

	return found ? resolved->by_path[at] : RESOLVE_NOT_FOUND;
}

bool resolve_clashes(const struct resolved *resolved, size_t first, size_t deciding, const char *path)
{
	uint64_t without_deciding = lists_asking(resolved, first, path) & ~resolved->chains[deciding];

	return without_deciding != 0 && !agrees(resolved->settings[first], resolved->settings[deciding]);
}
