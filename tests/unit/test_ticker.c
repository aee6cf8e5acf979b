/* SPDX-License-Identifier: MIT */
/* Ticks of the clock. */
#define _GNU_SOURCE
#include "kernel/ticker.h"

#include "unit.h"

#include <poll.h>
#include <sys/timerfd.h>
#include <time.h>

static uint64_t now_ns(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void wait_for(int fd)
{
	struct pollfd event = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&event, 1, 60000), 1);
}

/* However late one is taken, none is due before its time, and all are counted. */
static void test_no_drift(void **state)
{
	uint64_t start = now_ns(), total = 0;
	CLEANUP_FD int fd = ticker_open(20);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ticker_take(fd), 0);
	while (total < 10) {
		wait_for(fd);
		(void)nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
		total += ticker_take(fd);
		assert_true(total <= (now_ns() - start) / 20000000);
	}
}

static void test_missed_ticks_are_counted(void **state)
{
	CLEANUP_FD int fd = ticker_open(10);

	(void)state;
	(void)nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	assert_true(ticker_take(fd) >= 4);
}

static void test_the_interval(void **state)
{
	struct itimerspec timer;
	CLEANUP_FD int fd = ticker_open(3600500);

	(void)state;
	assert_int_equal(timerfd_gettime(fd, &timer), 0);
	assert_int_equal(timer.it_interval.tv_sec, 3600);
	assert_int_equal(timer.it_interval.tv_nsec, 500000000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_drift),
		cmocka_unit_test(test_missed_ticks_are_counted),
		cmocka_unit_test(test_the_interval),
	};

	return RUN_TESTS(tests);
}
