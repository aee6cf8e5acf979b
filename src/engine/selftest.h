/* SPDX-License-Identifier: MIT */
/* selftest.h - the proof, on this very kernel, that an apply that fails anywhere leaves nothing behind.
 *
 * In a network namespace of its own, so that nothing of the host is touched: applies the net.* part of profiles, once
 * for each step with that step's write refused, once for each with its write done but reported as failed, and
 * once to the end, followed by a restore. After each of these every key below net must be byte-identical to what
 * it was. Every run is audited (audit.h), which also finds side effects that the catalogue does not know.
 *
 * Calling sequence: netns_enter_new() and procsys_open() are the caller's -> selftest_begin() -> selftest_run() for
 * each selection of profiles -> selftest_end(). The records go to a temporary directory. */
#pragma once

#include "base/arena.h"
#include "base/diag.h"
#include "base/rootdir.h"
#include "engine/library.h"
#include "kernel/procsys.h"
#include "model/host.h"

struct selftest {
	struct procsys *procsys;	/* writable, of the namespace */
	const struct host *host;	/* of the namespace */
	struct rootdir state;		/* what stands for "/" of the record store */
	char state_path[64];
};

struct selftest_result {
	size_t parameters;		/* that are changed */
	size_t runs, failures;
	size_t leftovers;		/* runs after which something was not what it had been */
	const char *problem;		/* of the first run that failed; NULL when none did */
	struct procsys_paths unknown;	/* side effects that the catalogue does not know */
};

/* 0 or a negative errno. */
MUST_CHECK int selftest_begin(struct procsys *procsys, const struct host *host, struct selftest *ret_selftest);
void selftest_end(struct selftest *selftest);
#define CLEANUP_SELFTEST CLEANUP(selftest_end)

/* 0, 1 with errors in the diagnostics when no plan can be made, or a negative errno: -EINTR when a held signal has
 * arrived (kernel/signals.h). */
MUST_CHECK int selftest_run(struct selftest *selftest, struct arena *arena, struct diags *diags,
	const struct selection *selection, struct selftest_result *ret_result);
