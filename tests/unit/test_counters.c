/* SPDX-License-Identifier: MIT */
/* The table of counters, and what moved between two samples. */
#include "model/counters.h"

#include "unit.h"

#include <math.h>
#include <string.h>

enum { SECOND = 1000000000 };

static void know(struct counters *counters, const char *name, uint64_t value)
{
	int i = counter_find(name);

	assert_true(i >= 0);
	counters->at[i] = value;
	counters->known_at[i] = true;
}

static void test_the_table_and_the_members_agree(void **state)
{
	struct counters counters = { 0 };

	(void)state;
	assert_int_equal(counter_find("no such"), -1);
	for (int i = 0; i < COUNTER_COUNT; i++) {
		const struct counter_row *row = &counter_rows[i];

		assert_int_equal(counter_find(row->name), i);
		assert_int_equal(strlen(row->section), row->section_length);
		assert_int_equal(strlen(row->field), row->field_length);
		assert_true(row->field_length > 0);
		assert_true(row->file < COUNTER_FILE_COUNT);
		check_row(strlen(row->meaning) > 5 && row->meaning[strlen(row->meaning) - 1] != '.', "%s", row->name);
	}
	counters.at[counter_find("listen_overflows")] = 7;
	counters.known_at[counter_find("files_max")] = true;
	assert_int_equal(counters.listen_overflows, 7);
	assert_true(counters.known.files_max);
}

/* The reader relies on both. */
static void test_rows_of_a_section_stand_together_and_differ(void **state)
{
	(void)state;
	for (int i = 0; i < COUNTER_COUNT; i++) {
		const struct counter_row *row = &counter_rows[i];
		bool beside = true;

		for (int j = i + 1; j < COUNTER_COUNT; j++) {
			const struct counter_row *other = &counter_rows[j];
			bool same = row->file == other->file && strcmp(row->section, other->section) == 0;

			check_row(!same || beside, "%s and %s have others between them", row->name, other->name);
			check_row(!same || strcmp(row->field, other->field) != 0, "%s is there twice", row->field);
			beside &= same;
		}
	}
}

static void test_totals(void **state)
{
	static const struct {
		const char *name;
		uint64_t before, after;
		bool known;
		int64_t change;
	} rows[] = {
		{ "listen_overflows", 5, 5, true, 0 },
		{ "listen_overflows", 5, 12, true, 7 },
		{ "listen_overflows", 0, INT64_MAX, true, INT64_MAX },
		/* No machine counts that far between two samples. */
		{ "listen_overflows", 0, UINT64_MAX, false, 0 },
		{ "listen_overflows", UINT64_MAX - 9, 10, true, 20 },
		{ "listen_overflows", 1000, 999, false, 0 },
		{ "listen_overflows", 1000, 0, false, 0 },
		/* A kernel of 64 bits does not wrap there. */
		{ "listen_overflows", UINT32_MAX - 9, 10, sizeof(long) == 4, 20 },
		/* One of two processors has wrapped: the sum goes back by 2^32. */
		{ "conntrack_drops", UINT32_MAX, 4, true, 5 },
		{ "conntrack_drops", (uint64_t)UINT32_MAX + 1000, 1000 + 9, true, 10 },
		{ "softnet_packets", UINT32_MAX - 1, 0, true, 2 },
		{ "softnet_packets", 3500000000, 10, false, 0 },
		{ "softnet_packets", 1000, 3, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct counters before = { .time_ns = SECOND }, after = { .time_ns = 2 * (uint64_t)SECOND };
		struct counter_changes changes;
		int row = counter_find(rows[i].name);

		know(&before, rows[i].name, rows[i].before);
		know(&after, rows[i].name, rows[i].after);
		counters_change(&before, &after, &changes);
		check_row(changes.known_at[row] == rows[i].known && changes.resets == !rows[i].known &&
			changes.at[row] == (rows[i].known ? rows[i].change : 0), "row %zu: %d, %lld, %zu", i,
			changes.known_at[row], (long long)changes.at[row], changes.resets);
	}
}

static void test_gauges_go_up_and_down(void **state)
{
	struct counters before = { .time_ns = 1 }, after = { .time_ns = 2 };
	struct counter_changes changes;

	(void)state;
	know(&before, "conntrack_count", 100);
	know(&after, "conntrack_count", 40);
	know(&before, "files_max", UINT64_MAX);
	know(&after, "files_max", 1000);
	counters_change(&before, &after, &changes);
	assert_true(changes.known.conntrack_count);
	assert_int_equal(changes.conntrack_count, -60);
	assert_false(changes.known.files_max);
	assert_int_equal(changes.resets, 0);
}

static void test_unknown_stays_unknown(void **state)
{
	struct counters before = { .time_ns = 1 }, after = { .time_ns = 2 };
	struct counter_changes changes;
	struct counter_rates rates;

	(void)state;
	know(&before, "timeouts", 5);
	know(&after, "listen_drops", 5);
	counters_change(&before, &after, &changes);
	counters_rate(&changes, &rates);
	for (int i = 0; i < COUNTER_COUNT; i++)
		assert_true(!changes.known_at[i] && changes.at[i] == 0 && !rates.known_at[i] &&
			fpclassify(rates.at[i]) == FP_ZERO);
	assert_int_equal(changes.resets, 0);
}

static void test_rates_are_by_the_time_that_passed(void **state)
{
	struct counters before = { .time_ns = 7 }, after = { .time_ns = 7 + 2 * (uint64_t)SECOND + SECOND / 2 };
	struct counter_changes changes;
	struct counter_rates rates;

	(void)state;
	know(&before, "timeouts", 100);
	know(&after, "timeouts", 110);
	know(&before, "established", 10);
	know(&after, "established", 5);
	counters_change(&before, &after, &changes);
	counters_rate(&changes, &rates);
	assert_true(changes.elapsed_ns == 2500000000);
	assert_true(rates.known.timeouts && rates.known.established && !rates.known.listen_drops);
	assert_true(fabs(rates.timeouts - 4) < 1e-9);
	assert_true(fabs(rates.established + 2) < 1e-9);
}

static void test_no_time_no_change(void **state)
{
	struct counters before = { .time_ns = 5 }, after = { .time_ns = 5 };
	struct counter_changes changes;
	struct counter_rates rates;

	(void)state;
	know(&before, "timeouts", 100);
	know(&after, "timeouts", 110);
	for (; after.time_ns > 3; after.time_ns--) {
		counters_change(&before, &after, &changes);
		counters_rate(&changes, &rates);
		assert_true(changes.elapsed_ns == 0);
		assert_false(changes.known.timeouts);
		assert_false(rates.known.timeouts);
		assert_true(fpclassify(rates.timeouts) == FP_ZERO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table_and_the_members_agree),
		cmocka_unit_test(test_rows_of_a_section_stand_together_and_differ),
		cmocka_unit_test(test_totals),
		cmocka_unit_test(test_gauges_go_up_and_down),
		cmocka_unit_test(test_unknown_stays_unknown),
		cmocka_unit_test(test_rates_are_by_the_time_that_passed),
		cmocka_unit_test(test_no_time_no_change),
	};

	return RUN_TESTS(tests);
}
