/* SPDX-License-Identifier: MIT */
/* descriptors.h - how many descriptors a process has open, and how many it may have.
 *
 * accept(), connect() and open() fail with EMFILE at the soft limit (RLIMIT_NOFILE, setrlimit(2)), long before the
 * host runs out of files. How many are open is the size of proc/PID/fd (fs/proc/fd.c, Linux 6.2), for which no right
 * over the process is needed; before, and below a root that is not proc, its entries are counted, for which there
 * is. The limits are in proc/PID/limits, for everybody. */
#pragma once

#include "base/rootdir.h"

#include <stdint.h>
#include <sys/types.h>

#define DESCRIPTORS_UNLIMITED UINT64_MAX

struct descriptors {
	bool open_known, limits_known;
	uint64_t open;		/* 0 when it is not known */
	uint64_t soft, hard;	/* RLIMIT_NOFILE; DESCRIPTORS_UNLIMITED for none, 0 when not known */
};

/* Whether descriptors_open() can count: the kernel tells the size, and proc_fd is its proc. */
bool descriptors_are_told(int proc_fd);

/* How many are open, by one stat(2) relative to proc: for a look at all processes. 0, or -ESRCH when there is no such
 * process (any more). */
MUST_CHECK int descriptors_open(int proc_fd, pid_t pid, uint64_t *ret_open);

/* Of one process, by the number that proc below the root knows it by. Does not count the descriptors that it uses
 * itself. 0, -ESRCH when there is no such process (any more), or a negative errno: of memory or of descriptors. */
MUST_CHECK int descriptors_of(const struct rootdir *root, pid_t pid, struct descriptors *ret_descriptors);
