/* SPDX-License-Identifier: MIT */
/* records.h - what the commands that deal with change records have in common. */
#pragma once

#include "cli/command.h"
#include "engine/record.h"
#include "engine/restore.h"

/* Opens the store for reading; with EXIT_INVALID and a message when this user may not. */
MUST_CHECK int records_open(struct app *app, struct record_store *ret_store);

/* Opens the store for writing and takes the lock: 0, EXIT_INVALID, or EXIT_BUSY. */
MUST_CHECK int records_open_locked(struct app *app, struct record_store *ret_store, enum record_patience patience);

/* Refuses with EXIT_BUSY, and names the commands, while an interrupted change is open or one awaits its
 * confirmation. */
MUST_CHECK int records_refuse_unsettled(struct app *app, const struct record_store *store);

/* A command line about this change, with the options that say where: "kerntune confirm ID". */
const char *records_command(struct app *app, const char *command, const char *id);

/* The command that undoes this change, with the options that say where: "kerntune restore ID". */
const char *records_restore_command(struct app *app, const struct change *change);

/* What JSON and text say where a record could not be updated: a warning among the diagnostics. */
void records_warn_not_updated(struct app *app, const struct change *change, int negative_errno);

/* Errors that name the keys which an undo did not put back, and why. */
void records_tell_conflicts(struct app *app, const struct change *change);

/* The names of a change's profiles, with commas; "-" when there are none. */
const char *records_profiles(struct app *app, const struct change *change);

/* A raw value for a table; NULL when there is none. */
const char *records_value(struct app *app, const struct change_item *item, struct value value);
