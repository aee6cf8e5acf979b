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

int restore_find_unsettled(const struct record_store *store, struct arena *arena, const struct host *host,
	struct change **ret_change)
{
	struct change *unsettled;
	int r = record_newest(store, arena, host, RECORD_ANYWHERE, change_is_unsettled, &unsettled);

	if (r != 0)
		return r == RECORD_NONE ? RESTORE_NONE : r;
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
	int r = restore_find_unsettled(store, arena, host, ret_change);
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

static int choose_by_id(const struct record_store *store, struct arena *arena, const struct host *host,
	const char *id, bool force, struct change **ret_change, const char **ret_problem)
{
	struct change *open_change;
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
	if ((*ret_change)->state == CHANGE_UNDONE)
		return RESTORE_ALREADY_UNDONE;
	r = find_open(store, arena, host, &open_change);
	if (r == 0 && strcmp(open_change->id, id) != 0) {
		*ret_change = open_change;
		return RESTORE_INTERRUPTED_FIRST;
	}
	return r < 0 ? r : 0;
}

int restore_choose(const struct record_store *store, struct arena *arena, const struct host *host,
	const char *id, bool force, struct change **ret_change, const char **ret_problem)
{
	int r = id ? choose_by_id(store, arena, host, id, force, ret_change, ret_problem) :
		choose_newest(store, arena, host, ret_change, ret_problem);

	if (r == 0 && !force && !host_is_same_netns(&(*ret_change)->host, host))
		return RESTORE_OTHER_NETNS;
	return r == 0 && (*ret_change)->kind == CHANGE_APPLY ? stack_settle(store, arena, *ret_change) : r;
}

/* A restore is remembered in the record like an apply: by what it came to for each key. Those that it is through
 * with are no longer this change's. */
static void name_restored(struct change *change)
{
	for (size_t i = 0; i < change->items_count; i++) {
		struct change_item *item = &change->items[i];

		if (item->undo_status == CHANGE_NOT_TRIED)
			continue;
		item->status = item->undo_status;
		item->withdrawn = item->status != CHANGE_CONFLICT && item->status != CHANGE_ROLLBACK_CONFLICT;
	}
}

int restore_run(const struct undo *undo, struct record_store *store, enum change_actor actor,
	struct change *change, struct restore_result *ret_result)
{
	struct restore_result result = { .outcome = RESTORE_DONE };
	struct undo resumed = *undo;
	enum change_state state = CHANGE_UNDONE;
	bool was_open = change_is_open(change);
	int r = undo_reserve(undo->arena, change);

	if (r < 0)
		return r;
	/* A record that cannot be updated is no reason to leave the values where they are: what it says stays
	 * true, and undoing once more does no harm. */
	resumed.resumes = change->state == CHANGE_UNDOING;
	if (change->kind == CHANGE_APPLY)
		result.record_error = record_set_undoing(store, undo->arena, change);
	r = undo_run(&resumed, change, &result.undone);
	if (r < 0)
		return r;
	if (result.undone.interrupted)
		result.outcome = RESTORE_INTERRUPTED;
	else if (result.undone.conflicts || result.undone.failures)
		result.outcome = RESTORE_INCOMPLETE;

	/* Some keys only: the rest of a whole change still stands, the rest of an open one is still open. */
	if (was_open && result.undone.left > result.undone.conflicts + result.undone.failures)
		state = CHANGE_UNDOING;
	else if (result.outcome == RESTORE_INCOMPLETE)
		state = CHANGE_INCOMPLETE;
	else if (result.undone.left)
		state = CHANGE_STANDING;
	if (change->kind == CHANGE_APPLY && !result.undone.interrupted) {
		name_restored(change);
		result.record_error = record_finish(store, undo->arena, change, state, actor);
	}
	*ret_result = result;
	return 0;
}
