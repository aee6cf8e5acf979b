/* SPDX-License-Identifier: MIT */
/* kerntune diagnose: what is wrong with TCP on this host, who causes it, and whether a sysctl will help. */
#include "cli/aftermath.h"
#include "cli/diagnosed.h"
#include "cli/everywhere.h"
#include "format/json_out.h"

#include <errno.h>

enum { INTERVAL_MS = 1000 };

static int print_text(struct app *app, const struct diagnosis *diagnosis, const struct effects *effects)
{
	int r = effects ? aftermath_print(app, effects) : 0;

	if (r == 0)
		r = diagnosed_print(app, diagnosis);
	if (r < 0)
		return app_fail_errno(app, r, "printing the diagnosis");
	if (!app->options.quiet && !app->options.no_legend)
		fputc('\n', app->out);
	diagnosed_print_summary(app, diagnosis);
	return 0;
}

static int print_json(struct app *app, const struct diagnosis *diagnosis, const struct effects *effects, int code)
{
	CLEANUP_JSON struct json json;
	int r;

	json_begin(&json);
	json_out_schema(&json, "diagnose");
	json_out_host(&json, &app->host);
	if (effects)
		aftermath_add(&json, json.root, effects);
	r = diagnosed_add(app, &json, json.root, diagnosis);
	return r < 0 ? app_fail_errno(app, r, "printing the diagnosis") : app_finish_json(app, &json, code);
}

/* ---- the command ---- */

static int check_arguments(struct app *app)
{
	const struct options *options = &app->options;

	if (options->once && options->interval)
		return app_fail(app, EXIT_INVALID, "usage", "--once has no --interval: leave out one of them");
	if (options->counts && options->deep)
		return app_fail(app, EXIT_INVALID, "usage", "--counts and --deep exclude each other");
	if (options->all_netns && options->netns)
		return app_fail(app, EXIT_INVALID, "usage", "--netns and --all-netns exclude each other");
	if (options->all_netns && options->after)
		return app_fail(app, EXIT_INVALID, "usage",
			"--after is about the namespace of its change: leave out --all-netns");
	if (options->all_netns && !app->root.is_system)
		return app_fail(app, EXIT_INVALID, "usage", "below another --root there are no namespaces to enter");
	return 0;
}

static int diagnose_run(struct app *app, int argc, char *argv[])
{
	struct diagnosis *diagnosis = arena_alloc(app->arena, sizeof(*diagnosis));
	struct diagnose_request request = {
		.root = &app->root, .procsys = &app->procsys, .counts_only = app->options.counts, .deep = app->options.deep,
	};
	struct effects effects = { 0 };
	struct change *change = NULL;
	bool is_bad;
	int code, r;

	(void)argc;
	(void)argv;
	r = diagnosis ? check_arguments(app) : app_fail_errno(app, -ENOMEM, "diagnosing");
	if (r == 0)
		r = app_open_procsys(app, PROCSYS_READ_ONLY);
	if (r == 0 && (app->options.after || app_format_is(app, "json")))
		r = app_find_host(app);
	if (r == 0 && app->options.after)
		r = aftermath_choose(app, app->options.after, &change);
	if (r != 0)
		return r;
	if (!app->options.once)
		request.interval_ns = (app->options.interval ? app->options.interval : INTERVAL_MS) * UINT64_C(1000000);
	if (app->options.all_netns)
		return everywhere_run(app, &request);
	r = diagnose(&request, app->arena, diagnosis);
	if (r == 0 && change)
		r = effects_judge(app->arena, &app->procsys, change, &diagnosis->seen, &effects);
	if (r < 0)
		return app_fail_errno(app, r, "looking at the sockets");
	is_bad = findings_bad(&diagnosis->findings) || effects_bad(&effects);
	code = app->options.exit_code && is_bad ? EXIT_NO : EXIT_HOLDS;
	if (app_format_is(app, "json"))
		return print_json(app, diagnosis, change ? &effects : NULL, code);
	r = print_text(app, diagnosis, change ? &effects : NULL);
	return r ? r : code;
}

const struct command cmd_diagnose = {
	.name = "diagnose",
	.arguments = "",
	.summary = "Say what is wrong with TCP, and what helps",
	.description = "Looks at counters, listeners, sockets and their owners, and says what is wrong,\n"
		"who causes it, and whether a parameter helps. Writes nothing, needs no root.\n"
		"Rates come from two samples.",
	.max_arguments = 0,
	.formats = "table json",
	.completes = "",
	.options = (const unsigned char[]){ OPTION_ONCE, OPTION_INTERVAL, OPTION_COUNTS, OPTION_DEEP, OPTION_AFTER,
		OPTION_ALL_NETNS, OPTION_EXIT_CODE, OPTION_ALL, OPTION_END },
	.run = diagnose_run,
};
