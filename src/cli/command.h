/* SPDX-License-Identifier: MIT */
/* command.h - the commands, as one table, and what they share.
 *
 * Each cmd_NAME.c ends with one `const struct command cmd_NAME`. main.c builds the `struct app`, which is
 * passed down to everything; nothing else prints or knows argv. */
#pragma once

#include "base/arena.h"
#include "base/diag.h"
#include "base/rootdir.h"
#include "cli/exit_code.h"
#include "cli/options.h"
#include "format/json.h"
#include "kernel/procsys.h"
#include "model/host.h"

#include <stdbool.h>
#include <stdio.h>

struct app {
	struct arena *arena;
	struct diags diags;
	struct options options;
	const struct command *command;
	struct rootdir root;
	struct procsys procsys;
	struct host host;
	FILE *out, *err;
	bool color_out, color_err;
	size_t width;			/* columns of the terminal on stdout; 0: it is none */
};

struct command {
	const char *name;
	const char *arguments;		/* as shown behind the name: "PROFILE..." */
	const char *summary;		/* one line */
	const char *description;	/* what --help adds; NULL when there is nothing to add */
	int min_arguments, max_arguments;	/* max -1: any number */
	bool is_hidden;			/* not in the help */
	bool changes;			/* its exit code tells of a change of the host */
	bool settles;			/* it deals with unsettled changes itself: no warning of them (notice.h) */
	const char *formats;		/* what --format takes, the default first */
	const char *completes;		/* what its arguments are: "profile", "id", "key", "catalogue", "finding" */
	const unsigned char *options;	/* enum option_id, ended by OPTION_END */
	int (*run)(struct app *app, int argc, char *argv[]);	/* an exit code */
};

/* In the order of the help: diff, apply and restore first. NULL ends it. */
extern const struct command *const commands[];

const struct command *command_find(const char *name);

/* The command's name is likely a slip of this one; NULL when none is near. */
const char *command_suggest(const char *name);

void command_print_help(FILE *out);
void command_print_usage(FILE *out, const struct command *command);

/* Whether the output goes out in this format; NULL options.format is the command's default. */
bool app_format_is(const struct app *app, const char *format);

/* Open what most commands need; 0, or an exit code after the message. */
MUST_CHECK int app_open_procsys(struct app *app, enum procsys_mode mode);
MUST_CHECK int app_find_host(struct app *app);

/* Ends a command that failed: prints the diagnostics, then the message; in JSON one object with "error".
 * Returns the exit code. */
int app_fail(struct app *app, enum exit_code code, const char *id, const char *format, ...)
	PRINTF_FORMAT(4, 5);

/* The same for a negative errno of ours: what was being done, and the error. */
int app_fail_errno(struct app *app, int negative_errno, const char *doing);

/* Prints a finished JSON document, with the messages; returns `code`, or the code of a failure. */
int app_finish_json(struct app *app, struct json *json, int code);
