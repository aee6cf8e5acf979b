/* SPDX-License-Identifier: MIT */
/* similar.h - "did you mean": the edit distance between two words. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The number of single-character insertions, deletions, substitutions and neighbour swaps that turn one
 * word into the other (optimal string alignment); limit + 1 when it is more than limit, or when a word
 * is longer than 255 bytes. */
size_t similar_distance(const char *a, const char *b, size_t limit);

/* Near enough to be a slip of the fingers: at most two edits, fewer in short words, never zero. */
bool similar_is_slip(const char *typed, const char *meant);

/* The candidate nearest to what was typed, or NULL when none is near. */
const char *similar_best(const char *typed, const char *const candidates[], size_t count);
