/* SPDX-License-Identifier: MIT */
/* kerntune check: profile files and files for sysctl, before anybody applies them. */
#include "cli/planned.h"
#include "cli/render.h"
#include "engine/lint.h"
#include "format/json_out.h"

#include <errno.h>

/* ---- the table of checks ---- */

static int list_json(struct app *app)
{
	CLEANUP_JSON struct json json;
	cJSON *array;

	json_begin(&json);
	json_out_schema(&json, "check");
	array = json_add_array(&json, json.root, "checks");
	for (size_t i = 0; i < lint_checks_count; i++) {
		cJSON *object = json_add_object(&json, array, NULL);

		json_add_string(&json, object, "id", lint_checks[i].id);
		json_add_string(&json, object, "level", diag_level_name(lint_checks[i].level));
		json_add_string(&json, object, "statement", lint_checks[i].statement);
		json_add_string(&json, object, "source", lint_checks[i].source);
		json_add_boolean(&json, object, "in_plan", lint_checks[i].in_plan);
	}
	return app_finish_json(app, &json, EXIT_HOLDS);
}

static int list_checks(struct app *app)
{
	static const struct column columns[] = { { "CHECK", false }, { "LEVEL", false }, { "STATEMENT", true } };
	static const enum cell_style level_styles[] = {
		[DIAG_NOTE] = STYLE_FAINT,
		[DIAG_WARNING] = STYLE_CHANGE,
		[DIAG_ERROR] = STYLE_BAD,
	};
	struct table *table;

	if (app_format_is(app, "json"))
		return list_json(app);
	table = table_new(app, columns, COUNT_OF(columns));
	for (size_t i = 0; i < lint_checks_count; i++)
		table_add(table, (const struct cell[]){ { lint_checks[i].id, STYLE_PLAIN },
			{ diag_level_name(lint_checks[i].level), level_styles[lint_checks[i].level] },
			{ lint_checks[i].statement, STYLE_PLAIN } });
	return table_print(table) < 0 ? app_fail_errno(app, -ENOMEM, "listing the checks") : EXIT_HOLDS;
}

static int mute_disabled(struct app *app)
{
	for (size_t i = 0; i < app->options.disable.count; i++) {
		const char *id = app->options.disable.words[i], *meant;

		if (lint_find(id))
			continue;
		meant = lint_suggest(id);
		if (meant)
			return app_fail(app, EXIT_INVALID, "usage",
				"there is no check \"%s\": did you mean \"%s\"?", id, meant);
		return app_fail(app, EXIT_INVALID, "usage",
			"there is no check \"%s\": \"kerntune check --list-checks\" shows them", id);
	}
	app->diags.muted = app->options.disable.words;
	app->diags.muted_count = app->options.disable.count;
	return 0;
}

/* ---- checking ---- */

static int check_profile(struct app *app, struct library *library, const struct machine **machine,
	const char *argument)
{
	struct selection selection;
	struct lint lint = {
		.arena = app->arena,
		.diags = &app->diags,
		.procsys = &app->procsys,
		.root = &app->root,
		.machine = *machine,
		.settings = &selection.settings,
	};
	int r = library_select(library, &argument, 1, &selection);

	if (r < 0)
		return r;
	r = lint_run(&lint);
	*machine = lint.machine;
	return r;
}

static int check_all(struct app *app, int argc, char *argv[])
{
	struct library *library = arena_alloc(app->arena, sizeof(*library));
	const struct machine *machine = NULL;
	int r = library ? planned_library(app, library) : app_fail_errno(app, -ENOMEM, "checking");

	if (r == 0)
		r = app_open_procsys(app, PROCSYS_READ_ONLY);
	if (r != 0)
		return r;
	library->for_check = true;
	for (int i = 0; r == 0 && i < argc; i++)
		r = check_profile(app, library, &machine, argv[i]);
	if (r == 0 && library_check_set(library) < 0)
		r = -ENOMEM;
	return r < 0 || app->diags.failed ? app_fail_errno(app, r < 0 ? r : -ENOMEM, "checking") : 0;
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
	json_add_integer(&json, json.root, "notes", (long)app->diags.notes);
	return app_finish_json(app, &json, code);
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static bool any_is_conf(int argc, char *argv[])
{
	for (int i = 0; i < argc; i++)
		if (library_is_conf(argv[i]))
			return true;
	return false;
}

static int check_run(struct app *app, int argc, char *argv[])
{
	size_t errors, warnings, notes;
	int code, r;

	if (app->options.list_checks)
		return list_checks(app);
	r = mute_disabled(app);
	if (r == 0)
		r = check_all(app, argc, argv);
	if (r != 0)
		return r;

	errors = app->diags.errors;
	warnings = app->diags.warnings;
	notes = app->diags.notes;
	code = errors ? EXIT_INVALID : warnings && app->options.strict ? EXIT_NO : EXIT_HOLDS;
	if (app_format_is(app, "json"))
		return print_json(app, argc, argv, code);
	render_findings(app);
	if (app->options.quiet || app->options.no_legend)
		return code;
	fprintf(app->out, "%d %s%s checked: %zu error%s, %zu warning%s", argc,
		any_is_conf(argc, argv) ? "file" : "profile", plural((size_t)argc), errors, plural(errors), warnings,
		plural(warnings));
	if (notes)
		fprintf(app->out, ", %zu note%s", notes, plural(notes));
	fputc('\n', app->out);
	return code;
}

const struct command cmd_check = {
	.name = "check",
	.arguments = "FILE...",
	.summary = "Check profiles and sysctl.conf files",
	.description = "Checks syntax, fields, keys and values of profile files, or of profiles by name,\n"
		"and of everything that they extend; of files that end in .conf as sysctl reads\n"
		"them. What the kernel would take is held against this host: see --list-checks.",
	.min_arguments = 1,
	.max_arguments = -1,
	.formats = "table json",
	.completes = "profile",
	.options = (const unsigned char[]){ OPTION_STRICT, OPTION_SET, OPTION_LIST_CHECKS, OPTION_DISABLE, OPTION_END },
	.run = check_run,
};
