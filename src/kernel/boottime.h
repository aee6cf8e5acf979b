/* SPDX-License-Identifier: MIT */
/* boottime.h - deadlines that neither a suspended machine nor a clock that is set can move: CLOCK_BOOTTIME (Linux
 * 2.6.39), in milliseconds since the boot. */
#pragma once

#include "base/cleanup.h"

unsigned long long boottime_ms(void);

/* A descriptor that becomes readable at the deadline that was set last, or at once where that has passed. Before
 * Linux 3.15 it does not count the time that the machine is suspended. A negative errno on failure. */
MUST_CHECK int boottime_timer_open(void);
MUST_CHECK int boottime_timer_set(int fd, unsigned long long deadline_ms);
