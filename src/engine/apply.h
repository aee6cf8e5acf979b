/* SPDX-License-Identifier: MIT */
/* apply.h - carrying out a plan: all of it, or nothing.
 *
 * Calling sequence: planner_build() -> the lock and the checks of restore.h are the caller's ->
 * signals_hold() -> apply_run(). It makes the change from the plan, with every key that the catalogue says
 * will move along; makes the record durable; arms the guardian, if there is to be one; then for each step reads
 * the key again, announces the write, writes, reads back and classifies. On the first failure or held
 * signal everything is undone in reverse order. After the last step all keys are read again, for a later
 * step may have moved an earlier key. See record.h for what is on disk at each moment. */
#pragma once

#include "base/arena.h"
#include "engine/guardian.h"
#include "engine/record.h"
#include "kernel/procsys.h"
#include "model/change.h"
#include "model/plan.h"

struct apply {
	struct arena *arena;
	struct procsys *procsys;	/* writable */
	struct record_store *store;	/* locked */
	const struct host *host;
	const char *label;		/* NULL when none was given */
	const struct rootdir *counted;	/* the root whose counters the record is to keep as a baseline; or NULL */
	const char *const *audited;	/* where to look for side effects that nobody knew of (audit.h); or NULL */
	const struct guardian *guardian;	/* to be armed: the change waits for its confirmation; or NULL */
};

enum apply_outcome {
	APPLY_APPLIED,			/* everything asked for holds */
	APPLY_PENDING,			/* so it does, and the guardian will undo it unless it is confirmed */
	APPLY_NOTHING_TO_DO,
	APPLY_REFUSED,			/* a foreign change before the first write: nothing was written */
	APPLY_ROLLED_BACK,		/* it failed, and everything is back */
	APPLY_INCOMPLETE,		/* it failed, and not everything could be put back */
};

struct apply_result {
	enum apply_outcome outcome;
	struct change *change;		/* NULL when there was nothing to do */
	const struct change_item *culprit;	/* the step that failed; NULL for a signal */
	const char *problem;		/* what went wrong, for people; NULL when nothing did */
	int signal;			/* that stopped it, or 0 */
	int record_error;		/* negative errno when the record's last state could not be written */
};

/* 0, or a negative errno when nothing was written: memory, the record could not be made, or -ECHILD when no guardian
 * could be armed. Everything that happens after the first write is in the result. */
MUST_CHECK int apply_run(const struct apply *apply, const struct plan *plan,
	struct apply_result *ret_result);

/* "applied", "rolled_back", ...: part of the JSON contract. */
const char *apply_outcome_name(enum apply_outcome outcome);
