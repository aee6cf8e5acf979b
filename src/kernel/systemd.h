/* SPDX-License-Identifier: MIT */
/* systemd.h - a transient service of the service manager, which no ending session takes along.
 *
 * logind may kill every process of a session that ends (KillUserProcesses), whatever it did to detach itself.
 *
 * A service that waits, and not a timer: systemd's timers count CLOCK_MONOTONIC, which stands still while the host is
 * suspended, or wake it up (WakeSystem= in systemd.timer(5)). */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>

/* Whether systemd is PID 1 (sd_booted(3)), and what it starts would run in the caller's network namespace and see
 * the caller's files: the same mount namespace and root. */
bool systemd_is_in_charge(void);

/* systemd-run, of this very program with these arguments; the list ends with NULL. 0 once the service has said that it
 * is ready; systemd starts it again when it is killed or fails. A negative errno: -ECHILD when it could not be
 * started, -ETIMEDOUT when systemd did not answer: it may start all the same. */
enum { SYSTEMD_ARGUMENTS_MAX = 4 };
MUST_CHECK int systemd_start_service(const char *unit, const char *const arguments[]);

/* In that service: a descriptor on which daemon_ready() tells systemd (sd_notify(3)). A negative errno, -ENOTCONN when
 * systemd did not start this process. */
MUST_CHECK int systemd_notify_open(void);
