/* SPDX-License-Identifier: MIT */
/* process.h - what a process is called, for people to recognise it by.
 *
 * All texts are clean: whatever may not reach a terminal is "?". They are "" when they cannot be known: the process
 * has ended, or is a thread of the kernel, which has no command line. The command line is read from the memory of the
 * process, for which it must not be changing its mappings at that moment (proc(5), mmap_lock): ask about those
 * processes only that are to be shown. */
#pragma once

#include "base/arena.h"

enum { PROCESS_COMMAND_MAX = 120 };	/* characters of the command line, with the "..." of one that was cut */

struct process_names {
	const char *name;	/* what it calls itself, proc/PID/comm: up to 15 bytes */
	const char *command;	/* its arguments, joined by blanks */
	const char *unit;	/* the last .service or .scope of its cgroup; without one, the last part of its path */
};

/* Of the process whose directory in proc it is (O_PATH will do). 0 or -ENOMEM. */
MUST_CHECK int process_read_names(int process_fd, struct arena *arena, struct process_names *ret_names);
