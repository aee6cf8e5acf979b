/* SPDX-License-Identifier: MIT */
/* stack.h - changes that stand one upon another, key by key.
 *
 * Each key has a chain: the value that nobody here set, and above it the changes that hold the key, oldest
 * first, each with the value it gave it. The kernel shows the topmost. Taking a change out of the middle
 * writes nothing: the one above it now stands on what lay beneath. Taking out the topmost shows the value
 * beneath it. So any number of changes can be restored in any order, and the last one brings back what was
 * there before the first.
 *
 * Nothing of this is kept twice. A record says for each key whose value its original was (original_owner),
 * as found when it was made; a restore marks what it takes out (withdrawn, or the whole change undone).
 * What lies beneath a change now is found by walking from owner to owner over those that were taken
 * out. So each transition replaces a single record, and no crash can leave two that disagree.
 *
 * Two names of one variable have one chain, and so has a key that is not below net, whatever network namespace it was
 * changed from.
 *
 * A foreign write ends a chain: the next change finds a value that no change of ours gave, and has no owner.
 *
 * The functions that return a number: 0 or a negative errno. */
#pragma once

#include "base/arena.h"
#include "engine/record.h"
#include "model/change.h"

/* For a change that is about to be made: finds whose values its originals are. */
MUST_CHECK int stack_find_owners(const struct record_store *store, struct arena *arena, struct change *change);

/* For a change that is about to be undone: its originals become what lies beneath it now, and held_by tells
 * of the keys that a newer change holds above it. */
MUST_CHECK int stack_settle(const struct record_store *store, struct arena *arena, struct change *change);

/* The item by which a change holds a key as seen from this host: it gave it its value (or its counterpart under another
 * name), or asked for the one that was there. NULL when it does not, or no longer. */
const struct change_item *stack_find_held(const struct change *change, const struct host *host, const char *path);
