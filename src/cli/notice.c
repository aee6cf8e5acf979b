/* SPDX-License-Identifier: MIT */
/* Warning of unsettled changes. */
#include "cli/notice.h"

#include "cli/records.h"
#include "engine/guardian.h"

#include <string.h>

static void warn_interrupted(struct app *app, const struct record_notice *notice, bool is_sure)
{
	diag_warning(&app->diags, "interrupted", span_none(), is_sure ?
		"change %s was interrupted and is still open" :
		"change %s is being made or undone now, or was interrupted", notice->id);
	diag_hint(&app->diags, "\"%s\" undoes it", records_command(app, "restore", notice->id));
}

static void warn_overdue(struct app *app, const struct record_notice *notice)
{
	diag_warning(&app->diags, "overdue", span_none(),
		"the deadline of change %s passed at %s, and it is still neither confirmed nor undone", notice->id,
		notice->deadline);
	diag_hint(&app->diags, "its guardian is gone, or just at it: \"%s\" undoes it",
		records_command(app, "restore", notice->id));
}

void notice_warn(struct app *app)
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
	struct record_notice notice;
	const char *problem;
	struct change *change;
	bool is_privileged, is_overdue, is_open;

	is_privileged = record_store_open(&app->root, RECORD_READ, &store) == 0;
	if (record_load_notice(&store, app->arena, &notice) != 0)
		return;
	/* A program that was killed between the two leaves a notice that is behind the record. */
	if (is_privileged && record_notice_is_unsettled(&notice) &&
		record_load(&store, app->arena, notice.id, &change, &problem) == 0)
		notice.state = change->state;
	is_open = record_notice_is_unsettled(&notice) && notice.state != CHANGE_PENDING;
	is_overdue = notice.state == CHANGE_PENDING && notice.deadline && guardian_is_overdue(notice.deadline_ms);
	/* Whoever holds the lock is at it; but only root can tell. */
	if ((!is_open && !is_overdue) || (is_privileged && record_is_locked(&store)))
		return;
	if (app_find_host(app) != 0 || strcmp(notice.boot_id, app->host.boot_id) != 0)
		return;
	if (is_overdue)
		warn_overdue(app, &notice);
	else
		warn_interrupted(app, &notice, is_privileged);
}
