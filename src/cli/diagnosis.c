/* SPDX-License-Identifier: MIT */
/* Findings for people and as JSON. */
#include "cli/diagnosis.h"

#include "base/number.h"
#include "cli/render.h"
#include "format/json_out.h"
#include "model/key.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { LABEL_WIDTH = 10 };

/* ---- words for both ---- */

static const char *key_text(struct arena *arena, const char *path)
{
	return key_display(arena, path);
}

const char *diagnosis_command(struct arena *arena, const struct finding *finding)
{
	const char *text;

	if (!finding->profile)
		return NULL;
	text = arena_printf(arena, "kerntune diff %s", finding->profile);
	for (size_t i = 0; text && i < finding->remedies_count; i++) {
		const char *key = key_text(arena, finding->remedies[i].path);

		text = key ? arena_printf(arena, "%s --only %s", text, key) : NULL;
	}
	return text;
}

/* ---- as text ---- */

/* One paragraph, with its label before it, and perhaps the dash of a list. */
static void print_part(struct app *app, const char *label, const char *dash, const char *text)
{
	char first[LABEL_WIDTH + 5];

	snprintf(first, sizeof(first), "  %-*s%s", LABEL_WIDTH, label, dash);
	render_paragraph(app, strlen(first), first, text ? text : "out of memory");
}

static void print_labelled(struct app *app, const char *label, const char *text)
{
	print_part(app, label, "", text);
}

static void print_list(struct app *app, const char *label, const char *const items[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		print_part(app, i ? "" : label, count > 1 ? "- " : "", items[i]);
}

static const char *count_text(struct arena *arena, const struct actor *actor)
{
	char count[NUMBER_GROUPED_SIZE];

	if (actor->count == 0)
		return "";
	return arena_printf(arena, ", %s%s socket%s", actor->is_estimate ? "about " : "",
		number_group(actor->count, count), actor->count == 1 ? "" : "s");
}

static const char *actor_text(struct arena *arena, const struct actor *actor)
{
	char descriptors[NUMBER_GROUPED_SIZE], descriptors_max[NUMBER_GROUPED_SIZE];
	const char *count = count_text(arena, actor);
	const char *text;

	if (!count)
		return NULL;
	if (actor->kind != ACTOR_PROCESS)
		return arena_printf(arena, "%s %s%s", actor_kind_name(actor->kind), actor->name, count);
	text = arena_printf(arena, "%s, pid %d%s%s%s", actor->name[0] ? actor->name : "unknown", (int)actor->pid,
		actor->unit[0] ? ", " : "", actor->unit, count);
	if (text && actor->processes > 1)
		text = arena_printf(arena, "%s, shared by %zu processes", text, actor->processes);
	if (text && actor->descriptors_max)
		text = arena_printf(arena, "%s, %s of %s descriptors", text,
			number_group(actor->descriptors, descriptors),
			number_group(actor->descriptors_max, descriptors_max));
	/* A command without arguments says nothing that the name does not. */
	if (text && actor->command[0] && strcmp(actor->command, actor->name) != 0)
		text = arena_printf(arena, "%s: %s", text, actor->command);
	return text;
}

/* The key and what it holds; below it, what another value would change. */
static void print_remedy(struct app *app, const char *label, const struct remedy *remedy)
{
	const char *key = key_text(app->arena, remedy->path);

	if (key && remedy->live)
		key = arena_printf(app->arena, "%s = %s", key, remedy->live[0] ? remedy->live : "(empty)");
	print_labelled(app, label, key);
	print_labelled(app, "", arena_printf(app->arena, "-> %s", remedy->effect));
}

static void print_remedies(struct app *app, const struct finding *finding)
{
	const char *command = diagnosis_command(app->arena, finding);

	for (size_t i = 0; i < finding->remedies_count; i++)
		print_remedy(app, i ? "" : "parameter", &finding->remedies[i]);
	/* In one piece, so that it can be pasted. */
	if (command)
		render_line(app, "  %-*s%s", LABEL_WIDTH, "try first", command);
	if (finding->remedies_count == 0 && !finding->row->is_note)
		print_labelled(app, "parameter", "none: no sysctl mends this");
}

int diagnosis_print_finding(struct app *app, const struct finding *finding)
{
	static const enum cell_style styles[] = {
		[FINDING_NOTE] = STYLE_FAINT, [FINDING_WARNING] = STYLE_CHANGE, [FINDING_CRITICAL] = STYLE_BAD,
	};

	render_heading(app, styles[finding->level], finding_level_name(finding->level), "%s%s%s", finding->row->id,
		finding->subject[0] ? "  " : "", finding->subject);
	render_paragraph(app, 2, "  ", finding->text);
	for (size_t i = 0; i < finding->actors_count; i++)
		print_labelled(app, i ? "" : "who", actor_text(app->arena, &finding->actors[i]));
	print_list(app, "do", finding->advice, finding->advice_count);
	print_remedies(app, finding);
	if (finding->rules) {
		print_labelled(app, "rules", "for nft -f, to be adapted:");
		render_block(app, 4, finding->rules);
	}
	return 0;
}

/* ---- as JSON ---- */

static void add_actor(struct json *json, cJSON *array, const struct actor *actor)
{
	cJSON *object = json_add_object(json, array, NULL);

	json_add_string(json, object, "kind", actor_kind_name(actor->kind));
	json_add_string(json, object, "name", actor->name);
	if (actor->kind == ACTOR_PROCESS) {
		json_add_integer(json, object, "pid", actor->pid);
		json_add_string(json, object, "command", actor->command);
		json_add_string(json, object, "unit", actor->unit[0] ? actor->unit : NULL);
		json_add_integer(json, object, "processes", (long)actor->processes);
	}
	if (actor->descriptors_max) {
		json_add_integer(json, object, "descriptors", (long)actor->descriptors);
		json_add_integer(json, object, "descriptors_max", (long)actor->descriptors_max);
	}
	json_add_integer(json, object, "count", (long)actor->count);
	json_add_boolean(json, object, "is_estimate", actor->is_estimate);
}

static void add_remedy(struct json *json, cJSON *array, const struct remedy *remedy)
{
	struct arena arena;
	cJSON *object = json_add_object(json, array, NULL);
	const char *key;

	arena_init(&arena);
	key = key_text(&arena, remedy->path);
	json->failed |= !key;
	json_add_string(json, object, "key", key);
	json_add_string(json, object, "live", remedy->live);
	json_add_string(json, object, "effect", remedy->effect);
	arena_release(&arena);
}

static void add_command(struct json *json, cJSON *object, const struct finding *finding)
{
	struct arena arena;
	const char *command;

	arena_init(&arena);
	command = diagnosis_command(&arena, finding);
	json->failed |= finding->profile && !command;
	json_add_string(json, object, "command", command);
	arena_release(&arena);
}

void diagnosis_add_finding(struct json *json, cJSON *object, const struct finding *finding)
{
	cJSON *array;

	json_add_string(json, object, "id", finding->row->id);
	json_add_string(json, object, "level", finding_level_name(finding->level));
	json_add_string(json, object, "subject", finding->subject);
	json_add_string(json, object, "text", finding->text);
	array = json_add_array(json, object, "evidence");
	for (size_t i = 0; i < finding->figures_count; i++) {
		cJSON *figure = json_add_object(json, array, NULL);

		json_add_string(json, figure, "name", finding->figures[i].name);
		json_add_number(json, figure, "value", finding->figures[i].value);
		json_add_string(json, figure, "unit", finding->figures[i].unit);
	}
	array = json_add_array(json, object, "who");
	for (size_t i = 0; i < finding->actors_count; i++)
		add_actor(json, array, &finding->actors[i]);
	json_out_names(json, object, "advice", finding->advice, finding->advice_count);
	json_add_boolean(json, object, "sysctl_helps", finding->remedies_count > 0);
	array = json_add_array(json, object, "parameters");
	for (size_t i = 0; i < finding->remedies_count; i++)
		add_remedy(json, array, &finding->remedies[i]);
	json_add_string(json, object, "profile", finding->profile);
	add_command(json, object, finding);
	if (finding->rules)
		json_add_string(json, object, "rules", finding->rules);
	json_add_string(json, object, "source", finding->row->source);
}

void diagnosis_add_findings(struct json *json, cJSON *parent, const char *name, const struct findings *findings)
{
	cJSON *array = json_add_array(json, parent, name);

	for (size_t i = 0; i < findings->count; i++)
		diagnosis_add_finding(json, json_add_object(json, array, NULL), findings->items[i]);
}
