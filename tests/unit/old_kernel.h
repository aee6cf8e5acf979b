/* SPDX-License-Identifier: MIT */
/* old_kernel.h - running tests again as on a kernel without openat2(2), which came with Linux 5.6. */
#pragma once

#include <stdbool.h>

/* Calls `run` in a child process for which openat2 answers ENOSYS; its result, or 0 with a message where
 * such a process cannot be made. */
int old_kernel_run(int (*run)(void));

/* Whether openat2 is missing: in that process, on an old kernel, or under a tool that does not know it. */
bool old_kernel_is_running(void);
