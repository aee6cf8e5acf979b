/* SPDX-License-Identifier: MIT */
/* Three-way restoring. */
#include "engine/undo.h"

#include "kernel/signals.h"
#include "model/catalog.h"

#include <errno.h>
#include <string.h>

enum { UNDO_PASSES = 3 };

/* What an item shall hold in the end; NULL bytes: whatever it holds. */
struct wanted {
	struct value value;
	bool is_reached;	/* it was its turn at least once */
	int error;		/* of the last failed write */
};

/* Reads what stands there now; NULL bytes, and why, when it cannot be read. Being short of memory is no
 * reason to leave the other keys alone. */
static int read_now(const struct undo *undo, const char *path, struct value *ret_value, int *ret_error)
{
	int r;

	*ret_value = (struct value){ .bytes = NULL };
	*ret_error = 0;
	r = procsys_read(undo->procsys, undo->arena, path, ret_value, ret_error);
	if (r >= 0)
		return r;
	*ret_error = -r;
	return PROCSYS_UNREADABLE;
}

static size_t longest_value(const struct change_item *item)
{
	size_t length = item->original.length;

	if (length < item->target.length)
		length = item->target.length;
	return length < item->ours.length ? item->ours.length : length;
}

int undo_reserve(struct arena *arena, const struct change *change)
{
	/* The run reads each key three times, the undo once at first, in every pass, and at the end; what is
	 * there is about as long as the longest value that it is known for. */
	const size_t reads = 3 + UNDO_PASSES + 2, slack = 128;
	size_t size = 16 * 1024;

	for (size_t i = 0; i < change->items_count; i++)
		size += sizeof(struct wanted) + reads * (longest_value(&change->items[i]) + slack);
	return arena_reserve(arena, size);
}

/* Whether a write of a step that began may have moved the item. */
static bool is_moved_along(const struct change *change, const struct change_item *item)
{
	for (size_t i = 0; i < change->items_count; i++)
		if (change->items[i].intended &&
			catalog_moves(catalog_find(change->items[i].path), item->path))
			return true;
	return false;
}

/* Killed around a write: nobody knows what it did. */
static bool has_unknown_step(const struct change *change)
{
	for (size_t i = 0; i < change->items_count; i++)
		if (change->items[i].intended && !change->items[i].completed)
			return true;
	return false;
}

/* A step that held its value already, because of a change beneath it that has been taken out since. */
static bool has_lost_its_ground(const struct change_item *item)
{
	return item->role == CHANGE_STEP && item->status == CHANGE_UNCHANGED && item->ours.bytes &&
		!value_equal(item->type, item->ours, item->original);
}

/* A step that began, and whatever such a step's write may have moved along: side effects, and steps whose
 * own turn never came. What had no value to begin with cannot be put back. */
static bool is_touched(const struct change *change, const struct change_item *item)
{
	if (!item->original.bytes)
		return false;
	if (item->role == CHANGE_WATCHED)
		return item->status != CHANGE_FOREIGN_CHANGED && has_unknown_step(change);
	return change->kind == CHANGE_BACKUP || item->intended || item->moved_along ||
		has_lost_its_ground(item) || is_moved_along(change, item);
}

static bool is_any_selected(const struct undo *undo, const struct change *change, const char *const *paths)
{
	for (size_t i = 0; paths[i]; i++)
		if (change_find(change, paths[i]) && key_filter_selects(&undo->filter, paths[i]))
			return true;
	return false;
}

/* Selected by the filter; or another name of a selected key, which cannot stay behind; or its sibling, since
 * one is put back through the other. */
static bool is_selected(const struct undo *undo, const struct change *change,
	const struct change_item *item)
{
	const struct catalog_row *row = catalog_find(item->path);

	return key_filter_selects(&undo->filter, item->path) || (row &&
		(is_any_selected(undo, change, row->aliases) || is_any_selected(undo, change, row->siblings)));
}

/* Whether the value there may be replaced without asking. */
static bool is_ours(const struct undo *undo, const struct change *change, const struct change_item *item)
{
	if (change->kind == CHANGE_BACKUP)
		return true;
	/* Begun without a known outcome, or refused half-way: whatever is there is our doing. */
	if (!item->ours.bytes || (item->role == CHANGE_STEP && (!item->completed ||
		item->status == CHANGE_REJECTED)))
		return true;
	/* An undo that was interrupted may have moved it on the way. */
	if (undo->resumes && is_moved_along(change, item))
		return true;
	return value_equal(item->type, item->now, item->ours);
}

/* A side effect that did not happen: whatever is there is none of our doing. */
static bool never_moved(const struct undo *undo, const struct change_item *item)
{
	return item->role == CHANGE_SIDE && !undo->resumes && item->ours.bytes &&
		value_equal(item->type, item->ours, item->original);
}

static void decide(const struct undo *undo, const struct change *change, struct change_item *item,
	struct wanted *wanted)
{
	if (!item->now.bytes) {
		item->undo_status = item->undo_error == ENOENT || item->undo_error == ENOTDIR ? CHANGE_ABSENT :
			CHANGE_ROLLBACK_CONFLICT;
	} else if (value_equal(item->type, item->now, item->original)) {
		item->undo_status = CHANGE_UNCHANGED;
		wanted->value = item->original;
	} else if (item->held_by || item->withdrawn) {
		item->undo_status = CHANGE_UNCHANGED;
		wanted->value = item->now;
	} else if (never_moved(undo, item)) {
		item->undo_status = CHANGE_UNCHANGED;
		wanted->value = item->now;
	} else if (undo->force || is_ours(undo, change, item)) {
		item->undo_status = CHANGE_RESTORED;
		wanted->value = item->original;
	} else {
		item->undo_status = CHANGE_CONFLICT;
		wanted->value = item->now;
	}
}

/* A secret that was never set has no value to write back: nothing is left but to say so. An action has none either,
 * and needs none. */
static bool is_set_for_good(const struct undo *undo, const struct change_item *item)
{
	struct value now;
	int error;

	return item->intended && !item->original.bytes && !catalog_is_action(catalog_find(item->path)) &&
		key_filter_selects(&undo->filter, item->path) && read_now(undo, item->path, &now, &error) == 0;
}

static void examine(const struct undo *undo, struct change *change, struct wanted wanted[])
{
	for (size_t i = 0; i < change->items_count; i++) {
		struct change_item *item = &change->items[i];

		item->undo_status = is_set_for_good(undo, item) ? CHANGE_ROLLBACK_CONFLICT : CHANGE_NOT_TRIED;
		if (!is_touched(change, item))
			continue;
		item->undo_status = CHANGE_NOT_TRIED;
		(void)read_now(undo, item->path, &item->now, &item->undo_error);
		if (is_selected(undo, change, item))
			decide(undo, change, item, &wanted[i]);
		else
			wanted[i].value = item->now;	/* should one of our writes move it */
	}
}

/* Whether a key that was not tried still stands: what was not meant does so also where a newer change hides it, and
 * where an older change beneath it gave it the same value. */
static bool is_left(const struct undo *undo, const struct change *change, const struct change_item *item)
{
	if (item->undo_status != CHANGE_NOT_TRIED || item->withdrawn)
		return false;
	if (is_touched(change, item) && item->now.bytes && !value_equal(item->type, item->now, item->original))
		return true;
	return !is_selected(undo, change, item) && (item->held_by || (item->role == CHANGE_STEP && item->ours.bytes &&
		item->original_owner));
}

/* Statuses to counts, once everything has been tried. */
static void summarize(const struct undo *undo, const struct change *change, struct undo_result *result)
{
	*result = (struct undo_result){ .interrupted = result->interrupted };
	for (size_t i = 0; i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];

		result->examined += item->undo_status != CHANGE_NOT_TRIED;
		result->restored += item->undo_status == CHANGE_RESTORED;
		result->conflicts += item->undo_status == CHANGE_CONFLICT;
		result->failures += item->undo_status == CHANGE_ROLLBACK_CONFLICT;
		result->left += is_left(undo, change, item);
	}
	result->left += result->conflicts + result->failures;
}

int undo_examine(const struct undo *undo, struct change *change, struct undo_result *ret_result)
{
	struct wanted *wanted = arena_alloc(undo->arena, (change->items_count + 1) * sizeof(*wanted));

	if (!wanted)
		return -ENOMEM;
	examine(undo, change, wanted);
	*ret_result = (struct undo_result){ .left = 0 };
	summarize(undo, change, ret_result);
	return 0;
}

/* A zero that another key's write brings back, and that the kernel may refuse. */
static bool is_zeroed_by_sibling(const struct change_item *item, const struct wanted *wanted)
{
	const struct catalog_row *row = catalog_find(item->path);

	return row && row->siblings[0] && value_equal(row->type, wanted->value, value_of("0"));
}

/* Reads one key, and writes it when it differs. Returns whether it wrote. */
static bool put_back(const struct undo *undo, const struct change_item *item, struct wanted *wanted)
{
	struct value now;
	int r;

	(void)read_now(undo, item->path, &now, &wanted->error);
	if (!now.bytes || value_equal(item->type, now, wanted->value))
		return false;
	r = procsys_write(undo->procsys, item->path, wanted->value, item->type == VALUE_PORTLIST,
		&wanted->error);
	if (r < 0)
		wanted->error = -r;
	return true;
}

/* All steps, newest first, then the side effects. Returns whether anything was written. */
static bool put_all_back(const struct undo *undo, const struct change *change, struct wanted wanted[],
	bool *ret_interrupted)
{
	bool wrote = false;

	for (int role = CHANGE_STEP; role <= CHANGE_WATCHED; role++) {
		for (size_t k = 0; k < change->items_count; k++) {
			size_t i = role == CHANGE_STEP ? change->items_count - 1 - k : k;
			const struct change_item *item = &change->items[i];

			if (item->role != (enum change_role)role || !wanted[i].value.bytes)
				continue;
			if (undo->stops_at_signal && signals_pending()) {
				*ret_interrupted = true;
				return wrote;
			}
			wanted[i].is_reached = true;
			if (!is_zeroed_by_sibling(item, &wanted[i]))
				wrote |= put_back(undo, item, &wanted[i]);
		}
	}
	return wrote;
}

/* Where no sibling's write brought a zero back (a tree of plain files, say), it is written after all. */
static void put_zeros_back(const struct undo *undo, const struct change *change, struct wanted wanted[])
{
	for (size_t i = 0; i < change->items_count; i++)
		if (wanted[i].value.bytes && is_zeroed_by_sibling(&change->items[i], &wanted[i]))
			(void)put_back(undo, &change->items[i], &wanted[i]);
}

/* Nothing is claimed that was not read back. */
static void confirm(const struct undo *undo, struct change *change, const struct wanted wanted[])
{
	for (size_t i = 0; i < change->items_count; i++) {
		struct change_item *item = &change->items[i];
		int error, r;

		if (!wanted[i].value.bytes)
			continue;
		r = read_now(undo, item->path, &item->after, &error);
		if (item->after.bytes && value_equal(item->type, item->after, wanted[i].value))
			continue;
		if (!wanted[i].is_reached) {
			item->undo_status = CHANGE_NOT_TRIED;
		} else if (r == PROCSYS_ABSENT) {
			item->undo_status = CHANGE_ABSENT;
		} else {
			item->undo_status = CHANGE_ROLLBACK_CONFLICT;
			item->undo_error = wanted[i].error ? wanted[i].error : error;
		}
	}
}

int undo_run(const struct undo *undo, struct change *change, struct undo_result *ret_result)
{
	struct wanted *wanted = arena_alloc(undo->arena, (change->items_count + 1) * sizeof(*wanted));
	struct undo_result result = { .left = 0 };

	if (!wanted)
		return -ENOMEM;
	examine(undo, change, wanted);
	for (int pass = 0; pass < UNDO_PASSES && !result.interrupted; pass++)
		if (!put_all_back(undo, change, wanted, &result.interrupted))
			break;
	if (!result.interrupted)
		put_zeros_back(undo, change, wanted);
	confirm(undo, change, wanted);
	summarize(undo, change, &result);
	*ret_result = result;
	return 0;
}

void undo_withdraw(const struct undo *undo, struct change *change)
{
	for (size_t i = 0; i < change->items_count; i++) {
		struct change_item *item = &change->items[i];

		if (item->undo_status == CHANGE_NOT_TRIED)
			item->withdrawn |= item->status == CHANGE_UNCHANGED &&
				key_filter_selects(&undo->filter, item->path);
		else
			item->withdrawn = item->undo_status != CHANGE_CONFLICT &&
				item->undo_status != CHANGE_ROLLBACK_CONFLICT;
	}
}
