/* SPDX-License-Identifier: MIT */
/* kerntune verify: does the host hold what profiles ask for? Yes or no, per parameter. */
#include "cli/planned.h"
#include "cli/render.h"
#include "format/json_out.h"
#include "format/junit.h"
#include "format/tap.h"

#include <errno.h>

static int print_json(struct app *app, const struct plan *plan, int code)
{
	CLEANUP_JSON struct json json;

	json_begin(&json);
	json_out_schema(&json, "verify");
	json_out_names(&json, json.root, "profiles", plan->profiles, plan->profiles_count);
	json_out_host(&json, &app->host);
	json_add_boolean(&json, json.root, "holds", code == EXIT_HOLDS);
	json_out_plan(&json, plan);
	return app_finish_json(app, &json, code);
}

static int print_text(struct app *app, const struct strbuf *text, int code)
{
	if (strbuf_check(text) < 0)
		return app_fail_errno(app, -ENOMEM, "printing the result");
	fwrite(text->bytes, 1, text->length, app->out);
	return code;
}

static int print_table(struct app *app, const struct plan *plan, int code)
{
	static const struct column columns[] = {
		{ "PARAMETER", false }, { "EXPECTED", true }, { "LIVE", true }, { "RESULT", false },
	};
	struct table *table = table_new(app, columns, COUNT_OF(columns));
	size_t failed = 0, skipped = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_row *row = &plan->rows[i];
		const char *result = row->tolerated ? "skip" : plan_row_holds(row) ? "pass" : "FAIL";

		failed += !plan_row_holds(row);
		skipped += row->tolerated;
		table_add(table, (const struct cell[]){
			{ row->key, STYLE_PLAIN }, { row->target_text, STYLE_PLAIN },
			{ row->live_text ? row->live_text : plan_status_name(row->status), STYLE_PLAIN },
			{ result, row->tolerated ? STYLE_FAINT : plan_row_holds(row) ? STYLE_GOOD : STYLE_BAD } });
	}
	if (table_print(table) < 0)
		return app_fail_errno(app, -ENOMEM, "printing the result");
	if (!app->options.quiet && !app->options.no_legend) {
		if (plan->count)
			fputc('\n', app->out);
		planned_print_left_out(app, plan);
		fprintf(app->out, "%s: %zu of %zu pass, %zu fail, %zu cannot hold here\n",
			failed ? "does not hold" : "holds", plan->count - failed - skipped, plan->count,
			failed, skipped);
	}
	return code;
}

static int verify_run(struct app *app, int argc, char *argv[])
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct plan plan;
	int code = EXIT_HOLDS, r = planned_build(app, argc, argv, PROCSYS_READ_ONLY, &plan);

	if (r == 0)
		r = app_find_host(app);
	if (r != 0)
		return r;
	for (size_t i = 0; i < plan.count; i++)
		if (!plan_row_holds(&plan.rows[i]))
			code = EXIT_NO;

	if (app_format_is(app, "json"))
		return print_json(app, &plan, code);
	render_diags(app);
	if (app_format_is(app, "junit")) {
		junit_write(&text, &plan, &app->host);
		return print_text(app, &text, code);
	}
	if (app_format_is(app, "tap")) {
		tap_write(&text, &plan);
		return print_text(app, &text, code);
	}
	return print_table(app, &plan, code);
}

const struct command cmd_verify = {
	.name = "verify",
	.arguments = "PROFILE...",
	.summary = "Tell whether profiles hold",
	.description = "Exits with 0 when every parameter holds, with 1 when one does not. A key that is\n"
		"absent or read-only here and marked optional counts as held.",
	.min_arguments = 1,
	.max_arguments = -1,
	.formats = "table json junit tap",
	.completes = "profile",
	.options = (const unsigned char[]){ OPTION_ONLY, OPTION_SKIP, OPTION_SET, OPTION_END },
	.run = verify_run,
};
