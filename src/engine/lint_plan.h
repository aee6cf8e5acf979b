/* SPDX-License-Identifier: MIT */
/* lint_plan.h - the findings that matter to whoever is about to carry out a plan, beside the parameter.
 *
 * Runs the checks with in_plan over what the plan would write, after --only and --skip and with globs expanded, and
 * adds a note to each row that would change; other rows get none. */
#pragma once

#include "base/rootdir.h"
#include "kernel/procsys.h"
#include "model/plan.h"

/* 0 or -ENOMEM. */
MUST_CHECK int lint_plan(struct arena *arena, const struct rootdir *root, struct procsys *procsys, struct plan *plan);
