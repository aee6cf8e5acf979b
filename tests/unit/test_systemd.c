/* SPDX-License-Identifier: MIT */
/* What can be said of systemd's timers without a systemd: one that is there is not to be bothered by a test. */
#define _GNU_SOURCE
#include "kernel/systemd.h"

#include "unit.h"

#include <errno.h>
#include <unistd.h>

static bool is_booted(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

static void test_no_systemd_is_in_charge_of_nothing(void **state)
{
	(void)state;
	if (!is_booted())
		assert_false(systemd_is_in_charge());
}

/* Refused before anything is started. */
static void test_too_many_arguments(void **state)
{
	const char *arguments[SYSTEMD_ARGUMENTS_MAX + 2] = { NULL };

	(void)state;
	for (size_t i = 0; i <= SYSTEMD_ARGUMENTS_MAX; i++)
		arguments[i] = "argument";
	assert_int_equal(systemd_start_timer("kerntune-test", 1, arguments), -EINVAL);
}

/* There is no systemd-run, or it has nobody to talk to. */
static void test_a_timer_without_systemd(void **state)
{
	static const char *const arguments[] = { "--help", NULL };
	int r;

	(void)state;
	if (is_booted())
		return;
	r = systemd_start_timer("kerntune-test", 3600, arguments);
	assert_true(r == -ENOENT || r == -ECHILD);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_systemd_is_in_charge_of_nothing),
		cmocka_unit_test(test_too_many_arguments),
		cmocka_unit_test(test_a_timer_without_systemd),
	};

	return RUN_TESTS(tests);
}
