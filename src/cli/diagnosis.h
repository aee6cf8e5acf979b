/* SPDX-License-Identifier: MIT */
/* diagnosis.h - findings for people and as JSON, for diagnose and watch. */
#pragma once

#include "cli/command.h"
#include "engine/diagnose.h"

/* On stdout: level, id, subject, what is so, who, what to do. 0 or -ENOMEM. */
MUST_CHECK int diagnosis_print_finding(struct app *app, const struct finding *finding);

/* "findings": what kerntune(8) describes. */
void diagnosis_add_findings(struct json *json, cJSON *parent, const char *name, const struct findings *findings);
void diagnosis_add_finding(struct json *json, cJSON *object, const struct finding *finding);

/* "kerntune diff PROFILE --only KEY ...", the dry run of what relieves it; NULL when no profile does, or memory is
 * short. */
const char *diagnosis_command(struct arena *arena, const struct finding *finding);
