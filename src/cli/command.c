/* SPDX-License-Identifier: MIT */
/* The command table and its help. */
#include "cli/command.h"

#include "base/similar.h"
#include "cli/render.h"
#include "format/json_out.h"
#include "kernel/facts.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

extern const struct command cmd_apply, cmd_backup, cmd_check, cmd_complete, cmd_confirm, cmd_diagnose, cmd_diff,
	cmd_explain, cmd_guardian, cmd_history, cmd_list, cmd_plan, cmd_restore, cmd_selftest, cmd_show, cmd_status,
	cmd_verify, cmd_watch;

const struct command *const commands[] = {
	&cmd_diff, &cmd_apply, &cmd_restore, &cmd_verify, &cmd_status, &cmd_confirm, &cmd_plan, &cmd_history,
	&cmd_backup, &cmd_list, &cmd_show, &cmd_check, &cmd_explain, &cmd_diagnose, &cmd_watch, &cmd_selftest, &cmd_complete,
	&cmd_guardian, NULL,
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

const char *command_suggest(const char *name)
{
	const char *names[COUNT_OF(commands)];
	size_t count = 0;

	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->is_hidden)
			names[count++] = commands[i]->name;
	return similar_best(name, names, count);
}

static void print_options(FILE *out, const unsigned char *list, bool global)
{
	for (enum option_id id = OPTION_END + 1; id < OPTION_COUNT; id++) {
		const struct option_row *row = &option_rows[id];
		char left[64];

		if (row->is_global != global || !option_is_taken(list, id))
			continue;
		snprintf(left, sizeof(left), "%c%c%c --%s%s%s", row->short_name ? '-' : ' ',
			row->short_name ? row->short_name : ' ', row->short_name ? ',' : ' ', row->name,
			row->argument ? " " : "", row->argument ? row->argument : "");
		fprintf(out, "  %-24s %s\n", left, row->help);
	}
}

void command_print_help(FILE *out)
{
	fputs("Usage: kerntune [OPTION]... COMMAND [OPTION]... [ARGUMENT]...\n"
		"\n"
		"Kernel parameters under change control: see the difference, apply it one\n"
		"parameter at a time with a backup, put everything back.\n"
		"\n"
		"  kerntune diff api-gateway          what would change on this host\n"
		"  sudo kerntune apply api-gateway    change it\n"
		"  sudo kerntune restore              put it back\n"
		"\n"
		"Commands:\n",
		out);
	for (size_t i = 0; commands[i]; i++) {
		char left[64];

		if (commands[i]->is_hidden)
			continue;
		snprintf(left, sizeof(left), "%s %s", commands[i]->name, commands[i]->arguments);
		fprintf(out, "  %-22s %s\n", left, commands[i]->summary);
	}
	fputs("\nOptions for every command:\n", out);
	print_options(out, NULL, true);
	fputs("\n\"kerntune COMMAND --help\" shows the options of a command. The manual is in\n"
		"kerntune(8), the format of profiles in kerntune-profile(5).\n",
		out);
}

void command_print_usage(FILE *out, const struct command *command)
{
	fprintf(out, "Usage: kerntune %s [OPTION]...%s%s\n\n%s.\n", command->name,
		command->arguments[0] ? " " : "", command->arguments, command->summary);
	if (command->description)
		fprintf(out, "\n%s\n", command->description);
	if (command->options[0] != OPTION_END) {
		fputs("\nOptions:\n", out);
		print_options(out, command->options, false);
	}
	fputs("\nOptions for every command:\n", out);
	print_options(out, command->options, true);
	fprintf(out, "\nFormats: %s\n", command->formats);
}

bool app_format_is(const struct app *app, const char *format)
{
	const char *formats = app->command->formats;

	if (app->options.format)
		return strcmp(app->options.format, format) == 0;
	return strncmp(formats, format, strlen(format)) == 0 &&
		(formats[strlen(format)] == ' ' || formats[strlen(format)] == '\0');
}

int app_open_procsys(struct app *app, enum procsys_mode mode)
{
	int r = procsys_open(&app->root, mode, &app->procsys);

	return r < 0 ? app_fail_errno(app, r, "opening proc/sys") : 0;
}

int app_find_host(struct app *app)
{
	int r = facts_host(&app->root, app->arena, &app->host);

	return r < 0 ? app_fail_errno(app, r, "reading the facts of the host") : 0;
}

static int print_json_error(struct app *app, enum exit_code code, const char *id, const char *text)
{
	CLEANUP_STRBUF struct strbuf document = STRBUF_INIT;
	CLEANUP_JSON struct json json;

	json_begin(&json);
	json_out_schema(&json, app->command ? app->command->name : "error");
	if (app->command && app->command->changes) {
		json_add_string(&json, json.root, "id", NULL);
		json_add_string(&json, json.root, "outcome", "refused");
	}
	json_out_error(&json, id, text, (int)code);
	json_out_messages(&json, &app->diags);
	if (json_finish(&json, &document) < 0)
		fputs("{\"error\": {\"id\": \"out-of-memory\", \"text\": \"out of memory\"}}\n", app->out);
	else
		fwrite(document.bytes, 1, document.length, app->out);
	return (int)code;
}

int app_fail(struct app *app, enum exit_code code, const char *id, const char *format, ...)
{
	va_list arguments;
	const char *text;

	va_start(arguments, format);
	text = arena_vprintf(app->arena, format, arguments);
	va_end(arguments);
	if (!text)
		text = "out of memory";
	if (app->options.json || (app->options.format && strcmp(app->options.format, "json") == 0))
		return print_json_error(app, code, id, text);
	render_diags(app);
	render_error(app, text);
	return (int)code;
}

int app_fail_errno(struct app *app, int negative_errno, const char *doing)
{
	if (negative_errno == -ENOMEM)
		return app_fail(app, EXIT_INVALID, "out-of-memory", "%s: out of memory", doing);
	return app_fail(app, EXIT_INVALID, "system-error", "%s: %s", doing, strerror(-negative_errno));
}

int app_finish_json(struct app *app, struct json *json, int code)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	json_out_messages(json, &app->diags);
	if (json_finish(json, &text) < 0) {
		fputs("{\"error\": {\"id\": \"out-of-memory\", \"text\": \"out of memory\"}}\n", app->out);
		/* The exit code of a change tells of the change. */
		return code || app->command->changes ? code : EXIT_INVALID;
	}
	fwrite(text.bytes, 1, text.length, app->out);
	return code;
}
