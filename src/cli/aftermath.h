/* SPDX-License-Identifier: MIT */
/* aftermath.h - what became of a change, for diagnose --after: which, and its effects for people and as JSON. */
#pragma once

#include "cli/command.h"
#include "engine/effect.h"

/* The change that --after means: 0, or an exit code with the reason said. */
MUST_CHECK int aftermath_choose(struct app *app, const char *id, struct change **ret_change);

/* On stdout. What nothing can be said about is told in one line for all, unless --all. 0 or -ENOMEM. */
MUST_CHECK int aftermath_print(struct app *app, const struct effects *effects);

/* "after": what kerntune(8) describes. */
void aftermath_add(struct json *json, cJSON *parent, const struct effects *effects);
