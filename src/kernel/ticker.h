/* SPDX-License-Identifier: MIT */
/* ticker.h - ticks at an even pace: by CLOCK_MONOTONIC, which nobody sets, and counted from the first, so that what a
 * tick takes delays none of the others. What comes while one is at work is not made up for, and counted.
 *
 * Calling sequence: ticker_open() -> poll the descriptor -> ticker_take() -> ... -> close it. */
#pragma once

#include "base/cleanup.h"

#include <stdint.h>

/* The first tick is due one interval from now. A descriptor, or a negative errno. */
MUST_CHECK int ticker_open(uint64_t interval_ms);

/* How many ticks have come due since the last call, mostly 1; 0 when none has. */
uint64_t ticker_take(int fd);
