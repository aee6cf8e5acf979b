/* SPDX-License-Identifier: MIT */
/* kerntune list: the profiles there are. */
#include "cli/planned.h"
#include "cli/render.h"
#include "format/json_out.h"

#include <errno.h>

/* One profile of the list: what it asks for and how much of it holds. */
struct listed {
	const char *name, *summary, *file;
	bool is_valid;
	struct plan_summary counts;
};

/* A profile that cannot be used is listed as such; the others are still of interest. */
static int examine(struct app *app, struct library *library, const char *name, struct listed *listed)
{
	const struct planner planner = { .arena = app->arena, .diags = &app->diags,
		.procsys = &app->procsys };
	struct selection selection;
	const struct profile *profile;
	struct plan plan;
	int r;

	listed->name = name;
	r = library_load(library, name, &profile);
	if (r == 0) {
		listed->summary = profile->summary;
		listed->file = profile->source.name;
		r = library_select(library, &name, 1, &selection);
	}
	if (r == 0)
		r = planner_build(&planner, &selection, &plan);
	if (r < 0)
		return r;
	listed->is_valid = r == 0;
	if (r == 0)
		listed->counts = plan_summarize(&plan);
	return 0;
}

static int print_json(struct app *app, const struct listed profiles[], size_t count, int code)
{
	CLEANUP_JSON struct json json;
	cJSON *array;

	json_begin(&json);
	json_out_schema(&json, "list");
	if (code == EXIT_INVALID)
		json_out_error(&json, "invalid-profile", "a profile has errors", code);
	json_out_host(&json, &app->host);
	array = json_add_array(&json, json.root, "profiles");
	for (size_t i = 0; i < count; i++) {
		cJSON *object = json_add_object(&json, array, NULL);

		json_add_string(&json, object, "name", profiles[i].name);
		json_add_string(&json, object, "summary", profiles[i].summary);
		json_add_string(&json, object, "file", profiles[i].file);
		json_add_boolean(&json, object, "valid", profiles[i].is_valid);
		json_add_integer(&json, object, "parameter_count", (long)profiles[i].counts.total);
		json_add_integer(&json, object, "holding", (long)profiles[i].counts.same);
	}
	return app_finish_json(app, &json, code);
}

static int print_table(struct app *app, const struct listed profiles[], size_t count, int code)
{
	static const struct column columns[] = {
		{ "PROFILE", false }, { "SUMMARY", true }, { "PARAMETERS", false }, { "HOLDING", false },
	};
	struct table *table = table_new(app, columns, COUNT_OF(columns));

	for (size_t i = 0; i < count; i++) {
		const char *total = arena_printf(app->arena, "%zu", profiles[i].counts.total);
		const char *holding = arena_printf(app->arena, "%zu", profiles[i].counts.same);

		table_add(table, (const struct cell[]){
			{ profiles[i].name, STYLE_PLAIN }, { profiles[i].summary, STYLE_PLAIN },
			{ profiles[i].is_valid ? total : "invalid", profiles[i].is_valid ? STYLE_PLAIN : STYLE_BAD },
			{ profiles[i].is_valid ? holding : "-", STYLE_PLAIN } });
	}
	if (table_print(table) < 0)
		return app_fail_errno(app, -ENOMEM, "printing the list");
	render_diags(app);
	return code;
}

static int list_run(struct app *app, int argc, char *argv[])
{
	struct library *library = arena_alloc(app->arena, sizeof(*library));
	const char *const *names;
	struct listed *profiles;
	size_t count;
	int code = EXIT_HOLDS;
	int r = library ? planned_library(app, library) : app_fail_errno(app, -ENOMEM, "listing profiles");

	(void)argc;
	(void)argv;
	if (r == 0)
		r = app_open_procsys(app, PROCSYS_READ_ONLY);
	if (r == 0)
		r = app_find_host(app);
	if (r != 0)
		return r;
	r = library_names(library, &names, &count);
	profiles = r < 0 ? NULL : arena_alloc(app->arena, (count + 1) * sizeof(*profiles));
	if (!profiles)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++) {
		/* Each profile's mistakes are its own: the verdict must not stick to the next. */
		app->diags.errors = 0;
		r = examine(app, library, names[i], &profiles[i]);
		if (!profiles[i].is_valid)
			code = EXIT_INVALID;
	}
	if (r == 0) {
		r = library_check_set(library);
		code = r ? EXIT_INVALID : code;
	}
	if (r < 0)
		return app_fail_errno(app, r, "listing profiles");
	if (app_format_is(app, "json"))
		return print_json(app, profiles, count, code);
	return print_table(app, profiles, count, code);
}

const struct command cmd_list = {
	.name = "list",
	.arguments = "",
	.summary = "List the profiles",
	.description = "One line for each profile: its name, what it is for, how many parameters it sets\n"
		"and how many of them already hold on this host.",
	.max_arguments = 0,
	.formats = "table json",
	.completes = "",
	.options = (const unsigned char[]){ OPTION_SET, OPTION_END },
	.run = list_run,
};
