/* SPDX-License-Identifier: MIT */
/* kerntune check: profile files, before anybody applies them. */
#include "cli/planned.h"
#include "cli/render.h"
#include "format/json_out.h"
#include "model/key.h"

#include <errno.h>

/* A key that neither the catalogue nor this kernel knows may be a slip, and may be another kernel's. */
static int warn_unknown(struct app *app, const struct planner *planner, const struct setting *setting)
{
	struct procsys_paths paths = { 0 };
	const char *meant, *key;
	int r;

	if (catalog_find(setting->path))
		return 0;
	r = procsys_expand(planner->procsys, app->arena, setting->path, &paths);
	if (r < 0 || paths.count > 0)
		return r;
	key = key_display(app->arena, setting->path);
	if (!key)
		return -ENOMEM;
	diag_warning(&app->diags, "unknown-key", setting->key_span,
		"%s is neither on this kernel nor in the catalogue", key);
	meant = key_is_glob(setting->path) ? NULL : planner_suggest(planner, setting->path);
	if (meant)
		diag_hint(&app->diags, "did you mean %s?", meant);
	else
		diag_hint(&app->diags, "look below /proc/sys for the name");
	return 0;
}

static void warn_one_way(struct app *app, const struct setting *setting)
{
	if (!catalog_is_one_way(catalog_find(setting->path), setting->value))
		return;
	diag_warning(&app->diags, "one-way", setting->value_span, "this cannot be undone without a reboot");
	diag_hint(&app->diags, "apply takes it with --irreversible only");
}

static int check_profile(struct app *app, struct library *library, const struct planner *planner,
	const char *argument)
{
	struct selection selection;
	int r = library_select(library, &argument, 1, &selection);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < selection.settings.count; i++) {
		r = warn_unknown(app, planner, selection.settings.settings[i]);
		warn_one_way(app, selection.settings.settings[i]);
	}
	return r < 0 ? r : 0;
}

static int print_json(struct app *app, int argc, char *argv[], int code)
{
	CLEANUP_JSON struct json json;

	json_begin(&json);
	json_out_schema(&json, "check");
	json_out_names(&json, json.root, "files", (const char *const *)argv, (size_t)argc);
	if (code == EXIT_INVALID)
		json_out_error(&json, "invalid-profile", "a profile has errors", code);
	json_add_integer(&json, json.root, "errors", (long)app->diags.errors);
	json_add_integer(&json, json.root, "warnings", (long)app->diags.warnings);
	return app_finish_json(app, &json, code);
}

static int check_run(struct app *app, int argc, char *argv[])
{
	struct library *library = arena_alloc(app->arena, sizeof(*library));
	const struct planner planner = { .arena = app->arena, .diags = &app->diags,
		.procsys = &app->procsys };
	size_t errors, warnings;
	int code, r = library ? planned_library(app, library) : app_fail_errno(app, -ENOMEM, "checking");

	if (r == 0)
		r = app_open_procsys(app, PROCSYS_READ_ONLY);
	if (r != 0)
		return r;
	for (int i = 0; r == 0 && i < argc; i++)
		r = check_profile(app, library, &planner, argv[i]);
	if (r == 0 && library_check_set(library) < 0)
		r = -ENOMEM;
	if (r == 0 && app->diags.failed)
		r = -ENOMEM;
	if (r < 0)
		return app_fail_errno(app, r, "checking profiles");

	errors = app->diags.errors;
	warnings = app->diags.warnings;
	code = errors ? EXIT_INVALID : warnings && app->options.strict ? EXIT_NO : EXIT_HOLDS;
	if (app_format_is(app, "json"))
		return print_json(app, argc, argv, code);
	render_diags(app);
	if (!app->options.quiet)
		fprintf(app->out, "%d profile%s checked: %zu error%s, %zu warning%s\n", argc,
			argc == 1 ? "" : "s", errors, errors == 1 ? "" : "s", warnings,
			warnings == 1 ? "" : "s");
	return code;
}

const struct command cmd_check = {
	.name = "check",
	.arguments = "FILE...",
	.summary = "Check profile files",
	.description = "Checks syntax, fields, keys and values of profile files, or of profiles by name,\n"
		"and of everything that they extend.",
	.min_arguments = 1,
	.max_arguments = -1,
	.formats = "table json",
	.completes = "profile",
	.options = (const unsigned char[]){ OPTION_STRICT, OPTION_SET, OPTION_END },
	.run = check_run,
};
