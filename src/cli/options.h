/* SPDX-License-Identifier: MIT */
/* options.h - every option of every command, as one table.
 *
 * The table makes the arguments of getopt_long, the help text, and what the completions offer; the man page is
 * tested against it. A command lists the ids it takes; the global ones are taken by all, before or after
 * the command's name. Long names are exact: no abbreviations. */
#pragma once

#include "base/arena.h"
#include "model/key.h"

#include <stdbool.h>
#include <stddef.h>

enum option_id {
	OPTION_END,		/* ends a command's list */
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_QUIET,
	OPTION_VERBOSE,
	OPTION_JSON,
	OPTION_FORMAT,
	OPTION_COLOR,
	OPTION_NO_LEGEND,
	OPTION_ROOT,
	OPTION_PROFILE_DIR,
	OPTION_NETNS,
	OPTION_ALL,
	OPTION_EXIT_CODE,
	OPTION_ONLY,
	OPTION_SKIP,
	OPTION_DRY_RUN,
	OPTION_YES,
	OPTION_LABEL,
	OPTION_IRREVERSIBLE,
	OPTION_FORCE,
	OPTION_STRICT,
	OPTION_CONFIRM,
	OPTION_EXTEND,
	OPTION_AUDIT,
	OPTION_OUTPUT,
	OPTION_FULL,
	OPTION_SET,
	OPTION_LIST_CHECKS,
	OPTION_DISABLE,
	OPTION_ONCE,
	OPTION_COUNTS,
	OPTION_DEEP,
	OPTION_INTERVAL,
	OPTION_TICKS,
	OPTION_STATES,
	OPTION_THRESHOLD,
	OPTION_DOWN_DELAY,
	OPTION_ON_ALERT,
	OPTION_AFTER,
	OPTION_ALL_NETNS,
	OPTION_COUNT
};

struct word_list {
	const char **words;
	size_t count, capacity;
};

/* What was given; everything is zero or NULL by default. */
struct options {
	bool help, version, quiet, verbose, json, no_legend;
	bool all, exit_code, dry_run, yes, irreversible, force, strict, audit, full, list_checks, once, counts, deep, all_netns;
	const char *format, *color, *root, *netns, *label, *output, *after;
	unsigned long confirm, extend;	/* seconds; 0 when not given */
	unsigned long interval, down_delay;	/* milliseconds; likewise */
	unsigned long count;			/* 0 when not given */
	const char *states, *on_alert;
	struct word_list profile_dirs, only, skip, set, disable, thresholds;
};

enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_LIST, OPTION_DURATION, OPTION_MILLISECONDS, OPTION_NUMBER };

struct option_row {
	const char *name;
	char short_name;	/* 0 when there is none */
	enum option_kind kind;
	bool is_global;
	size_t offset;		/* into struct options */
	const char *argument;	/* as shown; NULL for a flag */
	const char *help;
	const char *completes;	/* what the argument is: "directory", "key", or words to choose from */
};

extern const struct option_row option_rows[OPTION_COUNT];

/* --only and --skip. */
struct key_filter options_filter(const struct options *options);

/* Whether a command with this list (or NULL, before the command is known) takes the option. */
bool option_is_taken(const unsigned char *list, enum option_id id);

/* Parses until the first word that is no option (only_leading), or all of argv, whose words are then moved to
 * its end. 0 with the index of the first remaining word; 1 with the mistake in *ret_problem; -ENOMEM. */
MUST_CHECK int options_parse(struct arena *arena, int argc, char *argv[], const unsigned char *list,
	bool only_leading, struct options *options, int *ret_index, const char **ret_problem);
