/* SPDX-License-Identifier: MIT */
/* What explain says about one key. */
#include "cli/explanation.h"

#include "cli/finding_help.h"
#include "cli/records.h"
#include "cli/render.h"
#include "format/json_out.h"

#include <errno.h>
#include <string.h>

enum { LABEL_WIDTH = 12, VALUE_LENGTH_MAX = 240, CELL_LENGTH_MAX = 40 };

static const char *const type_words[] = {
	[VALUE_INT] = "int",
	[VALUE_UINT] = "uint",
	[VALUE_LONG] = "long",
	[VALUE_ULONG] = "ulong",
	[VALUE_STRING] = "string",
	[VALUE_NAMES] = "names",
	[VALUE_PORTLIST] = "portlist",
	[VALUE_CPUMASK] = "cpumask",
};

/* The word for JSON, and the sentence for people. */
static const struct {
	const char *word, *text;
} scopes[] = {
	[SCOPE_NETNS] = { "netns", "one value for each network namespace" },
	[SCOPE_GLOBAL] = { "global", "one value for the host" },
	[SCOPE_HOST] = { "host", "one value for the host, read-only in other network namespaces" },
	[SCOPE_IPC] = { "ipc", "one value for each IPC namespace; a container usually has its own" },
	[SCOPE_UTS] = { "uts", "one value for each UTS namespace; a container usually has its own" },
	[SCOPE_PID] = { "pid", "one value for each PID namespace; a container usually has its own" },
	[SCOPE_USER] = { "user", "one value for each user namespace" },
}, effects[] = {
	[EFFECT_NOW] = { "now", "at once, on everything" },
	[EFFECT_CONNECTIONS] = { "connections", "on connections made from now on" },
	[EFFECT_LISTEN] = { "listen", "when a program calls listen() again: restart or reload it" },
	[EFFECT_SOCKETS] = { "sockets", "on sockets created from now on" },
	[EFFECT_INTERFACES] = { "interfaces", "on interfaces created from now on" },
};

static const char *const status_words[] = {
	[SUBJECT_PRESENT] = "present",
	[SUBJECT_ABSENT] = "absent",
	[SUBJECT_UNREADABLE] = "unreadable",
};

/* ---- paragraphs ---- */

/* A text that is being printed; NULL texts that could not be made become -ENOMEM in the end. */
struct page {
	struct app *app;
	const struct subject *subject;
	bool failed;
};

/* One paragraph, with its label before it, and perhaps the dash of a list. "" is left out. */
static void print_part(struct page *page, const char *label, const char *dash, const char *text)
{
	char first[LABEL_WIDTH + 5];

	page->failed |= !text;
	if (!text || !text[0])
		return;
	snprintf(first, sizeof(first), "  %-*s%s", LABEL_WIDTH, label, dash);
	render_paragraph(page->app, strlen(first), first, text);
}

static void print_paragraph(struct page *page, const char *label, const char *text)
{
	print_part(page, label, "", text);
}

/* A list with one item a line, each of them a paragraph. */
static void print_items(struct page *page, const char *label, const char *items)
{
	const char *dash = strchr(items, '\n') ? "- " : "";

	while (*items) {
		size_t length = strcspn(items, "\n");

		print_part(page, label, dash, arena_copy(page->app->arena, items, length));
		items += length + (items[length] == '\n');
		label = "";
	}
}

/* The same as one paragraph. */
static void print_joined(struct page *page, const char *label, const char *before, const char *items)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

	if (!before)
		page->failed = true;
	else if (before[0])
		strbuf_printf(&text, "%s%s", before, items[0] ? "; " : "");
	for (; *items; items++) {
		if (*items == '\n')
			strbuf_add(&text, "; ", 2);
		else
			strbuf_add_char(&text, *items);
	}
	page->failed |= strbuf_check(&text) < 0;
	print_paragraph(page, label, text.bytes);
}

/* Adds a part of a sentence; takes NULL, and then is NULL. */
static const char *join(struct page *page, const char *text, const char *separator, const char *part)
{
	if (!text || !part)
		return NULL;
	return text[0] ? arena_printf(page->app->arena, "%s%s%s", text, separator, part) : part;
}

/* The beginning of a text that may be very long. */
static const char *cut(struct app *app, const char *text, size_t length)
{
	if (!text || strlen(text) <= length)
		return text;
	/* Not in the middle of a character. */
	while (length > 0 && (text[length] & 0xc0) == 0x80)
		length--;
	return arena_printf(app->arena, "%.*s...", (int)length, text);
}

static const char *show_value(struct page *page, struct value value)
{
	const char *text = value_display(page->app->arena, catalog_type(page->subject->catalog), value);

	return cut(page->app, text, VALUE_LENGTH_MAX);
}

static const char *dotted(struct page *page, const char *const paths[])
{
	const char *text = "";

	for (size_t i = 0; paths[i]; i++)
		text = join(page, text, ", ", key_display(page->app->arena, paths[i]));
	return text;
}

/* ---- this machine ---- */

static const char *read_only_text(const struct subject *subject, const struct explain *explain)
{
	if (subject->is_writable)
		return "";
	if (subject->catalog && subject->catalog->scope == SCOPE_HOST && explain->machine->in_netns)
		return " (the host's; it can be written only in the host's network namespace)";
	return " (it cannot be written here)";
}

static void print_here(struct page *page, const struct explain *explain)
{
	struct arena *arena = page->app->arena;
	const struct subject *subject = page->subject;
	const char *text;

	if (subject->status == SUBJECT_ABSENT)
		text = arena_printf(arena, "absent%s%s", subject->why_absent ? ": " : "",
			subject->why_absent ? subject->why_absent : " on this kernel or in this place");
	else if (subject->status == SUBJECT_UNREADABLE)
		text = arena_printf(arena, "cannot be read: %s", strerror(subject->error));
	else if (!subject->live_text)
		text = subject->is_pattern ? "there" : "an action: it can be written, and holds no value";
	else
		text = join(page, subject->live_text[0] ? cut(page->app, subject->live_text, VALUE_LENGTH_MAX) : "(empty)",
			"", subject->is_pattern ? "" : read_only_text(subject, explain));
	print_paragraph(page, "Here", text);
}

static const char *change_text(struct page *page, const struct provenance_setter *setter)
{
	const struct change *change = setter->change;
	struct arena *arena = page->app->arena;
	const char *profiles = records_profiles(page->app, change);
	const char *text = arena_printf(arena, "change %s%s%s%s%s%s%s", change->id, profiles ? " (" : "",
		profiles ? profiles : "", profiles ? ")" : "", change->label ? ", \"" : "",
		change->label ? change->label : "", change->label ? "\"" : "");

	if (!setter->holds)
		return join(page, join(page, text, " had set it to ", show_value(page, setter->value)), "",
			"; somebody else has changed it since");
	if (setter->item->role == CHANGE_SIDE)
		text = join(page, text, ", ", "along with another key");
	else if (setter->item->status == CHANGE_UNCHANGED)
		text = join(page, text, ", ", "which found it as it is");
	if (change->state == CHANGE_PENDING)
		text = join(page, text, ", awaiting confirmation until ", change->confirmation.deadline);
	else if (change_is_open(change))
		text = join(page, text, ", ", "which is not finished");
	return text;
}

static void print_set_by(struct page *page, const struct provenance *provenance)
{
	const struct subject *subject = page->subject;
	const char *label = "Set by";

	for (size_t i = 0; i < subject->set_by.count; i++) {
		const struct provenance_setter *setter = &subject->set_by.setters[i];

		print_paragraph(page, label, setter->kind == PROVENANCE_CHANGE ? change_text(page, setter) :
			arena_printf(page->app->arena, "the kernel command line: %s%s", setter->word,
				setter->holds ? "" : ", which is not what is there now"));
		label = "";
	}
	if (subject->set_by.count > 0 || subject->is_pattern || !subject->live_text)
		return;
	print_paragraph(page, label, provenance->changes_are_hidden ?
		"not known (only root sees the changes of kerntune)" :
		"not known (no change of kerntune, not the kernel command line)");
}

/* ---- the catalogue ---- */

static const char *range_text(struct page *page)
{
	const struct catalog_row *row = page->subject->catalog;
	char min[NUMBER_TEXT_SIZE], max[NUMBER_TEXT_SIZE];
	const char *each = row->fields > 1 ? ", for each number" : "";

	number_format(row->min, min);
	number_format(row->max, max);
	if (row->has_min && row->has_max)
		return arena_printf(page->app->arena, "%s to %s in a profile%s", min, max, each);
	if (row->has_min)
		return arena_printf(page->app->arena, "%s or more in a profile%s", min, each);
	return row->has_max ? arena_printf(page->app->arena, "%s or less in a profile%s", max, each) : "";
}

static const char *rounding_text(struct page *page)
{
	const struct catalog_row *row = page->subject->catalog;

	switch (row->rounding) {
	case ROUNDING_POW2:
		return "stored as the next power of two";
	case ROUNDING_MULTIPLE:
		return arena_printf(page->app->arena, "stored as the next multiple of %u", row->rounding_multiple);
	case ROUNDING_JIFFIES:
		return "stored in ticks of the kernel's clock, so rounded";
	case ROUNDING_BOOL:
		return "any number but 0 is stored as 1";
	default:
		return "";
	}
}

static void print_type(struct page *page, const struct catalog_prose *prose)
{
	const struct catalog_row *row = page->subject->catalog;
	const char *text = type_words[row->type], *rounding = rounding_text(page);

	if (row->fields > 1)
		text = arena_printf(page->app->arena, "%u of %s%s", row->fields, type_words[row->type],
			row->ordered ? ", none below the one before it" : "");
	if (prose->unit[0])
		text = join(page, text, "; ", prose->unit);
	print_paragraph(page, "Type", text);
	text = range_text(page);
	print_paragraph(page, "Range", text && rounding && rounding[0] ? join(page, text, "; ", rounding) : text);
}

static void print_scope(struct page *page)
{
	const struct catalog_row *row = page->subject->catalog;
	const char *text = scopes[row->scope].text;

	if (text && row->scope == SCOPE_GLOBAL)
		text = join(page, text, "", strncmp(row->path, "net/", 4) == 0 ?
			"; other network namespaces do not have it" : "; written in a container, it changes the host");
	if (row->module)
		text = join(page, text ? text : "", "; ", arena_printf(page->app->arena, "needs the module %s", row->module));
	print_paragraph(page, "Scope", text || row->module ? text : "");
	print_paragraph(page, "Effect", effects[row->effect].text ? effects[row->effect].text : "");
}

static void print_versions(struct page *page, const struct catalog_prose *prose)
{
	const struct catalog_row *row = page->subject->catalog;
	struct arena *arena = page->app->arena;
	const char *text = row->since ? arena_printf(arena, "since %s", row->since) : "";

	if (row->no_effect_since)
		text = join(page, text, "; ", arena_printf(arena, "without effect since %s", row->no_effect_since));
	if (row->until)
		text = join(page, text, "; ", arena_printf(arena, "until %s", row->until));
	print_joined(page, "Linux", text, prose->changes);
}

static void print_related(struct page *page)
{
	const struct catalog_row *row = page->subject->catalog;
	const struct {
		const char *before;
		const char *const *paths;
		const char *behind;
	} lists[] = {
		{ "the same as ", row->aliases, "" },
		{ "a write sets ", row->siblings, " to 0" },
		{ "the kernel changes ", row->cascades, " along with it" },
		{ "in one plan, written after ", row->after, "" },
		{ "not above ", (const char *const[]){ row->not_above, NULL }, "" },
	};
	const char *text = "";

	for (size_t i = 0; i < COUNT_OF(lists); i++)
		if (lists[i].paths[0])
			text = join(page, text, "; ", join(page, join(page, lists[i].before, "", dotted(page, lists[i].paths)), "",
				lists[i].behind));
	if (row->locked_by) {
		const char *lock = join(page, "cannot be written while", " ", key_display(page->app->arena, row->locked_by));

		for (size_t i = 0; row->locked_values[i]; i++)
			lock = join(page, lock, i ? " or " : " is ", row->locked_values[i]);
		text = join(page, text, "; ", lock);
	}
	print_paragraph(page, "Related", text);
}

/* The findings of diagnose that it can relieve. */
static void print_relieved(struct page *page)
{
	const char *text = "", **ids;
	size_t count = 0;

	page->failed |= finding_help_relieved(page->app->arena, page->subject->path, &ids, &count) < 0;
	for (size_t i = 0; i < count; i++)
		text = join(page, text, ", ", ids[i]);
	if (count > 0)
		text = join(page, text, " ", count == 1 ? "(a finding of diagnose)" : "(findings of diagnose)");
	print_paragraph(page, "Relieves", text);
}

static void print_undo(struct page *page)
{
	const struct catalog_row *row = page->subject->catalog;
	const char *values = "", *text;

	for (size_t i = 0; row->one_way_values[i]; i++)
		values = join(page, values, ", ", row->one_way_values[i]);
	if (!row->one_way && values && !values[0])
		return;
	if (row->is_action)
		text = "an action, not a value: what it did cannot be undone";
	else if (row->loses)
		text = join(page, row->one_way ? "" : join(page, "after", " ", values), row->one_way ? "" : " ",
			arena_printf(page->app->arena, "the value can be put back, but not %s", row->loses));
	else
		text = row->one_way ? "no write can be undone without a reboot" :
			join(page, join(page, "a write of", " ", values), " ", "cannot be undone");
	print_paragraph(page, "Undo", text);
}

/* ---- profiles ---- */

/* Told in one line: profiles that want the same with the same outcome; with --verbose, that have it from one place. */
static bool is_told_together(const struct page *page, const struct subject_use *a, const struct subject_use *b)
{
	const struct setting *one = a->row->setting, *other = b->row->setting;

	if (page->app->options.verbose)
		return one->key_span.source == other->key_span.source && one->key_span.line == other->key_span.line;
	return a->row->status == b->row->status && one->rule == other->rule &&
		value_equal(catalog_type(page->subject->catalog), one->value, other->value);
}

static bool was_told(const struct page *page, size_t index)
{
	const struct subject_use *uses = page->subject->uses;

	for (size_t i = 0; i < index; i++)
		if (is_told_together(page, &uses[i], &uses[index]))
			return true;
	return false;
}

static const char *use_text(const struct plan_row *row)
{
	static const char *const texts[] = {
		[PLAN_SAME] = "as it is",
		[PLAN_CHANGE] = "would change it",
		[PLAN_ABSENT] = "cannot set it here",
		[PLAN_READ_ONLY] = "cannot set it here",
		[PLAN_UNREADABLE] = "cannot set it here",
	};

	return texts[row->status];
}

static const char *setting_text(struct page *page, const struct setting *setting)
{
	const char *value = cut(page->app, setting->value.bytes, VALUE_LENGTH_MAX);

	return setting->rule == SETTING_VALUE ? value :
		join(page, setting->rule == SETTING_AT_LEAST ? "at least" : "at most", " ", value);
}

static const char *reason_text(struct page *page, const struct setting *setting)
{
	if (!page->app->options.verbose)
		return "";
	return arena_printf(page->app->arena, "%s%s [%s:%u]", setting->why ? ": " : "", setting->why ? setting->why : "",
		setting->key_span.source->name, setting->key_span.line);
}

static void print_uses(struct page *page)
{
	const struct subject *subject = page->subject;
	const char *label = "Profiles";

	for (size_t i = 0; i < subject->uses_count; i++) {
		const struct plan_row *row = subject->uses[i].row;
		const char *names = subject->uses[i].profile, *value = setting_text(page, row->setting);
		const char *reason = reason_text(page, row->setting);

		if (was_told(page, i))
			continue;
		for (size_t k = i + 1; k < subject->uses_count; k++)
			if (is_told_together(page, &subject->uses[i], &subject->uses[k]))
				names = join(page, names, ", ", subject->uses[k].profile);
		print_paragraph(page, label, names && value && reason ? arena_printf(page->app->arena, "%s (%s): %s%s",
			value, use_text(row), names, reason) : NULL);
		label = "";
	}
}

/* ---- all of it ---- */

int explanation_print(struct app *app, const struct subject *subject, const struct explain *explain,
	const struct provenance *provenance)
{
	struct catalog_prose prose = catalog_prose(subject->catalog);
	struct page page = { .app = app, .subject = subject };

	render_paragraph(app, 2, "", subject->key);
	render_paragraph(app, 2, "  ", subject->catalog ? prose.summary :
		"kerntune's catalogue does not know this key");
	print_here(&page, explain);
	print_set_by(&page, provenance);
	print_paragraph(&page, "Default", prose.normal);
	if (subject->catalog) {
		print_type(&page, &prose);
		print_scope(&page);
		print_versions(&page, &prose);
		print_related(&page);
		print_relieved(&page);
		print_undo(&page);
	}
	print_items(&page, "Careful", prose.caveats);
	print_items(&page, "Myths", prose.myths);
	print_paragraph(&page, "Advice", prose.advice);
	print_uses(&page);
	print_joined(&page, "Sources", "", prose.sources);
	return page.failed ? -ENOMEM : 0;
}

const char *explanation_live(struct app *app, const struct subject *subject)
{
	return subject->live_text && subject->live_text[0] ? cut(app, subject->live_text, CELL_LENGTH_MAX) : NULL;
}

/* ---- JSON ---- */

static void add_text(struct json *json, cJSON *object, const char *name, const char *text)
{
	json_add_string(json, object, name, text && text[0] ? text : NULL);
}

static void add_items(struct json *json, cJSON *object, const char *name, const char *items)
{
	cJSON *array = json_add_array(json, object, name);

	while (*items) {
		CLEANUP_STRBUF struct strbuf item = STRBUF_INIT;
		size_t length = strcspn(items, "\n");

		strbuf_add(&item, items, length);
		json->failed |= item.failed;
		json_add_string(json, array, NULL, item.bytes);
		items += length + (items[length] == '\n');
	}
}

static void add_paths(struct json *json, cJSON *object, const char *name, const char *const paths[])
{
	size_t count = 0;

	while (paths && paths[count])
		count++;
	json_out_names(json, object, name, paths, count);
}

static void add_number(struct json *json, cJSON *object, const char *name, bool is_given, struct number number)
{
	char text[NUMBER_TEXT_SIZE];

	number_format(number, text);
	json_add_string(json, object, name, is_given ? text : NULL);
}

static void add_catalog(struct json *json, cJSON *object, const struct catalog_row *row)
{
	static const struct catalog_row nothing = { .fields = 1 };
	struct catalog_prose prose = catalog_prose(row);
	bool is_known = row != NULL;

	if (!row)
		row = &nothing;
	json_add_boolean(json, object, "catalogued", is_known);
	add_text(json, object, "summary", prose.summary);
	json_add_string(json, object, "type", type_words[row->type]);
	json_add_integer(json, object, "fields", (long)row->fields);
	add_text(json, object, "unit", prose.unit);
	add_number(json, object, "min", row->has_min, row->min);
	add_number(json, object, "max", row->has_max, row->max);
	add_text(json, object, "default", prose.normal);
	json_add_string(json, object, "since", row->since);
	json_add_string(json, object, "until", row->until);
	json_add_string(json, object, "no_effect_since", row->no_effect_since);
	add_items(json, object, "changes", prose.changes);
	json_add_string(json, object, "scope", scopes[row->scope].word);
	json_add_string(json, object, "module", row->module);
	add_paths(json, object, "aliases", row->aliases);
	add_paths(json, object, "siblings", row->siblings);
	add_paths(json, object, "cascades", row->cascades);
	add_paths(json, object, "after", row->after);
	json_add_string(json, object, "not_above", row->not_above);
	json_add_string(json, object, "locked_by", row->locked_by);
	json_add_string(json, object, "effect", effects[row->effect].word);
	json_add_boolean(json, object, "one_way", row->one_way);
	add_paths(json, object, "one_way_values", row->one_way_values);
	json_add_string(json, object, "loses", row->loses);
	add_items(json, object, "caveats", prose.caveats);
	add_items(json, object, "myths", prose.myths);
	add_text(json, object, "advice", prose.advice);
	add_items(json, object, "sources", prose.sources);
}

static void add_setter(struct json *json, cJSON *array, const struct subject *subject,
	const struct provenance_setter *setter)
{
	cJSON *object = json_add_object(json, array, NULL), *profiles;

	json_add_string(json, object, "kind", setter->kind == PROVENANCE_CHANGE ? "change" : "boot");
	json_out_value(json, object, "value", catalog_type(subject->catalog), setter->value);
	json_add_boolean(json, object, "holds", setter->holds);
	if (setter->kind == PROVENANCE_BOOT) {
		json_add_string(json, object, "word", setter->word);
		return;
	}
	json_add_string(json, object, "id", setter->change->id);
	json_add_string(json, object, "state", change_state_name(setter->change->state));
	json_add_string(json, object, "role", change_role_name(setter->item->role));
	json_add_string(json, object, "created", setter->change->created);
	json_add_string(json, object, "label", setter->change->label);
	profiles = json_add_array(json, object, "profiles");
	for (size_t i = 0; i < setter->change->profiles_count; i++)
		json_add_string(json, profiles, NULL, setter->change->profiles[i].name);
}

static void add_use(struct json *json, cJSON *array, const struct subject_use *use)
{
	const struct plan_row *row = use->row;
	cJSON *object = json_add_object(json, array, NULL), *origin;

	json_add_string(json, object, "profile", use->profile);
	json_add_string(json, object, "rule", setting_rule_name(row->setting->rule));
	json_add_string(json, object, "value", row->setting->value.bytes);
	json_add_string(json, object, "target", row->target_text);
	json_add_string(json, object, "status", plan_status_name(row->status));
	origin = json_add_object(json, object, "origin");
	json_add_string(json, origin, "file", row->setting->key_span.source->name);
	json_add_integer(json, origin, "line", (long)row->setting->key_span.line);
	json_add_string(json, object, "why", row->setting->why);
}

int explanation_add_json(struct arena *arena, struct json *json, cJSON *array, const struct subject *subject)
{
	cJSON *object = json_add_object(json, array, NULL);
	const char **relieved;
	size_t count;
	cJSON *list;
	int r = finding_help_relieved(arena, subject->path, &relieved, &count);

	if (r < 0)
		return r;

	json_add_bytes(json, object, "key", value_of(subject->key));
	json_add_bytes(json, object, "path", value_of(subject->path));
	json_add_boolean(json, object, "pattern", subject->is_pattern);
	add_catalog(json, object, subject->catalog);
	json_add_string(json, object, "status", status_words[subject->status]);
	json_add_string(json, object, "why_absent", subject->why_absent);
	json_out_value(json, object, "live", catalog_type(subject->catalog), subject->live);
	json_add_boolean(json, object, "writable", subject->is_writable);
	list = json_add_array(json, object, "set_by");
	for (size_t i = 0; i < subject->set_by.count; i++)
		add_setter(json, list, subject, &subject->set_by.setters[i]);
	list = json_add_array(json, object, "profiles");
	for (size_t i = 0; i < subject->uses_count; i++)
		add_use(json, list, &subject->uses[i]);
	json_out_names(json, object, "relieves", relieved, count);
	return 0;
}
