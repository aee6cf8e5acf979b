/* SPDX-License-Identifier: MIT */
/* kerntune backup: keep the values as they are, to be able to come back to them. */
#include "cli/planned.h"
#include "cli/records.h"
#include "cli/render.h"
#include "engine/backup.h"
#include "format/json_out.h"
#include "model/key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* An argument with a dot, a slash or a wildcard is a glob of keys; "x.yaml" and plain names are profiles. */
static bool is_key_glob(const char *argument)
{
	size_t length = strlen(argument);

	if (length > 5 && strcmp(argument + length - 5, ".yaml") == 0)
		return false;
	return strpbrk(argument, "./*?[") != NULL;
}

static int add_path(struct app *app, struct procsys_paths *paths, const char *path)
{
	const struct key_filter filter = options_filter(&app->options);
	const char **grown;

	if (!key_filter_selects(&filter, path))
		return 0;
	grown = arena_grow(app->arena, paths->paths, paths->count, &paths->capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	paths->paths = grown;
	paths->paths[paths->count++] = path;
	return 0;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Arguments may overlap: each key is kept once. */
static void remove_duplicates(struct procsys_paths *paths)
{
	size_t kept = 0;

	if (paths->count)
		qsort(paths->paths, paths->count, sizeof(*paths->paths), compare_paths);
	for (size_t i = 0; i < paths->count; i++)
		if (kept == 0 || strcmp(paths->paths[kept - 1], paths->paths[i]) != 0)
			paths->paths[kept++] = paths->paths[i];
	paths->count = kept;
}

static int add_glob(struct app *app, const struct procsys_paths *all, const char *glob,
	struct procsys_paths *paths)
{
	size_t before = paths->count;
	int r = 0;

	for (size_t i = 0; r == 0 && i < all->count; i++)
		if (key_selected(glob, all->paths[i]))
			r = add_path(app, paths, all->paths[i]);
	if (r < 0)
		return app_fail_errno(app, r, "collecting the keys");
	if (paths->count == before)
		return app_fail(app, EXIT_INVALID, "no-match", "no writable parameter matches \"%s\"", glob);
	return 0;
}

static int add_profile(struct app *app, char *argument, struct procsys_paths *paths)
{
	struct selection selection;
	struct plan plan;
	int r = planned_select(app, 1, &argument, &selection);

	if (r == 0)
		r = planned_plan(app, &selection, &plan);
	if (r != 0)
		return r;
	for (size_t i = 0; r == 0 && i < plan.count; i++)
		if (plan.rows[i].live.bytes)
			r = add_path(app, paths, plan.rows[i].path);
	return r < 0 ? app_fail_errno(app, r, "collecting the keys") : 0;
}

static int collect(struct app *app, int argc, char *argv[], struct procsys_paths *paths)
{
	struct procsys_paths all = { 0 };
	int r = procsys_walk(&app->procsys, app->arena, "", &all);

	if (r < 0)
		return app_fail_errno(app, r, "listing the parameters");
	for (size_t i = 0; argc == 0 && r == 0 && i < all.count; i++)
		r = add_path(app, paths, all.paths[i]);
	if (r < 0)
		return app_fail_errno(app, r, "collecting the keys");
	for (int i = 0; i < argc; i++) {
		r = is_key_glob(argv[i]) ? add_glob(app, &all, argv[i], paths) :
			add_profile(app, argv[i], paths);
		if (r != 0)
			return r;
	}
	remove_duplicates(paths);
	return 0;
}

static int report(struct app *app, const struct change *change)
{
	CLEANUP_JSON struct json json = { 0 };

	if (app_format_is(app, "json")) {
		json_begin(&json);
		json_out_schema(&json, "backup");
		json_out_host(&json, &app->host);
		json_out_change(&json, json.root, change, false);
		return app_finish_json(app, &json, EXIT_HOLDS);
	}
	render_diags(app);
	fprintf(app->out, "%s\n", change->id);
	render_note(app, "Kept %zu value%s. Back: %s", change->items_count,
		change->items_count == 1 ? "" : "s", records_restore_command(app, change));
	return EXIT_HOLDS;
}

static int backup_command(struct app *app, int argc, char *argv[])
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
	const struct backup backup = {
		.arena = app->arena,
		.procsys = &app->procsys,
		.store = &store,
		.host = &app->host,
		.label = app->options.label,
	};
	struct procsys_paths paths = { 0 };
	struct change *change;
	int r = app_open_procsys(app, PROCSYS_READ_ONLY);

	if (r == 0)
		r = app_find_host(app);
	if (r == 0)
		r = collect(app, argc, argv, &paths);
	if (r == 0)
		r = records_open_locked(app, &store, RECORD_TRY);
	if (r != 0)
		return r;
	r = backup_run(&backup, &paths, &change);
	if (r < 0)
		return app_fail_errno(app, r, "writing the backup");
	if (change->items_count == 0)
		return app_fail(app, EXIT_INVALID, "nothing-readable",
			"none of the parameters can be read here: no backup was made");
	return report(app, change);
}

const struct command cmd_backup = {
	.name = "backup",
	.arguments = "[WHAT...]",
	.summary = "Keep the values as they are now",
	.description = "WHAT is a profile, or a glob of keys such as 'net.ipv4.*'; without it,\n"
		"everything writable. Prints the ID that \"kerntune restore ID\" takes.",
	.max_arguments = -1,
	.formats = "table json",
	.completes = "profile key",
	.options = (const unsigned char[]){ OPTION_LABEL, OPTION_ONLY, OPTION_SKIP, OPTION_END },
	.run = backup_command,
};
