/* SPDX-License-Identifier: MIT */
/* kerntune selftest: the proof, on this kernel, that everything comes back. */
#include "cli/planned.h"
#include "cli/render.h"
#include "engine/selftest.h"
#include "format/json_out.h"
#include "kernel/facts.h"
#include "kernel/netns.h"
#include "kernel/signals.h"

#include <errno.h>
#include <string.h>

struct tested {
	const char *profile;
	struct selftest_result result;
};

static size_t count_runs(const struct tested *tested, size_t count)
{
	size_t runs = 0;

	for (size_t i = 0; i < count; i++)
		runs += tested[i].result.runs;
	return runs;
}

/* Nothing tested is nothing proved. */
static bool is_identical(const struct tested *tested, size_t count)
{
	size_t failures = 0;

	for (size_t i = 0; i < count; i++)
		failures += tested[i].result.failures;
	return failures == 0 && count_runs(tested, count) > 0;
}

static const char *verdict(const struct tested *tested, size_t count)
{
	size_t leftovers = 0;

	for (size_t i = 0; i < count; i++)
		leftovers += tested[i].result.leftovers;
	if (leftovers > 0)
		return "NOT everything came back";
	if (count_runs(tested, count) == 0)
		return "Nothing was tested: no parameter would be changed";
	return is_identical(tested, count) ?
		"Everything came back: an apply that fails anywhere leaves nothing behind" :
		"Everything came back, but not every apply and restore did what it should";
}

static int print_json(struct app *app, const struct tested *tested, size_t count)
{
	bool identical = is_identical(tested, count);
	CLEANUP_JSON struct json json;
	cJSON *array;

	json_begin(&json);
	json_out_schema(&json, "selftest");
	json_out_host(&json, &app->host);
	json_add_boolean(&json, json.root, "identical", identical);
	array = json_add_array(&json, json.root, "profiles");
	for (size_t i = 0; i < count; i++) {
		const struct selftest_result *result = &tested[i].result;
		cJSON *object = json_add_object(&json, array, NULL);

		json_add_string(&json, object, "profile", tested[i].profile);
		json_add_integer(&json, object, "parameters", (long)result->parameters);
		json_add_integer(&json, object, "runs", (long)result->runs);
		json_add_integer(&json, object, "failures", (long)result->failures);
		json_add_string(&json, object, "problem", result->problem);
		json_out_names(&json, object, "unknown_side_effects", result->unknown.paths, result->unknown.count);
	}
	return app_finish_json(app, &json, identical ? EXIT_HOLDS : EXIT_NO);
}

/* As soon as it is known: the whole takes a while. */
static void print_one(struct app *app, const struct tested *tested)
{
	const struct selftest_result *result = &tested->result;

	if (result->parameters == 0)
		render_line(app, "%s: nothing of it would change a fresh network namespace", tested->profile);
	else if (result->failures == 0)
		render_line(app, "%s: %zu parameter%s, %zu runs, byte-identical after each", tested->profile,
			result->parameters, result->parameters == 1 ? "" : "s", result->runs);
	else
		render_line(app, "%s: %zu parameter%s, %zu runs, %zu FAILED: %s", tested->profile, result->parameters,
			result->parameters == 1 ? "" : "s",
			result->runs, result->failures, result->problem);
	for (size_t i = 0; i < result->unknown.count; i++)
		render_line(app, "  side effect that the catalogue does not know: %s", result->unknown.paths[i]);
	fflush(app->out);
}

static int test_profiles(struct app *app, struct selftest *selftest, const struct selection selections[],
	struct tested *tested, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int r;

		tested[i].profile = selections[i].names[0];
		r = selftest_run(selftest, app->arena, &app->diags, &selections[i], &tested[i].result);
		if (r > 0)
			return app_fail(app, EXIT_INVALID, "invalid-profile", "%zu error%s", app->diags.errors,
				app->diags.errors == 1 ? "" : "s");
		if (r == -EINTR)
			return app_fail(app, EXIT_SIGNAL + (enum exit_code)signals_pending(), "signal",
				"stopped by a signal");
		if (r < 0)
			return app_fail_errno(app, r, "testing");
		if (!app_format_is(app, "json"))
			print_one(app, &tested[i]);
	}
	return 0;
}

/* What a profile asks for there is computed here, where its file can be read: as root of a user namespace of our own
 * nobody else's file counts as trusted. */
static int select_for_namespace(struct app *app, char *argument, struct selection *ret_selection)
{
	struct library *library = arena_alloc(app->arena, sizeof(*library));
	int r = library ? planned_library(app, library) : app_fail_errno(app, -ENOMEM, "loading profiles");

	if (r != 0)
		return r;
	r = facts_machine(&app->root, app->arena, &library->facts.machine);
	if (r < 0)
		return app_fail_errno(app, r, "reading the facts of the machine");
	library->facts.machine.in_netns = true;
	library->facts.has_machine = true;
	return planned_select_from(app, library, 1, &argument, ret_selection);
}

/* Each profile by itself; without arguments all that are found. */
static int select_profiles(struct app *app, int argc, char *argv[], struct selection **ret_selections,
	size_t *ret_count)
{
	const char *const *names = (const char *const *)argv;
	size_t count = (size_t)argc;
	struct library library;
	int r = 0;

	if (argc == 0) {
		r = planned_library(app, &library);
		if (r == 0 && library_names(&library, &names, &count) < 0)
			r = app_fail_errno(app, -ENOMEM, "looking for profiles");
	}
	*ret_selections = arena_alloc(app->arena, (count + 1) * sizeof(**ret_selections));
	if (r == 0 && !*ret_selections)
		r = app_fail_errno(app, -ENOMEM, "loading profiles");
	for (size_t i = 0; r == 0 && i < count; i++)
		r = select_for_namespace(app, (char *)names[i], &(*ret_selections)[i]);
	*ret_count = count;
	return r;
}

static int enter_namespace(struct app *app)
{
	int r;

	if (app->options.root || app->options.netns)
		return app_fail(app, EXIT_INVALID, "usage",
			"the self-test makes a network namespace of its own: --root and --netns mean nothing to it");
	r = netns_enter_new();
	if (r < 0)
		return app_fail(app, EXIT_INVALID, "no-privilege", "a network namespace of its own is not permitted "
			"here (%s): run it with sudo", strerror(-r));
	r = app_open_procsys(app, PROCSYS_READ_WRITE);
	return r ? r : app_find_host(app);
}

static int selftest_command(struct app *app, int argc, char *argv[])
{
	CLEANUP_SELFTEST struct selftest selftest = { .state = ROOTDIR_INIT };
	struct selection *selections;
	struct tested *tested;
	size_t count;
	int r = select_profiles(app, argc, argv, &selections, &count);

	if (r == 0)
		r = enter_namespace(app);
	if (r != 0)
		return r;
	signals_hold();
	tested = arena_alloc(app->arena, (count + 1) * sizeof(*tested));
	r = tested ? selftest_begin(&app->procsys, &app->host, &selftest) : -ENOMEM;
	if (r < 0)
		return app_fail_errno(app, r, "making a temporary directory for the records");
	r = test_profiles(app, &selftest, selections, tested, count);
	if (r != 0)
		return r;
	if (app_format_is(app, "json"))
		return print_json(app, tested, count);
	render_diags(app);
	render_note(app, "%s, on Linux %s.", verdict(tested, count), app->host.kernel);
	return is_identical(tested, count) ? EXIT_HOLDS : EXIT_NO;
}

const struct command cmd_selftest = {
	.name = "selftest",
	.arguments = "[PROFILE...]",
	.summary = "Prove on this kernel that everything comes back",
	.description = "In a network namespace of its own, and with records of its own, applies the\n"
		"net.* part of each profile (without PROFILE, of all that are found) and lets it\n"
		"fail at every step in turn; then applies and restores it. Exits with 0 when\n"
		"every key below net was byte-identical after each, with 1 when one was not.",
	.max_arguments = -1,
	.formats = "table json",
	.completes = "profile",
	.options = (const unsigned char[]){ OPTION_END },
	.run = selftest_command,
};
