/* SPDX-License-Identifier: MIT */
/* fileio.h - files, always relative to a held directory descriptor.
 *
 * All functions return 0 or a descriptor on success and a negative errno on failure; outputs are
 * untouched on failure. Descriptors are close-on-exec. */
#pragma once

#include "base/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Opens `path` below `dir_fd`, which must be relative, and never follows a symbolic link or leaves the
 * directory: openat2(2) with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS (Linux
 * 5.6), elsewhere one component after the other with O_NOFOLLOW. A path with an empty, "." or ".."
 * component is -EINVAL. */
MUST_CHECK int fileio_open_beneath(int dir_fd, const char *path, int flags);

/* The same, but symbolic links are followed as if `dir_fd` were the root directory, so that none leads out
 * (RESOLVE_IN_ROOT); before Linux 5.6 a link is refused. */
MUST_CHECK int fileio_open_in_root(int dir_fd, const char *path, int flags);

/* Reads from the start to the end with pread-like care for short reads. -EFBIG beyond `limit` bytes. */
MUST_CHECK int fileio_read(int fd, size_t limit, struct strbuf *text);
MUST_CHECK int fileio_read_at(int dir_fd, const char *name, size_t limit, struct strbuf *text);

MUST_CHECK int fileio_write_all(int fd, const char *bytes, size_t length);

/* Replaces `name` in `dir_fd` by a file with that content, all or nothing: a temporary file beside it
 * (O_EXCL, the given mode whatever the umask), the content, rename. With `durable`, the file is synced
 * before the rename and the directory after it, so that a power cut leaves the old or the new file.
 * One writer at a time: callers hold the lock. */
MUST_CHECK int fileio_replace_at(int dir_fd, const char *name, const char *bytes, size_t length,
	mode_t mode, bool durable);

/* Opens the directory `name` in `dir_fd`, making it with `mode` when it is missing. A link is refused, and
 * so is, with -EPERM, a directory that belongs to another user or that others may write. */
MUST_CHECK int fileio_make_dir_at(int dir_fd, const char *name, mode_t mode);
