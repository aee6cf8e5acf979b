/* SPDX-License-Identifier: MIT */
/* Edit distance for suggestions. */
#include "base/similar.h"

#include <string.h>

enum { SIMILAR_MAX = 255 };

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = a < b ? a : b;

	return least < c ? least : c;
}

size_t similar_distance(const char *a, const char *b, size_t limit)
{
	/* Three rows of the usual table: two back (for swaps), previous, current. */
	unsigned short rows[3][SIMILAR_MAX + 1];
	size_t a_length = strlen(a), b_length = strlen(b);
	size_t difference = a_length > b_length ? a_length - b_length : b_length - a_length;

	if (a_length > SIMILAR_MAX || b_length > SIMILAR_MAX || difference > limit)
		return limit + 1;

	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = (unsigned short)j;
	for (size_t i = 1; i <= a_length; i++) {
		unsigned short *now = rows[i % 3], *before = rows[(i + 2) % 3];
		const unsigned short *before_that = rows[(i + 1) % 3];

		now[0] = (unsigned short)i;
		for (size_t j = 1; j <= b_length; j++) {
			unsigned cost = a[i - 1] != b[j - 1];
			unsigned best = min3(before[j] + 1u, now[j - 1] + 1u, before[j - 1] + cost);

			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = min3(best, before_that[j - 2] + 1u, best);
			now[j] = (unsigned short)best;
		}
	}
	return rows[a_length % 3][b_length] <= limit ? rows[a_length % 3][b_length] : limit + 1;
}

bool similar_is_slip(const char *typed, const char *meant)
{
	size_t limit = strlen(typed) >= 5 ? 2 : 1;
	size_t distance = similar_distance(typed, meant, limit);

	return distance > 0 && distance <= limit;
}

const char *similar_best(const char *typed, const char *const candidates[], size_t count)
{
	const char *best = NULL;
	size_t best_distance = 3;

	for (size_t i = 0; i < count; i++) {
		size_t distance = similar_distance(typed, candidates[i], 2);

		if (distance < best_distance && similar_is_slip(typed, candidates[i])) {
			best = candidates[i];
			best_distance = distance;
		}
	}
	return best;
}
