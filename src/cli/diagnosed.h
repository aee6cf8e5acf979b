/* SPDX-License-Identifier: MIT */
/* diagnosed.h - a whole diagnosis, for people and as JSON: of one network namespace, or of one among many. */
#pragma once

#include "cli/command.h"
#include "engine/diagnose.h"

/* The states, with -v or --deep what else was seen, and the findings. 0 or -ENOMEM. */
MUST_CHECK int diagnosed_print(struct app *app, const struct diagnosis *diagnosis);

/* How many findings, and what the look has cost; not with --quiet. */
void diagnosed_print_summary(struct app *app, const struct diagnosis *diagnosis);

/* The members that kerntune(8) describes. 0 or -ENOMEM. */
MUST_CHECK int diagnosed_add(struct app *app, struct json *json, cJSON *object, const struct diagnosis *diagnosis);
