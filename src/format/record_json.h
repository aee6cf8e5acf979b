/* SPDX-License-Identifier: MIT */
/* record_json.h - a change record as text, and back.
 *
 * The text is readable JSON, schema "kerntune.change/1": who, when, which kernel, boot and network
 * namespace, and for every key the bytes that stood there, what was asked for and what was stored.
 * An apply's record also has the counters as they were before the first write ("baseline"), by their names in
 * model/counters.h and as text.
 *
 * Reading expects a hostile text: it is whole and sound or refused. The last member is a checksum of all that stands
 * before it, so that an accident or a hand in it shows; a record without one is read as well. */
#pragma once

#include "base/arena.h"
#include "base/strbuf.h"
#include "model/change.h"

#include <stddef.h>

/* 0 or -ENOMEM. */
MUST_CHECK int record_json_write(struct strbuf *text, const struct change *change);

/* 0; 1 when the text is not a change record with this id, with the reason in *ret_problem; -ENOMEM. */
MUST_CHECK int record_json_read(struct arena *arena, const char *text, size_t length, const char *id,
	struct change **ret_change, const char **ret_problem);

/* What everybody may know of a change: no values. */
struct record_notice {
	const char *id;
	enum change_state state;
	const char *boot_id;
	unsigned long long deadline_ms;	/* see struct change_confirmation; only with a deadline */
	const char *deadline;		/* NULL when there is none */
};

/* 0 or -ENOMEM; reading answers 1 for anything that is not such a text. */
MUST_CHECK int record_json_write_notice(struct strbuf *text, const struct change *change);
MUST_CHECK int record_json_read_notice(struct arena *arena, const char *text, size_t length,
	struct record_notice *ret_notice);
