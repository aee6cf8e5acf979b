/* SPDX-License-Identifier: MIT */
/* lint.h - what is wrong with settings that the kernel would take, as a table of named checks.
 *
 * A finding points at the line, says what is so, how to mend it, and how that is known. There are three levels:
 *
 *	error	the kernel refuses it, or it means nothing: it stops an apply
 *	warning	it is likely to do harm on this host, or it cannot be set here
 *	note	it does no harm, but not what it is often set for either
 *
 * A check speaks up only about what it can know: values are held against what will be in force, that is, what the
 * settings ask for and otherwise what the kernel has now, and where neither is known it says nothing. Settings with
 * at_least or at_most that leave the live value alone ask for nothing, and checks of values pass them over.
 *
 * Calling sequence: fill in the first part of a struct lint -> lint_run() -> the diagnostics, and the findings with
 * the setting that each is about. Reads below proc/sys, and for ports that come into a range the listening
 * sockets; writes nothing.
 *
 * Some rows of the table have no function: their findings are made where a file is read (model/validate.h,
 * format/sysctl_conf.h) and stand here so that people can look them up and switch them off. */
#pragma once

#include "base/diag.h"
#include "base/rootdir.h"
#include "kernel/procsys.h"
#include "model/catalog.h"
#include "model/listener.h"
#include "model/machine.h"
#include "model/resolve.h"

enum { LINT_KEYS_MAX = 8 };

struct lint;

struct lint_check {
	const char *id;			/* part of the JSON contract */
	enum diag_level level;
	const char *statement;		/* one line */
	const char *source;		/* how it is known */
	const char *keys[LINT_KEYS_MAX + 1];	/* paths or globs that it looks at; none: all */
	bool needs_value;		/* not for settings that leave the live value alone */
	bool in_plan;			/* diff and apply tell it too, of keys that would change */
	void (*run)(struct lint *lint);	/* about lint->setting; NULL: made while the file is read */
};

extern const struct lint_check lint_checks[];
extern const size_t lint_checks_count;

const struct lint_check *lint_find(const char *id);

/* The id that this is likely a slip of, or NULL. */
const char *lint_suggest(const char *id);

struct lint_finding {
	const struct lint_check *check;
	const struct setting *setting;
	const struct diag *diag;
};

struct lint {
	struct arena *arena;
	struct diags *diags;
	struct procsys *procsys;
	const struct rootdir *root;
	const struct machine *machine;	/* NULL: looked up when it is asked for */
	const struct resolved *settings;
	bool for_plan;			/* only the checks with in_plan */

	struct lint_finding *findings;	/* those that were kept, see base/diag.h */
	size_t findings_count, findings_capacity;

	/* ---- what checks work with, see engine/lint_check.h ---- */
	const struct lint_check *check;
	const struct setting *setting;
	struct value target;		/* what the setting comes to here; NULL bytes: not known */
	const struct catalog_row *row;	/* of its key, or NULL */
	struct listeners *listeners;	/* what listens here, once it was asked for; NULL: not known */
	bool asked_for_listeners;
	const char *module;		/* that was asked for last, and whether the kernel has it */
	bool has_module;
	bool was_probed;
	int outcome;			/* of procsys_probe() */
};

/* 0 or -ENOMEM. That there are findings is no failure. */
MUST_CHECK int lint_run(struct lint *lint);
