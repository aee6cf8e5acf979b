/* SPDX-License-Identifier: MIT */
/* resolve.h - several profiles merged into one list of settings.
 *
 * Calling sequence, for each profile named on the command line: resolve_init() -> resolve_override() with
 * its ancestors and then itself, base first. Then one more resolve_init() and resolve_join() with each
 * of these lists.
 *
 * In resolve_override() a later definition of a key takes the place of an earlier one; in resolve_join()
 * two that disagree are an error, reported with both places. Order is the order of first mention. */
#pragma once

#include "base/diag.h"
#include "model/profile.h"

struct resolved {
	struct arena *arena;
	const struct setting **settings;	/* in order of first mention */
	size_t count, settings_capacity;
	size_t *by_path;			/* indices, sorted by path */
	size_t by_path_capacity;
	unsigned *chains;			/* parallel to settings: which resolve_join() brought it */
	size_t chains_capacity;
	unsigned joined;
};

void resolve_init(struct resolved *resolved, struct arena *arena);

/* Both: 0 or -ENOMEM. */
MUST_CHECK int resolve_override(struct resolved *resolved, const struct profile *profile);
MUST_CHECK int resolve_join(struct resolved *resolved, struct diags *diags,
	const struct resolved *other);

/* The index of the setting with this very path (no glob expansion), or RESOLVE_NOT_FOUND. */
#define RESOLVE_NOT_FOUND ((size_t)-1)
size_t resolve_find(const struct resolved *resolved, const char *path);

/* Whether two settings of a joined list that are about one key come from different profiles of the command
 * line and ask for different things; and the report of it. */
bool resolve_clashes(const struct resolved *resolved, size_t a, size_t b);
void resolve_report_clash(struct diags *diags, const char *path, const struct setting *a,
	const struct setting *b);
