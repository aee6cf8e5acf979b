/* SPDX-License-Identifier: MIT */
/* kerntune history: the changes made on this host. */
#include "cli/records.h"
#include "cli/render.h"
#include "format/json_out.h"

#include <errno.h>
#include <string.h>

struct history {
	struct change **changes;	/* newest first */
	size_t count;
};

/* Records that do not read become warnings: the others are still of interest. */
static int load_all(struct app *app, const struct record_store *store, struct history *history)
{
	const char *id, *problem;
	struct record_walk walk;
	int r = record_walk(store, app->arena, &walk);

	if (r < 0)
		return r;
	history->changes = arena_alloc(app->arena, (walk.left + 1) * sizeof(*history->changes));
	if (!history->changes)
		return -ENOMEM;
	while ((r = record_walk_next(&walk, &history->changes[history->count], &id, &problem)) >= 0 &&
		r != RECORD_NONE) {
		if (r == 0)
			history->count++;
		else
			diag_warning(&app->diags, "broken-record", span_none(),
				"the record of change %s cannot be used: %s", id, problem);
	}
	return r < 0 ? r : 0;
}

static int print_list_json(struct app *app, const struct history *history)
{
	CLEANUP_JSON struct json json;
	cJSON *array;

	json_begin(&json);
	json_out_schema(&json, "history");
	json_out_host(&json, &app->host);
	array = json_add_array(&json, json.root, "changes");
	for (size_t i = 0; i < history->count; i++)
		json_out_change(&json, json_add_object(&json, array, NULL), history->changes[i], false);
	return app_finish_json(app, &json, EXIT_HOLDS);
}

static const char *state_text(struct app *app, const struct change *change)
{
	const char *state = change->kind == CHANGE_BACKUP ? "backup" : change_state_name(change->state);

	if (strcmp(change->host.boot_id, app->host.boot_id) == 0)
		return state;
	return arena_printf(app->arena, "%s, earlier boot", state);
}

static int print_list(struct app *app, const struct history *history)
{
	static const struct column columns[] = {
		{ "ID", false }, { "STATE", false }, { "PARAMETERS", false }, { "PROFILES", true },
		{ "LABEL", true },
	};
	struct table *table = table_new(app, columns, COUNT_OF(columns));

	render_diags(app);
	for (size_t i = 0; i < history->count; i++) {
		const struct change *change = history->changes[i];

		table_add(table, (const struct cell[]){
			{ change->id, STYLE_PLAIN },
			{ state_text(app, change), change->state == CHANGE_INCOMPLETE ? STYLE_BAD : STYLE_PLAIN },
			{ arena_printf(app->arena, "%zu", change_count_steps(change)), STYLE_PLAIN },
			{ records_profiles(app, change), STYLE_PLAIN }, { change->label, STYLE_PLAIN } });
	}
	if (history->count == 0) {
		table_discard(table);
		render_note(app, "No changes yet.");
		return EXIT_HOLDS;
	}
	return table_print(table) < 0 ? app_fail_errno(app, -ENOMEM, "printing the history") : EXIT_HOLDS;
}

static const char *actor_text(const struct change *change)
{
	return change->finished_by == CHANGE_BY_GUARDIAN ? "the guardian: not confirmed by the deadline" :
		change_actor_name(change->finished_by);
}

/* How a key came into the change, where it was not asked for. */
static const char *target_text(struct app *app, const struct change_item *item)
{
	return item->role == CHANGE_SIDE ? "(side effect)" : item->role == CHANGE_WATCHED ? "(moved otherwise)" :
		records_value(app, item, item->target);
}

static int print_one(struct app *app, const struct change *change)
{
	static const struct column columns[] = {
		{ "PARAMETER", false }, { "BEFORE", true }, { "TARGET", true }, { "STORED", true },
		{ "RESULT", false },
	};
	struct table *table = table_new(app, columns, COUNT_OF(columns));
	const char *profiles = records_profiles(app, change);

	fprintf(app->out, "change    %s\nstate     %s\nmade      %s\n", change->id, state_text(app, change),
		change->created);
	fprintf(app->out, "finished  %s%s%s\n", change->finished ? change->finished : "-",
		change->finished && change->kind == CHANGE_APPLY ? ", by " : "",
		change->finished && change->kind == CHANGE_APPLY ? actor_text(change) : "");
	if (change->confirmation.guardian != CHANGE_GUARDIAN_NONE)
		render_line(app, "deadline  %s", change->confirmation.deadline);
	render_line(app, "profiles  %s", profiles ? profiles : "-");
	render_line(app, "label     %s", change->label ? change->label : "-");
	render_line(app, "host      %s, Linux %s, network namespace %s\n", change->host.hostname,
		change->host.kernel, change->host.netns);
	for (size_t i = 0; i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];

		table_add(table, (const struct cell[]){
			{ item->key, STYLE_PLAIN }, { records_value(app, item, item->original), STYLE_PLAIN },
			{ target_text(app, item), STYLE_PLAIN },
			{ records_value(app, item, item->ours), STYLE_PLAIN },
			{ change_status_name(item->status), change_status_style(item->status) } });
	}
	return table_print(table) < 0 ? app_fail_errno(app, -ENOMEM, "printing the change") : EXIT_HOLDS;
}

static int show_one(struct app *app, const struct record_store *store, const char *id)
{
	CLEANUP_JSON struct json json = { 0 };
	const char *problem;
	struct change *change;
	int r = record_load(store, app->arena, id, &change, &problem);

	if (r < 0)
		return app_fail_errno(app, r, "reading the change record");
	if (r == RECORD_NONE)
		return app_fail(app, EXIT_INVALID, "unknown-change",
			"there is no change \"%s\": \"kerntune history\" shows them", id);
	if (r == RECORD_BROKEN)
		return app_fail(app, EXIT_INVALID, "broken-record", "the record of change %s cannot be used: %s",
			id, problem);
	if (!app_format_is(app, "json"))
		return print_one(app, change);
	json_begin(&json);
	json_out_schema(&json, "history");
	json_out_host(&json, &app->host);
	json_out_change(&json, json_add_object(&json, json.root, "change"), change, true);
	return app_finish_json(app, &json, EXIT_HOLDS);
}

static int history_command(struct app *app, int argc, char *argv[])
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
	struct history history = { 0 };
	int r = app_find_host(app);

	if (r == 0)
		r = records_open(app, &store);
	if (r != 0)
		return r;
	if (argc)
		return show_one(app, &store, argv[0]);
	r = load_all(app, &store, &history);
	if (r < 0)
		return app_fail_errno(app, r, "reading the change records");
	return app_format_is(app, "json") ? print_list_json(app, &history) : print_list(app, &history);
}

const struct command cmd_history = {
	.name = "history",
	.arguments = "[ID]",
	.summary = "Show the changes made on this host",
	.description = "Newest first; with ID, every parameter of that change, and what became of it.",
	.max_arguments = 1,
	.formats = "table json",
	.completes = "id",
	.options = (const unsigned char[]){ OPTION_END },
	.run = history_command,
};
