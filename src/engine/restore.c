/* SPDX-License-Identifier: MIT */
/* Restoring recorded originals. */
#include "engine/restore.h"

#include "engine/stack.h"

#include <errno.h>
#include <string.h>

static int find_open(const struct record_store *store, struct arena *arena, const struct host *host,
	struct change **ret_change)
{
	int r = record_newest(store, arena, host, RECORD_ANYWHERE, change_is_open, ret_change);

	return r == RECORD_NONE ? RESTORE_NONE : r;
}

/* The state file names a change that is not settled. One whose record does not read must not be forgotten. */
static int check_noticed(const struct record_store *store, struct arena *arena, const struct host *host,
	const char **ret_problem)
{
	struct record_notice notice;
	struct change *change;
	int r = record_load_notice(store, arena, &notice);

	if (r != 0)
		return r < 0 ? r : RESTORE_NONE;
	if (!record_notice_is_unsettled(&notice) || strcmp(notice.boot_id, host->boot_id) != 0)
		return RESTORE_NONE;
	r = record_load(store, arena, notice.id, &change, ret_problem);
	if (r != RECORD_BROKEN)
		return r < 0 ? r : RESTORE_NONE;
	*ret_problem = arena_printf(arena, "%s: %s", notice.id, *ret_problem);
	return *ret_problem ? RESTORE_BROKEN : -ENOMEM;
}

int restore_find_unsettled(const struct record_store *store, struct arena *arena, const struct host *host,
	struct change **ret_change, const char **ret_problem)
{
	struct change *unsettled;
	int r = record_newest(store, arena, host, RECORD_ANYWHERE, change_is_unsettled, &unsettled);

	if (r == RECORD_NONE)
		return check_noticed(store, arena, host, ret_problem);
	if (r != 0)
		return r;
	*ret_change = unsettled;
	if (change_is_open(unsettled))
		return 0;
	/* An older one may have been interrupted while it was being undone. */
	r = find_open(store, arena, host, ret_change);
	return r == RESTORE_NONE ? 0 : r;
}

/* One that is not settled first, then the newest that stands, of this network namespace if there is one. Records of
 * other boots are history. One that cannot be read and is newer than what would be chosen, if anything, may
 * be the one that is meant. */
static int choose_newest(const struct record_store *store, struct arena *arena, const struct host *host,
	struct change **ret_change, const char **ret_problem)
{
	int r = restore_find_unsettled(store, arena, host, ret_change, ret_problem);
	const char *id, *problem;
	struct record_walk walk;
	struct change *change;
	bool is_found;

	if (r != RESTORE_NONE)
		return r;
	r = record_newest(store, arena, host, RECORD_HERE, record_is_not_over, ret_change);
	if (r == RECORD_NONE)
		r = record_newest(store, arena, host, RECORD_ANYWHERE, record_is_not_over, ret_change);
	if (r < 0)
		return r;
	is_found = r == 0;
	r = record_walk(store, arena, &walk);
	while (r >= 0) {
		r = record_walk_next(&walk, &change, &id, &problem);
		if (r == RECORD_NONE)
			return RESTORE_NONE;
		if (r == 0 && is_found && strcmp(change->id, (*ret_change)->id) == 0)
			return 0;
		if (r == RECORD_BROKEN) {
			*ret_problem = arena_printf(arena, "%s%s%s%s: %s", id, is_found ? " (newer than " : "",
				is_found ? (*ret_change)->id : "", is_found ? ")" : "", problem);
			return *ret_problem ? RESTORE_BROKEN : -ENOMEM;
		}
	}
	return r;
}

/* The change with this id, if it can be put back on this boot. */
static int load_by_id(const struct record_store *store, struct arena *arena, const struct host *host,
	const char *id, bool force, struct change **ret_change, const char **ret_problem)
{
	int r = record_load(store, arena, id, ret_change, ret_problem);

	if (r == RECORD_NONE)
		return RESTORE_NONE;
	if (r == RECORD_BROKEN) {
		*ret_problem = arena_printf(arena, "%s: %s", id, *ret_problem);
		return *ret_problem ? RESTORE_BROKEN : -ENOMEM;
	}
	if (r < 0)
		return r;
	if (!host_is_same_boot(&(*ret_change)->host, host) && ((*ret_change)->kind == CHANGE_APPLY || !force))
		return RESTORE_OTHER_BOOT;
	return (*ret_change)->state == CHANGE_UNDONE ? RESTORE_ALREADY_UNDONE : 0;
}

static int choose_by_id(const struct record_store *store, struct arena *arena, const struct host *host,
	const char *id, bool force, struct change **ret_change, const char **ret_problem)
{
	struct change *open_change;
	int r = load_by_id(store, arena, host, id, force, ret_change, ret_problem);

	if (r != 0)
		return r;
	r = find_open(store, arena, host, &open_change);
	if (r == 0 && strcmp(open_change->id, id) != 0) {
		*ret_change = open_change;
		return RESTORE_INTERRUPTED_FIRST;
	}
	return r < 0 ? r : 0;
}

/* Whether the chosen change may be put back in this place, and what its originals are now. */
static int settle_choice(const struct record_store *store, struct arena *arena, const struct host *host,
	bool force, struct change *change)
{
	if (!force && !host_is_same_netns(&change->host, host))
		return RESTORE_OTHER_NETNS;
	return change->kind == CHANGE_APPLY ? stack_settle(store, arena, change) : 0;
}

int restore_choose_overdue(const struct record_store *store, struct arena *arena, const struct host *host,
	const char *id, struct change **ret_change, const char **ret_problem)
{
	int r = load_by_id(store, arena, host, id, false, ret_change, ret_problem);

	return r ? r : settle_choice(store, arena, host, false, *ret_change);
}

int restore_choose(const struct record_store *store, struct arena *arena, const struct host *host,
	const char *id, bool force, struct change **ret_change, const char **ret_problem)
{
	int r = id ? choose_by_id(store, arena, host, id, force, ret_change, ret_problem) :
		choose_newest(store, arena, host, ret_change, ret_problem);

	return r ? r : settle_choice(store, arena, host, force, *ret_change);
}

/* A restore is remembered in the record like an apply: by what it came to for each key. */
static void name_restored(const struct undo *undo, struct change *change)
{
	for (size_t i = 0; i < change->items_count; i++)
		if (change->items[i].undo_status != CHANGE_NOT_TRIED)
			change->items[i].status = change->items[i].undo_status;
	undo_withdraw(undo, change);
}

/* What a change is after a restore. Where only some keys were meant, the rest of it stays what it was: open,
 * awaiting its confirmation, to be looked at, or standing. */
static enum change_state state_after(enum change_state before, const struct restore_result *result)
{
	const struct undo_result *undone = &result->undone;
	bool is_rest_left = undone->left > undone->conflicts + undone->failures;

	if (is_rest_left && before == CHANGE_PENDING)
		return CHANGE_PENDING;
	if (is_rest_left && before != CHANGE_STANDING && before != CHANGE_INCOMPLETE)
		return CHANGE_UNDOING;
	if (result->outcome == RESTORE_INCOMPLETE || (is_rest_left && before == CHANGE_INCOMPLETE))
		return CHANGE_INCOMPLETE;
	return undone->left ? CHANGE_STANDING : CHANGE_UNDONE;
}

int restore_run(const struct undo *undo, struct record_store *store, enum change_actor actor,
	struct change *change, struct restore_result *ret_result)
{
	struct restore_result result = { .outcome = RESTORE_DONE };
	struct undo resumed = *undo;
	enum change_state before = change->state;
	int r = undo_reserve(undo->arena, change);

	if (r < 0)
		return r;
	/* A record that cannot be updated is no reason to leave the values where they are: what it says stays
	 * true, and undoing once more does no harm. */
	resumed.resumes = change_is_open(change);
	if (change->kind == CHANGE_APPLY)
		result.record_error = record_set_undoing(store, undo->arena, change);
	r = undo_run(&resumed, change, &result.undone);
	if (r < 0)
		return r;
	if (result.undone.interrupted)
		result.outcome = RESTORE_INTERRUPTED;
	else if (result.undone.conflicts || result.undone.failures)
		result.outcome = RESTORE_INCOMPLETE;

	if (change->kind == CHANGE_APPLY && !result.undone.interrupted) {
		name_restored(undo, change);
		result.record_error = record_finish(store, undo->arena, change, state_after(before, &result), actor);
	}
	*ret_result = result;
	return 0;
}
