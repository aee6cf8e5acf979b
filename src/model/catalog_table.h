/* SPDX-License-Identifier: MIT */
/* catalog_table.h - the form in which the generated catalogue lies in the program: no pointers.
 *
 * Between catalog_generate.py, which writes the tables, and catalog.c, which makes rows of them; nobody else
 * includes it. With pointers every start of the program would relocate thousands of them, most of which no
 * command looks at. So a string is a place in one block of text (0 is the empty one, and means NULL where a
 * row may hold that), and a list is a place in one array of such places, up to the next 0. A row is made
 * when it is asked for the first time. */
#pragma once

#include "model/catalog.h"

#include <stdint.h>

/* In the order of PROSE in catalog_generate.py. */
enum catalog_prose_column {
	PROSE_SUMMARY,
	PROSE_UNIT,
	PROSE_NORMAL,
	PROSE_CHANGES,
	PROSE_CAVEATS,
	PROSE_MYTHS,
	PROSE_ADVICE,
	PROSE_SOURCES,
	PROSE_COLUMNS,
};

struct catalog_packed {
	uint32_t path, since, until, no_effect_since, module, not_above, locked_by, loses;
	uint32_t aliases, siblings, cascades, after, locked_values, one_way_values;
	struct number min, max;
	uint16_t fields, rounding_multiple;
	uint8_t type, scope, effect, rounding, topic;
	bool has_min, has_max, ordered, one_way, is_action, is_volatile;
};

extern const char catalog_text[];
extern const uint32_t catalog_lists[];
extern const struct catalog_packed catalog_packed[];
extern const uint32_t catalog_prose_places[][PROSE_COLUMNS];

/* Room for what has been asked for: the lists at the same indices as in catalog_lists. Nothing else ever
 * writes to these, and always the same: they are constants that are filled in late. */
extern const char *catalog_lists_unpacked[];
extern struct catalog_row catalog_rows_unpacked[];

/* The indices of those rows whose path is a glob. */
extern const unsigned short catalog_globs[];
extern const size_t catalog_globs_count;
