/* SPDX-License-Identifier: MIT */
/* daemon.h - a process that outlives its caller, its caller's session and its terminal.
 *
 * Calling sequence: daemon_fork(); in the new process, whatever must be in place before anybody relies on it, then
 * daemon_ready(), which lets the caller go on.
 *
 * The new process has a session of its own and no terminal, ignores SIGHUP and SIGPIPE, takes every other signal as
 * usual, stands in "/", and has /dev/null as its standard descriptors. Of the others it keeps those that are
 * named: whoever waits for the end of a pipe shall not wait for it. It ends with _exit(2). */
#pragma once

#include "base/cleanup.h"

#include <stddef.h>

/* 1 in the new process, with *ret_ready_fd; in the caller 0 once it is ready, -ECHILD when it ended before, or
 * another negative errno. */
MUST_CHECK int daemon_fork(const int kept[], size_t count, int *ret_ready_fd);

/* Also for a service of systemd's (systemd_notify_open()): what is written is what sd_notify(3) says. Closes the
 * descriptor. 0 or a negative errno: the caller is gone. */
MUST_CHECK int daemon_ready(int ready_fd);
