/* SPDX-License-Identifier: MIT */
/* rootdir.h - the directory that stands for "/": every file that the program touches is below it.
 *
 * With the system's own root, paths are opened as usual, links included. With another one (--root DIR)
 * links are followed inside it, so that nothing in DIR, however hostile, leads out of it. */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>

struct rootdir {
	int fd;
	bool is_system;		/* the directory is "/" */
};

#define ROOTDIR_INIT { .fd = -1 }

/* 0 or a negative errno. */
MUST_CHECK int rootdir_open(const char *path, struct rootdir *ret_root);
void rootdir_release(struct rootdir *root);
#define CLEANUP_ROOTDIR CLEANUP(rootdir_release)

/* Opens a path such as "proc/sys" (no leading slash); a descriptor or a negative errno. */
MUST_CHECK int rootdir_open_path(const struct rootdir *root, const char *path, int flags);
