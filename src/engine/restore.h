/* SPDX-License-Identifier: MIT */
/* restore.h - choosing a change of this host and putting its originals back.
 *
 * Calling sequence: record_store_open() and record_lock() -> restore_choose() -> signals_hold() ->
 * restore_run(); or, to look only, restore_choose() -> undo_examine(). */
#pragma once

#include "engine/record.h"
#include "engine/undo.h"

enum restore_choice {
	RESTORE_NONE = 1,	/* nothing stands, or there is no such record */
	RESTORE_BROKEN,		/* the record cannot be read; *ret_problem says why */
	RESTORE_OTHER_BOOT,	/* its values went with that boot */
	RESTORE_OTHER_NETNS,
	RESTORE_INTERRUPTED_FIRST,	/* another change is open and must be finished before */
	RESTORE_ALREADY_UNDONE,
};

/* `force` allows another network namespace, and a backup of another boot; a change of another boot is never
 * put back.
 *
 * The change with this id; with NULL an interrupted one, else one that awaits confirmation, else the newest of this
 * boot that stands, never a backup. Its originals are those that lie beneath it now (see stack.h). 0, a
 * restore_choice (with *ret_change set where there is one), or a negative errno. */
MUST_CHECK int restore_choose(const struct record_store *store, struct arena *arena,
	const struct host *host, const char *id, bool force, struct change **ret_change,
	const char **ret_problem);

/* The same for the guardian, which knows what it guards: this change, even while an older one is open. */
MUST_CHECK int restore_choose_overdue(const struct record_store *store, struct arena *arena,
	const struct host *host, const char *id, struct change **ret_change, const char **ret_problem);

/* The change of this boot that stands in the way of a new one: open and finished by nobody, or else awaiting its
 * confirmation. 0, RESTORE_NONE, RESTORE_BROKEN when its record does not read, or a negative errno. */
MUST_CHECK int restore_find_unsettled(const struct record_store *store, struct arena *arena,
	const struct host *host, struct change **ret_change, const char **ret_problem);

enum restore_outcome {
	RESTORE_DONE,		/* every selected original is back, or was there */
	RESTORE_INCOMPLETE,	/* something was left alone or could not be written */
	RESTORE_INTERRUPTED,	/* by a signal, to be run again */
};

struct restore_result {
	enum restore_outcome outcome;
	struct undo_result undone;
	int record_error;	/* negative errno when the record could not be updated */
};

/* 0, or -ENOMEM when nothing was written. */
MUST_CHECK int restore_run(const struct undo *undo, struct record_store *store, enum change_actor actor,
	struct change *change, struct restore_result *ret_result);
