/* SPDX-License-Identifier: MIT */
/* explain.h - what is known about keys: the catalogue, the kernel, the records and the profiles asked about each.
 *
 * Calling sequence: set up a struct explain -> explain_find() for each argument, or explain_topics() -> explain_read(),
 * and for whoever wants to know more than the live value explain_set_by() and explain_uses() -> look at the subjects.
 * Everything lives in the arena. Reads only, and each key once, but for those that a profile sets. */
#pragma once

#include "base/diag.h"
#include "engine/library.h"
#include "engine/provenance.h"
#include "kernel/procsys.h"
#include "model/catalog.h"
#include "model/machine.h"
#include "model/plan.h"

enum subject_status {
	SUBJECT_PRESENT,
	SUBJECT_ABSENT,
	SUBJECT_UNREADABLE,
};

/* What a profile would make of the key. */
struct subject_use {
	const char *profile;		/* the one that was loaded; row->setting->profile is the one that defines it */
	const struct plan_row *row;
};

/* One key; or, with is_pattern, a row of the catalogue that stands for many. Of a pattern are known what its "all" and
 * its "default" hold, as "all 0, default 1" in live_text, and nothing else of this machine. */
struct subject {
	const char *path, *key;			/* with slashes; as shown */
	bool is_pattern;
	const struct catalog_row *catalog;	/* NULL when the catalogue does not know it */
	enum subject_status status;
	const char *why_absent;			/* as far as known, or NULL */
	int error;				/* why it is unreadable */
	bool is_writable;			/* here, for whoever has the right */
	struct value live;			/* raw; no bytes unless it was read */
	const char *live_text;			/* for people; NULL unless it was read */
	struct provenance_answer set_by;
	struct subject_use *uses;
	size_t uses_count, uses_capacity;
};

struct explain {
	struct arena *arena;
	const struct rootdir *root;
	struct procsys *procsys;
	const struct machine *machine;
	struct subject *subjects;		/* in the order in which they were asked for */
	size_t count, capacity;
};

/* What an argument led to: the subjects [first, first + count). */
struct explain_match {
	size_t first, count;
	bool is_search;			/* it was no name of a key: one hit or many */
	size_t others;			/* of a word that is a name: rows with a longer name that has it as a part */
	const char *others_glob;	/* which finds these and the one that is meant */
	const char *problem, *hint;	/* when there is nothing: the end of a sentence that begins with the argument,
					 * and what to do about it */
};

enum { EXPLAIN_NOTHING = 1 };

/* What an argument may be:
 *	a key, dotted or with slashes, with or without /proc/sys/ before it, that the catalogue or this kernel knows; a
 *		slash at its end is ignored
 *	a glob of keys: the live keys that match it component by component, and the rows of the catalogue, where a *
 *		also stands for separators (key_selected())
 *	a directory of keys, which means all that is directly in it and all that the catalogue has below it
 *	a word, without a separator: the rows of the catalogue whose name's last part it is; if there are none, those
 *		that have it in their name, and after them those that have it in their summary, unit or myths; if there are
 *		none either, the live keys that have it in the last part of their name; else a directory of that name.
 *		Case does not matter, nor whether it has "-", "_" or a blank
 * 0, EXPLAIN_NOTHING with the problem, or -ENOMEM. */
MUST_CHECK int explain_find(struct explain *explain, const char *argument, struct explain_match *ret_match);

/* Whether it has the word anywhere, by the same rules. */
bool explain_has_word(const char *text, const char *word);

/* Adds the keys of the quick reference, topic by topic. 0 or -ENOMEM. */
MUST_CHECK int explain_topics(struct explain *explain);

/* Reads what each subject holds. 0 or -ENOMEM. */
MUST_CHECK int explain_read(struct explain *explain);

/* Finds who set it. */
void explain_set_by(struct explain *explain, const struct provenance *provenance);

/* Asks every profile that is found; those that cannot be used become a warning. The library must have diagnostics of
 * its own: what it says about its files belongs to "check". 0 or -ENOMEM. */
MUST_CHECK int explain_uses(struct explain *explain, struct library *library, struct diags *diags);
