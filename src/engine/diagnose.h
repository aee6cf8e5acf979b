/* SPDX-License-Identifier: MIT */
/* diagnose.h - one look at TCP on this host, and what is to be said about it.
 *
 * Calling sequence: diagnose() -> the findings, the worst first, and what was seen. Everything lives in the arena. Reads
 * only. What the ids mean: engine/finding_table.h; how deep it looks: engine/observe.h. */
#pragma once

#include "base/rootdir.h"
#include "engine/finding_table.h"
#include "engine/observation.h"
#include "kernel/procsys.h"

/* Which are looked at for their descriptors: those of this network namespace, all that proc shows, or none. */
enum diagnose_processes { DIAGNOSE_PROCESSES_HERE, DIAGNOSE_PROCESSES_ALL, DIAGNOSE_PROCESSES_NONE };

struct diagnose_request {
	const struct rootdir *root;
	struct procsys *procsys;
	uint64_t interval_ns;	/* between the two samples; 0: one sample, and no rates */
	bool counts_only;	/* counters, listeners and the number of sockets in each state */
	bool deep;		/* all owners, by a walk without short cuts */
	enum diagnose_processes processes;
};

struct diagnosis {
	struct arena *arena;
	struct observation seen;
	struct findings findings;
	bool deep;

	/* ---- for the checks, see engine/diagnose_check.h ---- */
	struct procsys *procsys;	/* NULL: live values are not known */
	struct finding spare;		/* what is written to when memory is short */
	bool failed;
};

/* 0 or a negative errno. */
MUST_CHECK int diagnose(const struct diagnose_request *request, struct arena *arena, struct diagnosis *ret_diagnosis);

/* ---- the steps of it, for tests, for watch and for many namespaces ---- */

struct observe;

/* After the counters and listeners were read once or twice: the sockets, the owners, and the verdict. 0 or a negative
 * errno. */
MUST_CHECK int diagnose_finish(const struct diagnose_request *request, struct observe *observe,
	struct diagnosis *diagnosis);

/* Sleeps, whatever the clock of the wall does. */
void diagnose_wait(uint64_t nanoseconds);

/* Asks the checks whose sockets they want to know the owners of. 0 or -ENOMEM. */
MUST_CHECK int diagnose_suspects(struct diagnosis *diagnosis);

/* Judges diagnosis->seen, whoever filled it in. 0 or -ENOMEM. */
MUST_CHECK int diagnose_judge(struct diagnosis *diagnosis);
