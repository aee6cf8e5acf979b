/* SPDX-License-Identifier: MIT */
/* Checks over a plan. */
#include "engine/lint_plan.h"

#include "engine/lint.h"

#include <errno.h>
#include <string.h>

/* What the rows ask for, as one profile: setting i is that of row i. */
static int settings_of(struct arena *arena, const struct plan *plan, struct profile *profile)
{
	profile->settings_count = plan->count;
	profile->settings = arena_alloc(arena, plan->count * sizeof(*profile->settings));
	if (!profile->settings)
		return -ENOMEM;
	for (size_t i = 0; i < plan->count; i++) {
		profile->settings[i] = *plan->rows[i].setting;
		profile->settings[i].path = plan->rows[i].path;
	}
	return 0;
}

static int add_note(struct arena *arena, struct plan_row *row, const struct lint_finding *finding)
{
	struct plan_note *notes = arena_alloc(arena, (row->notes_count + 1) * sizeof(*notes));

	if (!notes)
		return -ENOMEM;
	if (row->notes_count)
		memcpy(notes, row->notes, row->notes_count * sizeof(*notes));
	notes[row->notes_count++] = (struct plan_note){ .id = finding->check->id, .text = finding->diag->message,
		.level = finding->check->level, .hint = finding->diag->hint, .source = finding->check->source };
	row->notes = notes;
	return 0;
}

int lint_plan(struct arena *arena, const struct rootdir *root, struct procsys *procsys, struct plan *plan)
{
	struct profile profile = { 0 };
	struct resolved settings;
	struct diags diags;
	struct lint lint = {
		.arena = arena,
		.diags = &diags,
		.procsys = procsys,
		.root = root,
		.settings = &settings,
		.for_plan = true,
	};
	int r;

	diags_init(&diags, arena);
	resolve_init(&settings, arena);
	r = settings_of(arena, plan, &profile);
	if (r == 0)
		r = resolve_override(&settings, &profile);
	if (r == 0)
		r = lint_run(&lint);
	for (size_t i = 0; r == 0 && i < lint.findings_count; i++) {
		struct plan_row *row = &plan->rows[lint.findings[i].setting - profile.settings];

		if (row->status == PLAN_CHANGE)
			r = add_note(arena, row, &lint.findings[i]);
	}
	return r;
}
