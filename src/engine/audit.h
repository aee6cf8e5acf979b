/* SPDX-License-Identifier: MIT */
/* audit.h - what moves along with a step, beyond what the catalogue knows.
 *
 * Every readable and writable key below some directories is in the record before the first write (CHANGE_WATCHED)
 * and is compared before and after each step. What moved in between becomes a side effect of the change: it is logged,
 * and undone with the rest. What moved at another time moved for other reasons: it is marked
 * CHANGE_FOREIGN_CHANGED, reported and left alone.
 *
 * Calling sequence: audit_watch() while the change is made -> audit_begin() before the first step -> for each step
 * audit_note_strays(), the write, audit_note_moved() -> audit_note_strays() -> audit_drop_unmoved(), which
 * leaves in the change only what is worth telling.
 *
 * All functions: 0 or a negative errno. */
#pragma once

#include "base/arena.h"
#include "engine/record.h"
#include "kernel/procsys.h"
#include "model/change.h"

struct audit {
	struct arena *arena;
	struct procsys *procsys;
	struct record_store *store;
	struct value *last;	/* per item: what it held when it was looked at last */
};

/* The directories of /proc/sys to watch, with NULL at the end: of a host; of a throwaway network namespace, where vm
 * would be the host's. */
extern const char *const audit_host[], *const audit_netns[];

MUST_CHECK int audit_watch(struct procsys *procsys, struct arena *arena, const char *const *directories,
	struct change *change);
MUST_CHECK int audit_begin(struct audit *audit, const struct change *change);
MUST_CHECK int audit_note_strays(struct audit *audit, struct change *change);
MUST_CHECK int audit_note_moved(struct audit *audit, struct change *change, size_t step);
void audit_drop_unmoved(struct change *change);
