/* SPDX-License-Identifier: MIT */
/* Failing at every step, and looking at what is left. */
#define _GNU_SOURCE
#include "engine/selftest.h"

#include "base/fileio.h"
#include "engine/apply.h"
#include "engine/audit.h"
#include "engine/planner.h"
#include "engine/restore.h"
#include "kernel/signals.h"
#include "model/catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- where the records go ---- */

int selftest_begin(struct procsys *procsys, const struct host *host, struct selftest *ret_selftest)
{
	struct selftest selftest = { .procsys = procsys, .host = host, .state = ROOTDIR_INIT,
		.state_path = "/tmp/kerntune-selftest-XXXXXX" };
	int r;

	if (!mkdtemp(selftest.state_path))
		return -errno;
	r = rootdir_open(selftest.state_path, &selftest.state);
	if (r < 0) {
		(void)rmdir(selftest.state_path);
		return r;
	}
	*ret_selftest = selftest;
	return 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status;
	(void)kind;
	(void)place;
	return remove(path);
}

void selftest_end(struct selftest *selftest)
{
	if (selftest->state.fd < 0)
		return;
	rootdir_release(&selftest->state);
	/* A directory of our own with a random name, which only this user can enter. */
	(void)nftw(selftest->state_path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* ---- one run ---- */

enum fault { FAULT_NONE, FAULT_REFUSED, FAULT_TORN };

/* What stands between the program and the kernel: fails the write of a chosen step. */
struct saboteur {
	enum fault fault;
	size_t fail_at, writes;
};

static ssize_t sabotaged_write(void *context, const char *path, int fd, const void *bytes, size_t size)
{
	struct saboteur *saboteur = context;

	(void)path;
	if (++saboteur->writes != saboteur->fail_at || saboteur->fault == FAULT_NONE)
		return write(fd, bytes, size);
	if (saboteur->fault == FAULT_TORN)
		(void)!write(fd, bytes, size);
	errno = EIO;
	return -1;
}

struct run {
	struct selftest *selftest;
	struct arena *arena;		/* of this run */
	struct diags *diags;
	const struct selection *selection;
	struct saboteur saboteur;
	const char *problem;
};

/* Every key below net that can be written, one after the other. */
static int take_snapshot(const struct run *run, struct strbuf *text)
{
	struct procsys_paths paths = { 0 };
	int r = procsys_walk(run->selftest->procsys, run->arena, "net", &paths);

	for (size_t i = 0; r >= 0 && i < paths.count; i++) {
		struct value value = { .bytes = NULL };
		int error;

		r = procsys_read(run->selftest->procsys, run->arena, paths.paths[i], &value, &error);
		strbuf_printf(text, "%s = ", paths.paths[i]);
		if (value.bytes)
			strbuf_add(text, value.bytes, value.length);
	}
	return r < 0 ? r : strbuf_check(text);
}

/* The first line in which two snapshots differ. */
static const char *describe_difference(struct arena *arena, const struct strbuf *before, const struct strbuf *after)
{
	size_t start = 0, at = 0;

	for (; at < before->length && before->bytes[at] == after->bytes[at]; at++)
		if (before->bytes[at] == '\n')
			start = at + 1;
	return arena_printf(arena, "not byte-identical: before \"%.*s\", after \"%.*s\"",
		(int)strcspn(before->bytes + start, "\n"), before->bytes + start,
		(int)strcspn(after->bytes + start, "\n"), after->bytes + start);
}

static int make_plan(const struct run *run, struct plan *ret_plan)
{
	static const char *const only_net[] = { "net/*" };
	const struct planner planner = {
		.arena = run->arena,
		.diags = run->diags,
		.procsys = run->selftest->procsys,
		.filter = { .only = only_net, .only_count = 1 },
	};

	return planner_build(&planner, run->selection, ret_plan);
}

static int apply_plan(struct run *run, struct record_store *store, const struct plan *plan,
	struct apply_result *ret_result)
{
	const struct apply apply = {
		.arena = run->arena,
		.procsys = run->selftest->procsys,
		.store = store,
		.host = run->selftest->host,
		.audited = audit_netns,
	};

	return apply_run(&apply, plan, ret_result);
}

static int restore_newest(struct run *run, struct record_store *store)
{
	const struct undo undo = { .arena = run->arena, .procsys = run->selftest->procsys };
	struct restore_result result;
	const char *problem;
	struct change *change;
	int r = restore_choose(store, run->arena, run->selftest->host, NULL, false, &change, &problem);

	if (r == 0)
		r = restore_run(&undo, store, CHANGE_BY_RESTORE, change, &result);
	if (r < 0)
		return r;
	if (r > 0 || result.outcome != RESTORE_DONE)
		run->problem = "the restore did not come to its end";
	return 0;
}

static int note_unknown(struct procsys_paths *unknown, struct arena *arena, const struct change *change)
{
	for (size_t i = 0; i < change->items_count; i++) {
		const struct change_item *item = &change->items[i];
		bool is_known = !item->moved_along || item->role != CHANGE_SIDE;
		const char **grown;

		for (size_t k = 0; k < change->items_count && !is_known; k++)
			is_known = change->items[k].role == CHANGE_STEP &&
				catalog_moves(catalog_find(change->items[k].path), item->path);
		for (size_t k = 0; k < unknown->count && !is_known; k++)
			is_known = strcmp(unknown->paths[k], item->path) == 0;
		if (is_known)
			continue;
		grown = arena_grow(arena, unknown->paths, unknown->count, &unknown->capacity, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		unknown->paths = grown;
		unknown->paths[unknown->count] = arena_strdup(arena, item->path);
		if (!unknown->paths[unknown->count++])
			return -ENOMEM;
	}
	return 0;
}

/* Applies, sabotaged or not, and undoes; `unknown` lives in `keep`. */
static int carry_out(struct run *run, const struct plan *plan, struct arena *keep, struct procsys_paths *unknown)
{
	CLEANUP_RECORD_STORE struct record_store store = RECORD_STORE_INIT;
	bool is_whole = run->saboteur.fault == FAULT_NONE;
	struct apply_result result;
	int r = record_store_open(&run->selftest->state, RECORD_WRITE, &store);

	if (r == 0)
		r = record_lock(&store, RECORD_TRY);
	if (r == 0)
		r = apply_plan(run, &store, plan, &result);
	if (r != 0)
		return r < 0 ? r : -EBUSY;
	r = note_unknown(unknown, keep, result.change);
	if (result.outcome != (is_whole ? APPLY_APPLIED : APPLY_ROLLED_BACK))
		run->problem = arena_printf(run->arena, "it ended as %s%s%s", apply_outcome_name(result.outcome),
			result.problem ? ": " : "", result.problem ? result.problem : "");
	if (r == 0 && result.outcome == APPLY_APPLIED)
		r = restore_newest(run, &store);
	return r;
}

/* Sets run->problem where something is left. */
static int run_once(struct run *run, struct arena *keep, struct selftest_result *result)
{
	CLEANUP_STRBUF struct strbuf before = STRBUF_INIT;
	CLEANUP_STRBUF struct strbuf after = STRBUF_INIT;
	struct procsys *procsys = run->selftest->procsys;
	const struct procsys_ops ops = procsys->ops;
	struct plan plan;
	int r = take_snapshot(run, &before);

	if (r == 0)
		r = make_plan(run, &plan);
	if (r != 0)
		return r;
	result->parameters = plan_summarize(&plan).change;
	if (result->parameters == 0)
		return 0;
	procsys->ops.write = sabotaged_write;
	procsys->ops.context = &run->saboteur;
	r = carry_out(run, &plan, keep, &result->unknown);
	procsys->ops = ops;
	if (r == 0)
		r = take_snapshot(run, &after);
	if (r < 0)
		return r;
	result->runs++;
	if (before.length == after.length && memcmp(before.bytes, after.bytes, before.length) == 0)
		return 0;
	result->leftovers++;
	if (!run->problem)
		run->problem = describe_difference(run->arena, &before, &after);
	return 0;
}

/* ---- all runs ---- */

static int run_sabotaged(struct selftest *selftest, struct arena *arena, struct diags *diags,
	const struct selection *selection, struct saboteur saboteur, struct selftest_result *result)
{
	static const char *const faults[] = { "nothing", "the write refused", "the write done and failed" };
	CLEANUP_ARENA struct arena scratch;
	struct run run = { .selftest = selftest, .arena = &scratch, .diags = diags, .selection = selection,
		.saboteur = saboteur };
	int r;

	arena_init(&scratch);
	r = run_once(&run, arena, result);
	if (r == 0 && signals_pending())
		return -EINTR;
	if (r != 0 || !run.problem)
		return r;
	result->failures++;
	if (!result->problem)
		result->problem = saboteur.fault == FAULT_NONE ? arena_strdup(arena, run.problem) :
			arena_printf(arena, "with %s in step %zu: %s", faults[saboteur.fault], saboteur.fail_at,
				run.problem);
	return result->problem ? 0 : -ENOMEM;
}

int selftest_run(struct selftest *selftest, struct arena *arena, struct diags *diags,
	const struct selection *selection, struct selftest_result *ret_result)
{
	struct selftest_result result = { .parameters = 0 };
	int r = run_sabotaged(selftest, arena, diags, selection, (struct saboteur){ .fault = FAULT_NONE }, &result);

	for (enum fault fault = FAULT_REFUSED; r == 0 && fault <= FAULT_TORN; fault++)
		for (size_t step = 1; r == 0 && step <= result.parameters; step++)
			r = run_sabotaged(selftest, arena, diags, selection,
				(struct saboteur){ .fault = fault, .fail_at = step }, &result);
	*ret_result = result;
	return r;
}
