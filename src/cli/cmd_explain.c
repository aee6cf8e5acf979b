/* SPDX-License-Identifier: MIT */
/* kerntune explain: what parameters mean, what they hold, who set them, and what the profiles make of them; and what the
 * findings of diagnose mean. */
#include "cli/explanation.h"
#include "cli/finding_help.h"
#include "cli/planned.h"
#include "cli/render.h"
#include "format/json_out.h"
#include "kernel/facts.h"

#include <errno.h>
#include <string.h>

/* What a summary needs beside the other columns to be readable. */
enum { SUMMARY_WIDTH_MIN = 40 };

/* What is being explained, argument by argument. */
struct question {
	struct explain explain;
	struct machine machine;
	struct provenance provenance;
	struct explain_match *matches;	/* one for each argument; one for all topics without any */
	size_t matches_count;
	const struct finding_row **findings;	/* likewise: not NULL where it is one of those, and no match */
	char **words;			/* the arguments */
	bool by_topic;			/* the quick reference */
	bool in_full;			/* at least one of them is explained, not only listed */
};

static const char *const topic_titles[TOPIC_COUNT] = {
	[TOPIC_ACCEPT] = "Accepting connections",
	[TOPIC_CONNECT] = "Calling out",
	[TOPIC_BUFFERS] = "Buffers and sending",
	[TOPIC_TIMEOUTS] = "Time-outs",
	[TOPIC_SECURITY] = "Routing and redirects",
	[TOPIC_CONNTRACK] = "Connection tracking",
	[TOPIC_MEMORY] = "Memory",
	[TOPIC_FILES] = "Files and processes",
};

/* ---- findings ---- */

static const struct finding_row *find_finding(const char *argument)
{
	for (size_t i = 0; i < FINDING_COUNT; i++)
		if (strlen(finding_rows[i].id) == strlen(argument) && explain_has_word(finding_rows[i].id, argument))
			return &finding_rows[i];
	return NULL;
}

/* The ids that have the word; "" when there is none. NULL: out of memory. */
static const char *findings_with(struct arena *arena, const char *word)
{
	const char *text = "";

	for (size_t i = 0; text && i < FINDING_COUNT; i++)
		if (explain_has_word(finding_rows[i].id, word))
			text = arena_printf(arena, "%s%s%s", text, text[0] ? " " : "", finding_rows[i].id);
	return text;
}

/* ---- as text ---- */

static bool is_explained(const struct app *app, const struct explain_match *match)
{
	return app->options.full || !match->is_search || match->count == 1;
}

static struct cell live_cell(struct app *app, const struct subject *subject)
{
	if (subject->status == SUBJECT_PRESENT)
		return (struct cell){ explanation_live(app, subject), STYLE_PLAIN };
	return (struct cell){ subject->status == SUBJECT_ABSENT ? "absent" : "unreadable", STYLE_FAINT };
}

static const char *summary_text(const struct subject *subject)
{
	const char *summary = catalog_prose(subject->catalog).summary;

	return summary[0] ? summary : NULL;
}

/* Of the subjects that are listed: where a topic begins, its title goes before it. */
static const char *title_before(const struct question *question, const struct explain_match *match, size_t index)
{
	const struct subject *subjects = question->explain.subjects;
	enum catalog_topic topic = subjects[index].catalog ? subjects[index].catalog->topic : TOPIC_NONE;

	if (!question->by_topic || (index > match->first && subjects[index - 1].catalog->topic == topic))
		return NULL;
	return topic_titles[topic];
}

static int print_table(struct app *app, const struct question *question, const struct explain_match *match)
{
	static const struct column columns[] = { { "PARAMETER", false }, { "LIVE", true }, { "SUMMARY", true } };
	struct table *table = table_new(app, columns, COUNT_OF(columns));

	for (size_t i = match->first; i < match->first + match->count; i++) {
		const struct subject *subject = &question->explain.subjects[i];
		const char *title = title_before(question, match, i);

		if (title && i > match->first)
			table_add(table, (const struct cell[]){ { "", 0 }, { "", 0 }, { "", 0 } });
		if (title)
			table_add(table, (const struct cell[]){ { title, STYLE_CHANGE }, { "", 0 }, { "", 0 } });
		table_add(table, (const struct cell[]){ { subject->key, STYLE_PLAIN }, live_cell(app, subject),
			{ summary_text(subject), STYLE_PLAIN } });
	}
	return table_print(table);
}

/* What is too long for a line of the terminal ends in dots; but the key, at its beginning, is always whole. */
static void cut(char *text, size_t key_length, size_t width)
{
	static const char dots[] = "...";
	size_t length = width < key_length + strlen(dots) ? key_length : width - strlen(dots);

	if (strlen(text) <= width || strlen(text) < length + strlen(dots))
		return;
	/* Not within a character of several bytes. */
	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	strcpy(text + length, length > key_length ? dots : "");
}

/* Where a table would break the summaries into columns of a few letters: one line for each, as much as it holds. */
static int print_lines(struct app *app, const struct question *question, const struct explain_match *match)
{
	for (size_t i = match->first; i < match->first + match->count; i++) {
		const struct subject *subject = &question->explain.subjects[i];
		const char *title = title_before(question, match, i);
		const char *live = live_cell(app, subject).text, *summary = summary_text(subject);
		char *text = arena_printf(app->arena, "%s = %s%s%s", subject->key, live ? live : "-", summary ? "  " : "",
			summary ? summary : "");

		if (!text)
			return -ENOMEM;
		if (title)
			render_line(app, "%s%s", i > match->first ? "\n" : "", title);
		cut(text, strlen(subject->key), app->width);
		render_line(app, "%s", text);
	}
	return 0;
}

static bool table_fits(struct app *app, const struct question *question, const struct explain_match *match)
{
	size_t width = app->width, key = 0, live = 0, summary = 0;

	if (width == 0)
		return true;
	for (size_t i = match->first; i < match->first + match->count; i++) {
		const struct subject *subject = &question->explain.subjects[i];
		const char *texts[] = { subject->key, live_cell(app, subject).text, summary_text(subject) };
		size_t *widths[] = { &key, &live, &summary };

		for (size_t k = 0; k < COUNT_OF(texts); k++)
			if (texts[k] && strlen(texts[k]) > *widths[k])
				*widths[k] = strlen(texts[k]);
	}
	/* The quick reference is to have one line for each. */
	if (!question->by_topic && summary > SUMMARY_WIDTH_MIN)
		summary = SUMMARY_WIDTH_MIN;
	return key + 1 + live + 1 + summary <= width;
}

/* One line for each; those of the quick reference below the titles of their topics. */
static int print_list(struct app *app, const struct question *question, const struct explain_match *match)
{
	return table_fits(app, question, match) ? print_table(app, question, match) :
		print_lines(app, question, match);
}

static int print_match(struct app *app, const struct question *question, const struct explain_match *match)
{
	int r = 0;

	if (!is_explained(app, match))
		return print_list(app, question, match);
	for (size_t i = match->first; r == 0 && i < match->first + match->count; i++) {
		if (i > match->first)
			fputc('\n', app->out);
		r = explanation_print(app, &question->explain.subjects[i], &question->explain, &question->provenance);
	}
	if (match->others && !app->options.no_legend)
		render_note(app, "\n%zu more with it in their name: kerntune explain '%s'", match->others, match->others_glob);
	return r;
}

/* Who sees CLOSE_WAIT in the table of diagnose asks for that, and means none of the parameters with it. */
static int note_findings(struct app *app, const struct question *question, size_t index)
{
	const char *ids;

	if (question->by_topic || !question->matches[index].is_search || app->options.no_legend)
		return 0;
	ids = findings_with(app->arena, question->words[index]);
	if (ids && ids[0])
		render_note(app, "\nFindings of diagnose: kerntune explain %s", ids);
	return ids ? 0 : -ENOMEM;
}

static int print_text(struct app *app, const struct question *question)
{
	int r = 0;

	render_diags(app);
	for (size_t i = 0; r == 0 && i < question->matches_count; i++) {
		if (i > 0)
			fputc('\n', app->out);
		r = question->findings[i] ? finding_help_print(app, question->findings[i]) :
			print_match(app, question, &question->matches[i]);
		if (r == 0 && !question->findings[i])
			r = note_findings(app, question, i);
	}
	if (r == 0 && question->by_topic && !question->in_full && !app->options.no_legend)
		render_note(app, "\nMore about one: kerntune explain PARAMETER\nOthers: kerntune explain WORD, or "
			"'net.ipv4.tcp_*'\nA finding of diagnose: kerntune explain %s", finding_rows[0].id);
	return r < 0 ? app_fail_errno(app, r, "printing the explanation") : EXIT_HOLDS;
}

/* ---- as JSON ---- */

static int print_json(struct app *app, const struct question *question)
{
	CLEANUP_JSON struct json json;
	cJSON *array;
	int r = 0;

	json_begin(&json);
	json_out_schema(&json, "explain");
	json_out_host(&json, &app->host);
	json_add_boolean(&json, json.root, "changes_readable", !question->provenance.changes_are_hidden);
	array = json_add_array(&json, json.root, "parameters");
	for (size_t i = 0; r == 0 && i < question->explain.count; i++)
		r = explanation_add_json(app->arena, &json, array, &question->explain.subjects[i]);
	array = json_add_array(&json, json.root, "findings");
	for (size_t i = 0; r == 0 && i < question->matches_count; i++)
		if (question->findings[i])
			r = finding_help_add_json(app, &json, array, question->findings[i]);
	if (r < 0)
		return app_fail_errno(app, r, "printing the explanation");
	return app_finish_json(app, &json, EXIT_HOLDS);
}

/* ---- finding out ---- */

/* A finding has dashes and no dots, so that the two do not clash; where neither is there, both are thought of. */
static int find_keys(struct app *app, struct question *question, const char *argument, struct explain_match *match)
{
	const char *finding = finding_row_suggest(argument), *with = findings_with(app->arena, argument);
	int r = explain_find(&question->explain, argument, match);

	question->in_full |= r == 0 && is_explained(app, match);
	if (r != EXPLAIN_NOTHING)
		return r;
	if (!with)
		return -ENOMEM;
	diag_error(&app->diags, "unknown-key", span_none(), "\"%s\" %s", argument, match->problem);
	if (finding)
		diag_hint(&app->diags, "did you mean %s, a finding of diagnose?", finding);
	else if (with[0])
		diag_hint(&app->diags, "findings of diagnose that have it in their name: %s", with);
	else
		diag_hint(&app->diags, "%s", match->hint);
	return 0;
}

static int find_all(struct app *app, struct question *question, int argc, char *argv[])
{
	struct explain_match *all = &question->matches[0];

	if (argc == 0) {
		int r = explain_topics(&question->explain);

		*all = (struct explain_match){ .count = question->explain.count, .is_search = true };
		question->matches_count = 1;
		return r < 0 ? app_fail_errno(app, r, "listing the keys") : 0;
	}
	for (int i = 0; i < argc; i++) {
		question->findings[i] = find_finding(argv[i]);
		if (!question->findings[i] && find_keys(app, question, argv[i], &question->matches[i]) < 0)
			return app_fail_errno(app, -ENOMEM, "looking for the keys");
	}
	question->matches_count = (size_t)argc;
	return app->diags.errors ? app_fail(app, EXIT_INVALID, "unknown-key", "%zu error%s", app->diags.errors,
		app->diags.errors == 1 ? "" : "s") : 0;
}

static int ask_profiles(struct app *app, struct question *question)
{
	const struct library_options options = {
		.root_path = app->options.root ? app->options.root : "/",
		.profile_dirs = app->options.profile_dirs.words,
		.profile_dirs_count = app->options.profile_dirs.count,
	};
	struct library library;
	struct diags about_files;
	int r;

	r = library_init(&library, app->arena, &app->diags, &app->root, &options);
	if (r != 0)
		return r < 0 ? r : app_fail(app, EXIT_INVALID, "invalid-profile", "1 error");
	/* What is wrong with profiles that nobody asked about is told in one line. */
	diags_init(&about_files, app->arena);
	library.diags = &about_files;
	r = explain_uses(&question->explain, &library, &app->diags);
	return r < 0 ? r : 0;
}

/* Whatever is only listed needs the live values alone. */
static int find_out(struct app *app, struct question *question)
{
	int r = explain_read(&question->explain);

	if (r == 0 && question->in_full)
		r = provenance_init(&question->provenance, app->arena, &app->diags, &app->root, &app->host,
			&question->machine);
	if (r == 0 && question->in_full) {
		explain_set_by(&question->explain, &question->provenance);
		r = ask_profiles(app, question);
	}
	return r < 0 ? app_fail_errno(app, r, "finding out about the keys") : r;
}

static int explain_command(struct app *app, int argc, char *argv[])
{
	struct question question = { .words = argv, .by_topic = argc == 0,
		.in_full = app->options.full || app_format_is(app, "json") };
	int r = app_open_procsys(app, PROCSYS_READ_ONLY);

	if (r == 0)
		r = app_find_host(app);
	if (r != 0)
		return r;
	question.matches = arena_alloc(app->arena, (size_t)(argc + 1) * sizeof(*question.matches));
	question.findings = arena_alloc(app->arena, (size_t)(argc + 1) * sizeof(*question.findings));
	r = question.matches && question.findings ? facts_machine(&app->root, app->arena, &question.machine) : -ENOMEM;
	if (r < 0)
		return app_fail_errno(app, r, "reading the facts of the host");
	question.explain = (struct explain){ .arena = app->arena, .root = &app->root, .procsys = &app->procsys,
		.machine = &question.machine };
	r = find_all(app, &question, argc, argv);
	if (r == 0)
		r = find_out(app, &question);
	if (r != 0)
		return r;
	return app_format_is(app, "json") ? print_json(app, &question) : print_text(app, &question);
}

const struct command cmd_explain = {
	.name = "explain",
	.arguments = "[KEY|FINDING...]",
	.summary = "Explain what parameters mean and hold",
	.description = "What it is, what it holds here and who set it, its range and default, what\n"
		"people get wrong about it, and what the profiles would make of it (--verbose\n"
		"adds their reasons). KEY may be a glob, or a word to search for: of several\n"
		"hits, each gets one line. Without KEY: the keys that matter most. FINDING is\n"
		"the id of one of diagnose: what it means, and who can mend it.",
	.max_arguments = -1,
	.formats = "table json",
	.completes = "catalogue finding",
	.options = (const unsigned char[]){ OPTION_FULL, OPTION_END },
	.run = explain_command,
};
