/* SPDX-License-Identifier: MIT */
/* undo.h - putting originals back, by comparing three values: original, ours, now.
 *
 * Per key: where now is the original, there is nothing to do. Where now is ours, or a write was begun
 * whose outcome nobody knows, or `force` is given, the original is written. Anything else is somebody
 * else's later change: it is left alone and marked CHANGE_CONFLICT.
 *
 * A write may move other keys (an ip_forward its children, a dirty_ratio its dirty_bytes), and a kernel may
 * refuse a value as long as another one has not moved yet. So the keys are written newest step first, then
 * the side effects, and the whole is gone through again until nothing differs any more, three times
 * at most. A sibling whose original is zero is never written: its counterpart's write zeroes it, and some
 * refuse a zero. A key that was left alone and that one of our own writes moved is moved back.
 *
 * Sets undo_status of every item that it is about: CHANGE_RESTORED, CHANGE_UNCHANGED, CHANGE_CONFLICT, CHANGE_ABSENT (its interface or module
 * is gone), or CHANGE_ROLLBACK_CONFLICT with undo_error when the original could not be put back. */
#pragma once

#include "base/arena.h"
#include "kernel/procsys.h"
#include "model/change.h"
#include "model/key.h"

struct undo {
	struct arena *arena;
	struct procsys *procsys;
	bool force;
	bool stops_at_signal;		/* between two keys; else signals wait until all is done */
	struct key_filter filter;	/* the keys that are meant; the others are left as they are */
};

/* Makes sure that the steps of the change and undo_run() will have the memory they need: before the first write.
 * 0 or -ENOMEM. */
MUST_CHECK int undo_reserve(struct arena *arena, const struct change *change);

struct undo_result {
	size_t restored, conflicts, failures;
	size_t left;			/* keys of the change that still differ from their original */
	bool interrupted;		/* by a signal */
};

/* Reads item->now and decides; writes nothing. For -n, and as the first half of undo_run(). 0 or -ENOMEM. */
MUST_CHECK int undo_examine(const struct undo *undo, struct change *change,
	struct undo_result *ret_result);

/* Carries it out. 0 or a negative errno (memory). */
MUST_CHECK int undo_run(const struct undo *undo, struct change *change, struct undo_result *ret_result);
