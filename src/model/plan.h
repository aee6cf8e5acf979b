/* SPDX-License-Identifier: MIT */
/* plan.h - the difference between what profiles ask for and what a kernel holds: a value.
 *
 * Made by engine/planner.h, printed by diff, verify and list, carried out by engine/apply.h. A dry run
 * and a real run make the same plan. Rows stand in the order in which they would be written. */
#pragma once

#include "model/catalog.h"
#include "model/profile.h"

#include <stdbool.h>
#include <stddef.h>

enum plan_status {
	PLAN_SAME,		/* holds already */
	PLAN_CHANGE,
	PLAN_ABSENT,		/* no such key on this kernel or in this namespace */
	PLAN_READ_ONLY,		/* differs, but cannot be written in this place */
	PLAN_UNREADABLE,	/* the live value cannot be read */
};

struct plan_note {
	const char *id, *text;
	enum diag_level level;		/* an error stops an apply */
	const char *hint, *source;	/* NULL when there is nothing to add */
};

struct plan_row {
	const char *path;
	const char *key;			/* as shown */
	const struct setting *setting;
	const struct catalog_row *catalog;	/* NULL when the catalogue does not know it */
	enum plan_status status;
	bool tolerated;				/* absent or read-only, and declared optional */
	int error;				/* errno that led to the status, or 0 */
	struct value live;			/* raw; NULL bytes unless it was read */
	struct value target;
	const char *live_text, *target_text;	/* for people; NULL when there is none */
	struct plan_note *notes;
	size_t notes_count;
};

struct plan {
	struct plan_row *rows;
	size_t count, capacity;
	const char *const *profiles;		/* as named on the command line */
	const char *const *digests;		/* of each one's file, in the same order */
	size_t profiles_count;
	const struct setting *const *left_out;	/* their `when` does not hold here */
	size_t left_out_count;
};

struct plan_summary {
	size_t total, same, change, absent, read_only, unreadable;
	size_t blocking;	/* rows that stop an apply: not the same, not writable, not tolerated */
};

/* "same", "change", "absent", "read_only", "unreadable": part of the JSON contract. */
const char *plan_status_name(enum plan_status status);

struct plan_summary plan_summarize(const struct plan *plan);

/* Whether verify passes this row. */
bool plan_row_holds(const struct plan_row *row);

/* Brings the rows into the order in which they must be written (catalogue column "after"). */
void plan_order(struct plan *plan);
