/* SPDX-License-Identifier: MIT */
/* Alarms: by hand, and against the rule looked up in the whole history. */
#include "model/alarm.h"

#include "base/cleanup.h"
#include "unit.h"

#define SECONDS(n) ((uint64_t)((n) * 1e9))

static const struct alarm_limits limits = {
	.levels = { { .enter = 70, .leave = 50, .up_delay_ns = SECONDS(2) }, { .enter = 90, .leave = 80 } },
	.down_delay_ns = SECONDS(10),
};

struct step {
	double at, value;
	enum alarm_state state;
};

static void follow(const struct step steps[], size_t count)
{
	struct alarm alarm = ALARM_INIT;
	enum alarm_state before = ALARM_CLEAR;

	for (size_t i = 0; i < count; i++) {
		bool changed = alarm_update(&alarm, &limits, steps[i].value, SECONDS(steps[i].at));

		check_row(alarm.state == steps[i].state, "at %g s it is %s", steps[i].at, alarm_state_name(alarm.state));
		check_row(changed == (alarm.state != before), "at %g s a change is not told", steps[i].at);
		check_row(!changed || alarm.since_ns == SECONDS(steps[i].at), "at %g s", steps[i].at);
		before = alarm.state;
	}
}

static void test_delays(void **state)
{
	static const struct step steps[] = {
		{ 0, 69, ALARM_CLEAR }, { 1, 70, ALARM_CLEAR }, { 2.9, 89, ALARM_CLEAR }, { 3, 70, ALARM_WARNING },
		{ 4, 49, ALARM_WARNING }, { 13, 49, ALARM_WARNING }, { 13.5, 50, ALARM_WARNING },	/* begins anew */
		{ 14, 1, ALARM_WARNING }, { 23.9, 1, ALARM_WARNING }, { 24, 1, ALARM_CLEAR },
		{ 25, 75, ALARM_CLEAR }, { 26, 60, ALARM_CLEAR }, { 27, 75, ALARM_CLEAR }, { 29, 75, ALARM_WARNING },
	};

	(void)state;
	follow(steps, COUNT_OF(steps));
}

static void test_two_levels(void **state)
{
	static const struct step steps[] = {
		{ 0, 90, ALARM_CRITICAL },		/* has no up-delay, though warning has one */
		{ 5, 80, ALARM_CRITICAL }, { 6, 79, ALARM_CRITICAL }, { 16, 79, ALARM_WARNING },
		{ 17, 95, ALARM_CRITICAL }, { 18, 10, ALARM_CRITICAL }, { 28, 10, ALARM_CLEAR },
		{ 30, 99, ALARM_CRITICAL }, { 31, 60, ALARM_CRITICAL }, { 36, 40, ALARM_CRITICAL }, { 41, 40, ALARM_WARNING },
		{ 45.9, 40, ALARM_WARNING }, { 46, 40, ALARM_CLEAR },
	};

	(void)state;
	follow(steps, COUNT_OF(steps));
}

static void test_unknown_figures(void **state)
{
	static const struct step steps[] = {
		{ 0, NAN, ALARM_CLEAR }, { 1, 75, ALARM_CLEAR }, { 2, NAN, ALARM_CLEAR }, { 3, 75, ALARM_CLEAR },
		{ 5, 75, ALARM_WARNING }, { 6, NAN, ALARM_WARNING }, { 15, NAN, ALARM_WARNING }, { 16, NAN, ALARM_CLEAR },
		{ 17, INFINITY, ALARM_CRITICAL },
	};

	(void)state;
	follow(steps, COUNT_OF(steps));
}

static void test_a_clock_that_goes_back(void **state)
{
	struct alarm alarm = ALARM_INIT;

	(void)state;
	assert_false(alarm_update(&alarm, &limits, 75, SECONDS(100)));
	assert_false(alarm_update(&alarm, &limits, 75, SECONDS(1)));
	assert_true(alarm_update(&alarm, &limits, 75, SECONDS(102)));
	assert_int_equal(alarm.since_ns, SECONDS(102));
	alarm_clear(&alarm);
	assert_int_equal(alarm.state, ALARM_CLEAR);
}

static void test_a_level_that_is_not_there(void **state)
{
	static const struct alarm_limits one = { .levels = { { .enter = 5, .leave = 5 }, { .enter = INFINITY, .leave = INFINITY } } };
	struct alarm alarm = ALARM_INIT;

	(void)state;
	assert_true(alarm_update(&alarm, &one, 1e300, 1));
	assert_int_equal(alarm.state, ALARM_WARNING);
	assert_true(alarm_update(&alarm, &one, 4, 2));
	assert_int_equal(alarm.state, ALARM_CLEAR);
}

/* ---- against the whole history ---- */

enum { LENGTH = 60 };

struct history {
	double values[LENGTH];
	uint64_t times[LENGTH];
	size_t count;
};

/* For how long, counted back from the newest sample, a condition holds: -1 when it does not. */
static double held(const struct history *history, double limit, bool above)
{
	size_t i = history->count;

	while (i > 0 && (history->values[i - 1] >= limit) == above)
		i--;
	return i == history->count ? -1 : (double)(history->times[history->count - 1] - history->times[i]);
}

static enum alarm_state expected(const struct history *history, const struct alarm_limits *rule, enum alarm_state state)
{
	enum alarm_state next = state;

	for (int i = (int)state; i < ALARM_LEVELS; i++)
		if (held(history, rule->levels[i].enter, true) >= (double)rule->levels[i].up_delay_ns)
			next = (enum alarm_state)(i + 1);
	while (next == state && state > ALARM_CLEAR &&
		held(history, rule->levels[state - 1].leave, false) >= (double)rule->down_delay_ns)
		next = --state;
	return next;
}

static uint32_t random_number(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void random_limits(uint32_t *seed, struct alarm_limits *ret_limits)
{
	double warning = random_number(seed) % 10, critical = warning + random_number(seed) % 5;

	*ret_limits = (struct alarm_limits){
		.levels = { { warning, warning - random_number(seed) % 4, random_number(seed) % 4 },
			{ critical, critical - random_number(seed) % 4, random_number(seed) % 4 } },
		.down_delay_ns = random_number(seed) % 6,
	};
}

static void test_any_history(void **state)
{
	uint32_t seed = 5;
	size_t changes = 0;

	(void)state;
	for (int run = 0; run < 5000; run++) {
		struct history history = { .count = 0 };
		struct alarm alarm = ALARM_INIT;
		struct alarm_limits rule;
		uint64_t now = 0;

		random_limits(&seed, &rule);
		while (history.count < LENGTH) {
			enum alarm_state before = alarm.state;
			double value = random_number(&seed) % 13;

			/* Runs of one value, as figures have them; and now and then none. */
			if (history.count > 0 && random_number(&seed) % 4)
				value = history.values[history.count - 1];
			else if (random_number(&seed) % 20 == 0)
				value = NAN;
			now += random_number(&seed) % 3;
			history.values[history.count] = value;
			history.times[history.count++] = now;
			changes += alarm_update(&alarm, &rule, value, now);
			check_row(alarm.state == expected(&history, &rule, before), "run %d, sample %zu: %s", run,
				history.count, alarm_state_name(alarm.state));
		}
	}
	assert_true(changes > 10000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delays),
		cmocka_unit_test(test_two_levels),
		cmocka_unit_test(test_unknown_figures),
		cmocka_unit_test(test_a_clock_that_goes_back),
		cmocka_unit_test(test_a_level_that_is_not_there),
		cmocka_unit_test(test_any_history),
	};

	return RUN_TESTS(tests);
}
