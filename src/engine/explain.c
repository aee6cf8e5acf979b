/* SPDX-License-Identifier: MIT */
/* Finding keys, and what is known about them. */
#define _GNU_SOURCE
#include "engine/explain.h"

#include "base/similar.h"
#include "engine/planner.h"
#include "kernel/facts.h"
#include "model/key.h"
#include "model/version.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- subjects ---- */

static int add_subject(struct explain *explain, const char *path, const struct catalog_row *catalog, bool is_pattern)
{
	struct subject *grown = arena_grow(explain->arena, explain->subjects, explain->count, &explain->capacity,
		sizeof(*grown));
	const char *key = key_display(explain->arena, path);

	if (!grown || !key)
		return -ENOMEM;
	explain->subjects = grown;
	explain->subjects[explain->count++] = (struct subject){
		.path = path, .key = key, .catalog = catalog, .is_pattern = is_pattern };
	return 0;
}

static int add_row(struct explain *explain, const struct catalog_row *row)
{
	return add_subject(explain, row->path, row, key_is_glob(row->path));
}

/* Whether one of the subjects from `first` on is about this row. */
static bool has_row(const struct explain *explain, size_t first, const struct catalog_row *row)
{
	for (size_t i = first; i < explain->count; i++)
		if (explain->subjects[i].catalog == row)
			return true;
	return false;
}

static int compare_subjects(const void *a, const void *b)
{
	return strcmp(((const struct subject *)a)->path, ((const struct subject *)b)->path);
}

/* ---- globs ---- */

static int add_live(struct explain *explain, const char *glob)
{
	struct procsys_paths paths = { 0 };
	int r = procsys_expand(explain->procsys, explain->arena, glob, &paths);

	for (size_t i = 0; r == 0 && i < paths.count; i++)
		r = add_subject(explain, paths.paths[i], catalog_find(paths.paths[i]), false);
	return r;
}

/* A pattern of the catalogue is left out where the keys are there that it stands for. */
static int find_glob(struct explain *explain, const char *glob, struct explain_match *match)
{
	int r = add_live(explain, glob);
	size_t live_end = explain->count;

	for (size_t i = 0; r == 0 && i < catalog_count; i++) {
		const struct catalog_row *row = catalog_at(i);

		if (key_selected(glob, row->path) && !has_row(explain, match->first, row))
			r = add_row(explain, row);
	}
	if (r < 0)
		return r;
	match->is_search = true;
	match->count = explain->count - match->first;
	if (live_end < explain->count && match->count > 1)
		qsort(explain->subjects + match->first, match->count, sizeof(*explain->subjects), compare_subjects);
	if (match->count > 0)
		return 0;
	match->problem = "matches no key here or in the catalogue";
	match->hint = "a * within a name does not cross a dot; \"kerntune explain WORD\" searches";
	return EXPLAIN_NOTHING;
}

/* ---- words ---- */

static const char *last_component(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Nobody remembers whether it is "TIME-WAIT", "TIME_WAIT" or "time wait". */
static int fold(char character)
{
	return character == '-' || character == ' ' ? '_' : tolower((unsigned char)character);
}

/* The length of the word when the text begins with it, else 0. */
static size_t begins_with_word(const char *text, const char *word)
{
	size_t length = 0;

	while (word[length] && fold(text[length]) == fold(word[length]))
		length++;
	return word[length] ? 0 : length;
}

bool explain_has_word(const char *text, const char *word)
{
	while (*text && !begins_with_word(text, word))
		text++;
	return *text != '\0';
}

/* As one of the parts that "/", "_", "-" and "." separate, or several: not in the middle of one. */
static bool has_whole_word(const char *text, const char *word)
{
	for (const char *at = text; *at; at++) {
		size_t length = begins_with_word(at, word);

		if (length > 0 && (at == text || !isalnum((unsigned char)at[-1])) &&
			!isalnum((unsigned char)at[length]))
			return true;
	}
	return false;
}

static bool ends_in_word(const struct catalog_row *row, const char *word)
{
	const char *last = last_component(row->path);

	return begins_with_word(last, word) == strlen(last);
}

/* Whether a pattern that ends in the word stands for this row too. */
static bool is_in_pattern(const struct catalog_row *row)
{
	for (size_t i = 0; i < catalog_count; i++) {
		const struct catalog_row *pattern = catalog_at(i);

		if (pattern != row && key_is_glob(pattern->path) && key_matches(pattern->path, row->path))
			return true;
	}
	return false;
}

static bool is_called_word(const struct catalog_row *row, const char *word)
{
	return ends_in_word(row, word) && !is_in_pattern(row);
}

static bool names_word(const struct catalog_row *row, const char *word)
{
	return explain_has_word(row->path, word);
}

static bool tells_word(const struct catalog_row *row, const char *word)
{
	struct catalog_prose prose = catalog_prose(row);

	return !names_word(row, word) && (explain_has_word(prose.summary, word) || explain_has_word(prose.unit, word) ||
		explain_has_word(prose.myths, word));
}

static const char *suggest_word(const struct explain *explain, const char *word)
{
	const char **names = arena_alloc(explain->arena, catalog_count * sizeof(*names));
	const char *best;

	if (!names)
		return NULL;
	for (size_t i = 0; i < catalog_count; i++)
		names[i] = last_component(catalog_at(i)->path);
	best = similar_best(word, names, catalog_count);
	return best ? arena_printf(explain->arena, "did you mean \"%s\"?", best) : NULL;
}

/* What only this kernel knows. */
static int add_live_by_name(struct explain *explain, const char *word)
{
	struct procsys_paths paths = { 0 };
	int r = procsys_walk(explain->procsys, explain->arena, "", &paths);

	for (size_t i = 0; r == 0 && i < paths.count; i++)
		if (explain_has_word(last_component(paths.paths[i]), word))
			r = add_subject(explain, paths.paths[i], catalog_find(paths.paths[i]), false);
	return r;
}

static int add_rows(struct explain *explain, const char *word,
	bool (*is_meant)(const struct catalog_row *row, const char *word))
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < catalog_count; i++)
		if (is_meant(catalog_at(i), word))
			r = add_row(explain, catalog_at(i));
	return r;
}

/* Those that are called "conntrack" are found; how many others have it in their name, and how to ask for all. */
static int count_others(const struct explain *explain, const char *word, struct explain_match *match)
{
	char *glob = arena_printf(explain->arena, "*%s*", word);

	if (!glob)
		return -ENOMEM;
	for (char *at = glob; *at; at++)
		*at = *at == ' ' ? '?' : (char)tolower((unsigned char)*at);
	match->others_glob = glob;
	for (size_t i = 0; i < catalog_count; i++)
		match->others += has_whole_word(catalog_at(i)->path, word) && !is_in_pattern(catalog_at(i)) &&
			!has_row(explain, match->first, catalog_at(i));
	return 0;
}

static int find_word(struct explain *explain, const char *word, struct explain_match *match)
{
	int r = add_rows(explain, word, is_called_word);
	const char *below;

	if (r == 0 && explain->count > match->first)
		r = count_others(explain, word, match);
	if (r == 0 && explain->count == match->first) {
		r = add_rows(explain, word, names_word);
		if (r == 0)
			r = add_rows(explain, word, tells_word);
	}
	if (r == 0 && explain->count == match->first)
		r = add_live_by_name(explain, word);
	if (r < 0)
		return r;
	match->is_search = true;
	match->count = explain->count - match->first;
	if (match->count > 0)
		return 0;
	below = arena_printf(explain->arena, "%s/*", word);
	r = below ? find_glob(explain, below, match) : -ENOMEM;
	if (r != EXPLAIN_NOTHING)
		return r;
	match->problem = "is no key, and the catalogue does not speak of it";
	match->hint = suggest_word(explain, word);
	if (!match->hint)
		match->hint = "\"kerntune explain\" alone lists the keys that matter most";
	return EXPLAIN_NOTHING;
}

/* ---- keys ---- */

/* Whether there is something of this name that is no directory. */
static bool is_live(const struct explain *explain, const char *path)
{
	struct procsys_paths paths = { 0 };

	/* Also finds a key that holds a wildcard, unless others match it as well. */
	return procsys_expand(explain->procsys, explain->arena, path, &paths) == 0 && paths.count == 1 &&
		strcmp(paths.paths[0], path) == 0;
}

/* The dots inside the name of an interface, "eth0.100", have been taken for separators: the path with the name in one
 * piece. NULL when it is not that, or memory is short. */
static const char *join_name(const struct explain *explain, const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < catalog_count; i++) {
		const char *pattern = catalog_at(i)->path, *star = strchr(pattern, '*');
		size_t before = star ? (size_t)(star - pattern) : 0, behind = star ? strlen(star + 1) : 0;
		char *joined;

		if (!star || star[1] != '/' || length <= before + behind || strncmp(path, pattern, before) != 0 ||
			strcmp(path + length - behind, star + 1) != 0)
			continue;
		joined = arena_copy(explain->arena, path, length);
		for (char *at = joined; joined && at < joined + length - behind; at++)
			if (at >= joined + before && *at == '/')
				*at = '.';
		return joined;
	}
	return NULL;
}

/* What to do about a key that is none. NULL when memory is short. */
static const char *suggest_key(const struct explain *explain, const char *path)
{
	const struct planner planner = { .arena = explain->arena, .procsys = explain->procsys };
	const char *meant = planner_suggest(&planner, path), *joined = join_name(explain, path);

	for (size_t i = 0; !meant && !joined && i < catalog_count; i++)
		if (strcasecmp(catalog_at(i)->path, path) == 0)
			meant = key_display(explain->arena, catalog_at(i)->path);
	if (joined)
		meant = key_display(explain->arena, joined);
	if (joined && meant)
		return arena_printf(explain->arena, "did you mean %s? A dot inside a name is written as a slash", meant);
	return meant ? arena_printf(explain->arena, "did you mean %s?", meant) :
		"\"kerntune explain WORD\" searches the catalogue";
}

static int find_key(struct explain *explain, const char *path, struct explain_match *match)
{
	const struct catalog_row *row = catalog_find(path);
	const char *below;
	int r;

	if (row || is_live(explain, path)) {
		match->count = 1;
		return add_subject(explain, path, row, false);
	}
	below = arena_printf(explain->arena, "%s/*", path);
	r = below ? find_glob(explain, below, match) : -ENOMEM;
	if (r != EXPLAIN_NOTHING)
		return r;
	match->is_search = false;
	match->problem = "is no key, neither here nor in the catalogue";
	match->hint = suggest_key(explain, path);
	return match->hint ? EXPLAIN_NOTHING : -ENOMEM;
}

/* What the argument says below /proc/sys, without the slash that a shell completes a directory with. */
static const char *trim(struct arena *arena, const char *argument)
{
	static const char root[] = "/proc/sys";
	size_t length = strlen(argument), skipped = strlen(root);

	while (length > 1 && argument[length - 1] == '/')
		length--;
	if (length < skipped || strncmp(argument, root, skipped) != 0 ||
		(length > skipped && argument[skipped] != '/'))
		return arena_copy(arena, argument, length);
	return length == skipped ? "*" : arena_copy(arena, argument + skipped + 1, length - skipped - 1);
}

int explain_find(struct explain *explain, const char *argument, struct explain_match *ret_match)
{
	struct explain_match match = { .first = explain->count };
	const char *path;
	int r;

	argument = trim(explain->arena, argument);
	if (!argument)
		return -ENOMEM;
	if (argument[0] && !strpbrk(argument, "./*?[")) {
		r = find_word(explain, argument, &match);
	} else {
		r = key_parse(explain->arena, argument, strlen(argument), &path);
		if (r > 0) {
			match.problem = key_problem_text(r);
			match.hint = key_problem_hint(r);
			r = EXPLAIN_NOTHING;
		} else if (r == 0) {
			r = key_is_glob(path) && !is_live(explain, path) ? find_glob(explain, path, &match) :
				find_key(explain, path, &match);
		}
	}
	*ret_match = match;
	return r;
}

int explain_topics(struct explain *explain)
{
	int r = 0;

	for (enum catalog_topic topic = TOPIC_NONE + 1; topic < TOPIC_COUNT; topic++)
		for (size_t i = 0; r == 0 && i < catalog_count; i++)
			if (catalog_at(i)->topic == topic)
				r = add_row(explain, catalog_at(i));
	return r;
}

/* ---- live values ---- */

/* The component of the path that stands where the row has its wildcard. */
static const char *wildcard_component(const struct explain *explain, const struct catalog_row *row, const char *path)
{
	const char *pattern = row->path;

	while (*pattern && *pattern != '*') {
		pattern += strcspn(pattern, "/") + (pattern[strcspn(pattern, "/")] == '/');
		path += strcspn(path, "/") + (path[strcspn(path, "/")] == '/');
	}
	return *pattern ? arena_copy(explain->arena, path, strcspn(path, "/")) : NULL;
}

/* Why a key of the catalogue is not there. NULL when nothing is known, or memory is short. */
static const char *why_absent(const struct explain *explain, const struct subject *subject)
{
	const struct catalog_row *row = subject->catalog;
	const char *release = explain->machine->release, *component;
	bool is_known = version_is_release(release), has_module;

	if (!row)
		return NULL;
	if (row->since && is_known && version_compare(release, row->since) < 0)
		return arena_printf(explain->arena, "it came with Linux %s, and this is %s", row->since, release);
	if (row->until && (!is_known || version_compare(release, row->until) >= 0))
		return arena_printf(explain->arena, "Linux %s was the last to have it", row->until);
	if (row->scope == SCOPE_GLOBAL && explain->machine->in_netns && strncmp(row->path, "net/", 4) == 0)
		return "only the host's own network namespace has it";
	if (row->module && facts_module(explain->root, explain->arena, release, row->module, &has_module) == 0 &&
		!has_module)
		return arena_printf(explain->arena, "it needs the module %s, which is not loaded", row->module);
	/* With the module, it is a part that this kernel was built without, or the interface. */
	component = subject->is_pattern ? NULL : wildcard_component(explain, row, subject->path);
	return component ? arena_printf(explain->arena, "there is no %s", component) : NULL;
}

/* Whether there are keys of it, and what its "all" and "default" hold. */
static int read_pattern(const struct explain *explain, struct subject *subject)
{
	static const char *const names[] = { "all", "default" };
	const char *star = strchr(subject->path, '*');
	struct procsys_paths paths = { 0 };

	int r = procsys_expand(explain->procsys, explain->arena, subject->path, &paths);

	if (r < 0)
		return r;
	subject->status = paths.count > 0 ? SUBJECT_PRESENT : SUBJECT_ABSENT;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *path = arena_printf(explain->arena, "%.*s%s%s", (int)(star - subject->path), subject->path,
			names[i], star + 1);
		const char *text;
		struct value value;
		int error;

		r = path ? procsys_read(explain->procsys, explain->arena, path, &value, &error) : -ENOMEM;
		if (r < 0)
			return r;
		if (r != 0)
			continue;
		text = value_display(explain->arena, catalog_type(subject->catalog), value);
		subject->live_text = subject->live_text ?
			arena_printf(explain->arena, "%s, %s %s", subject->live_text, names[i], text ? text : "") :
			arena_printf(explain->arena, "%s %s", names[i], text ? text : "");
		if (!text || !subject->live_text)
			return -ENOMEM;
	}
	return 0;
}

static int read_subject(const struct explain *explain, struct subject *subject)
{
	int error = 0, r = procsys_probe(explain->procsys, subject->path, &error);

	if (r < 0)
		return r;
	subject->is_writable = r == 0;
	/* Reading an action may start it, and tells nothing. */
	if (catalog_is_action(subject->catalog))
		r = r == PROCSYS_ABSENT ? PROCSYS_ABSENT : 0;
	else
		r = procsys_read(explain->procsys, explain->arena, subject->path, &subject->live, &subject->error);
	if (r < 0)
		return r;
	subject->status = r == 0 ? SUBJECT_PRESENT : r == PROCSYS_ABSENT ? SUBJECT_ABSENT : SUBJECT_UNREADABLE;
	if (subject->status == SUBJECT_ABSENT)
		subject->is_writable = false;
	if (!subject->live.bytes)
		return 0;
	subject->live_text = value_display(explain->arena, catalog_type(subject->catalog), subject->live);
	return subject->live_text ? 0 : -ENOMEM;
}

int explain_read(struct explain *explain)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < explain->count; i++) {
		struct subject *subject = &explain->subjects[i];

		r = subject->is_pattern ? read_pattern(explain, subject) : read_subject(explain, subject);
		if (r == 0 && subject->status == SUBJECT_ABSENT)
			subject->why_absent = why_absent(explain, subject);
	}
	return r;
}

void explain_set_by(struct explain *explain, const struct provenance *provenance)
{
	for (size_t i = 0; i < explain->count; i++)
		if (!explain->subjects[i].is_pattern)
			provenance_find(provenance, explain->subjects[i].path, explain->subjects[i].live,
				&explain->subjects[i].set_by);
}

/* ---- profiles ---- */

static bool is_asked_for(const struct explain *explain, const char *path)
{
	bool is_glob = key_is_glob(path);

	for (size_t i = 0; i < explain->count; i++)
		if (strcmp(explain->subjects[i].path, path) == 0 ||
			(is_glob && key_matches(path, explain->subjects[i].path)))
			return true;
	return false;
}

/* Only those settings of a selection that are about a subject: the plan then reads no other key. */
static int narrow(const struct explain *explain, const struct selection *selection, struct selection *ret_narrow)
{
	struct profile *profile = arena_alloc(explain->arena, sizeof(*profile));
	struct selection narrow = { .names = selection->names, .digests = selection->digests,
		.count = selection->count };
	int r;

	if (!profile)
		return -ENOMEM;
	profile->settings = arena_alloc(explain->arena, (selection->settings.count + 1) * sizeof(*profile->settings));
	if (!profile->settings)
		return -ENOMEM;
	for (size_t i = 0; i < selection->settings.count; i++)
		if (is_asked_for(explain, selection->settings.settings[i]->path))
			profile->settings[profile->settings_count++] = *selection->settings.settings[i];
	resolve_init(&narrow.settings, explain->arena);
	narrow.settings.joined = selection->settings.joined;
	r = resolve_override(&narrow.settings, profile);
	/* What they leave out, no glob of theirs sets either. */
	narrow.settings.left_out = selection->settings.left_out;
	narrow.settings.left_out_count = selection->settings.left_out_count;
	*ret_narrow = narrow;
	return r;
}

static int add_use(struct explain *explain, struct subject *subject, const char *profile, const struct plan_row *row)
{
	struct subject_use *grown = arena_grow(explain->arena, subject->uses, subject->uses_count,
		&subject->uses_capacity, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	subject->uses = grown;
	subject->uses[subject->uses_count++] = (struct subject_use){ .profile = profile, .row = row };
	return 0;
}

static int add_uses(struct explain *explain, const char *profile, const struct plan *plan)
{
	int r = 0;

	for (size_t k = 0; k < plan->count; k++)
		for (size_t i = 0; r == 0 && i < explain->count; i++)
			if (strcmp(explain->subjects[i].path, plan->rows[k].path) == 0)
				r = add_use(explain, &explain->subjects[i], profile, &plan->rows[k]);
	return r;
}

/* 0, 1 when the profile cannot be used, or a negative errno. */
static int ask_profile(struct explain *explain, struct library *library, const char *name)
{
	const struct planner planner = { .arena = explain->arena, .diags = library->diags,
		.procsys = explain->procsys };
	struct selection whole, part;
	struct plan plan;
	int r;

	/* The mistakes of one profile must not stick to the next. */
	library->diags->errors = 0;
	r = library_select(library, &name, 1, &whole);
	if (r == 0)
		r = narrow(explain, &whole, &part);
	if (r == 0 && part.settings.count == 0)
		return 0;
	if (r == 0)
		r = planner_build(&planner, &part, &plan);
	return r == 0 ? add_uses(explain, name, &plan) : r;
}

int explain_uses(struct explain *explain, struct library *library, struct diags *diags)
{
	const char *const *names;
	const char *unusable = NULL, *first = NULL;
	size_t count, unusable_count = 0;
	int r = library_names(library, &names, &count);

	for (size_t i = 0; r >= 0 && i < count; i++) {
		r = ask_profile(explain, library, names[i]);
		if (r <= 0)
			continue;
		unusable = unusable_count++ == 0 ? names[i] :
			arena_printf(explain->arena, "%s, %s", unusable, names[i]);
		if (!unusable)
			return -ENOMEM;
		if (!first)
			first = names[i];
	}
	if (r < 0 || !first)
		return r < 0 ? r : 0;
	diag_warning(diags, "invalid-profile", span_none(), "profile%s %s cannot be used, and %s not asked",
		unusable_count > 1 ? "s" : "", unusable, unusable_count > 1 ? "were" : "was");
	diag_hint(diags, "\"kerntune check %s\" says why", first);
	return 0;
}
