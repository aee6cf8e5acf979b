/* SPDX-License-Identifier: MIT */
/* Opening and showing change records. */
#include "cli/records.h"

#include "cli/render.h"
#include "engine/guardian.h"

#include <errno.h>
#include <string.h>

int records_open(struct app *app, struct record_store *ret_store)
{
	int r = record_store_open(&app->root, RECORD_READ, ret_store);

	if (r == -EACCES || r == -EPERM)
		return app_fail(app, EXIT_INVALID, "no-privilege",
			"the change records are readable for root only: run it with sudo");
	return r < 0 ? app_fail_errno(app, r, "opening the change records") : 0;
}

int records_open_locked(struct app *app, struct record_store *ret_store, enum record_patience patience)
{
	int r = record_store_open(&app->root, RECORD_WRITE, ret_store);

	if (r == -EACCES)
		return app_fail(app, EXIT_INVALID, "no-privilege",
			"the directory for change records cannot be used (%s): this needs root; "
			"nothing was changed", strerror(-r));
	if (r == -EPERM)
		return app_fail(app, EXIT_INVALID, "unsafe-directory",
			"a directory for change records, /var/lib/kerntune or /run/kerntune, belongs to another user or "
			"can be written by others; nothing was changed");
	if (r == 0)
		r = record_lock(ret_store, patience);
	if (r == RECORD_LOCKED)
		return app_fail(app, EXIT_BUSY, "locked",
			"another kerntune is changing this host now; nothing was changed");
	if (r == 0)
		r = record_mend_notice(ret_store, app->arena);
	return r < 0 ? app_fail_errno(app, r, "preparing the change record; nothing was changed") : 0;
}

int records_refuse_unsettled(struct app *app, const struct record_store *store)
{
	const char *problem;
	struct change *change;
	int r = restore_find_unsettled(store, app->arena, &app->host, &change, &problem);

	if (r == RESTORE_NONE)
		return 0;
	if (r == RESTORE_BROKEN)
		return app_fail(app, EXIT_BUSY, "broken-record", "a change that was not finished cannot be undone, for "
			"its record cannot be used: %s; look at the values that it set, then remove the record; "
			"nothing was changed", problem);
	if (r < 0)
		return app_fail_errno(app, r, "reading the change records");
	if (change->state == CHANGE_PENDING && guardian_is_overdue(change->confirmation.deadline_ms))
		return app_fail(app, EXIT_BUSY, "overdue",
			"the deadline of change %s passed at %s, and it is neither confirmed nor undone: \"%s\" "
			"undoes it; nothing was changed", change->id, change->confirmation.deadline,
			records_restore_command(app, change));
	if (change->state == CHANGE_PENDING)
		return app_fail(app, EXIT_BUSY, "pending",
			"change %s waits until %s to be confirmed: \"%s\" keeps it, \"%s\" undoes it; "
			"nothing was changed", change->id, change->confirmation.deadline,
			records_command(app, "confirm", change->id), records_restore_command(app, change));
	return app_fail(app, EXIT_BUSY, "interrupted",
		"change %s was interrupted and is still open: \"%s\" undoes it; nothing was changed",
		change->id, records_restore_command(app, change));
}

const char *records_command(struct app *app, const char *command, const char *id)
{
	const char *root = app->options.root, *netns = app->options.netns;
	const char *line = arena_printf(app->arena, "kerntune %s%s%s%s%s%s%s %s", root ? "--root " : "",
		root ? root : "", root ? " " : "", netns ? "--netns " : "", netns ? netns : "",
		netns ? " " : "", command, id);

	return line ? line : arena_printf(app->arena, "kerntune %s", command);
}

const char *records_restore_command(struct app *app, const struct change *change)
{
	return records_command(app, "restore", change->id);
}

void records_warn_not_updated(struct app *app, const struct change *change, int negative_errno)
{
	if (negative_errno == 0)
		return;
	diag_warning(&app->diags, "record-not-updated", span_none(),
		"the record of change %s could not be updated (%s), and still counts as open", change->id,
		strerror(-negative_errno));
	diag_hint(&app->diags, "once that is mended, \"%s\" closes it", records_restore_command(app, change));
}

void records_tell_conflicts(struct app *app, const struct change *change)
{
	for (size_t i = 0; i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];

		if (item->undo_status == CHANGE_CONFLICT)
			render_error(app, arena_printf(app->arena,
				"%s was changed by somebody else and left alone: original %s, ours %s, now %s",
				item->key, records_value(app, item, item->original),
				records_value(app, item, item->ours), records_value(app, item, item->now)));
		else if (item->undo_status == CHANGE_ROLLBACK_CONFLICT && !item->original.bytes)
			render_error(app, arena_printf(app->arena, "%s was not set before, and cannot be unset", item->key));
		else if (item->undo_status == CHANGE_ROLLBACK_CONFLICT)
			render_error(app, arena_printf(app->arena, "%s could not be put back to %s: %s",
				item->key, records_value(app, item, item->original),
				item->undo_error ? strerror(item->undo_error) : "it holds another value"));
	}
}

const char *records_profiles(struct app *app, const struct change *change)
{
	const char *text = NULL;

	for (size_t i = 0; i < change->profiles_count; i++)
		text = text ? arena_printf(app->arena, "%s, %s", text, change->profiles[i].name) :
			change->profiles[i].name;
	return text;
}

const char *records_value(struct app *app, const struct change_item *item, struct value value)
{
	return value.bytes ? value_display(app->arena, item->type, value) : NULL;
}
