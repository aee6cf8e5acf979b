/* SPDX-License-Identifier: MIT */
/* What is usual. */
#include "model/baseline.h"

#include "unit.h"

#include <math.h>

#define SECOND UINT64_C(1000000000)

static void add_for(struct baseline *baseline, double value, int seconds)
{
	for (int i = 0; i < seconds; i++)
		baseline_add(baseline, value, SECOND);
}

static void test_is_learnt(void **state)
{
	struct baseline baseline = { .mean = 0 };

	(void)state;
	add_for(&baseline, 4, 29);
	assert_false(baseline_is_ready(&baseline));
	assert_true(isnan(baseline_multiple(&baseline, 40, 1)));
	baseline_add(&baseline, 4, SECOND);
	assert_true(baseline_is_ready(&baseline));
	assert_true(fabs(baseline_multiple(&baseline, 40, 1) - 10) < 1e-9);
	baseline_clear(&baseline);
	assert_false(baseline_is_ready(&baseline));
}

/* Within the first minute the plain mean, whatever the lengths of the samples. */
static void test_is_a_mean(void **state)
{
	struct baseline baseline = { .mean = 0 };

	(void)state;
	baseline_add(&baseline, 10, 10 * SECOND);
	baseline_add(&baseline, NAN, 10 * SECOND);
	baseline_add(&baseline, 99, 0);
	baseline_add(&baseline, 1, 20 * SECOND);
	assert_true(fabs(baseline.mean - 4) < 1e-9);
}

static void test_fades(void **state)
{
	struct baseline baseline = { .mean = 0 };

	(void)state;
	add_for(&baseline, 100, 600);
	assert_true(fabs(baseline.mean - 100) < 1e-9);
	add_for(&baseline, 0, 60);
	assert_true(baseline.mean > 100 * 0.35 && baseline.mean < 100 * 0.38);	/* 1/e */
	add_for(&baseline, 0, 600);
	assert_true(baseline.mean < 0.01);
	baseline_add(&baseline, 7, 3600 * SECOND);
	assert_true(fabs(baseline.mean - 7) < 1e-9);
}

static void test_little_is_no_multiple_of_nothing(void **state)
{
	struct baseline baseline = { .mean = 0 };

	(void)state;
	add_for(&baseline, 0, 60);
	assert_true(baseline_multiple(&baseline, 3, 1) == 3);
	assert_true(baseline_multiple(&baseline, 0, 1) == 0);
	assert_true(isnan(baseline_multiple(&baseline, NAN, 1)));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_learnt),
		cmocka_unit_test(test_is_a_mean),
		cmocka_unit_test(test_fades),
		cmocka_unit_test(test_little_is_no_multiple_of_nothing),
	};

	return RUN_TESTS(tests);
}
