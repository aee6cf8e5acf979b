/* SPDX-License-Identifier: MIT */
/* finding_help.h - a finding of diagnose explained, as text for people and as JSON. */
#pragma once

#include "cli/command.h"
#include "engine/finding_table.h"

/* Less than a screen: what it says, what it means, who can mend it, which parameters there are and what they hold here.
 * 0 or -ENOMEM. */
MUST_CHECK int finding_help_print(struct app *app, const struct finding_row *row);

/* One element of "findings". 0 or -ENOMEM. */
MUST_CHECK int finding_help_add_json(struct app *app, struct json *json, cJSON *array, const struct finding_row *row);

/* The ids of the findings that the parameter can relieve, in the order of the manual; an array of *ret_count. 0 or
 * -ENOMEM. */
MUST_CHECK int finding_help_relieved(struct arena *arena, const char *path, const char ***ret_ids, size_t *ret_count);
