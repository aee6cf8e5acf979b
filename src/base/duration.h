/* SPDX-License-Identifier: MIT */
/* duration.h - a length of time as people write it: 90s, 2m, 1h30m. Every number has a unit. */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>

enum { DURATION_SECONDS_MAX = 7 * 24 * 3600, DURATION_MS_MAX = 24 * 3600 * 1000 };

/* In seconds, from 1 to DURATION_SECONDS_MAX; false for anything else. */
MUST_CHECK bool duration_parse(const char *text, unsigned long *ret_seconds);

/* In milliseconds, from 1 to a day: as above, and "200ms". */
MUST_CHECK bool duration_parse_ms(const char *text, unsigned long *ret_milliseconds);

/* "1h 30m", "2m 5s", "3s". */
enum { DURATION_TEXT_SIZE = 32 };
void duration_format(unsigned long seconds, char buffer[DURATION_TEXT_SIZE]);
