/* SPDX-License-Identifier: MIT */
/* planned.h - from a command's arguments to a plan: what diff, verify, plan, apply and list have in common. */
#pragma once

#include "cli/command.h"
#include "engine/planner.h"

/* Each returns 0, or an exit code after having said why. */
MUST_CHECK int planned_library(struct app *app, struct library *ret_library);
MUST_CHECK int planned_select(struct app *app, int argc, char *argv[], struct selection *ret_selection);
/* The same, from a library that planned_library() has made. */
MUST_CHECK int planned_select_from(struct app *app, struct library *library, int argc, char *argv[],
	struct selection *ret_selection);
MUST_CHECK int planned_plan(struct app *app, const struct selection *selection, struct plan *ret_plan);

/* Whether an argument is a saved plan: it ends in .json. */
bool planned_names_plan(const char *argument);

/* All of it: opens proc/sys and makes the plan of the profiles, or of the saved plan, that the arguments name. */
MUST_CHECK int planned_build(struct app *app, int argc, char *argv[], enum procsys_mode mode,
	struct plan *ret_plan);

/* For apply: the same, and refuses with EXIT_REFUSED a saved plan that no longer fits this host, unless all that
 * it asks for holds. Finds the host. */
MUST_CHECK int planned_build_to_apply(struct app *app, int argc, char *argv[], enum procsys_mode mode,
	struct plan *ret_plan);

/* Adds what the checks say of the parameters that would change, as notes. 0 or an exit code. */
MUST_CHECK int planned_lint(struct app *app, struct plan *plan);

/* Makes messages of the notes that are errors, and `with_warnings` of those too. Refuses with EXIT_INVALID a plan with
 * errors. */
MUST_CHECK int planned_refuse_errors(struct app *app, const struct plan *plan, bool with_warnings);

/* Refuses with EXIT_INVALID a plan with parameters that cannot be set here. */
MUST_CHECK int planned_refuse_blocked(struct app *app, const struct plan *plan);

/* What `when` leaves out, one line each. */
void planned_print_left_out(struct app *app, const struct plan *plan);

/* The difference as text, with notes and a summary; `all` also shows what holds. 0 or an exit code. */
MUST_CHECK int planned_print(struct app *app, const struct plan *plan, bool all);
