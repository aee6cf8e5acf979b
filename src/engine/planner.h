/* SPDX-License-Identifier: MIT */
/* planner.h - making a plan: settings against the live values.
 *
 * Expands globs (an explicit key wins over a glob), reads every key once, works out the targets of
 * at_least and at_most, and puts the rows into the order of writing. Writes nothing. */
#pragma once

#include "base/diag.h"
#include "engine/library.h"
#include "kernel/procsys.h"
#include "model/key.h"
#include "model/plan.h"

struct planner {
	struct arena *arena;
	struct diags *diags;
	struct procsys *procsys;
	struct key_filter filter;	/* --only and --skip */
};

/* 0; 1 with errors in the diagnostics; -ENOMEM. */
MUST_CHECK int planner_build(const struct planner *planner, const struct selection *selection,
	struct plan *ret_plan);

/* The name that an absent key is likely a slip of: one of the catalogue's, or one that stands in the same
 * directory. NULL when there is none, or when memory is short. */
const char *planner_suggest(const struct planner *planner, const char *path);
