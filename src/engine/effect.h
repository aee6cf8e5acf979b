/* SPDX-License-Identifier: MIT */
/* effect.h - whether a change did what it was meant to: the counters that it was to move, before it, since, and now.
 *
 * Calling sequence: effects_choose() -> diagnose() or observe.h -> effects_judge(). The record of a change holds the
 * counters of before its first write (engine/record.h); a table here says which of them a parameter is to move. A
 * verdict needs that something could have happened:
 *
 *	worked		what was to stop has stopped, though enough has happened since to see it otherwise; what was to rise
 *			has risen; what was to fall has fallen
 *	did not help	it goes on
 *	too early	little time has passed, or nothing has happened that would show it
 *	cannot tell	no counter shows it, this kernel does not count it, the counter began anew, the record has none, or
 *			the value is not in force any more
 *
 * "Enough" is measured in what happens anyway, such as connections taken: at the rate of before, three losses or more
 * would have been expected. */
#pragma once

#include "engine/observation.h"
#include "engine/record.h"
#include "kernel/procsys.h"

enum effect_verdict { EFFECT_WORKED, EFFECT_DID_NOT_HELP, EFFECT_TOO_EARLY, EFFECT_CANNOT_TELL };

enum effect_kind {
	EFFECT_STOPS,	/* a total that is to move no more */
	EFFECT_RISES,	/* a total that is to move */
	EFFECT_FALLS,	/* a level that is to go down */
	EFFECT_FILL,	/* the share of a limit that is to go down */
};

enum effect_way { EFFECT_BY_RAISING, EFFECT_BY_LOWERING, EFFECT_BY_SETTING };

/* What moves when a parameter is changed as it is meant to be. */
struct effect_row {
	const char *path;
	const char *counter;	/* a row of model/counters.h */
	const char *against;	/* STOPS: what happens anyway, by which losses are measured; FILL: the limit */
	enum effect_kind kind;
	enum effect_way way;	/* the parameter is meant to go; one that went the other way has another purpose */
	const char *meaning;	/* what is to be seen */
};

struct effect {
	const struct change_item *item;
	const struct effect_row *row;	/* NULL: no counter shows it */
	enum effect_verdict verdict;
	const char *text;	/* why */
	bool has_before, has_since, has_now;
	double before;		/* a total: what it was; FALLS: the level; FILL: the share */
	double since;		/* a total: what it has moved by since the change; a level or share: what it is now */
	double now;		/* of totals: a second, in this look */
};

struct effects {
	const struct change *change;
	struct effect *items;	/* in the order of the change, those of which no counter tells last */
	size_t count, capacity;
	double seconds;		/* since the change; 0: not known */
};

enum effects_choice {
	EFFECTS_NO_CHANGE = 1,	/* there is none of this id, or nothing stands */
	EFFECTS_AMBIGUOUS,	/* more than one id begins like this */
	EFFECTS_BROKEN,		/* the record does not read; *ret_problem says why */
	EFFECTS_OTHER_BOOT,	/* the kernel has begun to count anew since */
	EFFECTS_OTHER_NETNS,	/* the counters here are not those that the record holds */
	EFFECTS_NOT_STANDING,	/* a backup, or a change that is undone or unfinished */
};

/* The change with this id, or the only one whose id begins so; "last" is the newest that stands here. 0, an
 * effects_choice (with *ret_change where there is one), or a negative errno. */
MUST_CHECK int effects_choose(const struct record_store *store, struct arena *arena, const struct host *host,
	const char *id, struct change **ret_change, const char **ret_problem);

/* Holds what was seen against the record. The procsys tells whether the values are still in force, or is NULL. 0 or
 * -ENOMEM. */
MUST_CHECK int effects_judge(struct arena *arena, struct procsys *procsys, const struct change *change,
	const struct observation *seen, struct effects *ret_effects);

/* How many did not help. */
size_t effects_bad(const struct effects *effects);

/* "worked", "did_not_help", "too_early", "cannot_tell"; "stops", "rises", "falls", "fill": part of the contract of
 * the JSON. */
const char *effect_verdict_name(enum effect_verdict verdict);
const char *effect_kind_name(enum effect_kind kind);

/* The table, for tests. */
extern const struct effect_row effect_rows[];
extern const size_t effect_rows_count;
