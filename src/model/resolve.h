/* SPDX-License-Identifier: MIT */
/* resolve.h - several profiles merged into one list of settings.
 *
 * Calling sequence, for each profile named on the command line: resolve_init() -> resolve_override() with
 * its ancestors and then itself, base first -> resolve_set() for what --set gives -> resolve_evaluate(). Then one
 * more resolve_init() and resolve_join() with each of these lists.
 *
 * In resolve_override() a later definition of a key takes the place of an earlier one; in resolve_join()
 * two that disagree are an error, reported with both places. Order is the order of first mention.
 *
 * Variables are merged like keys, and all expressions of a list see the merged ones. A definition whose `when` does
 * not hold is passed over: what it took the place of counts, else the key is left out, whatever a glob of the
 * same list says about it. */
#pragma once

#include "base/diag.h"
#include "model/profile.h"

#include <stdint.h>

/* A setting whose `when` does not hold here. */
struct left_out {
	const struct setting *setting;
	uint64_t chain;				/* as below, one bit */
};

struct resolved {
	struct arena *arena;
	const struct setting **settings;	/* in order of first mention */
	size_t count, settings_capacity;
	size_t *by_path;			/* indices, sorted by path */
	size_t by_path_capacity;
	uint64_t *chains;			/* parallel to settings: one bit for each resolve_join() that has it */
	size_t chains_capacity;
	unsigned joined;
	const struct variable **variables;	/* in order of first mention; not joined */
	size_t variables_count, variables_capacity;
	struct left_out *left_out;
	size_t left_out_count, left_out_capacity;
	bool is_computed;			/* there is something to evaluate */
};

void resolve_init(struct resolved *resolved, struct arena *arena);

/* Both: 0 or -ENOMEM. */
MUST_CHECK int resolve_override(struct resolved *resolved, const struct profile *profile);
MUST_CHECK int resolve_join(struct resolved *resolved, struct diags *diags,
	const struct resolved *other);

/* Gives a variable of the list another value. 0; 1 when there is none of this name; 2 when its bounds do not
 * admit the value; -ENOMEM. *ret_variable is its definition, unless there is none. */
MUST_CHECK int resolve_set(struct resolved *resolved, const char *name, int64_t value,
	const struct variable **ret_variable);

/* Puts numbers for all expressions and leaves out what must be; checks what comes out like a literal value. 0; 1
 * with errors in the diagnostics; -ENOMEM, or a negative errno of the facts. */
MUST_CHECK int resolve_evaluate(const struct resolved *resolved, struct diags *diags,
	const struct fact_source *facts, struct resolved *ret_evaluated);

/* Whether all lists that have the setting at `index`, a glob, leave this very path out. */
bool resolve_leaves_out(const struct resolved *resolved, size_t index, const char *path);

/* The index of the setting with this very path (no glob expansion), or RESOLVE_NOT_FOUND. */
#define RESOLVE_NOT_FOUND ((size_t)-1)
size_t resolve_find(const struct resolved *resolved, const char *path);

/* Whether some profile of the command line asks for the first setting of a joined list where the second one decides
 * about this path, and that is something different; and the report of it. */
bool resolve_clashes(const struct resolved *resolved, size_t first, size_t deciding, const char *path);
void resolve_report_clash(struct diags *diags, const char *path, const struct setting *a,
	const struct setting *b);
