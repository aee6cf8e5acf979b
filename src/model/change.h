/* SPDX-License-Identifier: MIT */
/* change.h - one change of a host's parameters, as the change record keeps it: a value.
 *
 * format/record_json.h turns it into the text of a record and back; engine/record.h keeps records on disk
 * and owns the transitions between states; engine/apply.h and engine/restore.h carry changes out and
 * undo them. A backup is a change that never wrote anything. */
#pragma once

#include "model/counters.h"
#include "model/host.h"
#include "model/value.h"

#include <stdbool.h>
#include <stddef.h>

enum change_kind { CHANGE_APPLY, CHANGE_BACKUP };

enum change_state {
	CHANGE_RECORDED,	/* the originals are durable, nothing has been written */
	CHANGE_APPLYING,	/* writes may have happened: interrupted when nobody is at it */
	CHANGE_STANDING,	/* everything asked for holds */
	CHANGE_PENDING,		/* so it does, and will be undone at the deadline unless it is confirmed */
	CHANGE_UNDOING,		/* being put back: interrupted when nobody is at it */
	CHANGE_UNDONE,		/* everything is back */
	CHANGE_INCOMPLETE,	/* not everything could be put back: a person must look */
};

enum change_role {
	CHANGE_STEP,		/* a key of the plan */
	CHANGE_SIDE,		/* a key that the kernel moves along with a step */
	CHANGE_WATCHED,		/* a key that no step is known to move, looked at by an audit; it becomes
				 * a side effect when it moves with a step */
};

/* Who brought a change into its last state. */
enum change_actor {
	CHANGE_BY_APPLY,
	CHANGE_BY_RESTORE,
	CHANGE_BY_CONFIRM,
	CHANGE_BY_GUARDIAN,	/* at the deadline, because nobody confirmed */
};

/* What reverts a pending change at its deadline. */
enum change_guardian {
	CHANGE_GUARDIAN_NONE,
	CHANGE_GUARDIAN_PROCESS,	/* see engine/guardian.h */
	CHANGE_GUARDIAN_SERVICE,	/* a transient systemd service */
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
	struct value original;		/* raw bytes as read before anything was written; none where there was
					 * nothing to read: an action, a secret that was never set */
	const char *original_owner;	/* id of the older change that had set the original, and still stood;
					 * NULL when there was none. See engine/stack.h */
	struct value target;		/* what was asked for; none but for a step */
	struct value ours;		/* raw bytes as read after the change; NULL bytes until then */
	struct value now;		/* raw bytes as read before undoing; not recorded */
	struct value after;		/* raw bytes as read after undoing; not recorded */
	bool intended;			/* a write was begun */
	bool completed;			/* ... and its outcome is known */
	bool moved_along;		/* an audit saw it move while another key was written */
	bool withdrawn;			/* a restore is through with it: this change no longer holds it */
	enum change_status status;
	int error;			/* errno of a failed write, or 0 */
	const char *held_by;		/* a newer change that has set the key since; not recorded */
	enum change_status undo_status;	/* what undoing came to; CHANGE_NOT_TRIED: not its business */
	int undo_error;			/* neither is recorded */
};

struct change_profile {
	const char *name, *digest;
};

/* All zero unless the change was made with --confirm. */
struct change_confirmation {
	enum change_guardian guardian;
	unsigned long seconds;			/* as asked for */
	unsigned long long deadline_ms;		/* CLOCK_BOOTTIME, in milliseconds */
	const char *deadline;			/* the same by the wall clock, RFC 3339, for people */
};

struct change {
	const char *id;
	enum change_kind kind;
	enum change_state state;
	const char *created;		/* RFC 3339, UTC */
	const char *finished;		/* when the state was last changed; NULL before */
	enum change_actor finished_by;
	const char *label;		/* NULL when none was given */
	struct change_confirmation confirmation;
	struct host host;
	const struct counters *baseline;	/* as they were before the first write; NULL when that is not known */
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
const char *change_actor_name(enum change_actor actor);
const char *change_guardian_name(enum change_guardian guardian);
MUST_CHECK bool change_kind_parse(const char *name, enum change_kind *ret_kind);
MUST_CHECK bool change_state_parse(const char *name, enum change_state *ret_state);
MUST_CHECK bool change_role_parse(const char *name, enum change_role *ret_role);
MUST_CHECK bool change_status_parse(const char *name, enum change_status *ret_status);
MUST_CHECK bool change_actor_parse(const char *name, enum change_actor *ret_actor);
MUST_CHECK bool change_guardian_parse(const char *name, enum change_guardian *ret_guardian);

/* An identifier such as 20261122T064700Z-7f3a: sorts by time, and is safe as a file's name. */
bool change_id_is_valid(const char *id);

/* Begun and not finished: interrupted, when nobody is at it. */
bool change_is_open(const struct change *change);

/* Open, or waiting for its confirmation: no other change may be made. */
bool change_is_unsettled(const struct change *change);

/* How many parameters it set, or for a backup kept. */
size_t change_count_steps(const struct change *change);

struct change_item *change_find(const struct change *change, const char *path);
