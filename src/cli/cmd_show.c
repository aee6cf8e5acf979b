/* SPDX-License-Identifier: MIT */
/* kerntune show: a profile with everything it extends, resolved. */
#include "cli/planned.h"
#include "cli/render.h"
#include "format/json_out.h"
#include "format/profile_yaml.h"
#include "format/sysctl_conf.h"
#include "model/key.h"

#include <errno.h>

static int print_json(struct app *app, const struct selection *selection)
{
	CLEANUP_JSON struct json json;
	cJSON *array;

	json_begin(&json);
	json_out_schema(&json, "show");
	json_add_string(&json, json.root, "profile", selection->names[0]);
	json_add_string(&json, json.root, "summary", selection->summary);
	json_add_string(&json, json.root, "digest", selection->digests[0]);
	array = json_add_array(&json, json.root, "parameters");
	for (size_t i = 0; i < selection->settings.count; i++) {
		const struct setting *setting = selection->settings.settings[i];

		json_out_setting(&json, array, setting, key_display(app->arena, setting->path));
	}
	return app_finish_json(app, &json, EXIT_HOLDS);
}

static const char *rule_text(struct app *app, const struct setting *setting)
{
	return setting->rule == SETTING_VALUE ? setting->value.bytes :
		arena_printf(app->arena, "%s %s", setting->rule == SETTING_AT_LEAST ? "at least" : "at most",
			setting->value.bytes);
}

/* Not a table: the reasons are prose. */
static int print_text(struct app *app, const struct selection *selection)
{
	for (size_t i = 0; i < selection->settings.count; i++) {
		const struct setting *setting = selection->settings.settings[i];
		const char *key = key_display(app->arena, setting->path);
		const char *rule = rule_text(app, setting);

		if (!key || !rule)
			return app_fail_errno(app, -ENOMEM, "printing the profile");
		fprintf(app->out, "%s%s  %s%s\n", i ? "\n" : "", key, rule,
			setting->optional ? "  (optional)" : "");
		if (setting->why)
			render_paragraph(app, 4, "    ", setting->why);
		fprintf(app->out, "    [%s:%u]\n", setting->key_span.source->name, setting->key_span.line);
	}
	return EXIT_HOLDS;
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
	if (app_format_is(app, "yaml"))
		profile_yaml_write(&text, selection.names[0], selection.summary, selection.settings.settings,
			selection.settings.count);
	else
		sysctl_conf_write(&text, selection.names[0], selection.settings.settings,
			selection.settings.count);
	if (strbuf_check(&text) < 0)
		return app_fail_errno(app, -ENOMEM, "printing the profile");
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
	.options = (const unsigned char[]){ OPTION_END },
	.run = show_run,
};
