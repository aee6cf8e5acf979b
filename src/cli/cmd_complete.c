/* SPDX-License-Identifier: MIT */
/* kerntune __complete: the words that the shell completions offer, one a line. Silent on failure. */
#include "cli/planned.h"
#include "engine/finding_table.h"
#include "engine/lint.h"
#include "engine/record.h"
#include "model/catalog.h"
#include "model/key.h"

#include <string.h>

static int print_commands(struct app *app)
{
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->is_hidden)
			fprintf(app->out, "%s\t%s\n", commands[i]->name, commands[i]->summary);
	return EXIT_HOLDS;
}

/* Name, what the argument is ("-" for a flag), and the help. */
static void print_option(struct app *app, const struct option_row *row)
{
	const char *kind = !row->argument ? "-" : row->completes;

	fprintf(app->out, "--%s\t%s\t%s\n", row->name, kind, row->help);
	if (row->short_name)
		fprintf(app->out, "-%c\t%s\t%s\n", row->short_name, kind, row->help);
}

static int print_options(struct app *app, const char *name)
{
	const struct command *command = name ? command_find(name) : NULL;

	for (enum option_id id = OPTION_END + 1; id < OPTION_COUNT; id++)
		if (option_is_taken(command ? command->options : NULL, id))
			print_option(app, &option_rows[id]);
	return EXIT_HOLDS;
}

static int print_profiles(struct app *app)
{
	struct library *library = arena_alloc(app->arena, sizeof(*library));
	const char *const *names;
	size_t count;

	if (!library || planned_library(app, library) != 0 || library_names(library, &names, &count) < 0)
		return EXIT_INVALID;
	for (size_t i = 0; i < count; i++)
		fprintf(app->out, "%s\n", names[i]);
	return EXIT_HOLDS;
}

static int print_ids(struct app *app)
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
	const char *const *ids;
	size_t count;

	if (record_store_open(&app->root, RECORD_READ, &store) < 0 ||
		record_list(&store, app->arena, &ids, &count) < 0)
		return EXIT_INVALID;
	while (count-- > 0)
		fprintf(app->out, "%s\n", ids[count]);
	return EXIT_HOLDS;
}

static void print_key(struct app *app, const char *path)
{
	const char *key = path ? key_display(app->arena, path) : NULL;

	if (key)
		fprintf(app->out, "%s\n", key);
}

static int print_keys(struct app *app)
{
	struct procsys_paths paths = { 0 };

	if (app_open_procsys(app, PROCSYS_READ_ONLY) != 0 ||
		procsys_walk(&app->procsys, app->arena, "", &paths) < 0)
		return EXIT_INVALID;
	for (size_t i = 0; i < paths.count; i++)
		print_key(app, paths.paths[i]);
	return EXIT_HOLDS;
}

/* What the catalogue knows; of a row that stands for many, what its "all" and "default" are called. */
static int print_catalogue(struct app *app)
{
	static const char *const names[] = { "all", "default" };

	for (size_t i = 0; i < catalog_count; i++) {
		const struct catalog_row *row = catalog_at(i);
		const char *star = strchr(row->path, '*');

		if (!star)
			print_key(app, row->path);
		for (size_t k = 0; star && k < COUNT_OF(names); k++) {
			const char *path = arena_printf(app->arena, "%.*s%s%s", (int)(star - row->path), row->path,
				names[k], star + 1);

			if (path && catalog_find(path) == row)
				print_key(app, path);
		}
	}
	return EXIT_HOLDS;
}

static int print_checks(struct app *app)
{
	for (size_t i = 0; i < lint_checks_count; i++)
		fprintf(app->out, "%s\t%s\n", lint_checks[i].id, lint_checks[i].statement);
	return EXIT_HOLDS;
}

static int print_findings(struct app *app)
{
	for (size_t i = 0; i < FINDING_COUNT; i++)
		fprintf(app->out, "%s\t%s\n", finding_rows[i].id, finding_rows[i].statement);
	return EXIT_HOLDS;
}

/* The words of a list in a command's row, such as "table json". */
static int print_words(struct app *app, const char *words)
{
	for (; *words; words += strspn(words, " ")) {
		size_t length = strcspn(words, " ");

		fprintf(app->out, "%.*s\n", (int)length, words);
		words += length;
	}
	return EXIT_HOLDS;
}

static int complete_run(struct app *app, int argc, char *argv[])
{
	const struct command *command = argc > 1 ? command_find(argv[1]) : NULL;

	if (strcmp(argv[0], "commands") == 0)
		return print_commands(app);
	if (strcmp(argv[0], "options") == 0)
		return print_options(app, argc > 1 ? argv[1] : NULL);
	if (strcmp(argv[0], "profile") == 0)
		return print_profiles(app);
	if (strcmp(argv[0], "id") == 0)
		return print_ids(app);
	if (strcmp(argv[0], "key") == 0)
		return print_keys(app);
	if (strcmp(argv[0], "catalogue") == 0)
		return print_catalogue(app);
	if (strcmp(argv[0], "check") == 0)
		return print_checks(app);
	if (strcmp(argv[0], "finding") == 0)
		return print_findings(app);
	if (strcmp(argv[0], "arguments") == 0 && command)
		return print_words(app, command->completes);
	if (strcmp(argv[0], "format") == 0 && command)
		return print_words(app, command->formats);
	return EXIT_INVALID;
}

const struct command cmd_complete = {
	.name = "__complete",
	.arguments = "KIND [COMMAND]",
	.summary = "Words for the shell completions",
	.min_arguments = 1,
	.max_arguments = 2,
	.is_hidden = true,
	.formats = "table",
	.completes = "",
	.options = (const unsigned char[]){ OPTION_END },
	.run = complete_run,
};
