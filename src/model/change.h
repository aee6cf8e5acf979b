/* SPDX-License-Identifier: MIT */
/* change.h - one change of a host's parameters, as the change record keeps it: a value.
 *
 * format/record_json.h turns it into the text of a record and back; engine/record.h keeps records on disk
 * and owns the transitions between states; engine/apply.h and engine/restore.h carry changes out and
 * undo them. A backup is a change that never wrote anything. */
#pragma once

#include "model/host.h"
#include "model/value.h"

#include <stdbool.h>
#include <stddef.h>

enum change_kind { CHANGE_APPLY, CHANGE_BACKUP };

enum change_state {
	CHANGE_RECORDED,	/* the originals are durable, nothing has been written */
	CHANGE_APPLYING,	/* writes may have happened: interrupted when nobody is at it */
	CHANGE_STANDING,	/* everything asked for holds */
	CHANGE_UNDOING,		/* being put back: interrupted when nobody is at it */
	CHANGE_UNDONE,		/* everything is back */
	CHANGE_INCOMPLETE,	/* not everything could be put back: a person must look */
};

enum change_role {
	CHANGE_STEP,		/* a key of the plan */
	CHANGE_SIDE,		/* a key that the kernel moves along with a step */
};

enum change_status {
	CHANGE_NOT_TRIED,
	CHANGE_UNCHANGED,
	CHANGE_APPLIED,
	CHANGE_ADJUSTED,	/* stored rounded, as the catalogue says it would be */
	CHANGE_REJECTED,	/* refused, or stored as something else */
	CHANGE_ABSENT,
	CHANGE_READ_ONLY,
	CHANGE_FOREIGN_CHANGED,	/* somebody else wrote it between plan and step */
	CHANGE_ROLLED_BACK,
	CHANGE_ROLLBACK_CONFLICT,
	CHANGE_RESTORED,
	CHANGE_CONFLICT,	/* changed by somebody else since: left alone */
};

struct change_item {
	const char *path;
	const char *key;		/* as shown */
	enum change_role role;
	enum value_type type;
	struct value original;		/* raw bytes as read before anything was written */
	struct value target;		/* what was asked for; none for a side effect */
	struct value ours;		/* raw bytes as read after the change; NULL bytes until then */
	struct value now;		/* raw bytes as read before undoing; not recorded */
	struct value after;		/* raw bytes as read after undoing; not recorded */
	bool intended;			/* a write was begun */
	bool completed;			/* ... and its outcome is known */
	enum change_status status;
	int error;			/* errno of a failed write, or 0 */
	enum change_status undo_status;	/* what undoing came to; CHANGE_NOT_TRIED: not its business */
	int undo_error;			/* neither is recorded */
};

struct change_profile {
	const char *name, *digest;
};

struct change {
	const char *id;
	enum change_kind kind;
	enum change_state state;
	const char *created;		/* RFC 3339, UTC */
	const char *finished;		/* when the state was last changed; NULL before */
	const char *label;		/* NULL when none was given */
	struct host host;
	struct change_profile *profiles;
	size_t profiles_count;
	struct change_item *items;	/* steps in the order of writing, then side effects */
	size_t items_count, items_capacity;
};

/* The words of the record and of the JSON output; parse returns false for any other word. */
const char *change_kind_name(enum change_kind kind);
const char *change_state_name(enum change_state state);
const char *change_role_name(enum change_role role);
const char *change_status_name(enum change_status status);
MUST_CHECK bool change_kind_parse(const char *name, enum change_kind *ret_kind);
MUST_CHECK bool change_state_parse(const char *name, enum change_state *ret_state);
MUST_CHECK bool change_role_parse(const char *name, enum change_role *ret_role);
MUST_CHECK bool change_status_parse(const char *name, enum change_status *ret_status);

/* An identifier such as 20261122T064700Z-7f3a: sorts by time, and is safe as a file's name. */
bool change_id_is_valid(const char *id);

/* Begun and not finished: interrupted, when nobody is at it. */
bool change_is_open(const struct change *change);

/* How many parameters it set, or for a backup kept. */
size_t change_count_steps(const struct change *change);

struct change_item *change_find(const struct change *change, const char *path);
