/* SPDX-License-Identifier: MIT */
/* signals.h - holding back the signals that would end the program in the middle of a change.
 *
 * Blocked are SIGINT, SIGTERM, SIGHUP and SIGQUIT, as far as the caller did not ignore them. Between two
 * steps, and after the last one, the program asks signals_pending(); there is no handler and no global
 * flag. SIGTSTP, SIGTTIN and SIGTTOU are blocked too and mean nothing: who is stopped would keep the lock. A
 * signal that stops a change is answered by the exit code 128+n; one that arrives while the
 * finished change is being recorded came too late. */
#pragma once

#include "base/cleanup.h"

#include <signal.h>
#include <stdbool.h>

/* Blocks them for the rest of the program's life and ignores SIGPIPE. */
void signals_hold(void);

/* The number of a held signal that has arrived, or 0. */
int signals_pending(void);

/* For a program that goes on until it is told to end: a descriptor that tells of SIGINT, SIGTERM, SIGHUP and SIGQUIT, as far
 * as the caller did not ignore them, of SIGTSTP likewise, and of SIGWINCH, SIGCHLD and SIGCONT. They are blocked from
 * here on, and SIGPIPE is ignored. Or a negative errno. */
MUST_CHECK int signals_open(void);

/* The number of the next signal that has arrived there, or 0. */
int signals_next(int fd);

/* Stops as one that writes to a terminal of another job, after signals_open(), and returns when it is continued; or at
 * once, with false, where the kernel stops nobody because no shell would ever continue it (an orphaned process
 * group). */
bool signals_stop_for_terminal(void);
