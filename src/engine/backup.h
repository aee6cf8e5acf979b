/* SPDX-License-Identifier: MIT */
/* backup.h - a record of values as they are, without changing any. */
#pragma once

#include "engine/record.h"
#include "kernel/procsys.h"

struct backup {
	struct arena *arena;
	struct procsys *procsys;
	struct record_store *store;	/* locked */
	const struct host *host;
	const char *label;
};

/* Records every key of the list that can be read and is there. 0 with the change, whose items may be
 * none; or a negative errno. */
MUST_CHECK int backup_run(const struct backup *backup, const struct procsys_paths *paths,
	struct change **ret_change);
