/* SPDX-License-Identifier: MIT */
/* Applying a plan one parameter at a time. */
#include "engine/apply.h"

#include "engine/audit.h"
#include "engine/stack.h"
#include "engine/undo.h"
#include "kernel/counters.h"
#include "kernel/signals.h"
#include "model/key.h"

#include <errno.h>
#include <string.h>

const char *apply_outcome_name(enum apply_outcome outcome)
{
	static const char *const names[] = {
		[APPLY_APPLIED] = "applied",
		[APPLY_PENDING] = "pending",
		[APPLY_NOTHING_TO_DO] = "nothing_to_do",
		[APPLY_REFUSED] = "refused",
		[APPLY_ROLLED_BACK] = "rolled_back",
		[APPLY_INCOMPLETE] = "rollback_incomplete",
	};

	return names[outcome];
}

/* ---- the change a plan makes ---- */

static int add_item(const struct apply *apply, struct change *change, struct change_item item)
{
	struct change_item *grown = arena_grow(apply->arena, change->items, change->items_count,
		&change->items_capacity, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	change->items = grown;
	change->items[change->items_count++] = item;
	return 0;
}

/* A key that cannot be read cannot be put back, and is left out: it is not the plan's. */
static int add_side_effect(const struct apply *apply, struct change *change, const char *path)
{
	struct change_item item = { .path = path, .role = CHANGE_SIDE, .status = CHANGE_UNCHANGED };
	int error, r;

	if (change_find(change, path))
		return 0;
	r = procsys_read(apply->procsys, apply->arena, path, &item.original, &error);
	if (r != 0)
		return r < 0 ? r : 0;
	item.key = key_display(apply->arena, path);
	item.type = catalog_type(catalog_find(path));
	return item.key ? add_item(apply, change, item) : -ENOMEM;
}

static int add_side_effects(const struct apply *apply, struct change *change, const char *const *globs)
{
	for (size_t i = 0; globs[i]; i++) {
		struct procsys_paths paths = { 0 };
		int r = procsys_expand(apply->procsys, apply->arena, globs[i], &paths);

		for (size_t k = 0; r == 0 && k < paths.count; k++)
			r = add_side_effect(apply, change, paths.paths[k]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Every key of the plan that can be read, also where it holds already: a step may move it away, and so may
 * somebody else. */
static int add_steps(const struct apply *apply, const struct plan *plan, struct change *change)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_row *row = &plan->rows[i];
		bool is_step = row->status == PLAN_CHANGE || row->status == PLAN_SAME;
		int r = !is_step ? 0 : add_item(apply, change, (struct change_item){
			.path = row->path,
			.key = row->key,
			.role = CHANGE_STEP,
			.type = catalog_type(row->catalog),
			.original = row->live,
			.target = row->target,
		});

		if (r < 0)
			return r;
	}
	return 0;
}

/* What the change was meant to move, before it does (engine/effect.h). Where nothing is counted, or memory is short,
 * the change is made all the same. */
static void take_baseline(const struct apply *apply, struct change *change)
{
	CLEANUP_COUNTER_FILES struct counter_files files;
	struct counters *baseline = arena_alloc(apply->arena, sizeof(*baseline));
	bool is_counted = false;

	counter_files_open(apply->counted, &files);
	if (!baseline || counter_files_read(&files, baseline) < 0)
		return;
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		is_counted |= baseline->known_at[i] && counter_rows[i].kind == COUNTER_TOTAL;
	if (is_counted)
		change->baseline = baseline;
}

static int make_change(const struct apply *apply, const struct plan *plan, struct change **ret_change)
{
	struct change *change = arena_alloc(apply->arena, sizeof(*change));
	size_t steps;
	int r;

	if (!change)
		return -ENOMEM;
	change->kind = CHANGE_APPLY;
	change->label = apply->label;
	change->host = *apply->host;
	change->profiles = arena_alloc(apply->arena, plan->profiles_count * sizeof(*change->profiles));
	if (!change->profiles)
		return -ENOMEM;
	for (size_t i = 0; i < plan->profiles_count; i++)
		change->profiles[change->profiles_count++] =
			(struct change_profile){ plan->profiles[i], plan->digests[i] };

	r = add_steps(apply, plan, change);
	steps = change->items_count;
	for (size_t i = 0; r == 0 && i < steps; i++) {
		const struct catalog_row *row = catalog_find(change->items[i].path);

		if (!row)
			continue;
		r = add_side_effects(apply, change, row->siblings);
		if (r == 0)
			r = add_side_effects(apply, change, row->cascades);
	}
	if (r == 0 && apply->audited)
		r = audit_watch(apply->procsys, apply->arena, apply->audited, change);
	if (r == 0)
		r = stack_find_owners(apply->store, apply->arena, change);
	if (r == 0 && apply->counted)
		take_baseline(apply, change);
	if (r == 0 && apply->guardian)
		r = guardian_plan(apply->guardian, apply->arena, &change->confirmation);
	*ret_change = change;
	return r;
}

/* ---- one step ---- */

/* Whether a step that was written may have moved this item. */
static bool is_moved_by_step(const struct change *change, size_t index)
{
	if (change->items[index].moved_along)
		return true;
	for (size_t i = 0; i < change->items_count; i++)
		if (change->items[i].intended &&
			catalog_moves(catalog_find(change->items[i].path), change->items[index].path))
			return true;
	return false;
}

static const char *describe(const struct apply *apply, const struct change_item *item, struct value value)
{
	const char *text = value_display(apply->arena, item->type, value);

	return text ? text : "?";
}

/* Compares with what the plan saw. 0; 1 with the problem when somebody else changed it; -ENOMEM. */
static int check_expected(const struct apply *apply, struct change *change, size_t index,
	struct value *ret_now, const char **ret_problem)
{
	struct change_item *item = &change->items[index];
	int r;

	/* Nothing could be read when the plan was made, and nothing can be compared now. */
	*ret_now = (struct value){ .bytes = NULL };
	if (!item->original.bytes)
		return 0;
	r = procsys_read(apply->procsys, apply->arena, item->path, ret_now, &item->error);
	if (r < 0)
		return r;
	if (r > 0) {
		item->status = CHANGE_FOREIGN_CHANGED;
		*ret_problem = arena_printf(apply->arena, "%s can no longer be read: %s", item->key,
			strerror(item->error));
		return 1;
	}
	if (value_equal(item->type, *ret_now, item->original) || is_moved_by_step(change, index))
		return 0;
	item->status = CHANGE_FOREIGN_CHANGED;
	*ret_problem = arena_printf(apply->arena,
		"%s was changed by somebody else: it was %s when the plan was made and is %s now", item->key,
		describe(apply, item, item->original), describe(apply, item, *ret_now));
	return 1;
}

/* Judges what the kernel made of the write. 0, or 1 with the problem. */
static int classify(const struct apply *apply, struct change_item *item, int write_outcome,
	const char **ret_problem)
{
	const char *target = describe(apply, item, item->target);

	item->status = CHANGE_REJECTED;
	if (write_outcome == PROCSYS_SHORT)
		*ret_problem = arena_printf(apply->arena, "the kernel took %s for %s only in part", target,
			item->key);
	else if (write_outcome != 0)
		*ret_problem = arena_printf(apply->arena, "the kernel refused %s for %s: %s", target, item->key,
			strerror(item->error));
	else if (!item->ours.bytes && catalog_is_action(catalog_find(item->path)))
		item->status = CHANGE_APPLIED;
	else if (!item->ours.bytes)
		*ret_problem = arena_printf(apply->arena, "%s cannot be read back: %s", item->key,
			strerror(item->error));
	else if (value_equal(item->type, item->target, item->ours))
		item->status = CHANGE_APPLIED;
	else if (catalog_satisfied(catalog_find(item->path), item->target, item->ours))
		item->status = CHANGE_ADJUSTED;
	else
		*ret_problem = arena_printf(apply->arena, "the kernel stored %s for %s where %s was written",
			describe(apply, item, item->ours), item->key, target);
	return item->status == CHANGE_REJECTED;
}

/* 0; 1 with the problem when the change must be undone; a negative errno. `audit` may be NULL. */
static int run_step(const struct apply *apply, struct audit *audit, struct change *change, size_t index,
	const char **ret_problem)
{
	struct change_item *item = &change->items[index];
	const struct catalog_row *row = catalog_find(item->path);
	int read_error = 0, looked = 0, outcome, r;
	struct value now;

	r = check_expected(apply, change, index, &now, ret_problem);
	if (r != 0)
		return r;
	/* It held when the plan was made, and no step before has moved it. */
	if (now.bytes && catalog_satisfied(row, item->target, item->original) &&
		catalog_satisfied(row, item->target, now)) {
		item->ours = now;
		item->completed = true;
		item->status = CHANGE_UNCHANGED;
		return 0;
	}
	r = record_intent(apply->store, change, index);
	if (r < 0) {
		*ret_problem = arena_printf(apply->arena, "the step log cannot be written: %s", strerror(-r));
		return 1;
	}
	outcome = procsys_write(apply->procsys, item->path, item->target, item->type == VALUE_PORTLIST,
		&item->error);
	r = procsys_read(apply->procsys, apply->arena, item->path, &item->ours, &read_error);
	if (outcome < 0 || r < 0)
		return outcome < 0 ? outcome : r;
	if (outcome == 0 && r > 0)
		item->error = read_error;
	r = classify(apply, item, outcome, ret_problem);
	/* What a failed step moved is to be put back too. Before the outcome: a step without one has moved anything. */
	if (audit)
		looked = audit_note_moved(audit, change, index);
	if (looked == -ENOMEM)
		return looked;
	if ((looked < 0 || record_outcome(apply->store, change, index) < 0) && r == 0) {
		*ret_problem = "the step log cannot be written";
		return 1;
	}
	return r;
}

/* One key after the last step. 0, or 1 with the problem when it does not hold what was asked for. */
static int check_kept(const struct apply *apply, struct change *change, size_t index, struct value now,
	const char **ret_problem)
{
	struct change_item *item = &change->items[index];

	if (!item->original.bytes)
		return 0;
	if (item->role == CHANGE_SIDE) {
		item->ours = now;
		if (now.bytes && !value_equal(item->type, now, item->original))
			item->status = CHANGE_APPLIED;
		return 0;
	}
	if (now.bytes && catalog_satisfied(catalog_find(item->path), item->target, now)) {
		item->ours = now;
		return 0;
	}
	/* What a step of ours moved is ours to put back; what somebody else wrote is not. */
	item->status = is_moved_by_step(change, index) ? CHANGE_REJECTED : CHANGE_FOREIGN_CHANGED;
	*ret_problem = arena_printf(apply->arena, "%s did not keep %s: %s moved it to %s", item->key,
		describe(apply, item, item->target),
		item->status == CHANGE_REJECTED ? "a later step" : "somebody else",
		now.bytes ? describe(apply, item, now) : "something that cannot be read");
	return 1;
}

/* A later step may have moved an earlier key; and what moved along is now known. One that does not hold ends
 * nothing here: undoing needs to know what all the side effects came to. */
static int check_all(const struct apply *apply, struct change *change,
	const struct change_item **ret_culprit, const char **ret_problem)
{
	int verdict = 0;

	for (size_t i = change->items_count; i-- > 0;) {
		struct value now = { .bytes = NULL };
		int r;

		if (change->items[i].role == CHANGE_WATCHED)
			continue;
		r = procsys_read(apply->procsys, apply->arena, change->items[i].path, &now,
			&change->items[i].error);

		if (r < 0)
			return r;
		if (check_kept(apply, change, i, now, ret_problem) == 0)
			continue;
		*ret_culprit = &change->items[i];
		verdict = 1;
	}
	return verdict;
}

/* ---- the whole ---- */

static bool has_written(const struct change *change)
{
	for (size_t i = 0; i < change->items_count; i++)
		if (change->items[i].intended)
			return true;
	return false;
}

/* What was put back is "rolled_back", but a step that failed or never began keeps saying so. */
static void name_rolled_back(struct change *change)
{
	for (size_t i = 0; i < change->items_count; i++) {
		struct change_item *item = &change->items[i];

		switch (item->undo_status) {
		case CHANGE_RESTORED:
		case CHANGE_UNCHANGED:
			if (item->status == CHANGE_APPLIED || item->status == CHANGE_ADJUSTED)
				item->status = CHANGE_ROLLED_BACK;
			break;
		case CHANGE_CONFLICT:
		case CHANGE_ROLLBACK_CONFLICT:
			item->status = CHANGE_ROLLBACK_CONFLICT;
			item->error = item->undo_error;
			break;
		default:
			break;
		}
	}
}

static void roll_back(const struct apply *apply, struct change *change, struct apply_result *result)
{
	struct undo undo = { .arena = apply->arena, .procsys = apply->procsys };
	struct undo_result undone;
	int r = undo_run(&undo, change, &undone);

	if (r == 0) {
		name_rolled_back(change);
		undo_withdraw(&undo, change);
	}
	result->outcome = r == 0 && undone.left == 0 ? APPLY_ROLLED_BACK : APPLY_INCOMPLETE;
	audit_drop_unmoved(change);
	result->record_error = record_finish(apply->store, apply->arena, change,
		result->outcome == APPLY_ROLLED_BACK ? CHANGE_UNDONE : CHANGE_INCOMPLETE, CHANGE_BY_APPLY);
}

/* The change is complete: what of it is to be kept, and in which state. */
static int finish_applied(const struct apply *apply, struct change *change)
{
	audit_drop_unmoved(change);
	if (!apply->guardian)
		return record_finish(apply->store, apply->arena, change, CHANGE_STANDING, CHANGE_BY_APPLY);
	/* The time to confirm begins now. */
	if (guardian_set_deadline(apply->arena, &change->confirmation) < 0)
		return -ENOMEM;
	return record_finish(apply->store, apply->arena, change, CHANGE_PENDING, CHANGE_BY_APPLY);
}

/* 0, or 1 with culprit, problem or signal when it must be undone. */
static int run_steps(const struct apply *apply, struct change *change, struct apply_result *result)
{
	struct audit looks = { .arena = apply->arena, .procsys = apply->procsys, .store = apply->store };
	struct audit *audit = apply->audited ? &looks : NULL;
	int r = audit ? audit_begin(audit, change) : 0;

	for (size_t i = 0; r == 0 && i < change->items_count; i++) {
		if (change->items[i].role != CHANGE_STEP)
			continue;
		result->signal = signals_pending();
		if (result->signal)
			return 1;
		r = audit ? audit_note_strays(audit, change) : 0;
		if (r == 0)
			r = run_step(apply, audit, change, i, &result->problem);
		if (r != 0)
			result->culprit = &change->items[i];
	}
	if (r == 0 && audit)
		r = audit_note_strays(audit, change);
	if (r == 0)
		r = check_all(apply, change, &result->culprit, &result->problem);
	if (r == 0)
		result->signal = signals_pending();
	if (result->signal)
		return 1;
	if (r == 0) {
		r = finish_applied(apply, change);
		if (r < 0)
			result->problem = "the change record cannot be completed";
	}
	if (r < 0 && !result->problem)
		result->problem = strerror(-r);
	return r != 0;
}

/* Nothing was written. That the record cannot be closed is the smaller trouble: it will be found open. */
static int abandon(const struct apply *apply, struct change *change, int error)
{
	int r = record_finish(apply->store, apply->arena, change, CHANGE_UNDONE, CHANGE_BY_APPLY);

	return r == -ENOMEM ? r : error;
}

int apply_run(const struct apply *apply, const struct plan *plan, struct apply_result *ret_result)
{
	struct apply_result result = { .outcome = APPLY_NOTHING_TO_DO };
	struct change *change;
	int r;

	if (plan_summarize(plan).change == 0) {
		*ret_result = result;
		return 0;
	}
	r = make_change(apply, plan, &change);
	if (r == 0)
		r = undo_reserve(apply->arena, change);
	if (r == 0)
		r = record_begin(apply->store, apply->arena, change);
	if (r < 0)
		return r;
	if (apply->guardian) {
		r = guardian_arm(apply->guardian, change);
		if (r < 0)
			return abandon(apply, change, r);
	}

	result.change = change;
	if (run_steps(apply, change, &result) == 0) {
		result.outcome = apply->guardian ? APPLY_PENDING : APPLY_APPLIED;
	} else if (!has_written(change) && result.culprit &&
		result.culprit->status == CHANGE_FOREIGN_CHANGED) {
		result.outcome = APPLY_REFUSED;
		result.record_error = record_finish(apply->store, apply->arena, change, CHANGE_UNDONE,
			CHANGE_BY_APPLY);
	} else {
		roll_back(apply, change, &result);
	}
	*ret_result = result;
	return 0;
}
