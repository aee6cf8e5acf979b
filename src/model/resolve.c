/* SPDX-License-Identifier: MIT */
/* Merging profiles. */
#include "model/resolve.h"

#include "model/catalog.h"
#include "model/key.h"

#include <errno.h>
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

static int insert(struct resolved *resolved, size_t at, const struct setting *setting)
{
	const struct setting **settings = arena_grow(resolved->arena, resolved->settings,
		resolved->count, &resolved->settings_capacity, sizeof(*settings));
	size_t *by_path = arena_grow(resolved->arena, resolved->by_path, resolved->count,
		&resolved->by_path_capacity, sizeof(*by_path));

	unsigned *chains = arena_grow(resolved->arena, resolved->chains, resolved->count,
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
	chains[resolved->count] = resolved->joined;
	settings[resolved->count++] = setting;
	return 0;
}

int resolve_override(struct resolved *resolved, const struct profile *profile)
{
	for (size_t i = 0; i < profile->settings_count; i++) {
		const struct setting *setting = &profile->settings[i];
		bool found;
		size_t at = lookup(resolved, setting->path, &found);

		if (found) {
			resolved->settings[resolved->by_path[at]] = setting;
		} else {
			int r = insert(resolved, at, setting);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

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
	diag_error(diags, "profiles-disagree", b->value_span, "%s and %s disagree about %s: %s %s here",
		a->profile->name, b->profile->name, key, setting_rule_name(b->rule), b->value.bytes);
	diag_also(diags, a->value_span, "%s %s here", setting_rule_name(a->rule), a->value.bytes);
	diag_hint(diags,
		"apply one of the profiles, or write one that extends both: the later definition wins");
}

int resolve_join(struct resolved *resolved, struct diags *diags, const struct resolved *other)
{
	resolved->joined++;
	for (size_t i = 0; i < other->count; i++) {
		const struct setting *setting = other->settings[i];
		bool found;
		size_t at = lookup(resolved, setting->path, &found);

		if (found) {
			const struct setting *before = resolved->settings[resolved->by_path[at]];

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

bool resolve_clashes(const struct resolved *resolved, size_t a, size_t b)
{
	return resolved->chains[a] != resolved->chains[b] &&
		!agrees(resolved->settings[a], resolved->settings[b]);
}
