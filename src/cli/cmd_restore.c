/* SPDX-License-Identifier: MIT */
/* kerntune restore: put the values of a backup back. */
#include "cli/records.h"
#include "cli/render.h"
#include "format/json_out.h"
#include "kernel/signals.h"

#include <errno.h>
#include <string.h>

/* The words are those of apply; a dry run has none, for nothing came out of it. */
static const char *outcome_name(const struct restore_result *result)
{
	if (result->outcome != RESTORE_DONE)
		return "rollback_incomplete";
	return result->undone.restored ? "rolled_back" : "nothing_to_do";
}

static int print_json(struct app *app, const struct change *change, const char *outcome, int code)
{
	CLEANUP_JSON struct json json;

	json_begin(&json);
	json_out_schema(&json, "restore");
	json_add_string(&json, json.root, "id", change->id);
	json_add_string(&json, json.root, "outcome", outcome);
	json_add_boolean(&json, json.root, "dry_run", app->options.dry_run);
	json_out_host(&json, &app->host);
	json_out_restored(&json, change);
	if (code > EXIT_SIGNAL)
		json_out_error(&json, "signal", "stopped by a signal: run the same command again to finish", code);
	else if (code != EXIT_HOLDS)
		json_out_error(&json, outcome, "not everything could be put back", code);
	return app_finish_json(app, &json, code);
}

static int print_table(struct app *app, const struct change *change)
{
	bool is_preview = app->options.dry_run;
	static const struct column columns[] = {
		{ "PARAMETER", false }, { "ORIGINAL", true }, { "OURS", true }, { "NOW", true },
		{ "RESULT", false },
	};
	struct table *table = table_new(app, columns, COUNT_OF(columns));
	size_t shown = 0;

	for (size_t i = 0; i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];
		bool is_failure = item->undo_status == CHANGE_ROLLBACK_CONFLICT;

		if (item->undo_status == CHANGE_NOT_TRIED || item->undo_status == CHANGE_UNCHANGED)
			continue;
		shown++;
		table_add(table, (const struct cell[]){
			{ item->key, STYLE_PLAIN },
			{ records_value(app, item, item->original), STYLE_PLAIN },
			{ records_value(app, item, item->ours), STYLE_PLAIN },
			{ records_value(app, item, item->now), STYLE_PLAIN },
			{ is_failure ? "FAILED" : is_preview && item->undo_status == CHANGE_RESTORED ?
				"would restore" : change_status_name(item->undo_status),
				change_status_style(item->undo_status) } });
	}
	if (shown == 0) {
		table_discard(table);
		return 0;
	}
	return table_print(table);
}

/* Keys that a newer change holds: taking this one out from under it writes nothing. Returns how many. */
static size_t print_held(struct app *app, const struct change *change)
{
	const struct change_item *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];

		if (!item->held_by || item->undo_status != CHANGE_UNCHANGED ||
			value_equal(item->type, item->now, item->original))
			continue;
		if (!first)
			first = item;
		count++;
	}
	if (count == 1)
		render_note(app, "%s stays as the newer change %s has set it.", first->key, first->held_by);
	else if (count > 1)
		render_note(app, "%s and %zu more stay as newer changes (%s) have set them.", first->key, count - 1,
			first->held_by);
	return count;
}

static int report(struct app *app, const struct change *change, const struct restore_result *result)
{
	int code = result->outcome == RESTORE_DONE ? EXIT_HOLDS : EXIT_INCOMPLETE;
	size_t held;

	if (result->outcome == RESTORE_INTERRUPTED)
		code = EXIT_SIGNAL + signals_pending();
	else
		records_warn_not_updated(app, change, result->record_error);
	if (app_format_is(app, "json"))
		return print_json(app, change, outcome_name(result), code);
	render_diags(app);
	if (!app->options.quiet && print_table(app, change) < 0)
		render_error(app, "out of memory: the table is left out");
	records_tell_conflicts(app, change);
	held = print_held(app, change);
	if (result->outcome == RESTORE_INTERRUPTED)
		render_error(app, "stopped by a signal: run the same command again to finish");
	else if (result->outcome == RESTORE_INCOMPLETE)
		render_note(app, "Everything else%s is back. To override: %s --force",
			app->options.only.count ? " that was asked for" : "",
			records_restore_command(app, change));
	else if (result->undone.restored == 0)
		render_note(app, held ? "Change %s is undone: nothing else was left to write." :
			"Change %s: every original value was there already.", change->id);
	else
		render_note(app, "\nRestored %zu parameter%s of change %s.", result->undone.restored,
			result->undone.restored == 1 ? "" : "s", change->id);
	return code;
}

/* Nothing was asked for that does not hold already. */
static int report_nothing(struct app *app, const char *id, const char *text)
{
	CLEANUP_JSON struct json json = { 0 };

	if (app_format_is(app, "json")) {
		json_begin(&json);
		json_out_schema(&json, "restore");
		json_add_string(&json, json.root, "id", id);
		json_add_string(&json, json.root, "outcome", "nothing_to_do");
		json_add_boolean(&json, json.root, "dry_run", app->options.dry_run);
		json_out_host(&json, &app->host);
		json_add_array(&json, json.root, "parameters");
		return app_finish_json(app, &json, EXIT_HOLDS);
	}
	render_diags(app);
	render_note(app, "%s", text);
	return EXIT_HOLDS;
}

/* A pattern that selects no key of the change is a mistake, not a success. */
static int refuse_empty_selection(struct app *app, const struct change *change)
{
	const struct key_filter filter = options_filter(&app->options);

	for (size_t i = 0; i < change->items_count; i++)
		if (key_filter_selects(&filter, change->items[i].path))
			return 0;
	return app_fail(app, EXIT_INVALID, "no-match", "--only selects none of the %zu keys of change %s",
		change->items_count, change->id);
}

/* Says why a change was not chosen; not every reason is a failure. */
static int explain_choice(struct app *app, int choice, const char *id, const struct change *change,
	const char *problem)
{
	switch (choice) {
	case RESTORE_NONE:
		if (!id)
			return report_nothing(app, NULL,
				"Nothing to do: no change of this boot stands.");
		return app_fail(app, EXIT_INVALID, "unknown-change",
			"there is no change \"%s\": \"kerntune history\" shows them", id);
	case RESTORE_BROKEN:
		return app_fail(app, EXIT_INVALID, "broken-record", "a change record cannot be used: %s; "
			"\"kerntune history\" shows the others, to be restored by their ID; nothing was changed",
			problem);
	case RESTORE_OTHER_BOOT:
		return app_fail(app, EXIT_REFUSED, "other-boot", "change %s was made before the last boot, which "
			"took its values with it; nothing was changed", change->id);
	case RESTORE_OTHER_NETNS:
		return app_fail(app, EXIT_REFUSED, "other-netns", "change %s was made in another network "
			"namespace (%s, this is %s): use --netns, or --force; nothing was changed", change->id,
			change->host.netns, app->host.netns);
	case RESTORE_INTERRUPTED_FIRST:
		return app_fail(app, EXIT_BUSY, "interrupted", "change %s was interrupted and must be finished "
			"first: %s; nothing was changed", change->id, records_restore_command(app, change));
	default:
		return report_nothing(app, id, "Nothing to do: this change was undone already.");
	}
}

/* 0 with a change, or NULL where there is nothing to do, which was said; else an exit code. */
static int choose(struct app *app, const struct record_store *store, const char *id,
	struct change **ret_change)
{
	struct change *change = NULL;
	const char *problem = NULL;
	int r = restore_choose(store, app->arena, &app->host, id, app->options.force, &change, &problem);

	*ret_change = NULL;
	if (r < 0)
		return app_fail_errno(app, r, "reading the change records");
	if (r > 0)
		return explain_choice(app, r, id, change, problem);
	*ret_change = change;
	return refuse_empty_selection(app, change);
}

static int preview(struct app *app, const struct undo *undo, const char *id)
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
	struct undo_result result;
	struct change *change;
	int r = records_open(app, &store);

	if (r == 0)
		r = choose(app, &store, id, &change);
	if (r != 0 || !change)
		return r;
	r = undo_examine(undo, change, &result);
	if (r < 0)
		return app_fail_errno(app, r, "comparing with the live values");
	if (app_format_is(app, "json"))
		return print_json(app, change, result.restored ? NULL : "nothing_to_do", EXIT_HOLDS);
	render_diags(app);
	if (print_table(app, change) < 0)
		return app_fail_errno(app, -ENOMEM, "printing the table");
	(void)print_held(app, change);
	render_note(app, "%sChange %s: %zu parameter%s would be restored, %zu left alone. Nothing was changed.",
		result.restored + result.conflicts ? "\n" : "", change->id, result.restored,
		result.restored == 1 ? "" : "s", result.conflicts);
	return EXIT_HOLDS;
}

static int restore_command(struct app *app, int argc, char *argv[])
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
	const char *id = argc ? argv[0] : NULL;
	const struct undo undo = {
		.arena = app->arena,
		.procsys = &app->procsys,
		.force = app->options.force,
		.stops_at_signal = true,
		.filter = options_filter(&app->options),
	};
	struct restore_result result;
	struct change *change;
	int r = app_open_procsys(app, app->options.dry_run ? PROCSYS_READ_ONLY : PROCSYS_READ_WRITE);

	if (r == 0)
		r = app_find_host(app);
	if (r == 0 && app->options.dry_run)
		return preview(app, &undo, id);
	if (r == 0)
		r = records_open_locked(app, &store, RECORD_TRY);
	if (r == 0)
		r = choose(app, &store, id, &change);
	if (r != 0 || !change)
		return r;
	signals_hold();
	r = restore_run(&undo, &store, CHANGE_BY_RESTORE, change, &result);
	/* Who reads our output may be slow: no lock is held for that long. */
	record_store_release(&store);
	if (r < 0)
		return app_fail_errno(app, r, "preparing the restore; nothing was changed");
	return report(app, change, &result);
}

const struct command cmd_restore = {
	.name = "restore",
	.arguments = "[ID]",
	.summary = "Put the values of a backup back",
	.description = "Without ID: the change that was interrupted, else the one that awaits its\n"
		"confirmation, else the newest that still stands. A value that somebody else has\n"
		"changed since is left alone, and named; so is one that a newer change has set,\n"
		"until that is restored too. Never asks.",
	.max_arguments = 1,
	.changes = true,
	.settles = true,
	.formats = "table json",
	.completes = "id",
	.options = (const unsigned char[]){ OPTION_DRY_RUN, OPTION_ONLY, OPTION_FORCE, OPTION_YES,
		OPTION_END },
	.run = restore_command,
};
