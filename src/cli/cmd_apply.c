/* SPDX-License-Identifier: MIT */
/* kerntune apply: carry out what diff shows. */
#include "base/duration.h"
#include "cli/cmd_diff.h"
#include "cli/planned.h"
#include "cli/records.h"
#include "cli/render.h"
#include "engine/apply.h"
#include "engine/audit.h"
#include "format/json_out.h"
#include "kernel/signals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- what speaks against it, before anything happens ---- */

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

static void report_one_way(struct app *app, const struct plan_row *row)
{
	struct span span = row->setting->value_span;

	if (catalog_is_action(row->catalog))
		diag_error(&app->diags, "one-way", span, "%s is an action and cannot be undone", row->key);
	else if (row->catalog->loses)
		diag_error(&app->diags, "one-way", span, "%s = %s can be put back, but not what it takes away: %s",
			row->key, row->target_text, row->catalog->loses);
	else
		diag_error(&app->diags, "one-way", span, "%s cannot be undone without a reboot once it is %s",
			row->key, row->target_text);
}

static int refuse_one_way(struct app *app, const struct plan *plan)
{
	bool is_allowed = app->options.irreversible && app->options.confirm == 0;
	size_t count = 0;

	for (size_t i = 0; i < plan->count && !is_allowed; i++) {
		const struct plan_row *row = &plan->rows[i];

		if (row->status != PLAN_CHANGE || !catalog_is_one_way(row->catalog, row->target))
			continue;
		report_one_way(app, row);
		count++;
	}
	if (count == 0)
		return 0;
	return app_fail(app, EXIT_REFUSED, "one-way", app->options.confirm ?
		"a change that cannot be undone cannot wait for a confirmation; nothing was changed" :
		"a change that cannot be undone needs --irreversible; nothing was changed");
}

/* ---- nothing to change ---- */

/* Whether a standing change of ours set one of the keys that hold: then running it again is no failure. */
static bool is_applied_already(struct app *app, const struct record_store *store, const struct plan *plan)
{
	struct change *change;

	if (record_newest(store, app->arena, &app->host, RECORD_HERE, record_is_not_over, &change) != 0 ||
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
	json_add_string(&json, json.root, "deadline",
		result->outcome == APPLY_PENDING ? result->change->confirmation.deadline : NULL);
	json_out_names(&json, json.root, "profiles", plan->profiles, plan->profiles_count);
	json_out_host(&json, &app->host);
	json_out_applied(&json, plan, result->change);
	if (code != EXIT_HOLDS && code != EXIT_PENDING)
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
		r = records_refuse_unsettled(app, &store);
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
	if (app->options.quiet)
		return EXIT_HOLDS;
	planned_print_left_out(app, plan);
	fprintf(app->out, "Nothing to do: %zu parameter%s already right.\n", summary.same,
		summary.same == 1 ? " is" : "s are");
	return EXIT_HOLDS;
}

/* ---- asking ---- */

static bool read_yes(FILE *in, FILE *err)
{
	char answer[16];

	if (!fgets(answer, sizeof(answer), in)) {
		/* Ctrl-D leaves the cursor behind the question. */
		fputc('\n', err);
		return false;
	}
	return strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0;
}

/* 0 to go on. */
static int ask(struct app *app, const struct plan *plan)
{
	size_t count = plan_summarize(plan).change;
	int r;

	if (app->options.yes) {
		/* Warnings come before the first write; in JSON they are among the messages. */
		if (!app_format_is(app, "json"))
			render_diags(app);
		return 0;
	}
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
	if (read_yes(stdin, app->err))
		return 0;
	return app_fail(app, EXIT_REFUSED, "declined", "declined; nothing was changed");
}

/* ---- doing it ---- */

static int exit_code_of(const struct apply_result *result)
{
	switch (result->outcome) {
	case APPLY_PENDING:
		return EXIT_PENDING;
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

		if (item->status == CHANGE_UNCHANGED || item->role == CHANGE_WATCHED)
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
	records_tell_conflicts(app, change);
	if (result->outcome == APPLY_INCOMPLETE)
		render_note(app, "Look at it, then: %s", records_restore_command(app, change));
}

/* What moved while the change was made, but not with it. */
static void print_strays(struct app *app, const struct change *change)
{
	for (size_t i = 0; i < change->items_count; i++)
		if (change->items[i].role == CHANGE_WATCHED)
			render_note(app, "%s moved meanwhile, but not with a step: left alone.", change->items[i].key);
}

static void print_success(struct app *app, const struct apply_result *result)
{
	const struct change *change = result->change;
	size_t count = count_status(change, CHANGE_APPLIED) + count_status(change, CHANGE_ADJUSTED);
	char left[DURATION_TEXT_SIZE];

	print_strays(app, change);
	if (result->outcome == APPLY_APPLIED) {
		render_note(app, "\nChanged %zu parameter%s. Undo: %s", count, count == 1 ? "" : "s",
			records_restore_command(app, change));
		return;
	}
	duration_format(change->confirmation.seconds, left);
	render_note(app, "\nChanged %zu parameter%s, to be undone at %s (in %s) unless you confirm.\n"
		"Keep:  %s\nUndo:  %s", count, count == 1 ? "" : "s", change->confirmation.deadline, left,
		records_command(app, "confirm", change->id), records_restore_command(app, change));
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
	if (result->outcome == APPLY_APPLIED || result->outcome == APPLY_PENDING)
		print_success(app, result);
	else
		print_failure(app, result);
	return code;
}

static int carry_out(struct app *app, const struct plan *plan)
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
	const struct guardian guardian = {
		.root = &app->root,
		.procsys = &app->procsys,
		.seconds = app->options.confirm,
	};
	const struct apply apply = {
		.arena = app->arena,
		.procsys = &app->procsys,
		.store = &store,
		.host = &app->host,
		.label = app->options.label,
		.counted = &app->root,
		.audited = app->options.audit ? audit_host : NULL,
		.guardian = app->options.confirm ? &guardian : NULL,
	};
	struct apply_result result;
	int r = records_open_locked(app, &store, RECORD_TRY);

	if (r == 0)
		r = records_refuse_unsettled(app, &store);
	if (r != 0)
		return r;
	signals_hold();
	r = apply_run(&apply, plan, &result);
	/* Who reads our output may be slow, or never come back: no lock is held for that long. */
	record_store_release(&store);
	if (r == -ECHILD)
		return app_fail(app, EXIT_INVALID, "no-guardian", "the process that would undo the change at its "
			"deadline could not be started; nothing was changed");
	if (r == -EOVERFLOW)
		return app_fail(app, EXIT_INVALID, "no-id", "no change can be newer than the newest record: look for one "
			"with a strange date in \"kerntune history\", and remove it; nothing was changed");
	if (r < 0)
		return app_fail_errno(app, r, "making the change record durable; nothing was changed");
	return report(app, plan, &result);
}

static int apply_command(struct app *app, int argc, char *argv[])
{
	struct plan plan;
	int r;

	if (app->options.dry_run)
		return diff_run(app, argc, argv);
	r = planned_build_to_apply(app, argc, argv, PROCSYS_READ_WRITE, &plan);
	if (r == 0)
		r = planned_refuse_blocked(app, &plan);
	if (r != 0)
		return r;
	if (plan_summarize(&plan).change == 0)
		return finish_unchanged(app, &plan);
	r = planned_lint(app, &plan);
	if (r == 0)
		r = refuse_unprivileged(app, &plan);
	if (r == 0)
		r = planned_refuse_errors(app, &plan, app->options.yes);
	if (r == 0)
		r = refuse_one_way(app, &plan);
	if (r == 0)
		r = ask(app, &plan);
	return r ? r : carry_out(app, &plan);
}

const struct command cmd_apply = {
	.name = "apply",
	.arguments = "PROFILE...|PLAN",
	.summary = "Apply profiles or a saved plan, or nothing of it",
	.description = "Shows the difference and asks, then changes one parameter after the other. The\n"
		"original values are on disk before the first write; on the first failure\n"
		"everything is put back. With --confirm everything is put back at the deadline\n"
		"too, whatever becomes of this session, unless \"kerntune confirm\" comes first.\n"
		"PLAN is a file that ends in .json, made with \"kerntune plan\": it is done\n"
		"exactly, or refused where the host has moved away from it.",
	.min_arguments = 1,
	.max_arguments = -1,
	.changes = true,
	.formats = "table json",
	.completes = "profile",
	.options = (const unsigned char[]){ OPTION_DRY_RUN, OPTION_YES, OPTION_ONLY, OPTION_SKIP, OPTION_SET,
		OPTION_ALL, OPTION_EXIT_CODE, OPTION_CONFIRM, OPTION_AUDIT, OPTION_LABEL, OPTION_IRREVERSIBLE,
		OPTION_END },
	.run = apply_command,
};
