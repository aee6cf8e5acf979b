/* SPDX-License-Identifier: MIT */
/* provenance.h - who set a key, as far as that is known.
 *
 * The kernel does not remember it. What can be known: which changes of kerntune hold the key (engine/stack.h), and what
 * the kernel command line says about it. A value that neither accounts for is the kernel's default, or somebody
 * else's.
 *
 * Calling sequence: provenance_init() once -> provenance_find() for each key. Everything lives in the arena. Reads
 * only. */
#pragma once

#include "base/diag.h"
#include "base/rootdir.h"
#include "kernel/bootline.h"
#include "model/change.h"
#include "model/machine.h"

enum provenance_kind {
	PROVENANCE_CHANGE,	/* of kerntune */
	PROVENANCE_BOOT,	/* a word of the kernel command line */
};

struct provenance_setter {
	enum provenance_kind kind;
	struct value value;		/* that it gave the key; no bytes: it makes the key be absent */
	bool holds;			/* the live value is that one */
	const struct change *change;	/* of a change, with the item that is about the key */
	const struct change_item *item;
	const char *word;		/* of the kernel command line, as it stands there */
};

/* The likelier one first: a change is made after the boot. */
enum { PROVENANCE_SETTERS_MAX = 2 };

struct provenance_answer {
	struct provenance_setter setters[PROVENANCE_SETTERS_MAX];
	size_t count;
};

struct provenance {
	struct arena *arena;
	const struct host *host;
	const struct machine *machine;
	struct change **changes;	/* of this boot, neither undone nor backups; newest first */
	size_t changes_count, changes_capacity;
	bool changes_are_hidden;	/* this user may not read the records */
	struct bootline bootline;
};

/* Reads the change records and the command line. Records that do not read become warnings. 0 or a negative errno.
 * `host` and `machine` must live as long. */
MUST_CHECK int provenance_init(struct provenance *provenance, struct arena *arena, struct diags *diags,
	const struct rootdir *root, const struct host *host, const struct machine *machine);

/* `live`: the value now, without bytes where there is none. */
void provenance_find(const struct provenance *provenance, const char *path, struct value live,
	struct provenance_answer *ret_answer);
