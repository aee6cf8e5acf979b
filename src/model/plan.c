/* SPDX-License-Identifier: MIT */
/* Counting and ordering the rows of a plan. */
#include "model/plan.h"

#include "model/key.h"

#include <string.h>

const char *plan_status_name(enum plan_status status)
{
	static const char *const names[] = {
		[PLAN_SAME] = "same",
		[PLAN_CHANGE] = "change",
		[PLAN_ABSENT] = "absent",
		[PLAN_READ_ONLY] = "read_only",
		[PLAN_UNREADABLE] = "unreadable",
	};

	return names[status];
}

bool plan_row_holds(const struct plan_row *row)
{
	return row->status == PLAN_SAME || row->tolerated;
}

struct plan_summary plan_summarize(const struct plan *plan)
{
	struct plan_summary summary = { .total = plan->count };

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_row *row = &plan->rows[i];

		summary.same += row->status == PLAN_SAME;
		summary.change += row->status == PLAN_CHANGE;
		summary.absent += row->status == PLAN_ABSENT;
		summary.read_only += row->status == PLAN_READ_ONLY;
		summary.unreadable += row->status == PLAN_UNREADABLE;
		summary.blocking += row->status != PLAN_CHANGE && !plan_row_holds(row);
	}
	return summary;
}

static bool is_listed(const char *const *words, struct value value)
{
	for (size_t i = 0; words[i]; i++)
		if (value_equal(VALUE_INT, value_of(words[i]), value))
			return true;
	return false;
}

static bool first_number(struct value value, struct number *ret_number)
{
	struct value field;

	return value.bytes && value_next_field(&value, &field) && value_field_number(field, ret_number);
}

/* `low` must never exceed `high`, and both change: high goes first where it makes room for low, and else low first.
 * One of the two always works, since both the old and the new pair are in order. */
static bool makes_room(const struct plan_row *high, const struct plan_row *low)
{
	struct number target, live;

	return first_number(high->target, &target) && first_number(low->live, &live) &&
		number_compare(target, live) >= 0;
}

/* The rules that depend on the values. */
static bool must_follow_by_value(const struct plan_row *row, const struct plan_row *other)
{
	const struct catalog_row *mine = row->catalog, *others = other->catalog;

	if (row->status != PLAN_CHANGE || other->status != PLAN_CHANGE || !mine || !others)
		return false;
	if (mine->not_above && strcmp(mine->not_above, other->path) == 0)
		return makes_room(other, row);
	if (others->not_above && strcmp(others->not_above, row->path) == 0)
		return !makes_room(row, other);
	/* While it is locked, the key that locks it goes first; and last where it is about to lock it. */
	if (mine->locked_by && strcmp(mine->locked_by, other->path) == 0)
		return is_listed(mine->locked_values, other->live);
	if (others->locked_by && strcmp(others->locked_by, row->path) == 0)
		return is_listed(others->locked_values, row->target) &&
			!is_listed(others->locked_values, row->live);
	return false;
}

static bool must_follow(const struct plan_row *row, const struct plan_row *other)
{
	if (!row->catalog)
		return false;
	if (must_follow_by_value(row, other))
		return true;
	for (size_t i = 0; row->catalog->after[i]; i++)
		if (key_matches(row->catalog->after[i], other->path))
			return true;
	/* A key that the other one's write would overwrite comes after it. */
	if (!other->catalog)
		return false;
	for (size_t i = 0; other->catalog->cascades[i]; i++)
		if (key_matches(other->catalog->cascades[i], row->path) &&
			strcmp(row->path, other->path) != 0)
			return true;
	return false;
}

void plan_order(struct plan *plan)
{
	/* Each row moves behind the last one that it must follow. A cycle in the catalogue would never
	 * settle: a row moves at most once for every row there is. */
	for (size_t i = 0, moves = plan->count * plan->count; i < plan->count && moves > 0;) {
		struct plan_row row = plan->rows[i];
		size_t last = i;

		for (size_t j = i + 1; j < plan->count; j++)
			if (must_follow(&row, &plan->rows[j]))
				last = j;
		if (last == i) {
			i++;
			continue;
		}
		memmove(&plan->rows[i], &plan->rows[i + 1], (last - i) * sizeof(row));
		plan->rows[last] = row;
		moves--;
	}
}
