/* SPDX-License-Identifier: MIT */
/* CLOCK_BOOTTIME and timerfd. */
#define _GNU_SOURCE
#include "kernel/boottime.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>

unsigned long long boottime_ms(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000;
}

int boottime_timer_open(void)
{
	int fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);

	if (fd < 0 && errno == EINVAL)
		fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int boottime_timer_set(int fd, unsigned long long deadline_ms)
{
	unsigned long long now = boottime_ms();
	/* Relative, which both clocks understand; and all zero would turn the timer off. */
	unsigned long long left = deadline_ms > now ? deadline_ms - now : 1;
	struct itimerspec timer = { .it_value = { (time_t)(left / 1000), (long)(left % 1000) * 1000000 } };

	return timerfd_settime(fd, 0, &timer, NULL) < 0 ? -errno : 0;
}
