/* SPDX-License-Identifier: MIT */
/* kerntune diff: profiles against the live kernel. Writes nothing, needs no root. */
#include "cli/cmd_diff.h"

#include "cli/planned.h"
#include "format/json_out.h"

static int print_json(struct app *app, const struct plan *plan, int code)
{
	CLEANUP_JSON struct json json;

	json_begin(&json);
	json_out_schema(&json, "diff");
	json_out_names(&json, json.root, "profiles", plan->profiles, plan->profiles_count);
	json_out_host(&json, &app->host);
	json_out_plan(&json, plan);
	return app_finish_json(app, &json, code);
}

int diff_run(struct app *app, int argc, char *argv[])
{
	struct plan_summary summary;
	struct plan plan;
	/* As a dry run of apply, it refuses what apply would refuse. */
	int code, r = app->options.dry_run ?
		planned_build_to_apply(app, argc, argv, PROCSYS_READ_ONLY, &plan) :
		planned_build(app, argc, argv, PROCSYS_READ_ONLY, &plan);

	if (r == 0)
		r = planned_lint(app, &plan);
	if (r != 0)
		return r;
	summary = plan_summarize(&plan);
	code = app->options.exit_code && (summary.change || summary.blocking) ? EXIT_NO : EXIT_HOLDS;

	if (app_format_is(app, "json")) {
		r = app_find_host(app);
		return r ? r : print_json(app, &plan, code);
	}
	r = planned_print(app, &plan, app->options.all);
	return r ? r : code;
}

const struct command cmd_diff = {
	.name = "diff",
	.arguments = "PROFILE...",
	.summary = "Show what profiles would change",
	.description = "Compares profiles with the live values. Writes nothing and needs no root.",
	.min_arguments = 1,
	.max_arguments = -1,
	.formats = "table json",
	.completes = "profile",
	.options = (const unsigned char[]){ OPTION_ALL, OPTION_EXIT_CODE, OPTION_ONLY, OPTION_SKIP,
		OPTION_SET, OPTION_END },
	.run = diff_run,
};
