/* SPDX-License-Identifier: MIT */
/* timerfd_create(2). */
#define _GNU_SOURCE
#include "kernel/ticker.h"

#include <sys/timerfd.h>
#include <time.h>

int ticker_open(uint64_t interval_ms)
{
	const struct timespec interval = { .tv_sec = (time_t)(interval_ms / 1000),
		.tv_nsec = (long)(interval_ms % 1000) * 1000000 };
	const struct itimerspec timer = { .it_interval = interval, .it_value = interval };
	CLEANUP_FD int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, 0, &timer, NULL) < 0)
		return -errno;
	return TAKE_FD(fd);
}

uint64_t ticker_take(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count) ? count : 0;
}
