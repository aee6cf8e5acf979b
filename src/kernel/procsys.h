/* SPDX-License-Identifier: MIT */
/* procsys.h - /proc/sys through one held directory handle.
 *
 * Calling sequence: procsys_open() -> procsys_read(), procsys_probe(), procsys_write(),
 * procsys_expand(), procsys_walk() -> procsys_release(). Paths are canonical keys (model/key.h); they
 * are opened beneath the handle, without following any link and without "..", so that no key leads
 * elsewhere. A handle opened read-only cannot write: procsys_write() answers -EROFS before it opens
 * anything. The directory may also be a plain tree of files (--root); links, FIFOs and devices in it are
 * refused.
 *
 * What the write protocol respects (kernel/sysctl.c, proc_sysctl.c; kernel-facts section 1): numbers answer
 * only a read at offset 0, so one read() must hold everything; numbers take only the first write() on a
 * descriptor, so a value goes out in one call with its newline; a failed write may have changed the
 * first fields of a vector, so callers read back after every write, failed ones too.
 *
 * Return values: 0; a procsys_outcome, with the errno in *ret_error, for what a kernel normally answers;
 * a negative errno when this program cannot go on (memory, a read-only handle). */
#pragma once

#include "base/arena.h"
#include "base/rootdir.h"
#include "model/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum procsys_mode { PROCSYS_READ_ONLY, PROCSYS_READ_WRITE };

enum procsys_outcome {
	PROCSYS_ABSENT = 1,	/* no such key on this kernel, in this namespace, without that module */
	PROCSYS_UNREADABLE,	/* cannot be read; or no key at all, but a directory, link or FIFO */
	PROCSYS_UNWRITABLE,	/* nobody may write it in this place: no write bit, read-only mount, or
				 * owned by a parent user namespace */
	PROCSYS_NO_PRIVILEGE,	/* this user may not write it */
	PROCSYS_REFUSED,	/* the kernel refused the value; part of a vector may be changed */
	PROCSYS_SHORT,		/* the kernel took the value only in part: something stands behind it */
};

/* The seam for tests: what is done with an opened key. The defaults are read(2) and write(2). */
struct procsys_ops {
	ssize_t (*read)(void *context, const char *path, int fd, void *buffer, size_t size);
	ssize_t (*write)(void *context, const char *path, int fd, const void *bytes, size_t size);
	void *context;
};

struct procsys {
	int dir_fd;
	enum procsys_mode mode;
	bool is_plain_tree;	/* not a procfs: a directory of files that stands for it */
	struct procsys_ops ops;
	char *large;		/* buffer for values over a page; made when the first one is met, and
				 * kept, so that what was read can be written back without memory */
};

#define PROCSYS_INIT { .dir_fd = -1 }

/* Opens proc/sys below the root. Network keys are those of the caller's network namespace. */
MUST_CHECK int procsys_open(const struct rootdir *root, enum procsys_mode mode,
	struct procsys *ret_procsys);
void procsys_release(struct procsys *procsys);
#define CLEANUP_PROCSYS CLEANUP(procsys_release)

/* The value as it stands there, newline included, copied into the arena. */
MUST_CHECK int procsys_read(struct procsys *procsys, struct arena *arena, const char *path,
	struct value *ret_value, int *ret_error);

/* Whether the key could be written. A read-only handle tells PROCSYS_UNWRITABLE from the mode and the
 * mount; a writable one also opens the key for writing, which changes nothing, and so finds
 * PROCSYS_NO_PRIVILEGE. */
MUST_CHECK int procsys_probe(const struct procsys *procsys, const char *path, int *ret_error);

/* Writes the value (without its newline, if it has one) and one newline. With `in_pieces`, for bitmaps,
 * a short count goes on with the rest on the same descriptor, as the kernel takes at most a page. */
MUST_CHECK int procsys_write(struct procsys *procsys, const char *path, struct value value,
	bool in_pieces, int *ret_error);

struct procsys_paths {
	const char **paths;
	size_t count, capacity;
};

/* Adds the keys that match a glob, sorted. None is no error. */
MUST_CHECK int procsys_expand(const struct procsys *procsys, struct arena *arena, const char *glob,
	struct procsys_paths *paths);

/* Adds every key below the directory `top` ("" for all) that is both readable and writable by its mode, sorted.
 * Left out: other file systems below (binfmt_misc) and keys whose reading has side effects. */
MUST_CHECK int procsys_walk(const struct procsys *procsys, struct arena *arena, const char *top,
	struct procsys_paths *paths);

/* Adds the names in the directory that holds the key, for suggestions. */
MUST_CHECK int procsys_siblings(const struct procsys *procsys, struct arena *arena, const char *path,
	struct procsys_paths *names);
