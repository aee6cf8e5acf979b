/* SPDX-License-Identifier: MIT */
/* Checks of keys: whether they are there, can be set, and do anything. */
#include "engine/lint_check.h"

#include "engine/planner.h"
#include "kernel/facts.h"
#include "model/key.h"

#include <errno.h>
#include <string.h>

/* A key that neither the catalogue nor this kernel knows may be a slip, and may be another kernel's. */
void lint_unknown_key(struct lint *lint)
{
	const struct planner planner = { .arena = lint->arena, .diags = lint->diags, .procsys = lint->procsys };
	const char *path = lint->setting->path, *meant;
	struct procsys_paths paths = { 0 };

	if (lint->row || (!key_is_glob(path) && !lint_is_absent(lint)))
		return;
	if (key_is_glob(path) && procsys_expand(lint->procsys, lint->arena, path, &paths) < 0) {
		lint->diags->failed = true;
		return;
	}
	if (paths.count > 0)
		return;
	lint_report_key(lint, "%s is neither on this kernel nor in the catalogue", lint_key(lint));
	/* Beyond the first hundred nobody reads a suggestion, and each takes a while. */
	if (!lint->diags->newest)
		return;
	meant = key_is_glob(path) ? NULL : planner_suggest(&planner, path);
	if (meant)
		lint_hint(lint, "did you mean %s?", meant);
	else
		lint_hint(lint, "look below /proc/sys for the name");
}

/* A file for sysctl says it otherwise than a profile. */
static void hint_optional(struct lint *lint)
{
	lint_hint(lint, lint_is_conf(lint) ? "begin the line with \"-\" if it is meant for other hosts" :
		"make it optional if it is meant for other hosts");
}

/* ---- why a key that the catalogue knows is not there. What is optional may be absent. ---- */

enum absence { PRESENT, REMOVED, NEWER, NEEDS_MODULE, HOST_ONLY, UNEXPLAINED };

/* "until" names the last series with the key: 4.11.12 is not after 4.11. */
static bool is_after(struct lint *lint, const char *version)
{
	const char *release = lint_machine(lint)->release;
	size_t length = strlen(version);
	bool is_of_series = strncmp(release, version, length) == 0 && (release[length] < '0' || release[length] > '9');

	return lint_release_from(lint, version) && !is_of_series;
}

/* The module may be there and the key not: some of its keys are the first namespace's alone. */
static bool has_module(struct lint *lint, const char *name)
{
	int r;

	/* Keys of one module mostly stand together. */
	if (lint->module && strcmp(lint->module, name) == 0)
		return lint->has_module;
	r = facts_module(lint->root, lint->arena, lint_machine(lint)->release, name, &lint->has_module);
	lint->diags->failed |= r == -ENOMEM;
	lint->has_module &= r == 0;
	lint->module = name;
	return lint->has_module;
}

static enum absence absence_of(struct lint *lint, const struct catalog_row **ret_row)
{
	const struct catalog_row *row = lint->row;

	*ret_row = row;
	if (!row || lint->setting->optional || !lint_is_absent(lint))
		return PRESENT;
	if (row->until && is_after(lint, row->until))
		return REMOVED;
	if (row->since && lint_release_before(lint, row->since))
		return NEWER;
	if (row->module && !has_module(lint, row->module))
		return NEEDS_MODULE;
	if (row->scope == SCOPE_GLOBAL && lint_machine(lint)->in_netns && strncmp(row->path, "net/", 4) == 0)
		return HOST_ONLY;
	return UNEXPLAINED;
}

void lint_removed_key(struct lint *lint)
{
	const struct catalog_row *row;

	if (absence_of(lint, &row) != REMOVED)
		return;
	lint_report_key(lint, "%s was removed after Linux %s: it is not on this kernel, %s", lint_key(lint), row->until,
		lint_machine(lint)->release);
	lint_hint(lint, "leave it out");
}

void lint_newer_key(struct lint *lint)
{
	const struct catalog_row *row;

	if (absence_of(lint, &row) != NEWER)
		return;
	lint_report_key(lint, "%s exists since Linux %s: it is not on this kernel, %s", lint_key(lint), row->since,
		lint_machine(lint)->release);
	lint_hint(lint, lint_is_conf(lint) ? "leave it out here, or begin the line with \"-\"" :
		"leave it out here, or make it optional");
}

void lint_needs_module(struct lint *lint)
{
	const struct catalog_row *row;

	if (absence_of(lint, &row) != NEEDS_MODULE)
		return;
	/* A tree of files that stands for a kernel does not say what is loaded. */
	lint_report_key(lint, "%s exists only while the module %s is loaded%s", lint_key(lint), row->module,
		lint->procsys->is_plain_tree ? "" : ", and it is not");
	lint_hint(lint, "leave it out where nothing uses the module; else load it before, with /etc/modules-load.d");
}

void lint_host_only(struct lint *lint)
{
	const struct catalog_row *row;

	if (absence_of(lint, &row) != HOST_ONLY)
		return;
	lint_report_key(lint, "%s exists only in the host's own network namespace", lint_key(lint));
	lint_hint(lint, "set it on the host: it holds for the containers too");
}

void lint_absent_key(struct lint *lint)
{
	const struct catalog_row *row;

	/* A tree of files that stands for a kernel is seldom whole. */
	if (lint->procsys->is_plain_tree || absence_of(lint, &row) != UNEXPLAINED)
		return;
	lint_report_key(lint, "%s is not on this kernel or in this place", lint_key(lint));
	hint_optional(lint);
}

void lint_read_only(struct lint *lint)
{
	const struct catalog_row *row = lint->row;

	if (lint->setting->optional || !lint_is_unwritable(lint))
		return;
	if (row && row->scope == SCOPE_HOST && lint_machine(lint)->in_netns) {
		lint_report_key(lint, "%s shows the host's value here and cannot be written in this network namespace",
			lint_key(lint));
		lint_hint(lint, "set it on the host");
	} else {
		lint_report_key(lint, "%s cannot be written in this place", lint_key(lint));
		hint_optional(lint);
	}
}

/* ---- no effect ---- */

void lint_no_effect(struct lint *lint)
{
	const struct catalog_row *row = lint->row;
	bool is_route = strncmp(lint->setting->path, "net/ipv4/route/", 15) == 0;

	if (!row || !row->no_effect_since || lint_release_before(lint, row->no_effect_since))
		return;
	if (strcmp(row->path, "net/ipv4/route/gc_timeout") == 0)
		lint_report_key(lint,
			"route.gc_timeout has had no effect on routing since Linux 3.6, which has no route "
			"cache: all it still sets is how long a route learnt from an ICMP redirect is kept");
	else
		lint_report_key(lint, "%s has had no effect since Linux %s%s", lint_key(lint), row->no_effect_since,
			is_route ? ", which has no route cache" : "");
	lint_hint(lint, "leave it out");
}

/* ---- for good ---- */

/* Where the value is in force already there is nothing left to lose. An action has no value. */
static bool is_in_force(struct lint *lint)
{
	struct value live;

	return !catalog_is_action(lint->row) && lint_live(lint, lint->setting->path, &live) &&
		value_equal(catalog_type(lint->row), value_trimmed(live), lint->target);
}

void lint_one_way(struct lint *lint)
{
	const struct catalog_row *row = lint->row;

	if (!lint->target.bytes || !catalog_is_one_way(row, lint->target) || is_in_force(lint))
		return;
	if (catalog_is_action(row))
		lint_report(lint, "an action, not a value: it cannot be undone");
	else if (row->loses)
		lint_report(lint, "the value can be put back, but not what it takes away: %s", row->loses);
	else
		lint_report(lint, "this cannot be undone without a reboot");
	lint_hint(lint, lint_is_conf(lint) ? "leave it out, unless it is meant for good" :
		"apply takes it with --irreversible only");
}

/* ---- bounds between two keys ---- */

/* The keys with "not_above": found here without going through the whole catalogue. */
const char *const lint_bounded[] = {
	"dev/raid/speed_limit_min",
	"kernel/sched_deadline_period_min_us",
	"kernel/sched_rt_runtime_us",
	"net/ipv4/ip_unprivileged_port_start",
	"net/ipv4/ipfrag_low_thresh",
	"net/ipv4/neigh/default/gc_thresh1",
	"net/ipv4/neigh/default/gc_thresh2",
	"net/ipv6/ip6frag_low_thresh",
	"net/ipv6/neigh/default/gc_thresh1",
	"net/ipv6/neigh/default/gc_thresh2",
	"net/netfilter/nf_conntrack_frag6_low_thresh",
};
const size_t lint_bounded_count = COUNT_OF(lint_bounded);

/* The two stand in one directory: for most keys that settles it. */
static bool looks_bounding(const char *lower, const char *upper)
{
	size_t directory = (size_t)(strrchr(lower, '/') - lower) + 1;

	return strncmp(lower, upper, directory) == 0 && !strchr(upper + directory, '/');
}

static bool only_orders(const char *path)
{
	return strstr(path, "/gc_thresh") != NULL;
}

/* Reported at the lower one, or at the upper one where only that is set. */
static void report_bound(struct lint *lint, const struct catalog_row *row, bool is_lower)
{
	const char *other_path = is_lower ? row->not_above : row->path;
	const struct setting *other = lint_setting(lint, other_path);
	uint64_t mine, theirs;

	if (other && !is_lower)
		return;
	if (!lint_target_number(lint, 0, &mine) || !lint_number(lint, other_path, 0, &theirs) ||
		(is_lower ? mine <= theirs : mine >= theirs))
		return;
	lint_report(lint, "%s %.*s is %s %s, which is %llu%s", lint_key(lint), (int)lint->target.length,
		lint->target.bytes, is_lower ? "above" : "below", lint_shown(lint, other_path),
		(unsigned long long)theirs, other ? "" : " now");
	if (other)
		lint_also(lint, other, "set here");
	lint_hint(lint, is_lower ? "it must not be above: lower it, or raise the other" :
		"it must not be below: raise it, or lower the other");
}

/* lint_port_privileged() tells that better, at the range. */
static bool is_port_range(struct lint *lint)
{
	static const char range[] = "net/ipv4/ip_local_port_range";

	return strcmp(lint->setting->path, range) == 0 ||
		(strcmp(lint->setting->path, "net/ipv4/ip_unprivileged_port_start") == 0 && lint_setting(lint, range));
}

static void check_bounds(struct lint *lint, bool ordering)
{
	const struct catalog_row *row = lint->row;

	if (!row || !lint->target.bytes || only_orders(row->path) != ordering || is_port_range(lint))
		return;
	if (row->not_above)
		report_bound(lint, row, true);
	for (size_t i = 0; i < lint_bounded_count; i++) {
		const struct catalog_row *lower = looks_bounding(lint_bounded[i], row->path) ?
			catalog_find(lint_bounded[i]) : NULL;

		if (lower && lower->not_above && strcmp(lower->not_above, row->path) == 0)
			report_bound(lint, lower, false);
	}
}

void lint_above_bound(struct lint *lint)
{
	check_bounds(lint, false);
}

void lint_unordered_thresholds(struct lint *lint)
{
	check_bounds(lint, true);
}
