/* SPDX-License-Identifier: MIT */
/* undo.h - putting originals back, by comparing three values: original, ours, now.
 *
 * Per key: where now is the original, there is nothing to do, and neither is there where a newer change of ours
 * holds the key (see stack.h). Where now is ours, the original is written;
 * so it is where a write was begun whose outcome nobody knows or that was refused half-way, for a side
 * effect of a change that did not come to its end, and with `force`. Anything else is somebody else's
 * later change: it is left alone and marked CHANGE_CONFLICT. A side effect that never happened is none of
 * our business.
 *
 * A write may move other keys (an ip_forward its children, a dirty_ratio its dirty_bytes), and a kernel
 * may refuse a value as long as another one has not moved yet. So the keys are written newest step first,
 * then the side effects, and the whole is gone through again until nothing differs any more, three times
 * at most. A sibling whose original is zero is not written at first: its counterpart's write zeroes it,
 * and some refuse a zero. A key that is left alone and that one of our own writes moved is moved back.
 *
 * Sets undo_status of every item that it is about: CHANGE_RESTORED, CHANGE_UNCHANGED, CHANGE_CONFLICT,
 * CHANGE_ABSENT (its interface or module is gone), or CHANGE_ROLLBACK_CONFLICT with undo_error when the
 * original could not be put back. CHANGE_NOT_TRIED is an item that is not meant, or whose turn had not
 * come when a signal arrived. */
#pragma once

#include "base/arena.h"
#include "kernel/procsys.h"
#include "model/change.h"
#include "model/key.h"

struct undo {
	struct arena *arena;
	struct procsys *procsys;
	bool force;
	bool resumes;			/* an earlier undo of this change was interrupted */
	bool stops_at_signal;		/* between two keys; else signals wait until all is done */
	struct key_filter filter;	/* the keys that are meant; the others are left as they are */
};

/* Makes sure that the steps of the change and undo_run() will have the memory they need: before the first
 * write. 0 or -ENOMEM. */
MUST_CHECK int undo_reserve(struct arena *arena, const struct change *change);

struct undo_result {
	size_t examined, restored, conflicts, failures;
	size_t left;			/* keys of the change that still differ from their original */
	bool interrupted;		/* by a signal */
};

/* Reads item->now and decides; writes nothing. For -n, and as the first half of undo_run(). 0 or -ENOMEM. */
MUST_CHECK int undo_examine(const struct undo *undo, struct change *change,
	struct undo_result *ret_result);

/* Carries it out. 0, or -ENOMEM when nothing was done. */
MUST_CHECK int undo_run(const struct undo *undo, struct change *change, struct undo_result *ret_result);

/* After undo_run(), when the change is remembered: the keys that it is through with are no longer the change's
 * (item->withdrawn). Neither are those that the change had found as it wanted them, where nothing was to be put
 * back. */
void undo_withdraw(const struct undo *undo, struct change *change);
