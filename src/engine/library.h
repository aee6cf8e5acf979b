/* SPDX-License-Identifier: MIT */
/* library.h - finding, checking and loading profiles.
 *
 * Search order for a name, first wins: the --profile-dir directories, then below the root
 * /etc/kerntune/profiles, /usr/local/share/kerntune/profiles and the installation's own directory, then
 * the repository's profiles/ of a program that runs from its build tree. An argument with a slash or
 * ending in ".yaml" or ".conf" names a file instead.
 *
 * Calling sequence: library_init() -> library_set() with what --set gives -> library_select() with the command's
 * arguments, or library_names() and library_load() -> library_check_set(). Everything stays valid as long as the
 * arena. The facts that expressions ask for are found out once, when the first one asks.
 *
 * What a profile file must be is checked on the opened descriptor: a regular file of at most 1 MiB; for
 * root, one found by name below /etc or /usr must belong to root and be writable for nobody else,
 * and any other is refused when the world can write it. */
#pragma once

#include "base/diag.h"
#include "base/rootdir.h"
#include "kernel/facts.h"
#include "model/resolve.h"

struct library_directory {
	const char *path;	/* below the root without a leading slash, else as given */
	const char *shown;	/* as a person would name it */
	bool is_below_root;
	bool is_system;		/* holds root's profiles: the strict rule applies */
};

struct library_entry {
	const char *name;
	const struct profile *profile;
	int verdict;		/* of loading it */
	struct library_entry *next;
};

/* One "name=value" of --set. */
struct library_assignment {
	const char *name;
	int64_t value;
	bool is_used;		/* some profile declares the variable */
};

struct library {
	struct arena *arena;
	struct diags *diags;
	const struct rootdir *root;
	struct library_directory *directories;
	size_t directories_count, directories_capacity;
	bool for_check;		/* off by default: files ending in ".conf" are read as sysctl.conf(5), and what
					 * could be read of one with errors is selected nevertheless */
	size_t merges, merged_settings;	/* so far, of one argument */
	struct library_entry *loaded;	/* by name, so that a common ancestor is read once */
	struct facts facts;
	struct library_assignment *assignments;
	size_t assignments_count;
	const char **variables;		/* the names that profiles declare, for the message */
	size_t variables_count, variables_capacity;
};

struct library_options {
	const char *root_path;			/* as given with --root, for messages; "/" without it */
	const char *const *profile_dirs;	/* --profile-dir, in order */
	size_t profile_dirs_count;
};

/* Profiles as one selection: merged settings, in the order of first mention. */
struct selection {
	const char *const *names;
	const char *const *digests;
	size_t count;
	const char *summary;		/* of the first profile; may be NULL */
	const struct variable *const *variables;	/* of the first profile, as they are in force */
	size_t variables_count;
	struct resolved settings;
};

/* 0; 1 with an error in the diagnostics: a directory of --profile-dir cannot be opened; -ENOMEM. */
MUST_CHECK int library_init(struct library *library, struct arena *arena, struct diags *diags,
	const struct rootdir *root, const struct library_options *options);

/* The words of --set, each "name=value". 0; 1 with errors in the diagnostics; -ENOMEM. */
MUST_CHECK int library_set(struct library *library, const char *const words[], size_t count);

/* Reports those that no profile selected so far declares. 0; 1; -ENOMEM. */
MUST_CHECK int library_check_set(struct library *library);

/* The names of all profiles there are, sorted. 0 or -ENOMEM. */
MUST_CHECK int library_names(struct library *library, const char *const **ret_names, size_t *ret_count);

/* Whether the argument names a file for sysctl: it ends in ".conf". */
bool library_is_conf(const char *argument);

/* Loads one profile by argument. 0; 1 with errors in the diagnostics; -ENOMEM. */
MUST_CHECK int library_load(struct library *library, const char *argument,
	const struct profile **ret_profile);

/* Loads, merges and evaluates. 0; 1 with errors in the diagnostics; a negative errno. */
MUST_CHECK int library_select(struct library *library, const char *const arguments[], size_t count,
	struct selection *ret_selection);
