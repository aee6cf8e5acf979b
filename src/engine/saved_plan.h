/* SPDX-License-Identifier: MIT */
/* saved_plan.h - plans that were saved, reviewed, and are to be carried out now.
 *
 * What a saved plan asks for is turned into a selection, as if one profile asked for it, and planned anew: so it
 * is validated, ordered and shown like everything else. Then the new plan is held against the saved one.
 *
 * Calling sequence: saved_plan_load() -> saved_plan_select() -> planner_build() -> saved_plan_check(). */
#pragma once

#include "base/diag.h"
#include "engine/library.h"
#include "format/plan_json.h"
#include "model/plan.h"

/* Reads the file at this path (not below the root), which must be one that root may act upon. 0; 1 with errors
 * in the diagnostics; -ENOMEM. */
MUST_CHECK int saved_plan_load(struct arena *arena, struct diags *diags, const char *path,
	struct saved_plan *ret_plan);

MUST_CHECK int saved_plan_select(const struct saved_plan *saved, struct arena *arena, struct diags *diags,
	struct selection *ret_selection);

/* What the plan was made for: another host, kernel, boot or network namespace is an error in the diagnostics, and
 * so is each parameter that is no longer as it was, with both values. 0; 1; -ENOMEM. */
MUST_CHECK int saved_plan_check(const struct saved_plan *saved, struct arena *arena, struct diags *diags,
	const struct host *host, const struct plan *plan);
