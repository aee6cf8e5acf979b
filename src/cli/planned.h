/* SPDX-License-Identifier: MIT */
/* planned.h - from a command's arguments to a plan: what diff, verify, apply and list have in common. */
#pragma once

#include "cli/command.h"
#include "engine/planner.h"

/* Each returns 0, or an exit code after having said why. */
MUST_CHECK int planned_library(struct app *app, struct library *ret_library);
MUST_CHECK int planned_select(struct app *app, int argc, char *argv[], struct selection *ret_selection);
MUST_CHECK int planned_plan(struct app *app, const struct selection *selection, struct plan *ret_plan);

/* The difference as text, with notes and a summary; `all` also shows what holds. 0 or an exit code. */
MUST_CHECK int planned_print(struct app *app, const struct plan *plan, bool all);
