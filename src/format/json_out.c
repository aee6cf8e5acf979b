/* SPDX-License-Identifier: MIT */
/* JSON of plans, changes and diagnostics. */
#include "format/json_out.h"

#include "model/key.h"

#include <stdio.h>
#include <string.h>

void json_out_schema(struct json *json, const char *command)
{
	char schema[64];

	snprintf(schema, sizeof(schema), "kerntune.%s/1", command);
	json_add_string(json, json->root, "schema", schema);
}

static cJSON *add_host(struct json *json, const struct host *host)
{
	cJSON *object = json_add_object(json, json->root, "host");

	json_add_string(json, object, "hostname", host->hostname);
	json_add_string(json, object, "kernel", host->kernel);
	json_add_string(json, object, "boot_id", host->boot_id);
	json_add_string(json, object, "netns", host->netns);
	return object;
}

void json_out_host(struct json *json, const struct host *host)
{
	(void)add_host(json, host);
}

void json_out_host_with_cookie(struct json *json, const struct host *host)
{
	json_add_string(json, add_host(json, host), "netns_cookie", host->netns_cookie);
}

void json_out_names(struct json *json, cJSON *parent, const char *name, const char *const names[],
	size_t count)
{
	cJSON *array = json_add_array(json, parent, name);

	for (size_t i = 0; i < count; i++)
		json_add_string(json, array, NULL, names[i]);
}

static void add_place(struct json *json, cJSON *object, struct span span)
{
	json_add_string(json, object, "file", span.source ? span.source->name : NULL);
	if (span.line) {
		json_add_integer(json, object, "line", (long)span.line);
		json_add_integer(json, object, "column", (long)span.column);
	}
}

void json_out_messages(struct json *json, const struct diags *diags)
{
	cJSON *array = json_add_array(json, json->root, "messages");

	for (const struct diag *diag = diags->first; diag; diag = diag->next) {
		cJSON *object = json_add_object(json, array, NULL);

		json_add_string(json, object, "level", diag_level_name(diag->level));
		json_add_string(json, object, "id", diag->id);
		json_add_string(json, object, "text", diag->message);
		if (diag->span.source)
			add_place(json, object, diag->span);
		if (diag->also_message) {
			cJSON *also = json_add_object(json, object, "also");

			json_add_string(json, also, "text", diag->also_message);
			add_place(json, also, diag->also);
		}
		if (diag->hint)
			json_add_string(json, object, "hint", diag->hint);
		if (diag->basis)
			json_add_string(json, object, "source", diag->basis);
	}
}

void json_out_error(struct json *json, const char *id, const char *text, int exit_code)
{
	cJSON *object = json_add_object(json, json->root, "error");

	json_add_string(json, object, "id", id);
	json_add_string(json, object, "text", text);
	json_add_integer(json, object, "exit_code", exit_code);
}

void json_out_value(struct json *json, cJSON *object, const char *name, enum value_type type, struct value value)
{
	struct arena arena;
	const char *text;

	if (!value.bytes) {
		json_add_string(json, object, name, NULL);
		return;
	}
	arena_init(&arena);
	text = value_display(&arena, type, value);
	json->failed |= !text;
	if (text && value_count_fields(value) && type != VALUE_STRING &&
		!memchr(value.bytes, '\0', value.length))
		json_add_bytes(json, object, name, value_of(text));
	else
		json_add_bytes(json, object, name, value_trimmed(value));
	arena_release(&arena);
}

/* A number that a double may not hold, as text; null without one. */
static void add_decimal(struct json *json, cJSON *object, const char *name, const int64_t *number)
{
	char text[NUMBER_TEXT_SIZE];

	if (number)
		number_format(number_of(*number), text);
	json_add_string(json, object, name, number ? text : NULL);
}

/* "expression" of a computed value, and "when". */
static void add_computation(struct json *json, cJSON *object, const struct setting *setting)
{
	json_add_string(json, object, "expression", setting->expression);
	if (setting->when) {
		CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

		strbuf_printf(&text, "${%s}", setting->when->text);
		json->failed |= strbuf_check(&text) < 0;
		json_add_string(json, object, "when", text.bytes);
	} else {
		json_add_string(json, object, "when", NULL);
	}
}

static void add_origin(struct json *json, cJSON *object, const struct setting *setting)
{
	cJSON *origin = json_add_object(json, object, "origin");

	json_add_string(json, origin, "file", setting->key_span.source->name);
	json_add_integer(json, origin, "line", (long)setting->key_span.line);
}

void json_out_left_out(struct json *json, const struct setting *const settings[], size_t count)
{
	cJSON *array = json_add_array(json, json->root, "left_out");

	for (size_t i = 0; i < count; i++) {
		CLEANUP_ARENA struct arena arena;
		cJSON *object = json_add_object(json, array, NULL);
		const char *key;

		arena_init(&arena);
		key = key_display(&arena, settings[i]->path);
		json->failed |= !key;
		json_add_string(json, object, "key", key);
		json_add_string(json, object, "path", settings[i]->path);
		add_computation(json, object, settings[i]);
		json_add_string(json, object, "profile", settings[i]->profile->name);
		add_origin(json, object, settings[i]);
	}
}

void json_out_variables(struct json *json, const struct variable *const variables[], size_t count)
{
	cJSON *array = json_add_array(json, json->root, "variables");

	for (size_t i = 0; i < count; i++) {
		const struct variable *variable = variables[i];
		cJSON *object = json_add_object(json, array, NULL);

		json_add_string(json, object, "name", variable->name);
		add_decimal(json, object, "value", &variable->value);
		add_decimal(json, object, "default", &variable->standard);
		add_decimal(json, object, "min", variable->has_min ? &variable->min : NULL);
		add_decimal(json, object, "max", variable->has_max ? &variable->max : NULL);
		json_add_string(json, object, "unit", variable->unit);
		json_add_string(json, object, "summary", variable->summary);
		json_add_string(json, object, "profile", variable->profile->name);
	}
}

static void add_plan_row(struct json *json, cJSON *array, const struct plan_row *row)
{
	cJSON *object = json_add_object(json, array, NULL);
	cJSON *notes;

	json_add_bytes(json, object, "key", value_of(row->key));
	json_add_bytes(json, object, "path", value_of(row->path));
	json_add_string(json, object, "status", plan_status_name(row->status));
	json_out_value(json, object, "live", catalog_type(row->catalog), row->live);
	json_add_string(json, object, "target", row->target_text);
	json_add_string(json, object, "rule", setting_rule_name(row->setting->rule));
	json_add_boolean(json, object, "optional", row->setting->optional);
	json_add_boolean(json, object, "holds", plan_row_holds(row));
	add_computation(json, object, row->setting);
	json_add_string(json, object, "profile", row->setting->profile->name);
	add_origin(json, object, row->setting);
	json_add_string(json, object, "why", row->setting->why);
	notes = json_add_array(json, object, "notes");
	for (size_t i = 0; i < row->notes_count; i++) {
		cJSON *note = json_add_object(json, notes, NULL);

		json_add_string(json, note, "id", row->notes[i].id);
		json_add_string(json, note, "text", row->notes[i].text);
		json_add_string(json, note, "level", diag_level_name(row->notes[i].level));
		if (row->notes[i].hint)
			json_add_string(json, note, "hint", row->notes[i].hint);
		if (row->notes[i].source)
			json_add_string(json, note, "source", row->notes[i].source);
	}
}

void json_out_plan(struct json *json, const struct plan *plan)
{
	struct plan_summary summary = plan_summarize(plan);
	cJSON *object = json_add_object(json, json->root, "summary");
	cJSON *array;

	json_add_integer(json, object, "total", (long)summary.total);
	json_add_integer(json, object, "same", (long)summary.same);
	json_add_integer(json, object, "change", (long)summary.change);
	json_add_integer(json, object, "absent", (long)summary.absent);
	json_add_integer(json, object, "read_only", (long)summary.read_only);
	json_add_integer(json, object, "unreadable", (long)summary.unreadable);
	array = json_add_array(json, json->root, "parameters");
	for (size_t i = 0; i < plan->count; i++)
		add_plan_row(json, array, &plan->rows[i]);
	json_out_left_out(json, plan->left_out, plan->left_out_count);
}

static cJSON *add_parameter(struct json *json, cJSON *array, const char *key, const char *path,
	const char *status)
{
	cJSON *object = json_add_object(json, array, NULL);

	json_add_bytes(json, object, "key", value_of(key));
	json_add_bytes(json, object, "path", value_of(path));
	json_add_string(json, object, "status", status);
	return object;
}

static void add_errno(struct json *json, cJSON *object, int error)
{
	if (error)
		json_add_integer(json, object, "errno", error);
	else
		json_add_string(json, object, "errno", NULL);
}

static enum change_status status_of_row(const struct plan_row *row)
{
	switch (row->status) {
	case PLAN_SAME:
		return CHANGE_UNCHANGED;
	case PLAN_ABSENT:
		return CHANGE_ABSENT;
	case PLAN_READ_ONLY:
		return CHANGE_READ_ONLY;
	default:
		return CHANGE_NOT_TRIED;
	}
}

static struct value value_in_the_end(const struct plan_row *row, const struct change_item *item)
{
	if (item && item->after.bytes)
		return item->after;
	return item && item->completed ? item->ours : row->live;
}

void json_out_applied(struct json *json, const struct plan *plan, const struct change *change)
{
	cJSON *array = json_add_array(json, json->root, "parameters");
	cJSON *object;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_row *row = &plan->rows[i];
		const struct change_item *item = change ? change_find(change, row->path) : NULL;
		enum value_type type = catalog_type(row->catalog);

		object = add_parameter(json, array, row->key, row->path,
			change_status_name(item ? item->status : status_of_row(row)));
		json_out_value(json, object, "before", type, row->live);
		json_add_string(json, object, "target", row->target_text);
		json_out_value(json, object, "after", type, value_in_the_end(row, item));
		add_errno(json, object, item ? item->error : 0);
	}
	json_out_left_out(json, plan->left_out, plan->left_out_count);
	array = json_add_array(json, json->root, "side_effects");
	for (size_t i = 0; change && i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];

		if (item->role != CHANGE_SIDE || item->status == CHANGE_UNCHANGED)
			continue;
		object = add_parameter(json, array, item->key, item->path, change_status_name(item->status));
		json_out_value(json, object, "before", item->type, item->original);
		json_out_value(json, object, "after", item->type,
			item->after.bytes ? item->after : item->ours);
	}
	array = json_add_array(json, json->root, "moved_otherwise");
	for (size_t i = 0; change && i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];

		if (item->role != CHANGE_WATCHED)
			continue;
		object = add_parameter(json, array, item->key, item->path, change_status_name(item->status));
		json_out_value(json, object, "before", item->type, item->original);
	}
}

void json_out_restored(struct json *json, const struct change *change)
{
	cJSON *array = json_add_array(json, json->root, "parameters");

	for (size_t i = 0; i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];
		cJSON *object;

		if (item->undo_status == CHANGE_NOT_TRIED)
			continue;
		object = add_parameter(json, array, item->key, item->path,
			change_status_name(item->undo_status == CHANGE_ROLLBACK_CONFLICT ? CHANGE_CONFLICT :
				item->undo_status));
		json_out_value(json, object, "before", item->type, item->now);
		json_out_value(json, object, "target", item->type, item->original);
		json_out_value(json, object, "after", item->type,
			item->after.bytes ? item->after : item->now);
		json_out_value(json, object, "original", item->type, item->original);
		json_out_value(json, object, "ours", item->type, item->ours);
		json_out_value(json, object, "now", item->type, item->now);
		if (item->held_by)
			json_add_string(json, object, "held_by", item->held_by);
		add_errno(json, object, item->undo_error);
	}
}

void json_out_change(struct json *json, cJSON *object, const struct change *change, bool whole)
{
	cJSON *profiles, *array;

	json_add_string(json, object, "id", change->id);
	json_add_string(json, object, "kind", change_kind_name(change->kind));
	json_add_string(json, object, "state", change_state_name(change->state));
	json_add_string(json, object, "created", change->created);
	json_add_string(json, object, "finished", change->finished);
	json_add_string(json, object, "finished_by",
		change->finished ? change_actor_name(change->finished_by) : NULL);
	json_add_string(json, object, "deadline", change->confirmation.deadline);
	json_add_string(json, object, "label", change->label);
	json_add_string(json, object, "kernel", change->host.kernel);
	json_add_string(json, object, "boot_id", change->host.boot_id);
	json_add_string(json, object, "netns", change->host.netns);
	json_add_integer(json, object, "parameter_count", (long)change_count_steps(change));
	profiles = json_add_array(json, object, "profiles");
	for (size_t i = 0; i < change->profiles_count; i++)
		json_add_string(json, profiles, NULL, change->profiles[i].name);
	if (!whole)
		return;

	array = json_add_array(json, object, "parameters");
	for (size_t i = 0; i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];
		cJSON *parameter = add_parameter(json, array, item->key, item->path,
			change_status_name(item->status));

		json_add_string(json, parameter, "role", change_role_name(item->role));
		json_add_string(json, parameter, "original_owner", item->original_owner);
		json_out_value(json, parameter, "before", item->type, item->original);
		json_out_value(json, parameter, "target", item->type, item->target);
		json_out_value(json, parameter, "after", item->type, item->ours);
		add_errno(json, parameter, item->error);
	}
}

void json_out_setting(struct json *json, cJSON *array, const struct setting *setting, const char *key)
{
	cJSON *object = json_add_object(json, array, NULL);

	json_add_string(json, object, "key", key);
	json_add_string(json, object, "path", setting->path);
	json_add_string(json, object, "rule", setting_rule_name(setting->rule));
	json_add_string(json, object, "value", setting->value.bytes);
	json_add_boolean(json, object, "optional", setting->optional);
	add_computation(json, object, setting);
	json_add_string(json, object, "profile", setting->profile->name);
	add_origin(json, object, setting);
	json_add_string(json, object, "why", setting->why);
}
