/* SPDX-License-Identifier: MIT */
/* Look-ups in the generated table of parameters. */
#include "model/catalog.h"

#include "base/similar.h"
#include "model/key.h"

#include <stdlib.h>
#include <string.h>

static int compare_path(const void *path, const void *row)
{
	return strcmp(path, ((const struct catalog_row *)row)->path);
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
	const struct catalog_row *exact =
		bsearch(path, catalog_rows, catalog_count, sizeof(catalog_rows[0]), compare_path);

	if (exact)
		return exact;
	for (size_t i = 0; i < catalog_globs_count; i++) {
		const struct catalog_row *row = &catalog_rows[catalog_globs[i]];

		if (begins_alike(row->path, path) && key_matches(row->path, path))
			return row;
	}
	return NULL;
}

const char *catalog_suggest(const char *path)
{
	const char *best = NULL;
	size_t best_distance = 3;

	for (size_t i = 0; i < catalog_count; i++) {
		const char *candidate = catalog_rows[i].path;
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
