/* SPDX-License-Identifier: MIT */
/* json_out.h - the parts that the JSON of several commands share.
 *
 * One object per run: "schema", then what the command says, then "messages". Names are snake_case and only
 * ever added to within a schema's version; kernel values are strings. kerntune(8) describes them. */
#pragma once

#include "base/diag.h"
#include "format/json.h"
#include "model/change.h"
#include "model/plan.h"

void json_out_schema(struct json *json, const char *command);
void json_out_host(struct json *json, const struct host *host);
void json_out_host_with_cookie(struct json *json, const struct host *host);

/* As people read it: without the newline, fields separated by one blank; null without bytes. */
void json_out_value(struct json *json, cJSON *object, const char *name, enum value_type type, struct value value);
void json_out_names(struct json *json, cJSON *parent, const char *name, const char *const names[],
	size_t count);
void json_out_messages(struct json *json, const struct diags *diags);
void json_out_error(struct json *json, const char *id, const char *text, int exit_code);

/* "summary", "parameters" and "left_out" of diff and verify. */
void json_out_plan(struct json *json, const struct plan *plan);

/* "parameters", "left_out" and "side_effects" of apply: the plan's rows with what became of them; without a change,
 * of one that was not carried out. */
void json_out_applied(struct json *json, const struct plan *plan, const struct change *change);

/* "parameters" of restore. */
void json_out_restored(struct json *json, const struct change *change);

/* What history tells of a change; with its items when `whole`. */
void json_out_change(struct json *json, cJSON *object, const struct change *change, bool whole);

/* "left_out": settings whose `when` does not hold. */
void json_out_left_out(struct json *json, const struct setting *const settings[], size_t count);

/* "variables" of show, as they are in force. */
void json_out_variables(struct json *json, const struct variable *const variables[], size_t count);

/* One resolved setting, as show and check give it. */
void json_out_setting(struct json *json, cJSON *array, const struct setting *setting, const char *key);
