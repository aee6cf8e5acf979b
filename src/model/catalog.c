/* SPDX-License-Identifier: MIT */
/* Look-ups in the generated table of parameters. */
#include "model/catalog.h"

#include "base/similar.h"
#include "model/catalog_table.h"
#include "model/key.h"

#include <stdlib.h>
#include <string.h>

static const char *text_at(uint32_t place)
{
	return place ? catalog_text + place : NULL;
}

static const char *const *list_at(uint32_t start)
{
	for (uint32_t i = start; catalog_lists[i]; i++)
		catalog_lists_unpacked[i] = catalog_text + catalog_lists[i];
	return catalog_lists_unpacked + start;
}

static void unpack(const struct catalog_packed *packed, struct catalog_row *row)
{
	*row = (struct catalog_row){
		.path = text_at(packed->path),
		.type = packed->type,
		.fields = packed->fields,
		.has_min = packed->has_min,
		.has_max = packed->has_max,
		.ordered = packed->ordered,
		.min = packed->min,
		.max = packed->max,
		.scope = packed->scope,
		.since = text_at(packed->since),
		.until = text_at(packed->until),
		.module = text_at(packed->module),
		.no_effect_since = text_at(packed->no_effect_since),
		.aliases = list_at(packed->aliases),
		.siblings = list_at(packed->siblings),
		.cascades = list_at(packed->cascades),
		.after = list_at(packed->after),
		.not_above = text_at(packed->not_above),
		.locked_by = text_at(packed->locked_by),
		.locked_values = list_at(packed->locked_values),
		.rounding = packed->rounding,
		.rounding_multiple = packed->rounding_multiple,
		.one_way = packed->one_way,
		.one_way_values = list_at(packed->one_way_values),
		.loses = text_at(packed->loses),
		.is_action = packed->is_action,
		.is_volatile = packed->is_volatile,
		.effect = packed->effect,
		.topic = packed->topic,
	};
}

const struct catalog_row *catalog_at(size_t index)
{
	struct catalog_row *row = &catalog_rows_unpacked[index];

	if (!row->path)
		unpack(&catalog_packed[index], row);
	return row;
}

struct catalog_prose catalog_prose(const struct catalog_row *row)
{
	static const uint32_t nothing[PROSE_COLUMNS];
	const uint32_t *places = row ? catalog_prose_places[row - catalog_rows_unpacked] : nothing;

	return (struct catalog_prose){
		.summary = catalog_text + places[PROSE_SUMMARY],
		.unit = catalog_text + places[PROSE_UNIT],
		.normal = catalog_text + places[PROSE_NORMAL],
		.changes = catalog_text + places[PROSE_CHANGES],
		.caveats = catalog_text + places[PROSE_CAVEATS],
		.myths = catalog_text + places[PROSE_MYTHS],
		.advice = catalog_text + places[PROSE_ADVICE],
		.sources = catalog_text + places[PROSE_SOURCES],
	};
}

static const char *path_at(size_t index)
{
	return catalog_text + catalog_packed[index].path;
}

static int compare_path(const void *path, const void *packed)
{
	return strcmp(path, catalog_text + ((const struct catalog_packed *)packed)->path);
}

/* Whether the path begins with what stands before the glob's wildcard: fnmatch() is slow. */
static bool begins_alike(const char *glob, const char *path)
{
	while (*glob && *glob == *path) {
		glob++;
		path++;
	}
	return *glob == '*';
}

const struct catalog_row *catalog_find(const char *path)
{
	const struct catalog_packed *exact =
		bsearch(path, catalog_packed, catalog_count, sizeof(catalog_packed[0]), compare_path);

	if (exact)
		return catalog_at((size_t)(exact - catalog_packed));
	for (size_t i = 0; i < catalog_globs_count; i++) {
		const char *glob = path_at(catalog_globs[i]);

		if (begins_alike(glob, path) && key_matches(glob, path))
			return catalog_at(catalog_globs[i]);
	}
	return NULL;
}

const char *catalog_suggest(const char *path)
{
	const char *best = NULL;
	size_t best_distance = 3;

	for (size_t i = 0; i < catalog_count; i++) {
		const char *candidate = path_at(i);
		size_t distance = similar_distance(path, candidate, best_distance);

		if (distance > 0 && distance < best_distance && !key_is_glob(candidate)) {
			best = candidate;
			best_distance = distance;
		}
	}
	return best;
}

bool catalog_is_one_way(const struct catalog_row *row, struct value target)
{
	if (!row)
		return false;
	if (row->one_way)
		return true;
	for (size_t i = 0; row->one_way_values[i]; i++)
		if (value_equal(row->type, target, value_of(row->one_way_values[i])))
			return true;
	return false;
}

bool catalog_satisfied(const struct catalog_row *row, struct value target, struct value live)
{
	if (value_equal(catalog_type(row), target, live))
		return true;
	return row && value_is_rounded(row->rounding, row->rounding_multiple, target, live);
}

static bool any_matches(const char *const *paths, const char *path)
{
	for (size_t i = 0; paths[i]; i++)
		if (key_matches(paths[i], path))
			return true;
	return false;
}

bool catalog_moves(const struct catalog_row *row, const char *path)
{
	return row && (any_matches(row->cascades, path) || any_matches(row->siblings, path) ||
		any_matches(row->aliases, path));
}
