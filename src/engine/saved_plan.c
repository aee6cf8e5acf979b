/* SPDX-License-Identifier: MIT */
/* Loading saved plans, and holding them against the host. */
#include "engine/saved_plan.h"

#include "base/fileio.h"
#include "engine/trust.h"
#include "model/validate.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PLAN_SIZE_MAX = 16 * 1024 * 1024 };

static const struct trust_words words = { "plan", "unsafe-plan", "foreign-plan" };

static int report_unreadable(struct diags *diags, const struct source *source, int error)
{
	diag_error(diags, "unreadable", span_file(source), "cannot be read: %s", strerror(error));
	return diags->failed ? -ENOMEM : 1;
}

static int read_file(struct arena *arena, struct diags *diags, struct source *source)
{
	CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
	CLEANUP_FD int fd = open(source->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0)
		return report_unreadable(diags, source, errno);
	if (!S_ISREG(status.st_mode)) {
		diag_error(diags, "not-a-file", span_file(source), "this is no regular file, and so no plan");
		return diags->failed ? -ENOMEM : 1;
	}
	if (!trust_accepts(diags, &words, &status, false, source))
		return diags->failed ? -ENOMEM : 1;
	r = fileio_read(fd, PLAN_SIZE_MAX, &text);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return report_unreadable(diags, source, -r);
	source->text = arena_copy(arena, text.bytes, text.length);
	source->length = text.length;
	return source->text ? 0 : -ENOMEM;
}

int saved_plan_load(struct arena *arena, struct diags *diags, const char *path, struct saved_plan *ret_plan)
{
	struct source *source = arena_alloc(arena, sizeof(*source));
	const char *problem;
	int r;

	if (!source)
		return -ENOMEM;
	source->name = path;
	r = read_file(arena, diags, source);
	if (r == 0)
		r = plan_json_read(arena, source, ret_plan, &problem);
	else
		return r;
	if (r == 1) {
		diag_error(diags, "invalid-plan", span_file(source), "this is no plan: %s", problem);
		diag_hint(diags, "make one with \"kerntune plan PROFILE -o FILE\"");
	}
	return r == 1 && diags->failed ? -ENOMEM : r;
}

int saved_plan_select(const struct saved_plan *saved, struct arena *arena, struct diags *diags,
	struct selection *ret_selection)
{
	struct selection selection = {
		.names = saved->names,
		.digests = saved->digests,
		.count = saved->profiles_count,
	};
	int r;

	for (size_t i = 0; i < saved->profile.settings_count; i++)
		validate_setting(diags, &saved->profile.settings[i]);
	resolve_init(&selection.settings, arena);
	r = resolve_override(&selection.settings, &saved->profile);
	if (r < 0)
		return r;
	if (selection.settings.count != saved->profile.settings_count)
		diag_error(diags, "invalid-plan", span_file(&saved->profile.source), "a parameter stands in it twice");
	validate_together(diags, selection.settings.settings, selection.settings.count);
	*ret_selection = selection;
	return diags_verdict(diags);
}

/* ---- holding it against the host ---- */

static void check_host(const struct saved_plan *saved, struct diags *diags, const struct host *host)
{
	const struct {
		const char *what, *then, *now;
		bool is_same;
	} facts[] = {
		{ "host", saved->host.hostname, host->hostname, strcmp(saved->host.hostname, host->hostname) == 0 },
		{ "kernel", saved->host.kernel, host->kernel, strcmp(saved->host.kernel, host->kernel) == 0 },
		{ "boot", saved->host.boot_id, host->boot_id, host_is_same_boot(&saved->host, host) },
		{ "network namespace", saved->host.netns, host->netns, host_is_same_netns(&saved->host, host) },
	};

	for (size_t i = 0; i < COUNT_OF(facts); i++)
		if (!facts[i].is_same)
			diag_error(diags, "stale-plan", span_file(&saved->profile.source),
				"this plan was made for another %s: %s, and this is %s", facts[i].what,
				facts[i].then, facts[i].now);
}

static const struct plan_row *find_row(const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->rows[i].path, path) == 0)
			return &plan->rows[i];
	return NULL;
}

/* Why a row cannot be compared by its value: it was there and is not, or the other way round. */
static const char *presence(enum plan_status status)
{
	return status == PLAN_ABSENT ? "absent" : status == PLAN_READ_ONLY ? "read-only" :
		status == PLAN_UNREADABLE ? "unreadable" : "there";
}

static bool is_there(enum plan_status status)
{
	return status == PLAN_SAME || status == PLAN_CHANGE;
}

static void check_row(const struct saved_row *then, const struct setting *setting, struct arena *arena,
	struct diags *diags, const struct plan_row *now)
{
	const char *expected;

	if (is_there(then->status) != is_there(now->status)) {
		diag_error(diags, "stale-plan", setting->key_span, "%s was %s when the plan was made and is %s now",
			now->key, presence(then->status), presence(now->status));
		return;
	}
	if (!is_there(now->status) || (!then->expected.bytes && !now->live.bytes) ||
		(then->expected.bytes && now->live.bytes &&
			value_equal(catalog_type(now->catalog), then->expected, now->live)))
		return;
	expected = then->expected.bytes ? value_display(arena, catalog_type(now->catalog), then->expected) :
		"unreadable";
	diag_error(diags, "stale-plan", setting->key_span, "%s was %s when the plan was made and is %s now", now->key,
		expected ? expected : "?", now->live_text ? now->live_text : "unreadable");
}

int saved_plan_check(const struct saved_plan *saved, struct arena *arena, struct diags *diags,
	const struct host *host, const struct plan *plan)
{
	check_host(saved, diags, host);
	for (size_t i = 0; i < saved->profile.settings_count; i++) {
		const struct setting *setting = &saved->profile.settings[i];
		const struct plan_row *row = find_row(plan, setting->path);

		if (row)
			check_row(&saved->rows[i], setting, arena, diags, row);
	}
	return diags_verdict(diags);
}
