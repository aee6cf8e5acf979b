/* SPDX-License-Identifier: MIT */
/* Loading, planning and showing the difference. */
#include "cli/planned.h"

#include "cli/render.h"
#include "engine/lint_plan.h"
#include "engine/saved_plan.h"

#include <errno.h>
#include <string.h>

static int fail_invalid(struct app *app)
{
	return app_fail(app, EXIT_INVALID, "invalid-profile", "%zu error%s%s", app->diags.errors,
		app->diags.errors == 1 ? "" : "s", app->command->changes ? "; nothing was changed" : "");
}

int planned_library(struct app *app, struct library *ret_library)
{
	const struct library_options options = {
		.root_path = app->options.root ? app->options.root : "/",
		.profile_dirs = app->options.profile_dirs.words,
		.profile_dirs_count = app->options.profile_dirs.count,
	};
	int r = library_init(ret_library, app->arena, &app->diags, &app->root, &options);

	if (r == 0)
		r = library_set(ret_library, app->options.set.words, app->options.set.count);
	if (r < 0)
		return app_fail_errno(app, r, "looking for profiles");
	return r == 0 ? 0 : fail_invalid(app);
}

int planned_select(struct app *app, int argc, char *argv[], struct selection *ret_selection)
{
	struct library *library = arena_alloc(app->arena, sizeof(*library));
	int r = library ? planned_library(app, library) : app_fail_errno(app, -ENOMEM, "loading profiles");

	return r ? r : planned_select_from(app, library, argc, argv, ret_selection);
}

int planned_select_from(struct app *app, struct library *library, int argc, char *argv[],
	struct selection *ret_selection)
{
	int r = library_select(library, (const char *const *)argv, (size_t)argc, ret_selection);

	if (r == 0)
		r = library_check_set(library);
	if (r < 0)
		return app_fail_errno(app, r, "loading profiles");
	if (r > 0)
		return fail_invalid(app);
	return 0;
}

static bool has_filter(const struct app *app)
{
	return app->options.only.count > 0 || app->options.skip.count > 0;
}

int planned_plan(struct app *app, const struct selection *selection, struct plan *ret_plan)
{
	const struct planner planner = {
		.arena = app->arena,
		.diags = &app->diags,
		.procsys = &app->procsys,
		.filter = options_filter(&app->options),
	};
	size_t count;
	int r = planner_build(&planner, selection, ret_plan);

	if (r < 0)
		return app_fail_errno(app, r, "comparing with the live values");
	if (r > 0)
		return fail_invalid(app);
	count = selection->settings.count + selection->settings.left_out_count;
	if (ret_plan->count == 0 && ret_plan->left_out_count == 0 && count > 0 && has_filter(app))
		return app_fail(app, EXIT_INVALID, "no-match", "--only and --skip leave none of the %zu parameters",
			count);
	return 0;
}

/* ---- saved plans ---- */

bool planned_names_plan(const char *argument)
{
	size_t length = strlen(argument), suffix = strlen(".json");

	return length > suffix && strcmp(argument + length - suffix, ".json") == 0;
}

/* The argument that names a saved plan, or NULL. */
static const char *find_plan(int argc, char *argv[])
{
	for (int i = 0; i < argc; i++)
		if (planned_names_plan(argv[i]))
			return argv[i];
	return NULL;
}

static int load_saved(struct app *app, int argc, const char *path, struct saved_plan *ret_saved,
	struct selection *ret_selection)
{
	int r;

	if (argc > 1)
		return app_fail(app, EXIT_INVALID, "usage", "a saved plan stands alone: \"%s\" is one", path);
	if (has_filter(app))
		return app_fail(app, EXIT_INVALID, "usage",
			"--only and --skip do not go with a saved plan: it is carried out as it is");
	if (app->options.set.count > 0)
		return app_fail(app, EXIT_INVALID, "usage",
			"--set does not go with a saved plan: its numbers are fixed");
	r = saved_plan_load(app->arena, &app->diags, path, ret_saved);
	if (r == 0)
		r = saved_plan_select(ret_saved, app->arena, &app->diags, ret_selection);
	if (r < 0)
		return app_fail_errno(app, r, "loading the plan");
	if (r > 0)
		return app_fail(app, EXIT_INVALID, "invalid-plan", "%zu error%s%s", app->diags.errors,
			app->diags.errors == 1 ? "" : "s", app->command->changes ? "; nothing was changed" : "");
	return 0;
}

/* With *ret_saved when the arguments name a saved plan, else NULL. */
static int build(struct app *app, int argc, char *argv[], enum procsys_mode mode, struct plan *ret_plan,
	struct saved_plan **ret_saved)
{
	const char *path = find_plan(argc, argv);
	struct selection *selection = arena_alloc(app->arena, sizeof(*selection));
	struct saved_plan *saved = arena_alloc(app->arena, sizeof(*saved));
	int r;

	if (!selection || !saved)
		return app_fail_errno(app, -ENOMEM, "loading profiles");
	r = path ? load_saved(app, argc, path, saved, selection) : planned_select(app, argc, argv, selection);
	if (r == 0)
		r = app_open_procsys(app, mode);
	if (r == 0)
		r = planned_plan(app, selection, ret_plan);
	*ret_saved = path ? saved : NULL;
	return r;
}

int planned_build(struct app *app, int argc, char *argv[], enum procsys_mode mode, struct plan *ret_plan)
{
	struct saved_plan *saved;

	return build(app, argc, argv, mode, ret_plan, &saved);
}

int planned_build_to_apply(struct app *app, int argc, char *argv[], enum procsys_mode mode, struct plan *ret_plan)
{
	struct saved_plan *saved;
	struct plan_summary summary;
	int r = build(app, argc, argv, mode, ret_plan, &saved);

	if (r == 0)
		r = app_find_host(app);
	if (r != 0 || !saved)
		return r;
	summary = plan_summarize(ret_plan);
	/* What holds already is not stale; optional keys that cannot be set here do not count. */
	if (summary.change == 0)
		return 0;
	r = saved_plan_check(saved, app->arena, &app->diags, &app->host, ret_plan);
	if (r < 0)
		return app_fail_errno(app, r, "comparing the plan with this host");
	return r == 0 ? 0 : app_fail(app, EXIT_REFUSED, "stale-plan", "the host has moved away from this plan: "
		"make a new one; nothing was changed");
}

/* ---- what the checks say ---- */

int planned_lint(struct app *app, struct plan *plan)
{
	int r = lint_plan(app->arena, &app->root, &app->procsys, plan);

	return r < 0 ? app_fail_errno(app, r, "checking the parameters") : 0;
}

static void make_message(struct app *app, const struct plan_row *row, const struct plan_note *note)
{
	if (note->level == DIAG_ERROR)
		diag_error(&app->diags, note->id, row->setting->value_span, "%s", note->text);
	else
		diag_warning(&app->diags, note->id, row->setting->value_span, "%s", note->text);
	if (note->hint)
		diag_hint(&app->diags, "%s", note->hint);
	diag_basis(&app->diags, note->source);
}

int planned_refuse_errors(struct app *app, const struct plan *plan, bool with_warnings)
{
	enum diag_level least = with_warnings ? DIAG_WARNING : DIAG_ERROR;
	size_t errors = app->diags.errors;

	for (size_t i = 0; i < plan->count; i++)
		for (size_t k = 0; k < plan->rows[i].notes_count; k++)
			if (plan->rows[i].notes[k].level >= least)
				make_message(app, &plan->rows[i], &plan->rows[i].notes[k]);
	return app->diags.errors > errors ? fail_invalid(app) : 0;
}

/* ---- what cannot be set ---- */

static const char *blocking_reason(const struct plan_row *row)
{
	switch (row->status) {
	case PLAN_ABSENT:
		return "does not exist on this kernel or in this place";
	case PLAN_READ_ONLY:
		return "cannot be written in this place";
	default:
		return "cannot be read";
	}
}

int planned_refuse_blocked(struct app *app, const struct plan *plan)
{
	size_t blocked = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_row *row = &plan->rows[i];

		if (row->status == PLAN_CHANGE || plan_row_holds(row))
			continue;
		blocked++;
		diag_error(&app->diags, plan_status_name(row->status), row->setting->key_span, "%s %s",
			row->key, blocking_reason(row));
		if (row->notes_count)
			diag_hint(&app->diags, "%s", row->notes[0].text);
		else if (row->status == PLAN_UNREADABLE)
			diag_hint(&app->diags, "%s: leave it out with --skip %s", strerror(row->error), row->key);
		else
			diag_hint(&app->diags, "mark it \"optional: true\", or leave it out with --skip %s",
				row->key);
	}
	if (blocked == 0)
		return 0;
	return app_fail(app, EXIT_INVALID, "cannot-write", "%zu parameter%s cannot be set here; "
		"nothing was changed", blocked, blocked == 1 ? "" : "s");
}

/* ---- as text ---- */

/* The words of the table; the JSON has plan_status_name(). */
static const char *status_text(const struct plan_row *row)
{
	switch (row->status) {
	case PLAN_ABSENT:
		return row->tolerated ? "absent" : "ABSENT";
	case PLAN_READ_ONLY:
		return row->tolerated ? "read-only" : "READ-ONLY";
	case PLAN_UNREADABLE:
		return "UNREADABLE";
	default:
		return plan_status_name(row->status);
	}
}

static int print_rows(struct app *app, const struct plan *plan, bool all)
{
	static const struct column columns[] = {
		{ "PARAMETER", false }, { "LIVE", true }, { "PROFILE", true }, { "STATUS", false },
	};
	struct table *table = table_new(app, columns, COUNT_OF(columns));
	size_t shown = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_row *row = &plan->rows[i];
		enum cell_style style = plan_row_style(row);

		if (row->status == PLAN_SAME && !all)
			continue;
		shown++;
		table_add(table, (const struct cell[]){
			{ row->key, STYLE_PLAIN }, { row->live_text, STYLE_PLAIN },
			{ row->target_text, STYLE_PLAIN }, { status_text(row), style } });
	}
	/* No header over nothing. */
	if (shown == 0) {
		table_discard(table);
		return 0;
	}
	return table_print(table);
}

static const char *const note_labels[] = {
	[DIAG_NOTE] = "note: ",
	[DIAG_WARNING] = "warning: ",
	[DIAG_ERROR] = "error: ",
};

/* Those of a level, or above. A note that several keys share is told once. */
static void print_notes(struct app *app, const struct plan *plan, enum diag_level least)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_row *row = &plan->rows[i];

		for (size_t k = 0; k < row->notes_count; k++) {
			const char *text = row->notes[k].text, *label;
			size_t keys = 0;
			bool told = row->notes[k].level < least;

			for (size_t j = 0; j < plan->count && !told; j++)
				for (size_t m = 0; m < plan->rows[j].notes_count; m++)
					if (strcmp(plan->rows[j].notes[m].text, text) == 0) {
						told = j < i;
						keys++;
					}
			if (told)
				continue;
			label = note_labels[row->notes[k].level];
			text = keys > 1 ? arena_printf(app->arena, "%s and %zu more: %s", row->key, keys - 1, text) :
				arena_printf(app->arena, "%s: %s", row->key, text);
			if (text)
				render_paragraph(app, strlen(label), label, text);
			if (row->notes[k].hint)
				render_paragraph(app, 6, "hint: ", row->notes[k].hint);
		}
	}
}

static void print_reasons(struct app *app, const struct plan *plan, bool all)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_row *row = &plan->rows[i];

		if (row->status == PLAN_SAME && !all)
			continue;
		fprintf(app->out, "\n%s\n", row->key);
		if (row->setting->expression)
			render_paragraph(app, 4, "    computed from", row->setting->expression);
		render_paragraph(app, 4, "    ", row->setting->why ? row->setting->why : "no reason given");
		render_line(app, "    [%s:%u]", row->setting->key_span.source->name, row->setting->key_span.line);
	}
}

static void print_summary(struct app *app, const struct plan *plan)
{
	struct plan_summary summary = plan_summarize(plan);

	fprintf(app->out, "%zu parameter%s: %zu to change, %zu already right", summary.total,
		summary.total == 1 ? "" : "s", summary.change, summary.same);
	if (summary.absent)
		fprintf(app->out, ", %zu absent here", summary.absent);
	if (summary.read_only)
		fprintf(app->out, ", %zu read-only here", summary.read_only);
	if (summary.unreadable)
		fprintf(app->out, ", %zu unreadable", summary.unreadable);
	if (plan->left_out_count)
		fprintf(app->out, ", %zu left out", plan->left_out_count);
	fputc('\n', app->out);
}

void planned_print_left_out(struct app *app, const struct plan *plan)
{
	for (size_t i = 0; i < plan->left_out_count; i++) {
		const struct setting *setting = plan->left_out[i];
		const char *key = key_display(app->arena, setting->path);
		const char *text = key ? arena_printf(app->arena, "%s, because ${%s} is false here", key,
			setting->when->text) : NULL;

		if (text)
			render_paragraph(app, 10, "left out: ", text);
	}
}

int planned_print(struct app *app, const struct plan *plan, bool all)
{
	render_diags(app);
	if (print_rows(app, plan, all) < 0)
		return app_fail_errno(app, -ENOMEM, "printing the difference");
	if (app->options.verbose)
		print_reasons(app, plan, all);
	if (app->options.quiet || app->options.no_legend) {
		print_notes(app, plan, DIAG_ERROR);
		return 0;
	}
	/* A blank line behind a table, not before the first line. */
	if (plan->count > (all ? 0 : plan_summarize(plan).same))
		fputc('\n', app->out);
	print_notes(app, plan, DIAG_NOTE);
	planned_print_left_out(app, plan);
	print_summary(app, plan);
	return 0;
}
