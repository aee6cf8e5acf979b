/* SPDX-License-Identifier: MIT */
/* Deadlines in the time since the boot. */
#define _GNU_SOURCE
#include "kernel/boottime.h"

#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <time.h>

enum { FAR_MS = 3600 * 1000 };

static unsigned long long clock_ms(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &now), 0);
	return (unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000;
}

static void test_the_clock(void **state)
{
	unsigned long long before = clock_ms(), now = boottime_ms(), after = clock_ms();

	(void)state;
	assert_true(before <= now && now <= after);
}

static bool is_due(int fd, int timeout_ms)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, timeout_ms) == 1;
}

static void test_the_deadline_that_was_set_last_counts(void **state)
{
	CLEANUP_FD int fd = boottime_timer_open();

	(void)state;
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	/* Never set: never due. */
	assert_false(is_due(fd, 0));
	assert_int_equal(boottime_timer_set(fd, boottime_ms() + FAR_MS), 0);
	assert_false(is_due(fd, 0));
	/* The past, also the farthest, which must not turn the timer off; poll() waits for it. */
	assert_int_equal(boottime_timer_set(fd, 0), 0);
	assert_true(is_due(fd, -1));
	assert_int_equal(boottime_timer_set(fd, boottime_ms() + FAR_MS), 0);
	assert_false(is_due(fd, 0));
	assert_int_equal(boottime_timer_set(fd, boottime_ms()), 0);
	assert_true(is_due(fd, -1));
}

static void test_it_is_not_due_before_the_deadline(void **state)
{
	static const unsigned long long ahead[] = { 1, 20, 1001 };
	CLEANUP_FD int fd = boottime_timer_open();

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < COUNT_OF(ahead); i++) {
		unsigned long long deadline = boottime_ms() + ahead[i];

		assert_int_equal(boottime_timer_set(fd, deadline), 0);
		assert_true(is_due(fd, -1));
		/* The clock was cut to a millisecond when the timer was set. */
		assert_true(boottime_ms() + 1 >= deadline);
	}
}

static void test_a_closed_timer_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(boottime_timer_set(-1, 0), -EBADF);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_clock),
		cmocka_unit_test(test_the_deadline_that_was_set_last_counts),
		cmocka_unit_test(test_it_is_not_due_before_the_deadline),
		cmocka_unit_test(test_a_closed_timer_is_an_error),
	};

	return RUN_TESTS(tests);
}
