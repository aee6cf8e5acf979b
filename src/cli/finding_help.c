/* SPDX-License-Identifier: MIT */
/* What explain says about a finding of diagnose. */
#include "cli/finding_help.h"

#include "cli/render.h"
#include "format/json_out.h"
#include "model/catalog.h"
#include "model/key.h"

#include <errno.h>
#include <string.h>

enum { LABEL_WIDTH = 12 };

static int live_of(struct app *app, const char *path, const char **ret_live)
{
	struct value value;
	int error, r = procsys_read(&app->procsys, app->arena, path, &value, &error);

	*ret_live = NULL;
	if (r != 0)
		return r < 0 ? r : 0;
	*ret_live = value_display(app->arena, catalog_type(catalog_find(path)), value);
	return *ret_live ? 0 : -ENOMEM;
}

/* "kerntune diff PROFILE --only KEY ...": NULL when memory is short. */
static const char *command_of(struct arena *arena, const struct finding_row *row)
{
	const char *text = arena_printf(arena, "kerntune diff %s", row->profile);

	for (size_t i = 0; text && row->parameters[i]; i++) {
		const char *key = key_display(arena, row->parameters[i]);

		text = key ? arena_printf(arena, "%s --only %s", text, key) : NULL;
	}
	return text;
}

int finding_help_relieved(struct arena *arena, const char *path, const char ***ret_ids, size_t *ret_count)
{
	const char **ids = arena_alloc(arena, FINDING_COUNT * sizeof(*ids));
	size_t count = 0;

	if (!ids)
		return -ENOMEM;
	for (size_t i = 0; i < FINDING_COUNT; i++)
		for (size_t k = 0; finding_rows[i].sysctl_helps && finding_rows[i].parameters[k]; k++)
			if (strcmp(finding_rows[i].parameters[k], path) == 0)
				ids[count++] = finding_rows[i].id;
	*ret_ids = ids;
	*ret_count = count;
	return 0;
}

/* ---- as text ---- */

static void print_part(struct app *app, const char *label, const char *text)
{
	char first[LABEL_WIDTH + 3];

	if (!text[0])
		return;
	snprintf(first, sizeof(first), "  %-*s", LABEL_WIDTH, label);
	render_paragraph(app, LABEL_WIDTH + 2, first, text);
}

static int print_parameters(struct app *app, const struct finding_row *row)
{
	for (size_t i = 0; row->parameters[i]; i++) {
		const char *key = key_display(app->arena, row->parameters[i]), *live, *text;
		int r = key ? live_of(app, row->parameters[i], &live) : -ENOMEM;

		if (r < 0)
			return r;
		text = live ? arena_printf(app->arena, "%s, here %s", key, live[0] ? live : "empty") : key;
		if (!text)
			return -ENOMEM;
		print_part(app, i ? "" : "Parameters", text);
	}
	if (!row->parameters[0] && !row->is_note)
		print_part(app, "Parameters", "none: no sysctl mends this");
	return 0;
}

int finding_help_print(struct app *app, const struct finding_row *row)
{
	const char *heading = arena_printf(app->arena, "%s (%s of diagnose)", row->id, row->is_note ? "a note" : "a finding");
	const char *command = row->profile ? command_of(app->arena, row) : "";
	int r;

	if (!heading || !command)
		return -ENOMEM;
	render_paragraph(app, 2, "", heading);
	render_paragraph(app, 2, "  ", row->statement);
	print_part(app, "Levels", row->levels);
	print_part(app, "Meaning", row->meaning);
	print_part(app, "Mend", row->mend);
	r = print_parameters(app, row);
	if (r < 0)
		return r;
	print_part(app, "Profile", row->profile ? row->profile : "");
	/* In one piece, so that it can be pasted. */
	if (command[0])
		render_line(app, "  %-*s%s", LABEL_WIDTH, "Try first", command);
	print_part(app, "Source", row->source);
	return 0;
}

/* ---- as JSON ---- */

int finding_help_add_json(struct app *app, struct json *json, cJSON *array, const struct finding_row *row)
{
	cJSON *object = json_add_object(json, array, NULL), *parameters;
	const char *command = row->profile ? command_of(app->arena, row) : NULL;

	if (row->profile && !command)
		return -ENOMEM;
	json_add_string(json, object, "id", row->id);
	json_add_boolean(json, object, "is_note", row->is_note);
	json_add_string(json, object, "statement", row->statement);
	json_add_string(json, object, "levels", row->levels[0] ? row->levels : NULL);
	json_add_string(json, object, "meaning", row->meaning);
	json_add_string(json, object, "mend", row->mend);
	json_add_boolean(json, object, "sysctl_helps", row->sysctl_helps);
	parameters = json_add_array(json, object, "parameters");
	for (size_t i = 0; row->parameters[i]; i++) {
		const char *key = key_display(app->arena, row->parameters[i]), *live;
		int r = key ? live_of(app, row->parameters[i], &live) : -ENOMEM;
		cJSON *parameter;

		if (r < 0)
			return r;
		parameter = json_add_object(json, parameters, NULL);
		json_add_string(json, parameter, "key", key);
		json_add_string(json, parameter, "live", live);
	}
	json_add_string(json, object, "profile", row->profile);
	json_add_string(json, object, "command", command);
	json_add_string(json, object, "source", row->source);
	return 0;
}
