/* SPDX-License-Identifier: MIT */
/* systemd.h - a transient timer of the service manager, which no ending session takes along.
 *
 * logind may kill every process of a session that ends (KillUserProcesses), whatever it did to detach itself. */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>

/* Whether systemd is PID 1 (sd_booted(3)), and what it starts would run in the caller's network namespace and see
 * the caller's files: the same mount namespace and root. */
bool systemd_is_in_charge(void);

/* systemd-run --on-active, of this very program with these arguments; the list ends with NULL. 0 once the timer is
 * armed; a negative errno: -ECHILD when systemd-run failed, -ETIMEDOUT when it did not end. */
enum { SYSTEMD_ARGUMENTS_MAX = 4 };
MUST_CHECK int systemd_start_timer(const char *unit, unsigned long seconds, const char *const arguments[]);
