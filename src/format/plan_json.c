/* SPDX-License-Identifier: MIT */
/* Saved plans in JSON. */
#include "format/plan_json.h"

#include "base/memory.h"
#include "format/json_out.h"
#include "model/key.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define PLAN_SCHEMA "kerntune.plan/1"

/* ---- writing ---- */

static void add_profiles(struct json *json, const struct plan *plan)
{
	cJSON *array = json_add_array(json, json->root, "profiles");

	for (size_t i = 0; i < plan->profiles_count; i++) {
		cJSON *object = json_add_object(json, array, NULL);

		json_add_string(json, object, "name", plan->profiles[i]);
		json_add_string(json, object, "digest", plan->digests[i]);
	}
}

static void add_row(struct json *json, cJSON *array, const struct plan_row *row)
{
	cJSON *object = json_add_object(json, array, NULL);
	cJSON *origin;

	json_add_bytes(json, object, "key", value_of(row->key));
	json_add_bytes(json, object, "path", value_of(row->path));
	json_add_string(json, object, "status", plan_status_name(row->status));
	json_out_value(json, object, "expected", catalog_type(row->catalog), row->live);
	json_out_value(json, object, "target", catalog_type(row->catalog), row->target);
	json_add_boolean(json, object, "optional", row->setting->optional);
	/* For the reviewer: the target is what counts, and nothing is computed anew. */
	if (row->setting->expression)
		json_add_string(json, object, "expression", row->setting->expression);
	origin = json_add_object(json, object, "origin");
	json_add_string(json, origin, "file", row->setting->key_span.source->name);
	json_add_integer(json, origin, "line", (long)row->setting->key_span.line);
	json_add_string(json, object, "why", row->setting->why);
}

void plan_json_add(struct json *json, const struct plan *plan, const struct host *host, const char *created)
{
	cJSON *array;

	json_add_string(json, json->root, "created", created);
	json_out_host_with_cookie(json, host);
	add_profiles(json, plan);
	array = json_add_array(json, json->root, "parameters");
	for (size_t i = 0; i < plan->count; i++)
		add_row(json, array, &plan->rows[i]);
	/* For the reviewer as well. */
	json_out_left_out(json, plan->left_out, plan->left_out_count);
}

/* ---- reading: stops at the first thing that is wrong ---- */

struct reader {
	struct arena *arena;
	const struct source *source;
	struct saved_plan *plan;
	const char *problem;
	bool out_of_memory;
};

static bool fail(struct reader *reader, const char *problem)
{
	if (!reader->problem)
		reader->problem = problem;
	return false;
}

static bool read_string(struct reader *reader, const cJSON *object, const char *name, bool may_lack,
	const char **ret_text)
{
	const char *text = json_get_string(object, name);

	if (!text)
		return may_lack || fail(reader, arena_printf(reader->arena, "\"%s\" is missing or no text", name));
	*ret_text = arena_strdup(reader->arena, text);
	reader->out_of_memory |= !*ret_text;
	return *ret_text != NULL;
}

static bool read_value(struct reader *reader, const cJSON *object, const char *name, struct value *ret_value)
{
	int r = json_get_bytes(reader->arena, object, name, ret_value);

	reader->out_of_memory |= r == -ENOMEM;
	return r >= 0;
}

/* What goes into the kernel is one line. */
static bool is_one_line(struct value value)
{
	for (size_t i = 0; i < value.length; i++)
		if (iscntrl((unsigned char)value.bytes[i]))
			return false;
	return value.length > 0;
}

static bool read_status(struct reader *reader, const cJSON *object, enum plan_status *ret_status)
{
	const char *name = json_get_string(object, "status");

	for (enum plan_status status = PLAN_SAME; name && status <= PLAN_READ_ONLY; status++)
		if (strcmp(name, plan_status_name(status)) == 0) {
			*ret_status = status;
			return true;
		}
	return fail(reader, "a parameter's \"status\" is missing or unknown");
}

/* Messages point at the line of the profile that the value came from. */
static bool read_origin(struct reader *reader, const cJSON *object, struct setting *setting)
{
	const cJSON *origin = cJSON_GetObjectItemCaseSensitive(object, "origin");
	const cJSON *line = cJSON_GetObjectItemCaseSensitive(origin, "line");
	struct source *source = arena_alloc(reader->arena, sizeof(*source));

	reader->out_of_memory |= !source;
	if (!source || !read_string(reader, origin, "file", false, &source->name))
		return false;
	setting->key_span = (struct span){ .source = source, .column = 1, .end_column = 1,
		.line = cJSON_IsNumber(line) && line->valueint > 0 ? (unsigned)line->valueint : 0 };
	setting->value_span = setting->key_span;
	return true;
}

static bool read_path(struct reader *reader, const cJSON *object, struct setting *setting)
{
	struct value path = { .bytes = NULL };

	if (!read_value(reader, object, "path", &path))
		return false;
	if (!path.bytes || strlen(path.bytes) != path.length || !key_path_is_sound(path.bytes) ||
		key_is_glob(path.bytes))
		return fail(reader, "a \"path\" is not the path of a parameter");
	setting->path = path.bytes;
	return true;
}

static bool read_row(struct reader *reader, const cJSON *object, struct setting *setting, struct saved_row *row)
{
	setting->rule = SETTING_VALUE;
	setting->profile = &reader->plan->profile;
	setting->optional = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "optional"));
	if (!read_path(reader, object, setting) || !read_status(reader, object, &row->status) ||
		!read_value(reader, object, "expected", &row->expected) ||
		!read_value(reader, object, "target", &setting->value) ||
		!read_origin(reader, object, setting) || !read_string(reader, object, "why", true, &setting->why))
		return false;
	if (!setting->value.bytes || !is_one_line(setting->value))
		return fail(reader, arena_printf(reader->arena, "the \"target\" of %s is missing, or not one line",
			setting->path));
	return true;
}

static bool read_rows(struct reader *reader, const cJSON *array)
{
	struct saved_plan *plan = reader->plan;
	size_t count = (size_t)cJSON_GetArraySize(array);
	const cJSON *object;

	if (!cJSON_IsArray(array))
		return fail(reader, "\"parameters\" is missing or no list");
	plan->profile.settings = arena_alloc(reader->arena, (count + 1) * sizeof(*plan->profile.settings));
	plan->rows = arena_alloc(reader->arena, (count + 1) * sizeof(*plan->rows));
	reader->out_of_memory |= !plan->profile.settings || !plan->rows;
	if (reader->out_of_memory)
		return false;
	cJSON_ArrayForEach(object, array) {
		size_t index = plan->profile.settings_count;

		if (!read_row(reader, object, &plan->profile.settings[index], &plan->rows[index]))
			return false;
		plan->profile.settings_count++;
	}
	return true;
}

static bool read_profiles(struct reader *reader, const cJSON *array)
{
	struct saved_plan *plan = reader->plan;
	size_t count = (size_t)cJSON_GetArraySize(array);
	const cJSON *object;

	if (!cJSON_IsArray(array))
		return fail(reader, "\"profiles\" is missing or no list");
	plan->names = arena_alloc(reader->arena, (count + 1) * sizeof(*plan->names));
	plan->digests = arena_alloc(reader->arena, (count + 1) * sizeof(*plan->digests));
	reader->out_of_memory |= !plan->names || !plan->digests;
	if (reader->out_of_memory)
		return false;
	cJSON_ArrayForEach(object, array) {
		if (!read_string(reader, object, "name", false, &plan->names[plan->profiles_count]) ||
			!read_string(reader, object, "digest", false, &plan->digests[plan->profiles_count]))
			return false;
		plan->profiles_count++;
	}
	return true;
}

static bool read_plan(struct reader *reader, const cJSON *root)
{
	const cJSON *host = cJSON_GetObjectItemCaseSensitive(root, "host");
	const char *schema = json_get_string(root, "schema");
	struct saved_plan *plan = reader->plan;

	if (!schema || strcmp(schema, PLAN_SCHEMA) != 0)
		return fail(reader, "\"schema\" is not \"" PLAN_SCHEMA "\"");
	plan->host.netns_cookie = "";
	return read_string(reader, root, "created", false, &plan->created) &&
		read_string(reader, host, "hostname", false, &plan->host.hostname) &&
		read_string(reader, host, "kernel", false, &plan->host.kernel) &&
		read_string(reader, host, "boot_id", false, &plan->host.boot_id) &&
		read_string(reader, host, "netns", false, &plan->host.netns) &&
		read_string(reader, host, "netns_cookie", true, &plan->host.netns_cookie) &&
		read_profiles(reader, cJSON_GetObjectItemCaseSensitive(root, "profiles")) &&
		read_rows(reader, cJSON_GetObjectItemCaseSensitive(root, "parameters"));
}

int plan_json_read(struct arena *arena, const struct source *source, struct saved_plan *ret_plan,
	const char **ret_problem)
{
	unsigned long failures = memory_failures();
	CLEANUP_JSON_ROOT cJSON *root = json_parse(source->text, source->length);
	struct reader reader = { .arena = arena, .source = source, .plan = ret_plan };

	if (memory_failures() != failures)
		return -ENOMEM;
	if (!root) {
		*ret_problem = "it is not JSON";
		return 1;
	}
	memset(ret_plan, 0, sizeof(*ret_plan));
	ret_plan->profile.name = source->name;
	ret_plan->profile.source = *source;
	if (read_plan(&reader, root))
		return 0;
	if (reader.out_of_memory || !reader.problem)
		return -ENOMEM;
	*ret_problem = reader.problem;
	return 1;
}
