/* SPDX-License-Identifier: MIT */
/* kerntune show: a profile with everything it extends, resolved. */
#include "cli/planned.h"
#include "cli/render.h"
#include "format/json_out.h"
#include "format/profile_yaml.h"
#include "format/sysctl_conf.h"
#include "model/key.h"

#include <errno.h>
#include <inttypes.h>

/* The settings that `when` leaves out, in an array of their own. NULL when memory is short. */
static const struct setting **list_left_out(struct app *app, const struct resolved *settings)
{
	const struct setting **list = arena_alloc(app->arena, (settings->left_out_count + 1) * sizeof(*list));

	for (size_t i = 0; list && i < settings->left_out_count; i++)
		list[i] = settings->left_out[i].setting;
	return list;
}

static int print_json(struct app *app, const struct selection *selection)
{
	const struct setting **left_out = list_left_out(app, &selection->settings);
	CLEANUP_JSON struct json json;
	cJSON *array;

	if (!left_out)
		return app_fail_errno(app, -ENOMEM, "printing the profile");
	json_begin(&json);
	json_out_schema(&json, "show");
	json_add_string(&json, json.root, "profile", selection->names[0]);
	json_add_string(&json, json.root, "summary", selection->summary);
	json_add_string(&json, json.root, "digest", selection->digests[0]);
	json_out_variables(&json, selection->variables, selection->variables_count);
	array = json_add_array(&json, json.root, "parameters");
	for (size_t i = 0; i < selection->settings.count; i++) {
		const struct setting *setting = selection->settings.settings[i];

		json_out_setting(&json, array, setting, key_display(app->arena, setting->path));
	}
	json_out_left_out(&json, left_out, selection->settings.left_out_count);
	return app_finish_json(app, &json, EXIT_HOLDS);
}

/* A number of the table of variables, or NULL. */
static const char *number_text(struct app *app, bool has, int64_t number)
{
	return has ? arena_printf(app->arena, "%" PRId64, number) : NULL;
}

static int print_variables(struct app *app, const struct selection *selection)
{
	static const struct column columns[] = {
		{ "VARIABLE", false }, { "VALUE", false }, { "DEFAULT", false }, { "MIN", false }, { "MAX", false },
		{ "UNIT", false }, { "SUMMARY", true },
	};
	struct table *table;

	if (selection->variables_count == 0)
		return 0;
	table = table_new(app, columns, COUNT_OF(columns));
	for (size_t i = 0; i < selection->variables_count; i++) {
		const struct variable *variable = selection->variables[i];

		table_add(table, (const struct cell[]){
			{ variable->name, STYLE_PLAIN },
			{ number_text(app, true, variable->value),
				variable->value == variable->standard ? STYLE_PLAIN : STYLE_CHANGE },
			{ number_text(app, true, variable->standard), STYLE_PLAIN },
			{ number_text(app, variable->has_min, variable->min), STYLE_PLAIN },
			{ number_text(app, variable->has_max, variable->max), STYLE_PLAIN },
			{ variable->unit, STYLE_PLAIN }, { variable->summary, STYLE_PLAIN } });
	}
	if (table_print(table) < 0)
		return -ENOMEM;
	fputc('\n', app->out);
	return 0;
}

/* The value in words; what is not evaluated has its expression only. */
static const char *value_text(struct app *app, const struct setting *setting)
{
	static const char *const words[] = { [SETTING_VALUE] = "", [SETTING_AT_LEAST] = "at least ",
		[SETTING_AT_MOST] = "at most " };

	return arena_printf(app->arena, "%s%s", words[setting->rule],
		setting->value.bytes ? setting->value.bytes : setting->expression);
}

/* What does not count here, though it stands in the place of what does. */
static int print_passed_over(struct app *app, const struct setting *setting)
{
	/* Down to itself: a file has each key once. */
	for (const struct setting *passed = setting->passed_over; passed && passed->profile != setting->profile;
		passed = passed->otherwise) {
		const char *value = value_text(app, passed);
		const char *text = value ? arena_printf(app->arena, "%s of %s, because ${%s} is false here", value,
			passed->profile->name, passed->when->text) : NULL;

		if (!text)
			return -ENOMEM;
		render_paragraph(app, 4, "    and not", text);
	}
	return 0;
}

/* One setting; what is left out has no number where it would have to be computed. */
static int print_setting(struct app *app, const struct setting *setting, bool is_left_out)
{
	const char *key = key_display(app->arena, setting->path), *value = value_text(app, setting);
	const char *when = !setting->when ? "" : arena_printf(app->arena, "${%s}, which is %s",
		setting->when->text, is_left_out ? "false here: left out" : "true here");

	if (!key || !value || !when)
		return -ENOMEM;
	render_line(app, "%s  %s%s", key, value, setting->optional ? "  (optional)" : "");
	if (setting->expression && setting->value.bytes)
		render_paragraph(app, 4, "    computed from", setting->expression);
	if (setting->when)
		render_paragraph(app, 4, "    only when", when);
	if (print_passed_over(app, setting) < 0)
		return -ENOMEM;
	if (setting->why)
		render_paragraph(app, 4, "    ", setting->why);
	render_line(app, "    [%s:%u]", setting->key_span.source->name, setting->key_span.line);
	return 0;
}

/* Not a table: the reasons are prose. */
static int print_text(struct app *app, const struct selection *selection)
{
	const struct resolved *settings = &selection->settings;
	int r = print_variables(app, selection);

	for (size_t i = 0; r == 0 && i < settings->count + settings->left_out_count; i++) {
		bool is_left_out = i >= settings->count;

		if (i > 0)
			fputc('\n', app->out);
		r = print_setting(app, is_left_out ? settings->left_out[i - settings->count].setting :
			settings->settings[i], is_left_out);
	}
	return r < 0 ? app_fail_errno(app, r, "printing the profile") : EXIT_HOLDS;
}

/* With what is left out here: on another machine it may not be. */
static int write_yaml(struct app *app, const struct selection *selection, struct strbuf *text)
{
	const struct resolved *settings = &selection->settings;
	size_t count = settings->count + settings->left_out_count;
	const struct setting **all = arena_alloc(app->arena, (count + 1) * sizeof(*all));

	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < settings->count; i++)
		all[i] = settings->settings[i];
	for (size_t i = 0; i < settings->left_out_count; i++)
		all[settings->count + i] = settings->left_out[i].setting;
	profile_yaml_write(text, &(struct profile_text){ .name = selection->names[0], .summary = selection->summary,
		.variables = selection->variables, .variables_count = selection->variables_count,
		.settings = all, .settings_count = count });
	return strbuf_check(text);
}

static int show_run(struct app *app, int argc, char *argv[])
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	struct selection selection;
	int r = planned_select(app, argc, argv, &selection);

	if (r != 0)
		return r;
	if (app_format_is(app, "json"))
		return print_json(app, &selection);
	render_diags(app);
	if (app_format_is(app, "table"))
		return print_text(app, &selection);
	if (app_format_is(app, "yaml")) {
		r = write_yaml(app, &selection, &text);
	} else {
		sysctl_conf_write(&text, selection.names[0], selection.settings.settings, selection.settings.count);
		r = strbuf_check(&text);
	}
	if (r < 0)
		return app_fail_errno(app, r, "printing the profile");
	fwrite(text.bytes, 1, text.length, app->out);
	return EXIT_HOLDS;
}

const struct command cmd_show = {
	.name = "show",
	.arguments = "PROFILE",
	.summary = "Show a resolved profile",
	.description = "Every parameter with its value, the reason, and the file and line it comes from.",
	.min_arguments = 1,
	.max_arguments = 1,
	.formats = "table yaml json sysctl.d",
	.completes = "profile",
	.options = (const unsigned char[]){ OPTION_SET, OPTION_END },
	.run = show_run,
};
