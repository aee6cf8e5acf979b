/* SPDX-License-Identifier: MIT */
/* The table of counters, and what moved between two samples. */
#include "model/counters.h"

#include <string.h>

#define COUNTER_ROW_(member, file, section, field, kind, meaning)                                 \
	{ #member, section, field, sizeof(section) - 1, sizeof(field) - 1, COUNTER_##file, COUNTER_##kind, meaning },
const struct counter_row counter_rows[COUNTER_COUNT] = { COUNTERS(COUNTER_ROW_) };

/* The array lies over the members without a gap. */
_Static_assert(offsetof(struct counters, known_at) - offsetof(struct counters, at) == COUNTER_COUNT * sizeof(uint64_t),
	"one value for each row");
_Static_assert(sizeof(((struct counters *)0)->known) == COUNTER_COUNT, "one bool for each row");

/* A total that steps over its end by more than this between two samples did not wrap, it was reset. */
#define WRAP_STEP_MAX (UINT64_C(1) << 28)

int counter_find(const char *name)
{
	for (int i = 0; i < COUNTER_COUNT; i++)
		if (strcmp(counter_rows[i].name, name) == 0)
			return i;
	return -1;
}

/* How wide the kernel's own counter is: the lines for processors have numbers of 32 bits (struct ip_conntrack_stat,
 * struct softnet_data), and their sum wraps by as much; the others are an unsigned long. */
static unsigned width(const struct counter_row *row)
{
	bool is_sum = row->file == COUNTER_SOFTNET || row->file == COUNTER_CONNTRACK;

	return is_sum ? 32 : 8 * (unsigned)sizeof(unsigned long);
}

/* False when the total began anew. */
static bool total_change(const struct counter_row *row, uint64_t before, uint64_t after, int64_t *ret_change)
{
	uint64_t step = after - before;

	if (after < before) {
		if (width(row) == 32)
			step &= UINT32_MAX;
		if (step > WRAP_STEP_MAX)
			return false;
	}
	if (step > INT64_MAX)
		return false;
	*ret_change = (int64_t)step;
	return true;
}

/* Levels are far below the limit, except for those that mean "no limit" (fs.file-max may be 2^63-1). */
static bool gauge_change(uint64_t before, uint64_t after, int64_t *ret_change)
{
	if (before > INT64_MAX || after > INT64_MAX)
		return false;
	*ret_change = (int64_t)after - (int64_t)before;
	return true;
}

void counters_change(const struct counters *before, const struct counters *after, struct counter_changes *ret_changes)
{
	struct counter_changes changes = { 0 };

	if (after->time_ns > before->time_ns)
		changes.elapsed_ns = after->time_ns - before->time_ns;
	for (size_t i = 0; i < COUNTER_COUNT && changes.elapsed_ns > 0; i++) {
		const struct counter_row *row = &counter_rows[i];

		if (!before->known_at[i] || !after->known_at[i])
			continue;
		if (row->kind == COUNTER_GAUGE) {
			changes.known_at[i] = gauge_change(before->at[i], after->at[i], &changes.at[i]);
			continue;
		}
		changes.known_at[i] = total_change(row, before->at[i], after->at[i], &changes.at[i]);
		changes.resets += !changes.known_at[i];
	}
	*ret_changes = changes;
}

void counters_rate(const struct counter_changes *changes, struct counter_rates *ret_rates)
{
	const double seconds = (double)changes->elapsed_ns / 1e9;
	struct counter_rates rates = { 0 };

	for (size_t i = 0; i < COUNTER_COUNT && changes->elapsed_ns > 0; i++) {
		rates.known_at[i] = changes->known_at[i];
		rates.at[i] = (double)changes->at[i] / seconds;
	}
	*ret_rates = rates;
}
