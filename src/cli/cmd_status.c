/* SPDX-License-Identifier: MIT */
/* kerntune status: what stands, what drifted since, what was interrupted. */
#include "base/duration.h"
#include "cli/records.h"
#include "cli/render.h"
#include "engine/guardian.h"
#include "format/json_out.h"
#include "kernel/boottime.h"

#include <errno.h>
#include <string.h>

/* One change that is not over, and its keys that no longer hold what it stored. */
struct standing {
	struct change *change;
	bool is_interrupted;
	bool is_overdue;	/* pending, and its deadline has passed */
	size_t drifted;
};

struct status {
	struct standing *changes;	/* newest first */
	size_t count;
	bool is_locked;		/* somebody is at work: an open change is not an interrupted one */
	bool has_guardian;	/* a process watches over a pending change */
	bool needs_attention;
};

/* Whether a newer change answers for a key: it gave it its value, or found the one that it asked for, which is there
 * still. */
static bool answers_for(const struct change_item *above, const struct change_item *item)
{
	if (above->withdrawn || above->intended)
		return !above->withdrawn;
	if (!above->ours.bytes)
		return false;
	if (above->role == CHANGE_SIDE)
		return !value_equal(item->type, above->ours, above->original);
	return above->role == CHANGE_STEP && value_equal(item->type, above->ours, item->now);
}

/* A key that a newer change has set since did not drift. */
static bool is_superseded(const struct status *status, const struct change_item *item)
{
	for (size_t i = 0; i < status->count; i++) {
		const struct change_item *above = change_find(status->changes[i].change, item->path);

		if (above && answers_for(above, item))
			return true;
	}
	return false;
}

/* One that was put back since, and holds its original, is as it should be. */
static bool has_drifted(const struct change_item *item)
{
	bool is_applied = item->status == CHANGE_APPLIED || item->status == CHANGE_ADJUSTED;

	return item->undo_status == CHANGE_CONFLICT ||
		(item->undo_status == CHANGE_UNCHANGED && is_applied && item->ours.bytes &&
			!value_equal(item->type, item->now, item->ours));
}

static int examine(struct app *app, struct change *change, const struct status *status,
	struct standing *ret_standing)
{
	const struct undo undo = { .arena = app->arena, .procsys = &app->procsys };
	struct standing standing = { .change = change,
		.is_interrupted = change_is_open(change) && !status->is_locked,
		.is_overdue = change->state == CHANGE_PENDING && !status->is_locked &&
			guardian_is_overdue(change->confirmation.deadline_ms) };
	struct undo_result result;
	int r = 0;

	/* The values of an open change tell nothing yet, and those of another namespace cannot be seen. */
	if (!change_is_open(change) && host_is_same_netns(&change->host, &app->host))
		r = undo_examine(&undo, change, &result);
	for (size_t i = 0; r == 0 && i < change->items_count; i++) {
		struct change_item *item = &change->items[i];

		if (has_drifted(item) && !is_superseded(status, item))
			standing.drifted++;
		else
			item->undo_status = CHANGE_NOT_TRIED;
	}
	*ret_standing = standing;
	return r;
}

/* Changes of this boot and of this network namespace that are neither undone nor backups; and open ones of any,
 * since they stand in the way of every apply. */
static bool is_of_interest(const struct app *app, const struct change *change)
{
	return change->kind == CHANGE_APPLY && change->state != CHANGE_UNDONE &&
		host_is_same_boot(&change->host, &app->host) &&
		(change_is_unsettled(change) || host_is_same_netns(&change->host, &app->host));
}

static int add_change(struct app *app, struct change *change, struct status *status)
{
	struct standing standing;
	int r = examine(app, change, status, &standing);

	if (r < 0)
		return r;
	status->changes[status->count++] = standing;
	status->needs_attention |= standing.is_interrupted || standing.drifted ||
		change->state == CHANGE_INCOMPLETE || change->state == CHANGE_PENDING;
	return 0;
}

static int collect(struct app *app, const struct record_store *store, struct status *status)
{
	const char *id, *problem;
	struct record_walk walk;
	struct change *change;
	int r = record_walk(store, app->arena, &walk);

	if (r < 0)
		return r;
	status->changes = arena_alloc(app->arena, (walk.left + 1) * sizeof(*status->changes));
	if (!status->changes)
		return -ENOMEM;
	while ((r = record_walk_next(&walk, &change, &id, &problem)) >= 0 && r != RECORD_NONE) {
		if (r == 0 && is_of_interest(app, change)) {
			r = add_change(app, change, status);
			if (r < 0)
				return r;
		} else if (r == RECORD_BROKEN) {
			diag_warning(&app->diags, "broken-record", span_none(),
				"the record of change %s cannot be used: %s", id, problem);
			diag_hint(&app->diags, "look at it, then move %s.json out of /var/lib/kerntune/changes", id);
			status->needs_attention = true;
		}
	}
	return r < 0 ? r : 0;
}

static int print_json(struct app *app, const struct status *status, int code)
{
	CLEANUP_JSON struct json json;
	cJSON *array;

	json_begin(&json);
	json_out_schema(&json, "status");
	json_out_host(&json, &app->host);
	json_add_boolean(&json, json.root, "needs_attention", status->needs_attention);
	json_add_boolean(&json, json.root, "locked", status->is_locked);
	array = json_add_array(&json, json.root, "changes");
	for (size_t i = 0; i < status->count; i++) {
		const struct standing *standing = &status->changes[i];
		cJSON *object = json_add_object(&json, array, NULL);
		cJSON *drift;

		json_out_change(&json, object, standing->change, false);
		json_add_boolean(&json, object, "interrupted", standing->is_interrupted);
		json_add_boolean(&json, object, "overdue", standing->is_overdue);
		if (standing->change->state == CHANGE_PENDING)
			json_add_boolean(&json, object, "guarded", status->has_guardian);
		drift = json_add_array(&json, object, "drift");
		for (size_t k = 0; k < standing->change->items_count; k++) {
			const struct change_item *item = &standing->change->items[k];
			cJSON *key;

			if (item->undo_status == CHANGE_NOT_TRIED)
				continue;
			key = json_add_object(&json, drift, NULL);
			json_add_string(&json, key, "key", item->key);
			json_add_string(&json, key, "path", item->path);
			json_add_bytes(&json, key, "original", value_trimmed(item->original));
			json_add_bytes(&json, key, "ours", value_trimmed(item->ours));
			json_add_bytes(&json, key, "now", value_trimmed(item->now));
		}
	}
	return app_finish_json(app, &json, code);
}

static void print_pending(struct app *app, const struct status *status, const struct standing *standing)
{
	const struct change *change = standing->change;
	unsigned long long now = boottime_ms(), deadline = change->confirmation.deadline_ms;
	char left[DURATION_TEXT_SIZE];

	if (standing->is_overdue) {
		render_line(app, "  its deadline passed at %s; undo it: %s", change->confirmation.deadline,
			records_restore_command(app, change));
		return;
	}
	duration_format(deadline > now ? (unsigned long)((deadline - now + 999) / 1000) : 0, left);
	render_line(app, "  will be undone at %s (in %s) unless you confirm: %s", change->confirmation.deadline, left,
		records_command(app, "confirm", change->id));
	if (!status->has_guardian)
		render_line(app, "  but its guardian is gone, and nobody will undo it; undo it: %s",
			records_restore_command(app, change));
}

static void print_change(struct app *app, const struct status *status, const struct standing *standing)
{
	const struct change *change = standing->change;
	const char *profiles = records_profiles(app, change);

	render_line(app, "%s  %s  %s", change->id,
		standing->is_interrupted ? "INTERRUPTED" : change_is_open(change) ? "being changed now" :
			change_state_name(change->state), profiles ? profiles : "-");
	if (!host_is_same_netns(&change->host, &app->host))
		render_line(app, "  in network namespace %s", change->host.netns);
	if (change->state == CHANGE_PENDING)
		print_pending(app, status, standing);
	if (standing->is_interrupted)
		render_line(app, "  was interrupted half-way; undo it: %s", records_restore_command(app, change));
	else if (change->state == CHANGE_INCOMPLETE)
		render_line(app, "  could not be put back completely; look, then: %s",
			records_restore_command(app, change));
	for (size_t i = 0; i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];

		if (item->undo_status != CHANGE_NOT_TRIED)
			render_line(app, "  drifted: %s: original %s, ours %s, now %s", item->key,
				records_value(app, item, item->original), records_value(app, item, item->ours),
				records_value(app, item, item->now));
	}
}

static int print_text(struct app *app, const struct status *status, int code)
{
	render_diags(app);
	for (size_t i = 0; i < status->count; i++)
		print_change(app, status, &status->changes[i]);
	if (status->count == 0 && !app->options.quiet)
		fputs("No change of this boot stands.\n", app->out);
	return code;
}

static void print_notice(struct app *app, const struct record_notice *notice, bool is_overdue)
{
	const char *state = change_state_name(notice->state);

	if (is_overdue)
		render_line(app, "%s  %s; its deadline passed at %s; undo it: %s", notice->id, state,
			notice->deadline, records_command(app, "restore", notice->id));
	else if (notice->state == CHANGE_PENDING && notice->deadline)
		render_line(app, "%s  %s until %s", notice->id, state, notice->deadline);
	else
		render_line(app, "%s  %s", notice->id, state);
}

/* Without the right to read the records: what /run/kerntune/state tells everybody. */
static int run_unprivileged(struct app *app, const struct record_store *store)
{
	CLEANUP_JSON struct json json = { 0 };
	struct record_notice notice;
	bool needs_attention, is_overdue;
	int r = record_load_notice(store, app->arena, &notice);

	if (r < 0)
		return app_fail_errno(app, r, "reading the state");
	if (r == 0 && strcmp(notice.boot_id, app->host.boot_id) != 0)
		r = RECORD_NONE;
	needs_attention = r == 0 && notice.state != CHANGE_STANDING;
	is_overdue = r == 0 && notice.state == CHANGE_PENDING && notice.deadline &&
		guardian_is_overdue(notice.deadline_ms);
	if (app_format_is(app, "json")) {
		json_begin(&json);
		json_out_schema(&json, "status");
		json_out_host(&json, &app->host);
		json_add_boolean(&json, json.root, "needs_attention", needs_attention);
		json_add_string(&json, json.root, "id", r == 0 ? notice.id : NULL);
		json_add_string(&json, json.root, "state", r == 0 ? change_state_name(notice.state) : NULL);
		json_add_string(&json, json.root, "deadline", r == 0 ? notice.deadline : NULL);
		json_add_boolean(&json, json.root, "overdue", is_overdue);
		return app_finish_json(app, &json, needs_attention ? EXIT_NO : EXIT_HOLDS);
	}
	if (r == 0)
		print_notice(app, &notice, is_overdue);
	else
		fputs("No change of this boot stands.\n", app->out);
	render_note(app, "Values and drift are shown to root only.");
	return needs_attention ? EXIT_NO : EXIT_HOLDS;
}

static int status_command(struct app *app, int argc, char *argv[])
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
	struct status status = { 0 };
	int code, r = app_open_procsys(app, PROCSYS_READ_ONLY);

	(void)argc;
	(void)argv;
	if (r == 0)
		r = app_find_host(app);
	if (r != 0)
		return r;
	r = record_store_open(&app->root, RECORD_READ, &store);
	if (r == -EACCES)
		return run_unprivileged(app, &store);
	status.is_locked = record_is_locked(&store);
	status.has_guardian = record_has_guardian(&store);
	if (r == 0)
		r = collect(app, &store, &status);
	if (r < 0)
		return app_fail_errno(app, r, "reading the change records");
	code = status.needs_attention ? EXIT_NO : EXIT_HOLDS;
	return app_format_is(app, "json") ? print_json(app, &status, code) : print_text(app, &status, code);
}

const struct command cmd_status = {
	.name = "status",
	.arguments = "",
	.summary = "Show what stands, and what needs attention",
	.description = "Exits with 1 when a change was interrupted, awaits its confirmation or could not\n"
		"be put back, or when somebody else has changed a value that it set.",
	.max_arguments = 0,
	.settles = true,
	.formats = "table json",
	.completes = "",
	.options = (const unsigned char[]){ OPTION_END },
	.run = status_command,
};
