/* SPDX-License-Identifier: MIT */
/* Building plans. */
#include "engine/planner.h"

#include "base/similar.h"
#include "model/validate.h"

#include <errno.h>
#include <string.h>

const char *planner_suggest(const struct planner *planner, const char *path)
{
	struct procsys_paths names = { 0 };
	const char *slash = strrchr(path, '/');
	const char *known = catalog_suggest(path);
	const char *best;

	if (known)
		return key_display(planner->arena, known);
	if (!slash || procsys_siblings(planner->procsys, planner->arena, path, &names) < 0)
		return NULL;
	best = similar_best(slash + 1, names.paths, names.count);
	if (!best)
		return NULL;
	best = arena_printf(planner->arena, "%.*s/%s", (int)(slash - path), path, best);
	return best ? key_display(planner->arena, best) : NULL;
}

static int add_note(const struct planner *planner, struct plan_row *row, const char *id, const char *text)
{
	struct plan_note *notes = arena_alloc(planner->arena, (row->notes_count + 1) * sizeof(*notes));

	if (!notes || !text)
		return -ENOMEM;
	if (row->notes_count)
		memcpy(notes, row->notes, row->notes_count * sizeof(*notes));
	notes[row->notes_count++] = (struct plan_note){ .id = id, .text = text };
	row->notes = notes;
	return 0;
}

/* When a new value takes effect, where that is not at once. */
static const struct plan_note effect_notes[] = {
	[EFFECT_CONNECTIONS] = { .id = "new-connections", .text = "takes effect on connections made from now on" },
	[EFFECT_LISTEN] = { .id = "restart-listeners",
		.text = "listening sockets keep the old limit until they call listen() again: restart or reload them" },
	[EFFECT_SOCKETS] = { .id = "new-sockets", .text = "takes effect on sockets created from now on" },
	[EFFECT_INTERFACES] = { .id = "new-interfaces", .text = "takes effect on interfaces created from now on" },
};

static int add_change_notes(const struct planner *planner, struct plan_row *row)
{
	const struct catalog_row *catalog = row->catalog;
	int r = 0;

	if (!catalog)
		return 0;
	if (catalog->effect < COUNT_OF(effect_notes) && effect_notes[catalog->effect].id)
		r = add_note(planner, row, effect_notes[catalog->effect].id, effect_notes[catalog->effect].text);
	if (r == 0 && catalog_is_one_way(catalog, row->target))
		r = add_note(planner, row, "one-way", catalog->loses ?
			arena_printf(planner->arena, "its value can be put back, but not %s", catalog->loses) :
			catalog->is_action ? "an action, not a value: it cannot be undone" :
			"this cannot be undone without a reboot");
	if (r == 0 && catalog->cascades[0])
		r = add_note(planner, row, "side-effects",
			"the kernel changes other keys along with it; they are recorded and restored too");
	if (r == 0 && catalog->siblings[0])
		r = add_note(planner, row, "side-effects",
			"writing it zeroes its counterpart, which is restored too");
	return r;
}

static int add_absent_notes(const struct planner *planner, struct plan_row *row)
{
	const struct catalog_row *catalog = row->catalog;
	const char *meant;
	int r = 0;

	if (!catalog) {
		meant = planner_suggest(planner, row->path);
		return meant ? add_note(planner, row, "did-you-mean",
			arena_printf(planner->arena, "did you mean %s?", meant)) : 0;
	}
	if (catalog->module)
		r = add_note(planner, row, "needs-module",
			arena_printf(planner->arena, "exists only while the module %s is loaded", catalog->module));
	if (r == 0 && catalog->since)
		r = add_note(planner, row, "since",
			arena_printf(planner->arena, "exists since Linux %s", catalog->since));
	if (r == 0 && catalog->until)
		r = add_note(planner, row, "removed",
			arena_printf(planner->arena, "removed after Linux %s", catalog->until));
	if (r == 0 && catalog->scope == SCOPE_GLOBAL && strncmp(row->path, "net/", 4) == 0)
		r = add_note(planner, row, "host-only", "exists only in the host's own network namespace");
	return r;
}

/* What at_least and at_most come to here. */
static int find_target(const struct planner *planner, struct plan_row *row)
{
	const struct setting *setting = row->setting;
	int r;

	if (setting->rule == SETTING_VALUE) {
		row->target = setting->value;
		return 0;
	}
	r = value_bounded(planner->arena, catalog_type(row->catalog),
		setting->rule == SETTING_AT_LEAST ? VALUE_AT_LEAST : VALUE_AT_MOST, row->live,
		setting->value, &row->target);
	if (r == 1) {
		diag_error(planner->diags, "not-comparable", setting->value_span,
			"%s %s cannot be compared with the live value \"%s\" of %s", setting_rule_name(setting->rule),
			setting->value.bytes, row->live_text, row->key);
		diag_hint(planner->diags, "both must be numbers, and as many of them; or use value");
		row->target = setting->value;
		return 0;
	}
	return r;
}

static int classify_live(const struct planner *planner, struct plan_row *row)
{
	int r = find_target(planner, row);

	if (r < 0)
		return r;
	if (catalog_satisfied(row->catalog, row->target, row->live)) {
		row->status = PLAN_SAME;
		return 0;
	}
	row->status = PLAN_CHANGE;
	r = procsys_probe(planner->procsys, row->path, &row->error);
	if (r < 0)
		return r;
	if (r == PROCSYS_UNWRITABLE) {
		row->status = PLAN_READ_ONLY;
		row->tolerated = row->setting->optional;
		if (row->catalog && row->catalog->scope == SCOPE_HOST)
			return add_note(planner, row, "host-only",
				"shows the host's value, and can be written only in the host's network namespace");
		return 0;
	}
	/* What is left is lacking privilege: the value would change, and apply says why it cannot. */
	return add_change_notes(planner, row);
}

/* What there is no value to compare with: an action, or a secret that was never set. */
static int classify_unreadable(const struct planner *planner, struct plan_row *row)
{
	int r;

	/* That it could not be read is no reason against writing it. */
	row->error = 0;
	r = procsys_probe(planner->procsys, row->path, &row->error);
	row->status = r == PROCSYS_ABSENT ? PLAN_ABSENT : r == PROCSYS_UNWRITABLE ? PLAN_READ_ONLY : PLAN_CHANGE;
	if (r < 0)
		return r;
	row->tolerated = row->status != PLAN_CHANGE && row->setting->optional;
	return row->status == PLAN_ABSENT ? add_absent_notes(planner, row) : add_change_notes(planner, row);
}

static int classify(const struct planner *planner, struct plan_row *row)
{
	int r;

	if (row->catalog && row->catalog->is_action)
		return classify_unreadable(planner, row);
	r = procsys_read(planner->procsys, planner->arena, row->path, &row->live, &row->error);
	if (r < 0)
		return r;
	if (r == PROCSYS_UNREADABLE && row->catalog && row->catalog->one_way)
		return classify_unreadable(planner, row);
	if (r == PROCSYS_ABSENT) {
		row->status = PLAN_ABSENT;
		r = add_absent_notes(planner, row);
		row->tolerated = row->setting->optional && (row->catalog || row->notes_count == 0);
		return r;
	}
	if (r != 0) {
		row->status = PLAN_UNREADABLE;
		return 0;
	}
	row->live_text = value_display(planner->arena, catalog_type(row->catalog), row->live);
	return row->live_text ? classify_live(planner, row) : -ENOMEM;
}

/* What a glob asks for could not be checked before it was known which keys it means. */
static void validate_expanded(const struct planner *planner, const char *path, const struct setting *setting)
{
	struct setting expanded = *setting;

	if (catalog_find(setting->path) == catalog_find(path))
		return;
	expanded.path = path;
	validate_setting(planner->diags, &expanded);
}

static int add_row(const struct planner *planner, struct plan *plan, const char *path,
	const struct setting *setting)
{
	struct plan_row row = { .path = path, .setting = setting, .catalog = catalog_find(path) };
	struct plan_row *grown;
	int r;

	if (!key_filter_selects(&planner->filter, path))
		return 0;
	validate_expanded(planner, path, setting);
	row.key = key_display(planner->arena, path);
	row.target = setting->value;
	r = row.key ? classify(planner, &row) : -ENOMEM;
	if (r < 0)
		return r;
	row.target_text = value_display(planner->arena, catalog_type(row.catalog), row.target);
	grown = arena_grow(planner->arena, plan->rows, plan->count, &plan->capacity, sizeof(*grown));
	if (!grown || !row.target_text)
		return -ENOMEM;
	plan->rows = grown;
	plan->rows[plan->count++] = row;
	return 0;
}

/* The setting that decides about a key which a glob matched: an explicit one, else the last glob of a profile that does
 * not leave the key out. Profiles of the command line that want different things are reported. */
static size_t deciding_setting(const struct planner *planner, const struct resolved *settings, size_t index,
	const char *path)
{
	size_t winner = resolve_find(settings, path);

	for (size_t i = index + 1; winner == RESOLVE_NOT_FOUND && i < settings->count; i++)
		if (key_is_glob(settings->settings[i]->path) && key_matches(settings->settings[i]->path, path) &&
			!resolve_leaves_out(settings, i, path))
			winner = i;
	if (winner == RESOLVE_NOT_FOUND)
		return index;
	if (resolve_clashes(settings, index, winner, path))
		resolve_report_clash(planner->diags, path, settings->settings[index],
			settings->settings[winner]);
	return winner;
}

static int add_glob_rows(const struct planner *planner, struct plan *plan, const struct resolved *settings,
	size_t index)
{
	const struct setting *setting = settings->settings[index];
	struct procsys_paths paths = { 0 };
	int r = procsys_expand(planner->procsys, planner->arena, setting->path, &paths);

	if (r < 0)
		return r;
	if (paths.count == 0) {
		diag_warning(planner->diags, "no-match", setting->key_span, "no parameter matches this here");
		diag_hint(planner->diags, "it will have no effect; look below /proc/sys for the name");
	}
	for (size_t i = 0; r == 0 && i < paths.count; i++)
		if (!resolve_leaves_out(settings, index, paths.paths[i]) &&
			deciding_setting(planner, settings, index, paths.paths[i]) == index)
			r = add_row(planner, plan, paths.paths[i], setting);
	return r;
}

/* Whether another profile of the command line asks for it, by name or by a glob, or leaves it out as well. */
static bool is_told_already(const struct plan *plan, const struct setting *const left_out[], const char *path)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->rows[i].path, path) == 0)
			return true;
	for (size_t i = 0; i < plan->left_out_count; i++)
		if (strcmp(left_out[i]->path, path) == 0)
			return true;
	return false;
}

/* What `when` leaves out, once each. */
static int add_left_out(const struct planner *planner, struct plan *plan, const struct resolved *settings)
{
	const struct setting **left_out = arena_alloc(planner->arena,
		(settings->left_out_count + 1) * sizeof(*left_out));

	if (!left_out)
		return -ENOMEM;
	plan->left_out = left_out;
	for (size_t i = 0; i < settings->left_out_count; i++) {
		const struct setting *setting = settings->left_out[i].setting;

		if (key_filter_selects(&planner->filter, setting->path) &&
			resolve_find(settings, setting->path) == RESOLVE_NOT_FOUND &&
			(settings->joined < 2 || !is_told_already(plan, left_out, setting->path)))
			left_out[plan->left_out_count++] = setting;
	}
	return 0;
}

int planner_build(const struct planner *planner, const struct selection *selection, struct plan *ret_plan)
{
	const struct resolved *settings = &selection->settings;
	struct plan plan = {
		.profiles = selection->names,
		.digests = selection->digests,
		.profiles_count = selection->count,
	};

	for (size_t i = 0; i < settings->count; i++) {
		const struct setting *setting = settings->settings[i];
		int r = key_is_glob(setting->path) ? add_glob_rows(planner, &plan, settings, i) :
			add_row(planner, &plan, setting->path, setting);

		if (r < 0)
			return r;
	}
	if (add_left_out(planner, &plan, settings) < 0)
		return -ENOMEM;
	plan_order(&plan);
	*ret_plan = plan;
	return diags_verdict(planner->diags);
}
