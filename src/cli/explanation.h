/* SPDX-License-Identifier: MIT */
/* explanation.h - one key explained, as text for people and as JSON. */
#pragma once

#include "cli/command.h"
#include "engine/explain.h"

/* About a screen: what the key is, what it holds here, and what to think of it. 0 or -ENOMEM. */
MUST_CHECK int explanation_print(struct app *app, const struct subject *subject, const struct explain *explain,
	const struct provenance *provenance);

/* One element of "parameters". 0 or -ENOMEM. */
MUST_CHECK int explanation_add_json(struct arena *arena, struct json *json, cJSON *array, const struct subject *subject);

/* What the key holds, for a table: short, and NULL where it holds nothing. */
const char *explanation_live(struct app *app, const struct subject *subject);
