/* SPDX-License-Identifier: MIT */
/* program.h - runs an executable of the user's beside our own work, without a shell and without waiting for it.
 *
 * Calling sequence: program_open() -> look at the status whether to trust it -> program_start(), any number of times,
 * each with its own input -> program_poll() until it has ended, or program_kill() -> program_release().
 *
 * The file is opened once: what is run is what was looked at, whatever the path names later. It runs in a process group
 * of its own, in "/", with no signal blocked or ignored, with the environment that is given and nothing else, and with
 * no descriptor of ours but the standard three; and a script with that of its own file, which its interpreter
 * needs. */
#pragma once

#include "base/cleanup.h"

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

struct program {
	int fd;			/* O_PATH */
	const char *path;	/* as it was given; borrowed */
};

#define PROGRAM_INIT { .fd = -1 }

/* 0 or a negative errno: -EACCES for what is no regular file or may not be executed. */
MUST_CHECK int program_open(const char *path, struct program *ret_program, struct stat *ret_status);
void program_release(struct program *program);
#define CLEANUP_PROGRAM CLEANUP(program_release)

/* Its standard input is those bytes, of which a pipe holds all: -EMSGSIZE for more than that (64 KiB at least). Its
 * standard output and error go to output_fd. The environment ends with NULL. 0, with a process that has yet to do what
 * may fail: it then ends with 127; or a negative errno. */
MUST_CHECK int program_start(const struct program *program, const char *input, size_t length,
	const char *const environment[], int output_fd, pid_t *ret_pid);

/* 1 when it has ended, with its status as of waitpid(2); 0 while it runs; or a negative errno. */
MUST_CHECK int program_poll(pid_t pid, int *ret_status);

/* It, and whatever it has started that is still in its group. */
void program_kill(pid_t pid);
