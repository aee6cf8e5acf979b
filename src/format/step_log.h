/* SPDX-License-Identifier: MIT */
/* step_log.h - the log of what an apply has begun and finished, one line each.
 *
 *	kerntune-steps 1 BOOT-ID CHANGE-ID
 *	intent INDEX
 *	outcome INDEX STATUS ERRNO BASE64
 *	moved INDEX BASE64		an audit saw it move along with a step
 *	stray INDEX			... or for another reason
 *
 * INDEX counts the record's items from 0; BASE64 is what was read back ("-" when nothing could be read).
 * Lines are appended with one write each and never synced: after a power cut the boot id differs, and
 * then the values of that boot are gone anyway. */
#pragma once

#include "base/strbuf.h"
#include "model/change.h"

#include <stddef.h>

/* Each adds one line; strbuf_check() tells of memory. */
void step_log_add_header(struct strbuf *text, const struct change *change);
void step_log_add_intent(struct strbuf *text, size_t index);
void step_log_add_outcome(struct strbuf *text, size_t index, const struct change_item *item);
void step_log_add_moved(struct strbuf *text, size_t index, const struct change_item *item);
void step_log_add_stray(struct strbuf *text, size_t index);

/* What "moved" means: a key that no step was known to move is a side effect from now on. */
void step_log_mark_moved(struct change_item *item);

/* Marks the items of the change as the log says. 0; 1 when the log is not this change's (untouched then),
 * which includes one whose lines make no sense; -ENOMEM. A last line without its newline was cut by a
 * crash and does not count. */
MUST_CHECK int step_log_read(struct arena *arena, const char *text, size_t length, struct change *change);
