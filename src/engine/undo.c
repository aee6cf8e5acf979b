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
	int error;		/* of the last failed write */
};

static bool is_selected(const struct undo *undo, const char *path)
{
	return key_filter_selects(&undo->filter, undo->arena, path);
}

/* Reads what stands there now; NULL bytes when it cannot be read. */
static int read_now(const struct undo *undo, const char *path, struct value *ret_value, int *ret_error)
{
	*ret_value = (struct value){ .bytes = NULL };
	return procsys_read(undo->procsys, undo->arena, path, ret_value, ret_error);
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

/* A step that began, and whatever such a step's write may have moved along: side effects, and steps whose
 * own turn never came. */
static bool is_touched(const struct change *change, const struct change_item *item)
{
	if (change->kind == CHANGE_BACKUP || item->intended)
		return true;
	for (size_t i = 0; i < change->items_count; i++)
		if (change->items[i].intended &&
			catalog_moves(catalog_find(change->items[i].path), item->path))
			return true;
	return false;
}

/* Whether the value there may be replaced without asking. */
static bool is_ours(const struct change *change, const struct change_item *item)
{
	if (change->kind == CHANGE_BACKUP)
		return true;
	/* Begun without a known outcome, or refused half-way: whatever is there is our doing. */
	if (!item->ours.bytes || (item->role == CHANGE_STEP && (!item->completed ||
		item->status == CHANGE_REJECTED)))
		return true;
	return value_equal(item->type, item->now, item->ours);
}

static void decide(const struct undo *undo, const struct change *change, struct change_item *item,
	struct wanted *wanted)
{
	if (!item->now.bytes) {
		item->undo_status = item->undo_error == ENOENT || item->undo_error == ENOTDIR ? CHANGE_ABSENT :
			CHANGE_ROLLBACK_CONFLICT;
		return;
	}
	if (value_equal(item->type, item->now, item->original)) {
		item->undo_status = CHANGE_UNCHANGED;
		wanted->value = item->original;
	} else if (undo->force || is_ours(change, item)) {
		item->undo_status = CHANGE_RESTORED;
		wanted->value = item->original;
	} else {
		item->undo_status = CHANGE_CONFLICT;
		wanted->value = item->now;
	}
}

static int examine(const struct undo *undo, struct change *change, struct wanted wanted[])
{
	for (size_t i = 0; i < change->items_count; i++) {
		struct change_item *item = &change->items[i];
		int r;

		if (!is_selected(undo, item->path) || !is_touched(change, item))
			continue;
		item->undo_error = 0;
		r = read_now(undo, item->path, &item->now, &item->undo_error);
		if (r < 0)
			return r;
		decide(undo, change, item, &wanted[i]);
	}
	return 0;
}

/* Statuses to counts, once everything has been tried. */
static void summarize(const struct undo *undo, const struct change *change, struct undo_result *result)
{
	*result = (struct undo_result){ .interrupted = result->interrupted };
	for (size_t i = 0; i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];

		if (!is_selected(undo, item->path)) {
			result->left += is_touched(change, item);
			continue;
		}
		if (!is_touched(change, item))
			continue;
		result->restored += item->undo_status == CHANGE_RESTORED;
		result->conflicts += item->undo_status == CHANGE_CONFLICT;
		result->failures += item->undo_status == CHANGE_ROLLBACK_CONFLICT;
		result->left += item->undo_status == CHANGE_CONFLICT || item->undo_status == CHANGE_ROLLBACK_CONFLICT;
	}
}

int undo_examine(const struct undo *undo, struct change *change, struct undo_result *ret_result)
{
	struct wanted *wanted = arena_alloc(undo->arena, (change->items_count + 1) * sizeof(*wanted));
	int r = wanted ? examine(undo, change, wanted) : -ENOMEM;

	if (r == 0) {
		*ret_result = (struct undo_result){ .left = 0 };
		summarize(undo, change, ret_result);
	}
	return r;
}

/* A zero that another key's write brings back, and that the kernel may refuse. */
static bool is_zeroed_by_sibling(const struct change_item *item)
{
	const struct catalog_row *row = catalog_find(item->path);

	return row && row->siblings[0] && value_equal(row->type, item->original, value_of("0"));
}

/* One key: read, and write when it differs. Returns 1 when it wrote. */
static int put_back(const struct undo *undo, const struct change_item *item, struct wanted *wanted)
{
	struct value now;
	int error, r = read_now(undo, item->path, &now, &error);

	if (r < 0)
		return r;
	if (!now.bytes || value_equal(item->type, now, wanted->value))
		return 0;
	if (is_zeroed_by_sibling(item) && value_identical(wanted->value, item->original))
		return 0;
	wanted->error = 0;
	r = procsys_write(undo->procsys, item->path, wanted->value, item->type == VALUE_PORTLIST,
		&wanted->error);
	return r < 0 ? r : 1;
}

/* All steps, newest first, then the side effects. Returns how many writes there were. */
static int put_all_back(const struct undo *undo, const struct change *change, struct wanted wanted[],
	bool *ret_interrupted)
{
	int writes = 0;

	for (int role = CHANGE_STEP; role <= CHANGE_SIDE; role++) {
		for (size_t k = 0; k < change->items_count; k++) {
			size_t i = role == CHANGE_STEP ? change->items_count - 1 - k : k;
			int r;

			if (change->items[i].role != (enum change_role)role || !wanted[i].value.bytes)
				continue;
			if (undo->stops_at_signal && signals_pending()) {
				*ret_interrupted = true;
				return writes;
			}
			r = put_back(undo, &change->items[i], &wanted[i]);
			if (r < 0)
				return r;
			writes += r;
		}
	}
	return writes;
}

/* Nothing is claimed that was not read back. */
static int confirm(const struct undo *undo, struct change *change, const struct wanted wanted[])
{
	for (size_t i = 0; i < change->items_count; i++) {
		struct change_item *item = &change->items[i];
		struct value now;
		int error = 0, r;

		if (!wanted[i].value.bytes)
			continue;
		r = read_now(undo, item->path, &now, &error);
		if (r < 0)
			return r;
		item->after = now;
		if (r == PROCSYS_ABSENT) {
			item->undo_status = CHANGE_ABSENT;
		} else if (!now.bytes || !value_equal(item->type, now, wanted[i].value)) {
			item->undo_status = CHANGE_ROLLBACK_CONFLICT;
			item->undo_error = wanted[i].error ? wanted[i].error : error;
		}
	}
	return 0;
}

int undo_run(const struct undo *undo, struct change *change, struct undo_result *ret_result)
{
	struct wanted *wanted = arena_alloc(undo->arena, (change->items_count + 1) * sizeof(*wanted));
	struct undo_result result = { .left = 0 };
	int r = wanted ? examine(undo, change, wanted) : -ENOMEM;

	for (int pass = 0; r >= 0 && pass < UNDO_PASSES; pass++) {
		r = put_all_back(undo, change, wanted, &result.interrupted);
		if (r <= 0 || result.interrupted)
			break;
	}
	if (r >= 0)
		r = confirm(undo, change, wanted);
	if (r < 0)
		return r;
	summarize(undo, change, &result);
	*ret_result = result;
	return 0;
}
