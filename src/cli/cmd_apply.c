/* SPDX-License-Identifier: MIT */
/* kerntune apply: carry out what diff shows. */
#include "cli/cmd_diff.h"
#include "cli/planned.h"
#include "cli/records.h"
#include "cli/render.h"
#include "engine/apply.h"
#include "format/json_out.h"
#include "kernel/signals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- what speaks against it, before anything happens ---- */

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

static int refuse_blocked(struct app *app, const struct plan *plan)
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

static int refuse_unprivileged(struct app *app, const struct plan *plan)
{
	const char *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++) {
		if (plan->rows[i].status != PLAN_CHANGE || !plan->rows[i].error)
			continue;
		count++;
		if (!first)
			first = plan->rows[i].key;
	}
	if (count == 0)
		return 0;
	return app_fail(app, EXIT_INVALID, "no-privilege", "not enough privilege to write %s%s: "
		"run it with sudo; nothing was changed", first, count == 1 ? "" : " and others");
}

static int refuse_one_way(struct app *app, const struct plan *plan)
{
	const char *first = NULL;

	for (size_t i = 0; i < plan->count && !app->options.irreversible; i++) {
		const struct plan_row *row = &plan->rows[i];

		if (row->status != PLAN_CHANGE || !catalog_is_one_way(row->catalog, row->target))
			continue;
		diag_error(&app->diags, "one-way", row->setting->value_span,
			"%s cannot be undone without a reboot once it is %s", row->key, row->target_text);
		first = row->key;
	}
	if (!first)
		return 0;
	return app_fail(app, EXIT_REFUSED, "one-way", "a change that cannot be undone needs --irreversible; "
		"nothing was changed");
}

/* ---- nothing to change ---- */

/* Whether a standing change of ours set one of the keys that hold: then running it again is no failure. */
static bool is_applied_already(struct app *app, const struct record_store *store, const struct plan *plan)
{
	struct change *change;

	if (record_newest(store, app->arena, app->host.boot_id, app->host.netns, &change) != 0 ||
		change->state != CHANGE_STANDING)
		return false;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->rows[i].status == PLAN_SAME) {
			const struct change_item *item = change_find(change, plan->rows[i].path);

			if (item && item->intended)
				return true;
		}
	return false;
}

static int print_json(struct app *app, const struct plan *plan, const struct apply_result *result, int code)
{
	CLEANUP_JSON struct json json;

	json_begin(&json);
	json_out_schema(&json, "apply");
	json_add_string(&json, json.root, "id", result->change ? result->change->id : NULL);
	json_add_string(&json, json.root, "outcome", apply_outcome_name(result->outcome));
	json_out_names(&json, json.root, "profiles", plan->profiles, plan->profiles_count);
	json_out_host(&json, &app->host);
	json_out_applied(&json, plan, result->change);
	if (code != EXIT_HOLDS)
		json_out_error(&json, result->signal ? "signal" : apply_outcome_name(result->outcome),
			result->problem ? result->problem : "ended by a signal", code);
	return app_finish_json(app, &json, code);
}

static int finish_unchanged(struct app *app, const struct plan *plan)
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
	const struct apply_result result = { .outcome = APPLY_NOTHING_TO_DO };
	struct plan_summary summary = plan_summarize(plan);
	size_t unwritable = summary.read_only + (summary.same ? 0 : summary.absent);
	/* Records that cannot be read only mean that nobody knows better. */
	bool has_records = record_store_open(&app->root, RECORD_READ, &store) == 0;
	int r = 0;

	/* What holds now may be what an unfinished change has written: restore would take it away again. */
	if (has_records && record_is_locked(&store))
		r = app_fail(app, EXIT_BUSY, "locked",
			"another kerntune is changing this host now; nothing was changed");
	else if (has_records)
		r = records_refuse_interrupted(app, &store);
	if (r != 0)
		return r;
	if (unwritable && (!has_records || !is_applied_already(app, &store, plan)))
		return app_fail(app, EXIT_INVALID, "nothing-writable", unwritable == 1 ?
			"nothing was changed: the one parameter that differs cannot be written here" :
			"nothing was changed: none of the %zu parameters that differ can be written here",
			unwritable);
	if (app_format_is(app, "json"))
		return print_json(app, plan, &result, EXIT_HOLDS);
	render_diags(app);
	if (!app->options.quiet)
		fprintf(app->out, "Nothing to do: %zu parameter%s already right.\n", summary.same,
			summary.same == 1 ? " is" : "s are");
	return EXIT_HOLDS;
}

/* ---- asking ---- */

static bool read_yes(FILE *in)
{
	char answer[16];

	return fgets(answer, sizeof(answer), in) &&
		(strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0);
}

/* 0 to go on. */
static int ask(struct app *app, const struct plan *plan)
{
	size_t count = plan_summarize(plan).change;
	int r;

	if (app->options.yes)
		return 0;
	if (!isatty(STDIN_FILENO) || app_format_is(app, "json"))
		return app_fail(app, EXIT_INVALID, "not-confirmed",
			"this would change %zu parameter%s, and there is nobody to ask: "
			"add --yes to change them; nothing was changed", count, count == 1 ? "" : "s");
	r = planned_print(app, plan, false);
	if (r != 0)
		return r;
	fflush(app->out);
	fprintf(app->err, "Change %zu parameter%s? [y/N] ", count, count == 1 ? "" : "s");
	fflush(app->err);
	if (read_yes(stdin))
		return 0;
	return app_fail(app, EXIT_REFUSED, "declined", "declined; nothing was changed");
}

/* ---- doing it ---- */

static int exit_code_of(const struct apply_result *result)
{
	switch (result->outcome) {
	case APPLY_REFUSED:
		return EXIT_REFUSED;
	case APPLY_INCOMPLETE:
		return EXIT_INCOMPLETE;
	case APPLY_ROLLED_BACK:
		return result->signal ? EXIT_SIGNAL + result->signal : EXIT_ROLLED_BACK;
	default:
		return EXIT_HOLDS;
	}
}

/* What the kernel stored is worth a word where it is not what was asked for. */
static const char *result_text(struct app *app, const struct change_item *item)
{
	const char *name = change_status_name(item->status);

	if (item->status == CHANGE_ADJUSTED || (item->role == CHANGE_SIDE && item->status == CHANGE_APPLIED))
		return arena_printf(app->arena, "%s to %s",
			item->role == CHANGE_SIDE ? "moved" : name, records_value(app, item, item->ours));
	return name;
}

static int print_items(struct app *app, const struct change *change)
{
	static const struct column columns[] = {
		{ "PARAMETER", false }, { "BEFORE", true }, { "TARGET", true }, { "RESULT", false },
	};
	struct table *table = table_new(app, columns, COUNT_OF(columns));

	for (size_t i = 0; i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];

		if (item->status == CHANGE_UNCHANGED)
			continue;
		table_add(table, (const struct cell[]){
			{ item->key, STYLE_PLAIN },
			{ records_value(app, item, item->original), STYLE_PLAIN },
			{ item->role == CHANGE_SIDE ? "(side effect)" :
				records_value(app, item, item->target), STYLE_PLAIN },
			{ result_text(app, item), change_status_style(item->status) } });
	}
	return table_print(table);
}

static size_t count_status(const struct change *change, enum change_status status)
{
	size_t count = 0;

	for (size_t i = 0; i < change->items_count; i++)
		count += change->items[i].role == CHANGE_STEP && change->items[i].status == status;
	return count;
}

/* A step that failed may have changed something before it did. */
static size_t count_undone(const struct change *change)
{
	size_t count = 0;

	for (size_t i = 0; i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];

		count += item->role == CHANGE_STEP &&
			(item->status == CHANGE_ROLLED_BACK || item->undo_status == CHANGE_RESTORED);
	}
	return count;
}

static void print_failure(struct app *app, const struct apply_result *result)
{
	const struct change *change = result->change;

	if (result->signal)
		render_error(app, arena_printf(app->arena, "stopped by signal %d (%s)", result->signal,
			strsignal(result->signal)));
	else
		render_error(app, result->problem ? result->problem : "out of memory");
	if (result->outcome == APPLY_ROLLED_BACK)
		render_note(app, "Everything was put back: %zu parameter%s undone, %zu never tried.",
			count_undone(change), count_undone(change) == 1 ? "" : "s",
			count_status(change, CHANGE_NOT_TRIED));
	for (size_t i = 0; i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];

		if (item->status == CHANGE_ROLLBACK_CONFLICT)
			render_error(app, arena_printf(app->arena, "%s could not be put back to %s: %s", item->key,
				records_value(app, item, item->original),
				item->undo_error ? strerror(item->undo_error) : "it holds another value"));
	}
	if (result->outcome == APPLY_INCOMPLETE)
		render_note(app, "Look at it, then: %s", records_restore_command(app, change));
}

static int report(struct app *app, const struct plan *plan, const struct apply_result *result)
{
	const struct change *change = result->change;
	int code = exit_code_of(result);

	records_warn_not_updated(app, change, result->record_error);
	if (app_format_is(app, "json"))
		return print_json(app, plan, result, code);
	render_diags(app);
	if (!app->options.quiet && print_items(app, change) < 0)
		render_error(app, "out of memory: the table is left out");
	if (result->outcome == APPLY_APPLIED) {
		size_t count = count_status(change, CHANGE_APPLIED) + count_status(change, CHANGE_ADJUSTED);

		render_note(app, "\nChanged %zu parameter%s. Undo: %s", count, count == 1 ? "" : "s",
			records_restore_command(app, change));
	} else {
		print_failure(app, result);
	}
	return code;
}

static int carry_out(struct app *app, const struct plan *plan)
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
	const struct apply apply = {
		.arena = app->arena,
		.procsys = &app->procsys,
		.store = &store,
		.host = &app->host,
		.label = app->options.label,
	};
	struct apply_result result;
	int r = records_open_locked(app, &store);

	if (r == 0)
		r = records_refuse_interrupted(app, &store);
	if (r != 0)
		return r;
	signals_hold();
	r = apply_run(&apply, plan, &result);
	if (r < 0)
		return app_fail_errno(app, r, "making the change record durable; nothing was changed");
	return report(app, plan, &result);
}

static int apply_command(struct app *app, int argc, char *argv[])
{
	struct selection selection;
	struct plan plan;
	int r;

	if (app->options.dry_run)
		return diff_run(app, argc, argv);
	r = planned_select(app, argc, argv, &selection);
	if (r == 0)
		r = app_open_procsys(app, PROCSYS_READ_WRITE);
	if (r == 0)
		r = app_find_host(app);
	if (r == 0)
		r = planned_plan(app, &selection, &plan);
	if (r == 0)
		r = refuse_blocked(app, &plan);
	if (r != 0)
		return r;
	if (plan_summarize(&plan).change == 0)
		return finish_unchanged(app, &plan);
	r = refuse_unprivileged(app, &plan);
	if (r == 0)
		r = refuse_one_way(app, &plan);
	if (r == 0)
		r = ask(app, &plan);
	return r ? r : carry_out(app, &plan);
}

const struct command cmd_apply = {
	.name = "apply",
	.arguments = "PROFILE...",
	.summary = "Apply profiles, or nothing of them",
	.description = "Shows the difference and asks, then changes one parameter after the other. The\n"
		"original values are on disk before the first write; on the first failure\n"
		"everything is put back.",
	.min_arguments = 1,
	.max_arguments = -1,
	.changes = true,
	.formats = "table json",
	.completes = "profile",
	.options = (const unsigned char[]){ OPTION_DRY_RUN, OPTION_YES, OPTION_ONLY, OPTION_SKIP, OPTION_ALL,
		OPTION_EXIT_CODE, OPTION_LABEL, OPTION_IRREVERSIBLE, OPTION_END },
	.run = apply_command,
};
