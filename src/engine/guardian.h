/* SPDX-License-Identifier: MIT */
/* guardian.h - undoing a change at its deadline unless somebody confirms it (apply --confirm).
 *
 * The point of a deadline is that whoever set it may have lost the host: so what keeps it must not end with the
 * session that made the change. Where systemd is PID 1 and the change is in its network namespace, a
 * transient service of systemd's does it; everywhere else a process of its own session (kernel/daemon.h).
 *
 * It is armed, and has said so, before the first write. From then on it holds nothing in memory but the change's
 * id: the record says what is to be undone and when, so that confirming, extending and restoring are
 * changes of the record alone. Guardian and `confirm` decide under the lock. The deadline is in
 * CLOCK_BOOTTIME. A change that was killed half-way is undone at its deadline too.
 *
 * If the guardian is killed, the record stays pending: every command tells that its deadline has passed, and restore
 * finishes. What the guardian did is in the record (finished_by) and in the system log. */
#pragma once

#include "base/arena.h"
#include "base/rootdir.h"
#include "kernel/procsys.h"
#include "model/change.h"

#include <stdbool.h>

struct guardian {
	const struct rootdir *root;
	struct procsys *procsys;	/* writable */
	unsigned long seconds;		/* to confirm */
};

/* Before the record is made: which kind of guardian it will be, and the first deadline. 0 or -ENOMEM. */
MUST_CHECK int guardian_plan(const struct guardian *guardian, struct arena *arena,
	struct change_confirmation *ret_confirmation);

/* `seconds` from now on; whoever guards the change sees it in the record. 0 or -ENOMEM. */
MUST_CHECK int guardian_set_deadline(struct arena *arena, struct change_confirmation *confirmation);

/* After the record is made; or again, for a change whose guardian is gone. 0 or a negative errno, -ECHILD when the guardian could not start. */
MUST_CHECK int guardian_arm(const struct guardian *guardian, struct change *change);

/* The guardian itself: waits, decides, and undoes the change if need be. Returns when there is nothing left to
 * guard. 0 or a negative errno. With `ready_fd` (or -1) it tells that it is armed. */
MUST_CHECK int guardian_watch(const struct guardian *guardian, const char *id, int ready_fd);

/* Whether the deadline of a pending change has passed. */
bool guardian_is_overdue(unsigned long long deadline_ms);
