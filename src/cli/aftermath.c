/* SPDX-License-Identifier: MIT */
/* The effects of a change. */
#include "cli/aftermath.h"

#include "cli/records.h"
#include "cli/render.h"
#include "format/json_out.h"

#include <errno.h>
#include <string.h>

static int refuse(struct app *app, int choice, const char *id, const struct change *change, const char *problem)
{
	switch (choice) {
	case EFFECTS_AMBIGUOUS:
		return app_fail(app, EXIT_INVALID, "ambiguous-change", "more than one change begins with \"%s\": "
			"\"kerntune history\" shows them", id);
	case EFFECTS_BROKEN:
		return app_fail(app, EXIT_INVALID, "broken-record", "the record of change %s cannot be used: %s", id, problem);
	case EFFECTS_OTHER_BOOT:
		return app_fail(app, EXIT_INVALID, "other-boot", "change %s was made before the last boot: its values are gone, "
			"and the kernel has begun to count anew", change->id);
	case EFFECTS_OTHER_NETNS:
		return app_fail(app, EXIT_INVALID, "other-netns", "change %s was made in another network namespace (%s, this "
			"is %s), which counts for itself: use --netns", change->id, change->host.netns, app->host.netns);
	case EFFECTS_NOT_STANDING:
		return app_fail(app, EXIT_INVALID, "not-standing", "%s %s %s: it has no effect to be told", change->kind ==
			CHANGE_BACKUP ? "backup" : "change", change->id, change->kind == CHANGE_BACKUP ? "set nothing" :
			change->state == CHANGE_UNDONE ? "was undone" : "was interrupted and is still open");
	default:
		return strcmp(id, "last") == 0 ?
			app_fail(app, EXIT_INVALID, "unknown-change", "no change stands here") :
			app_fail(app, EXIT_INVALID, "unknown-change",
				"there is no change \"%s\": \"kerntune history\" shows them", id);
	}
}

int aftermath_choose(struct app *app, const char *id, struct change **ret_change)
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
	struct change *change = NULL;
	const char *problem = NULL;
	int r = records_open(app, &store);

	if (r == 0)
		r = effects_choose(&store, app->arena, &app->host, id, &change, &problem);
	else
		return r;
	if (r < 0)
		return app_fail_errno(app, r, "reading the change records");
	if (r > 0)
		return refuse(app, r, id, change, problem);
	*ret_change = change;
	return 0;
}

/* ---- as text ---- */

/* Of a total, what it was before and how fast it moves now; of a level or a share, what it was and is. */
static const char *numbers_text(struct app *app, const struct effect *effect)
{
	if (!effect->has_before)
		return "";
	if (effect->row->kind == EFFECT_FILL)
		return arena_printf(app->arena, " (%.0f %% before, %.0f %% now)", effect->before * 100, effect->since * 100);
	if (effect->row->kind == EFFECT_FALLS)
		return arena_printf(app->arena, " (%.0f before, %.0f now)", effect->before, effect->since);
	if (effect->has_now)
		return arena_printf(app->arena, " (%.0f before it, %.1f a second now)", effect->before, effect->now);
	return arena_printf(app->arena, " (%.0f before it)", effect->before);
}

static int print_effect(struct app *app, const struct effect *effect)
{
	static const struct {
		const char *label;
		enum cell_style style;
	} looks[] = {
		[EFFECT_WORKED] = { "worked", STYLE_GOOD },
		[EFFECT_DID_NOT_HELP] = { "did not help", STYLE_BAD },
		[EFFECT_TOO_EARLY] = { "too early", STYLE_FAINT },
		[EFFECT_CANNOT_TELL] = { "cannot tell", STYLE_FAINT },
	};
	const char *numbers = numbers_text(app, effect);
	const char *text = numbers ? arena_printf(app->arena, "%s%s", effect->text, numbers) : NULL;

	if (!text)
		return -ENOMEM;
	render_heading(app, looks[effect->verdict].style, looks[effect->verdict].label, "%s%s%s", effect->item->key,
		effect->row ? ": " : "", effect->row ? effect->row->meaning : "");
	render_paragraph(app, 2, "  ", text);
	return 0;
}

/* Nothing was there to be moved, or no counter tells. */
static bool says_little(const struct effect *effect)
{
	return !effect->row || (effect->verdict == EFFECT_TOO_EARLY && effect->since == 0);
}

/* The keys of those that say little, once each. */
static int print_rest(struct app *app, const struct effects *effects, bool is_told, const char *words)
{
	const struct change_item *last = NULL;
	const char *text = words;
	bool is_empty = true;

	for (size_t i = 0; text && i < effects->count; i++) {
		const struct effect *effect = &effects->items[i];

		if (!says_little(effect) || (effect->row != NULL) != is_told || effect->item == last)
			continue;
		last = effect->item;
		text = arena_printf(app->arena, "%s%s%s", text, is_empty ? " " : ", ", effect->item->key);
		is_empty = false;
	}
	if (!text)
		return -ENOMEM;
	if (!is_empty)
		render_paragraph(app, 2, "  ", text);
	return 0;
}

int aftermath_print(struct app *app, const struct effects *effects)
{
	int r = 0;

	if (effects->seconds > 0)
		render_line(app, "Change %s, %.0f s ago:", effects->change->id, effects->seconds);
	else
		render_line(app, "Change %s:", effects->change->id);
	for (size_t i = 0; r == 0 && i < effects->count; i++)
		if (app->options.all || !says_little(&effects->items[i]))
			r = print_effect(app, &effects->items[i]);
	if (r == 0 && !app->options.all)
		r = print_rest(app, effects, true, "Nothing to be seen yet of");
	if (r == 0 && !app->options.all)
		r = print_rest(app, effects, false, "No counter shows the effect of");
	fputc('\n', app->out);
	return r;
}

/* ---- as JSON ---- */

static void add_known(struct json *json, cJSON *object, const char *name, bool is_known, double number)
{
	if (is_known)
		json_add_number(json, object, name, number);
	else
		json_add_string(json, object, name, NULL);
}

void aftermath_add(struct json *json, cJSON *parent, const struct effects *effects)
{
	cJSON *after = json_add_object(json, parent, "after"), *array;

	json_add_string(json, after, "id", effects->change->id);
	json_add_number(json, after, "seconds", effects->seconds);
	array = json_add_array(json, after, "effects");
	for (size_t i = 0; i < effects->count; i++) {
		const struct effect *effect = &effects->items[i];
		cJSON *object = json_add_object(json, array, NULL);

		json_add_string(json, object, "key", effect->item->key);
		json_add_string(json, object, "verdict", effect_verdict_name(effect->verdict));
		json_add_string(json, object, "text", effect->text);
		json_add_string(json, object, "counter", effect->row ? effect->row->counter : NULL);
		json_add_string(json, object, "against", effect->row ? effect->row->against : NULL);
		json_add_string(json, object, "expected", effect->row ? effect_kind_name(effect->row->kind) : NULL);
		json_add_string(json, object, "meaning", effect->row ? effect->row->meaning : NULL);
		add_known(json, object, "before", effect->has_before, effect->before);
		add_known(json, object, "since", effect->has_since, effect->since);
		add_known(json, object, "now", effect->has_now, effect->now);
	}
}
