/* SPDX-License-Identifier: MIT */
/* kerntune confirm: make a change that waits for it permanent. */
#include "base/duration.h"
#include "cli/records.h"
#include "cli/render.h"
#include "engine/guardian.h"
#include "format/json_out.h"

#include <errno.h>
#include <string.h>

static int report(struct app *app, const struct change *change, const char *outcome, const char *text)
{
	CLEANUP_JSON struct json json = { 0 };

	if (app_format_is(app, "json")) {
		json_begin(&json);
		json_out_schema(&json, "confirm");
		json_add_string(&json, json.root, "id", change->id);
		json_add_string(&json, json.root, "outcome", outcome);
		json_add_string(&json, json.root, "deadline",
			change->state == CHANGE_PENDING ? change->confirmation.deadline : NULL);
		json_out_host(&json, &app->host);
		return app_finish_json(app, &json, EXIT_HOLDS);
	}
	render_diags(app);
	render_note(app, "%s", text ? text : "out of memory");
	return EXIT_HOLDS;
}

/* The deadline that was moved is worth nothing without somebody who keeps it. Without the lock: see
 * record_has_guardian(). */
static void replace_dead_guardian(struct app *app, struct change *change)
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
	const struct guardian guardian = { .root = &app->root, .procsys = &app->procsys };
	int r = record_store_open(&app->root, RECORD_READ, &store);

	if (r < 0 || record_has_guardian(&store))
		return;
	/* A process of ours would look at our network namespace. */
	r = host_is_same_netns(&change->host, &app->host) ? 0 : -EXDEV;
	if (r == 0)
		r = procsys_open(&app->root, PROCSYS_READ_WRITE, &app->procsys);
	if (r == 0)
		r = guardian_arm(&guardian, change);
	if (r == 0)
		return;
	diag_warning(&app->diags, "no-guardian", span_none(),
		"the guardian of change %s is gone, and no other could be started: nothing undoes it at its deadline",
		change->id);
	diag_hint(&app->diags, "\"%s\" does", records_restore_command(app, change));
}

static int extend(struct app *app, struct record_store *store, struct change *change)
{
	char left[DURATION_TEXT_SIZE];
	int r;

	change->confirmation.seconds = app->options.extend;
	r = guardian_set_deadline(app->arena, &change->confirmation);
	if (r == 0)
		r = record_extend(store, app->arena, change);
	/* Who reads our output may be slow: no lock is held for that long. */
	record_store_release(store);
	if (r < 0)
		return app_fail_errno(app, r, "writing the new deadline down: the old one holds");
	replace_dead_guardian(app, change);
	duration_format(app->options.extend, left);
	return report(app, change, "extended", arena_printf(app->arena,
		"Change %s waits until %s (%s) to be confirmed.", change->id, change->confirmation.deadline, left));
}

static int confirm(struct app *app, struct record_store *store, struct change *change)
{
	int r = record_finish(store, app->arena, change, CHANGE_STANDING, CHANGE_BY_CONFIRM);

	record_store_release(store);
	if (r < 0)
		return app_fail_errno(app, r, "marking the change as confirmed: it will be undone at its deadline");
	return report(app, change, "confirmed", arena_printf(app->arena, "Confirmed change %s. Undo: %s", change->id,
		records_restore_command(app, change)));
}

/* Why a change that is not pending cannot be confirmed. */
static int refuse(struct app *app, const struct change *change)
{
	if (change->state == CHANGE_STANDING && app->options.extend == 0)
		return report(app, change, "nothing_to_do", arena_printf(app->arena,
			"Nothing to do: change %s stands already.", change->id));
	if (change->finished_by == CHANGE_BY_GUARDIAN)
		return app_fail(app, EXIT_NO, "too-late", "too late: change %s was not confirmed by its deadline and "
			"was undone at %s", change->id, change->finished);
	if (change_is_open(change))
		return app_fail(app, EXIT_NO, "interrupted", "change %s was interrupted and cannot be confirmed: "
			"\"%s\" undoes it", change->id, records_restore_command(app, change));
	return app_fail(app, EXIT_NO, "not-pending", "change %s does not wait for a confirmation: it is %s",
		change->id, change_state_name(change->state));
}

static bool is_pending(const struct change *change)
{
	return change->state == CHANGE_PENDING;
}

/* 0 with the change, or an exit code. */
static int choose(struct app *app, const struct record_store *store, const char *id, struct change **ret_change)
{
	const char *problem;
	int r = id ? record_load(store, app->arena, id, ret_change, &problem) :
		record_newest(store, app->arena, &app->host, RECORD_ANYWHERE, is_pending, ret_change);

	if (r < 0)
		return app_fail_errno(app, r, "reading the change records");
	if (r == RECORD_NONE && !id)
		return app_fail(app, EXIT_NO, "nothing-to-confirm", "no change waits for a confirmation");
	if (r == RECORD_NONE)
		return app_fail(app, EXIT_INVALID, "unknown-change",
			"there is no change \"%s\": \"kerntune history\" shows them", id);
	if (r == RECORD_BROKEN)
		return app_fail(app, EXIT_INVALID, "broken-record", "the record of change %s cannot be used: %s", id,
			problem);
	if (!host_is_same_boot(&(*ret_change)->host, &app->host))
		return app_fail(app, EXIT_NO, "other-boot", "change %s was made before the last boot, which took its "
			"values with it", (*ret_change)->id);
	return 0;
}

static int confirm_command(struct app *app, int argc, char *argv[])
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
	struct change *change;
	int r = app_find_host(app);

	/* The lock first: either the guardian has not begun, or it has finished. */
	if (r == 0)
		r = records_open_locked(app, &store, RECORD_WAIT);
	if (r == 0)
		r = choose(app, &store, argc ? argv[0] : NULL, &change);
	if (r != 0)
		return r;
	if (!is_pending(change))
		return refuse(app, change);
	if (guardian_is_overdue(change->confirmation.deadline_ms))
		return app_fail(app, EXIT_NO, "too-late", "too late: the deadline of change %s passed at %s; "
			"\"%s\" undoes it, if its guardian has not by then", change->id,
			change->confirmation.deadline, records_restore_command(app, change));
	return app->options.extend ? extend(app, &store, change) : confirm(app, &store, change);
}

const struct command cmd_confirm = {
	.name = "confirm",
	.arguments = "[ID]",
	.summary = "Keep a change that was applied with --confirm",
	.description = "Without ID: the change that waits. Exits with 1 when there is nothing to confirm\n"
		"or when it is too late: then the change was undone, or is to be restored.",
	.max_arguments = 1,
	.changes = true,
	.settles = true,
	.formats = "table json",
	.completes = "id",
	.options = (const unsigned char[]){ OPTION_EXTEND, OPTION_END },
	.run = confirm_command,
};
