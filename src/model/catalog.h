/* SPDX-License-Identifier: MIT */
/* catalog.h - what kerntune knows about single parameters.
 *
 * The rows come from catalog.ini, which explains each column and is turned into C at build time by
 * catalog_generate.py. A parameter without a row is handled as well: read, compared and written, but
 * without a check of its range, and with nothing known of its side effects.
 *
 * Look a row up by its path with catalog_find(), or go through all of them with catalog_at(). Rows and texts
 * are constants of the program: they are never freed, and two look-ups give the same pointer. What is said
 * to people about a row is fetched apart, with catalog_prose(), so that it costs nothing where it is not shown. */
#pragma once

#include "model/value.h"

#include <stdbool.h>

enum catalog_scope {
	SCOPE_UNKNOWN,
	SCOPE_NETNS,		/* one value per network namespace */
	SCOPE_GLOBAL,		/* one for the host; absent in a child network namespace if below net */
	SCOPE_HOST,		/* visible in a child network namespace, but read-only there */
	SCOPE_IPC,		/* one value per namespace of another kind */
	SCOPE_UTS,
	SCOPE_PID,
	SCOPE_USER,
};

enum catalog_effect {
	EFFECT_UNKNOWN,
	EFFECT_NOW,
	EFFECT_CONNECTIONS,	/* connections made from now on */
	EFFECT_LISTEN,		/* when a listener calls listen() again */
	EFFECT_SOCKETS,		/* sockets created from now on */
	EFFECT_INTERFACES,	/* interfaces created from now on */
};

/* Where a key stands in the quick reference of "explain", in this order. */
enum catalog_topic {
	TOPIC_NONE,		/* it does not */
	TOPIC_ACCEPT,
	TOPIC_CONNECT,
	TOPIC_BUFFERS,
	TOPIC_TIMEOUTS,
	TOPIC_SECURITY,
	TOPIC_CONNTRACK,
	TOPIC_MEMORY,
	TOPIC_FILES,
	TOPIC_COUNT,
};

/* Lists of paths end with NULL and are never NULL; a path in them may hold "*". */
struct catalog_row {
	const char *path;
	enum value_type type;
	unsigned fields;
	bool has_min, has_max, ordered;
	struct number min, max;		/* of every field, inclusive */
	enum catalog_scope scope;
	const char *since, *until, *module;	/* NULL when there is nothing to say */
	const char *no_effect_since;	/* the kernel from which on the key is accepted and ignored, or NULL */
	const char *const *aliases;	/* the same variable under another name */
	const char *const *siblings;	/* writing one of them zeroes the other */
	const char *const *cascades;	/* what the kernel changes along with a write */
	const char *const *after;	/* what must be written before it, in one plan */
	const char *not_above;		/* its first number may not exceed the first one of this key */
	const char *locked_by;		/* it cannot be written while this key holds one of ... */
	const char *const *locked_values;
	enum value_rounding rounding;
	unsigned rounding_multiple;
	bool one_way;			/* no write can be undone */
	const char *const *one_way_values;	/* these values cannot be undone */
	const char *loses;		/* what is gone although the value returns; NULL: the value does not */
	bool is_action;			/* the file can only be written: there is no value to put back */
	bool is_volatile;		/* moves on its own: an audit passes it over */
	enum catalog_effect effect;
	enum catalog_topic topic;
};

/* What there is to say about a row. Never NULL: "" where nothing is known. Changes, caveats, myths and
 * sources are lists, one item a line, with a newline between two; a change begins with the version of the
 * kernel that made it ("5.8: the maximum went from 100 to 200"), oldest first. */
struct catalog_prose {
	const char *summary;	/* one line, without a full stop */
	const char *unit;	/* what the number counts, or what its values mean */
	const char *normal;	/* the default in words: "4096 (128 before 5.4)" */
	const char *changes;
	const char *caveats;	/* what a careful person can trip over */
	const char *myths;	/* what is widely believed and wrong, with the truth */
	const char *advice;
	const char *sources;	/* files and functions of the kernel, documents */
};

/* The rows are sorted by path: catalog_at(0) to catalog_at(catalog_count - 1). */
extern const size_t catalog_count;
const struct catalog_row *catalog_at(size_t index);

/* The row must be one of the catalogue's own; takes NULL, about which there is nothing to say. */
struct catalog_prose catalog_prose(const struct catalog_row *row);

/* The row of this very path, else the row of a glob that matches it, else NULL. */
const struct catalog_row *catalog_find(const char *path);

/* The catalogued path that the given one is likely a slip of, or NULL. */
const char *catalog_suggest(const char *path);

bool catalog_is_one_way(const struct catalog_row *row, struct value target);

/* Takes a NULL row. */
static inline bool catalog_is_action(const struct catalog_row *row)
{
	return row && row->is_action;
}

/* Whether `live` is what the kernel holds after `target` was written: equal, or rounded as the row says.
 * Takes a NULL row. */
bool catalog_satisfied(const struct catalog_row *row, struct value target, struct value live);

/* Whether a write of the row's key may move the key `path` too: a cascade, a sibling or an alias.
 * Takes a NULL row. */
bool catalog_moves(const struct catalog_row *row, const char *path);

static inline enum value_type catalog_type(const struct catalog_row *row)
{
	return row ? row->type : VALUE_UNKNOWN;
}
