/* SPDX-License-Identifier: MIT */
/* The option table and its parser. */
#include "cli/options.h"

#include "base/duration.h"
#include "base/number.h"
#include "base/similar.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

enum { COUNT_MAX = 1000000000 };

#define FLAG(member) .kind = OPTION_FLAG, .offset = offsetof(struct options, member)
#define TEXT(member) .kind = OPTION_TEXT, .offset = offsetof(struct options, member)
#define DURATION(member) .kind = OPTION_DURATION, .offset = offsetof(struct options, member)
#define MILLISECONDS(member) .kind = OPTION_MILLISECONDS, .offset = offsetof(struct options, member)
#define NUMBER(member) .kind = OPTION_NUMBER, .offset = offsetof(struct options, member)
#define LIST(member) .kind = OPTION_LIST, .offset = offsetof(struct options, member)

const struct option_row option_rows[OPTION_COUNT] = {
	[OPTION_HELP] = { "help", 'h', .is_global = true, FLAG(help),
		.help = "show this help" },
	[OPTION_VERSION] = { "version", 0, .is_global = true, FLAG(version),
		.help = "show the version" },
	[OPTION_QUIET] = { "quiet", 'q', .is_global = true, FLAG(quiet),
		.help = "leave out notes, warnings and the summary" },
	[OPTION_VERBOSE] = { "verbose", 'v', .is_global = true, FLAG(verbose),
		.help = "also tell the reasons; with diagnose, more tables" },
	[OPTION_JSON] = { "json", 0, .is_global = true, FLAG(json),
		.help = "the same as --format json" },
	[OPTION_FORMAT] = { "format", 0, .is_global = true, TEXT(format), "FORMAT",
		"output format; each command lists its own", "format" },
	[OPTION_COLOR] = { "color", 0, .is_global = true, TEXT(color), "WHEN",
		"auto, always or never", "auto always never" },
	[OPTION_NO_LEGEND] = { "no-legend", 0, .is_global = true, FLAG(no_legend),
		.help = "leave out the header and the summary" },
	[OPTION_ROOT] = { "root", 0, .is_global = true, TEXT(root), "DIR",
		"use the files below DIR instead of /", "directory" },
	[OPTION_PROFILE_DIR] = { "profile-dir", 0, .is_global = true, LIST(profile_dirs), "DIR",
		"look for profiles in DIR first; repeatable", "directory" },
	[OPTION_NETNS] = { "netns", 0, .is_global = true, TEXT(netns), "NETNS",
		"work in a network namespace: NAME, PATH or pid:N", "netns" },
	[OPTION_ALL] = { "all", 'a', FLAG(all),
		.help = "also show what is already right" },
	[OPTION_EXIT_CODE] = { "exit-code", 0, FLAG(exit_code),
		.help = "exit with 1 when there is a difference or a finding" },
	[OPTION_ONLY] = { "only", 0, LIST(only), "GLOB",
		"only keys that match, as in 'net.*'; repeatable", "key" },
	[OPTION_SKIP] = { "skip", 0, LIST(skip), "GLOB",
		"leave out keys that match; repeatable", "key" },
	[OPTION_DRY_RUN] = { "dry-run", 'n', FLAG(dry_run),
		.help = "show what would be done, change nothing" },
	[OPTION_YES] = { "yes", 'y', FLAG(yes),
		.help = "do not ask" },
	[OPTION_LABEL] = { "label", 0, TEXT(label), "TEXT",
		"a remark to keep with the change", "text" },
	[OPTION_IRREVERSIBLE] = { "irreversible", 0, FLAG(irreversible),
		.help = "allow values that cannot be undone" },
	[OPTION_FORCE] = { "force", 0, FLAG(force),
		.help = "override changes that somebody else has made since" },
	[OPTION_STRICT] = { "strict", 0, FLAG(strict),
		.help = "exit with 1 when there are warnings" },
	[OPTION_CONFIRM] = { "confirm", 0, DURATION(confirm), "TIME",
		"undo it after TIME (90s, 2m, 1h) unless confirmed", "text" },
	[OPTION_EXTEND] = { "extend", 0, DURATION(extend), "TIME",
		"do not confirm: wait TIME (90s, 2m, 1h) from now", "text" },
	[OPTION_AUDIT] = { "audit", 0, FLAG(audit),
		.help = "watch all of net and vm for unknown side effects" },
	[OPTION_OUTPUT] = { "output", 'o', TEXT(output), "FILE",
		"write the plan to FILE, which ends in .json", "file" },
	[OPTION_FULL] = { "full", 0, FLAG(full),
		.help = "explain all that a search finds, not one line each" },
	[OPTION_SET] = { "set", 0, LIST(set), "NAME=NUMBER",
		"give a variable of the profiles a value; repeatable", "text" },
	[OPTION_LIST_CHECKS] = { "list-checks", 0, FLAG(list_checks),
		.help = "list the checks that there are, check nothing" },
	[OPTION_DISABLE] = { "disable", 0, LIST(disable), "ID",
		"leave out the check ID; repeatable", "check" },
	[OPTION_ONCE] = { "once", 0, FLAG(once),
		.help = "one look: no second sample, no rates" },
	[OPTION_COUNTS] = { "counts", 0, FLAG(counts),
		.help = "only counters, listeners and the count of states" },
	[OPTION_DEEP] = { "deep", 0, FLAG(deep),
		.help = "look for all owners, one by one" },
	[OPTION_INTERVAL] = { "interval", 0, MILLISECONDS(interval), "TIME",
		"time between two samples (200ms, 5s); default 1s", "text" },
	[OPTION_TICKS] = { "count", 0, NUMBER(count), "N",
		"end after N looks", "text" },
	[OPTION_STATES] = { "states", 0, TEXT(states), "WHEN",
		"count each state: auto (if cheap), always, never", "auto always never" },
	[OPTION_THRESHOLD] = { "threshold", 0, LIST(thresholds), "NAME=LEVELS",
		"a figure's alarm levels: WARNING[:CRITICAL]", "text" },
	[OPTION_DOWN_DELAY] = { "down-delay", 0, MILLISECONDS(down_delay), "TIME",
		"how long a figure is low before its alarm ends", "text" },
	[OPTION_ON_ALERT] = { "on-alert", 0, TEXT(on_alert), "FILE",
		"run FILE when an alarm changes, JSON on its stdin", "file" },
	[OPTION_AFTER] = { "after", 0, TEXT(after), "ID",
		"first tell whether change ID (or \"last\") worked", "id" },
	[OPTION_ALL_NETNS] = { "all-netns", 0, FLAG(all_netns),
		.help = "look into all network namespaces of the host" },
};

struct key_filter options_filter(const struct options *options)
{
	return (struct key_filter){
		.only = options->only.words,
		.only_count = options->only.count,
		.skip = options->skip.words,
		.skip_count = options->skip.count,
	};
}

bool option_is_taken(const unsigned char *list, enum option_id id)
{
	if (option_rows[id].is_global)
		return true;
	for (; list && *list != OPTION_END; list++)
		if (*list == id)
			return true;
	return false;
}

static const struct option_row *find_long(const unsigned char *list, const char *name, size_t length)
{
	for (enum option_id id = OPTION_END + 1; id < OPTION_COUNT; id++)
		if (option_is_taken(list, id) && strlen(option_rows[id].name) == length &&
			strncmp(option_rows[id].name, name, length) == 0)
			return &option_rows[id];
	return NULL;
}

static const char *describe_unknown(struct arena *arena, const unsigned char *list, const char *word)
{
	const char *names[OPTION_COUNT];
	size_t count = 0;
	const char *best;

	for (enum option_id id = OPTION_END + 1; id < OPTION_COUNT; id++)
		if (option_is_taken(list, id))
			names[count++] = option_rows[id].name;
	best = similar_best(word + 2, names, count);
	if (best)
		return arena_printf(arena, "unknown option \"%s\": did you mean \"--%s\"?", word, best);
	return arena_printf(arena, "unknown option \"%s\"", word);
}

/* getopt_long takes abbreviations, which turn into surprises when an option is added: found first. */
static const char *find_inexact(struct arena *arena, int argc, char *argv[], const unsigned char *list,
	bool only_leading)
{
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		const struct option_row *row;
		size_t length;

		if (strcmp(word, "--") == 0)
			return NULL;
		if (word[0] != '-' && only_leading)
			return NULL;
		if (strncmp(word, "--", 2) != 0)
			continue;
		length = strcspn(word + 2, "=");
		row = find_long(list, word + 2, length);
		if (!row)
			return describe_unknown(arena, list, arena_copy(arena, word, length + 2));
		if (row->argument && word[2 + length] != '=')
			i++;
	}
	return NULL;
}

static void build_getopt(const unsigned char *list, bool only_leading, struct option long_options[],
	char short_options[])
{
	size_t count = 0;

	/* "+" stops at the first word, ":" tells a missing argument from an unknown option. */
	if (only_leading)
		*short_options++ = '+';
	*short_options++ = ':';
	for (enum option_id id = OPTION_END + 1; id < OPTION_COUNT; id++) {
		const struct option_row *row = &option_rows[id];

		if (!option_is_taken(list, id))
			continue;
		long_options[count++] = (struct option){ .name = row->name,
			.has_arg = row->argument ? required_argument : no_argument, .val = 256 + (int)id };
		if (row->short_name)
			*short_options++ = row->short_name;
		if (row->short_name && row->argument)
			*short_options++ = ':';
	}
	long_options[count] = (struct option){ 0 };
	*short_options = '\0';
}

static bool parse_count(const char *text, unsigned long *ret_count)
{
	struct number number;

	if (!number_parse(text, strlen(text), &number) || number.negative || number.magnitude == 0 ||
		number.magnitude > COUNT_MAX)
		return false;
	*ret_count = (unsigned long)number.magnitude;
	return true;
}

/* 0, 1 when the argument is not of the kind, or -ENOMEM. */
static int store(struct arena *arena, const struct option_row *row, struct options *options, const char *text)
{
	void *member = (char *)options + row->offset;
	struct word_list *list = member;

	if (row->kind == OPTION_FLAG) {
		*(bool *)member = true;
	} else if (row->kind == OPTION_DURATION) {
		return !duration_parse(text, member);
	} else if (row->kind == OPTION_MILLISECONDS) {
		return !duration_parse_ms(text, member);
	} else if (row->kind == OPTION_NUMBER) {
		return !parse_count(text, member);
	} else if (row->kind == OPTION_TEXT) {
		*(const char **)member = text;
	} else {
		list->words = arena_grow(arena, list->words, list->count, &list->capacity,
			sizeof(*list->words));
		if (!list->words)
			return -ENOMEM;
		list->words[list->count++] = text;
	}
	return 0;
}

static const char *describe_wrong(struct arena *arena, const struct option_row *row, const char *text)
{
	if (row->kind == OPTION_NUMBER)
		return arena_printf(arena, "--%s takes a number from 1 to %d: \"%s\" is none", row->name, COUNT_MAX, text);
	if (row->kind == OPTION_MILLISECONDS)
		return arena_printf(arena, "--%s takes a time such as 200ms, 5s or 1m, of at most a day: \"%s\" is none",
			row->name, text);
	return arena_printf(arena, "--%s takes a time such as 90s, 2m or 1h30m, of at most 7 days: \"%s\" is none",
		row->name, text);
}

static const struct option_row *find_short(const unsigned char *list, int letter)
{
	for (enum option_id id = OPTION_END + 1; id < OPTION_COUNT; id++)
		if (option_rows[id].short_name == letter && option_is_taken(list, id))
			return &option_rows[id];
	return NULL;
}

int options_parse(struct arena *arena, int argc, char *argv[], const unsigned char *list,
	bool only_leading, struct options *options, int *ret_index, const char **ret_problem)
{
	struct option long_options[OPTION_COUNT + 1];
	char short_options[2 * OPTION_COUNT + 3];
	int found, r;

	*ret_problem = find_inexact(arena, argc, argv, list, only_leading);
	if (*ret_problem)
		return 1;
	build_getopt(list, only_leading, long_options, short_options);
	opterr = 0;
	optind = 0;		/* glibc and musl: begin anew */
	while ((found = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		const struct option_row *row = found >= 256 ? &option_rows[found - 256] :
			find_short(list, found);

		if (found == ':')
			*ret_problem = arena_printf(arena, "option \"%s\" needs an argument", argv[optind - 1]);
		else if (found == '?' && optopt && optopt < 256)
			*ret_problem = arena_printf(arena, "unknown option \"-%c\"", optopt);
		else if (found == '?' || !row)
			*ret_problem = arena_printf(arena, "option \"%s\" takes no argument", argv[optind - 1]);
		else if ((r = store(arena, row, options, optarg)) < 0)
			return -ENOMEM;
		else if (r > 0)
			*ret_problem = describe_wrong(arena, row, optarg);
		else
			continue;
		return *ret_problem ? 1 : -ENOMEM;
	}
	*ret_index = optind;
	return 0;
}
