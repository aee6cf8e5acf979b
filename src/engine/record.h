/* SPDX-License-Identifier: MIT */
/* record.h - change records on disk: what makes a change one that can always be undone.
 *
 * Where:
 *	/var/lib/kerntune/changes/ID.json	the record (directories 0700, files 0600)
 *	/run/kerntune/lock			byte 0 is locked with fcntl(2) while a command changes
 *						anything, byte 1 (shared) as long as a guardian lives
 *	/run/kerntune/steps			the step log of the change that is being made
 *	/run/kerntune/state			id, state and deadline, readable for everybody, no values
 *
 * Invariants:
 *  1. No parameter is written before its original value is in a synced record.
 *  2. Every write is announced in the step log before it happens; a step that was announced and has no
 *     outcome is put back whatever is there.
 *  3. A record of another boot is history: its values are never written.
 *  4. A record is replaced as a whole (temporary file, rename); one that does not read as whole and sound
 *     is an error, and never leads to a write.
 *
 * States, and the function that performs each transition:
 *
 *	(none) --record_begin()--> recorded --record_intent()--> applying
 *	recorded --record_finish()--> undone (refused before the first write)
 *	applying --record_finish()--> standing | pending | undone | incomplete
 *	pending --record_finish() by confirm--> standing
 *	pending --record_extend()--> pending, with a later deadline
 *	recorded, applying, standing, pending, undoing, incomplete --record_set_undoing()--> undoing
 *	undoing --record_finish()--> undone | incomplete; after a restore of some keys only, what it was before
 *	(none) --record_begin() of a backup, record_finish()--> standing
 *
 * "applying" is never written to the record itself: it is a "recorded" one with intents in the step log,
 * which costs no second write before the first step. A recorded, applying or undoing record that nobody
 * holds the lock for was interrupted. A pending one whose deadline has passed is overdue: its guardian is
 * about to undo it, or is dead, and then restore does.
 *
 * The sync in record_begin() is the only one: the values need no later sync, because after a power cut
 * the boot id differs and the kernel has reset itself. */
#pragma once

#include "base/arena.h"
#include "base/rootdir.h"
#include "format/record_json.h"
#include "model/change.h"

#include <stdbool.h>
#include <stddef.h>

enum record_outcome {
	RECORD_NONE = 1,	/* there is no such record, or no directory for them */
	RECORD_BROKEN,		/* it does not read as a record; the reason is in *ret_problem */
	RECORD_LOCKED,		/* another kerntune is at work */
};

enum record_mode { RECORD_READ, RECORD_WRITE };

struct record_store {
	int changes_fd;		/* -1 while the directory is missing (reading) */
	int run_fd;
	int lock_fd;
	int log_fd;		/* of the change that is being made */
};

#define RECORD_STORE_INIT { .changes_fd = -1, .run_fd = -1, .lock_fd = -1, .log_fd = -1 }

/* Opens the directories, for writing making those that are missing. 0 or a negative errno: for reading,
 * missing directories are no error; -EACCES tells that this user may not read the records. */
MUST_CHECK int record_store_open(const struct rootdir *root, enum record_mode mode,
	struct record_store *ret_store);
void record_store_release(struct record_store *store);
#define CLEANUP_RECORD_STORE CLEANUP(record_store_release)

/* 0, RECORD_LOCKED (never with RECORD_WAIT), or a negative errno. The kernel releases the lock when the process
 * ends, however it does. */
enum record_patience { RECORD_TRY, RECORD_WAIT };
MUST_CHECK int record_lock(struct record_store *store, enum record_patience patience);
void record_unlock(struct record_store *store);

/* The guardian's sign of life, taken once after record_store_open(); and whether there is one. Asking is not for
 * who holds a lock either. 0 or a negative errno. */
MUST_CHECK int record_lock_guardian(struct record_store *store);
bool record_has_guardian(const struct record_store *store);

/* Whether somebody else holds the lock now: a question, for status. Not to be asked by who holds it: closing a
 * second descriptor of the file would release the lock (fcntl(2)). */
bool record_is_locked(const struct record_store *store);

/* Fills in id and created, makes the record durable and, unless it is a backup, opens a fresh step log. After
 * a failure nothing of it is left on disk. 0 or a negative errno: -EOVERFLOW when no id comes after the newest
 * record's, which then is a strange one. */
MUST_CHECK int record_begin(struct record_store *store, struct arena *arena, struct change *change);

/* Announce a write, and tell its outcome. 0 or a negative errno: after a failed announcement the write must
 * not happen. */
MUST_CHECK int record_intent(struct record_store *store, struct change *change, size_t index);
MUST_CHECK int record_outcome(struct record_store *store, struct change *change, size_t index);

/* What an audit saw: an item that moved along with a step, with what it holds now in `ours`; one that moved
 * for another reason. 0 or a negative errno. */
MUST_CHECK int record_moved(struct record_store *store, struct change *change, size_t index);
MUST_CHECK int record_stray(struct record_store *store, struct change *change, size_t index);

/* Replaces the record; see the states above. 0 or a negative errno. Once the record itself is replaced, a
 * state file that cannot be written is no error. */
MUST_CHECK int record_set_undoing(struct record_store *store, struct arena *arena, struct change *change);
MUST_CHECK int record_finish(struct record_store *store, struct arena *arena, struct change *change,
	enum change_state state, enum change_actor actor);

/* Writes a pending change's new deadline down. 0 or a negative errno. */
MUST_CHECK int record_extend(struct record_store *store, struct arena *arena, struct change *change);

/* The ids of all records, oldest first. 0 or a negative errno. */
MUST_CHECK int record_list(const struct record_store *store, struct arena *arena,
	const char *const **ret_ids, size_t *ret_count);

/* Reads a record, with the step log of a change that was not finished. 0, RECORD_NONE, RECORD_BROKEN with the
 * problem, or -ENOMEM. */
MUST_CHECK int record_load(const struct record_store *store, struct arena *arena, const char *id,
	struct change **ret_change, const char **ret_problem);

/* All records, newest first: record_walk(), then record_walk_next() until RECORD_NONE. Each step gives a
 * change, or RECORD_BROKEN with the id and the problem; only being short of memory ends it early. */
struct record_walk {
	const struct record_store *store;
	struct arena *arena;
	const char *const *ids;
	size_t left;
};

MUST_CHECK int record_walk(const struct record_store *store, struct arena *arena,
	struct record_walk *ret_walk);
MUST_CHECK int record_walk_next(struct record_walk *walk, struct change **ret_change,
	const char **ret_id, const char **ret_problem);

/* The same, passing quickly over what is history: undone, a backup, or of another boot. */
MUST_CHECK int record_walk_next_current(struct record_walk *walk, const struct host *host,
	struct change **ret_change, const char **ret_id, const char **ret_problem);

/* The newest change of the host's boot for which `is_meant` answers yes: 0, RECORD_NONE, or a negative errno.
 * Backups and records that do not read are passed over. */
enum record_place { RECORD_HERE, RECORD_ANYWHERE };	/* the host's network namespace, or any */
MUST_CHECK int record_newest(const struct record_store *store, struct arena *arena, const struct host *host,
	enum record_place place, bool (*is_meant)(const struct change *change), struct change **ret_change);

/* For record_newest(): everything that is neither undone nor a backup. */
bool record_is_not_over(const struct change *change);

/* What everybody may know: 0, RECORD_NONE, or a negative errno. */
MUST_CHECK int record_load_notice(const struct record_store *store, struct arena *arena,
	struct record_notice *ret_notice);

/* Like change_is_unsettled(). */
bool record_notice_is_unsettled(const struct record_notice *notice);

/* With the lock: a program that was killed between record and notice leaves a notice that says something else
 * than the record. Mends it, as far as it can be. 0 or -ENOMEM. */
MUST_CHECK int record_mend_notice(const struct record_store *store, struct arena *arena);

/* Now, and some seconds from now, as RFC 3339 in UTC. NULL when memory is short. */
const char *record_timestamp(struct arena *arena);
const char *record_timestamp_in(struct arena *arena, unsigned long seconds);
