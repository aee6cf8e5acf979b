/* SPDX-License-Identifier: MIT */
/* fake_kernel.h - a tree of files as /proc/sys, and write and read operations that play the kernel.
 *
 * Without a rule for its path a write is stored, with blanks between numbers turned into tabs. Rules make
 * the kernel refuse, round, move other keys along, or half-apply. Hooks see every write and read, so
 * that somebody else may change a key at a chosen moment.
 *
 * The procsys handle is writable and behaves as on a procfs: a write replaces the whole value. */
#pragma once

#include "base/rootdir.h"
#include "kernel/procsys.h"
#include "temp_dir.h"

struct fake_kernel;

struct fake_rule {
	const char *path;
	ssize_t (*write)(struct fake_kernel *kernel, const struct fake_rule *rule, int fd, const char *bytes,
		size_t size);
	const char *argument, *other;
};

enum { FAKE_WRITES_MAX = 64 };

struct fake_kernel {
	struct temp_dir dir;		/* what stands for "/" */
	struct rootdir root;
	struct procsys procsys;
	const struct fake_rule *rules;
	size_t rules_count;
	size_t writes, reads;
	char written[FAKE_WRITES_MAX][96];	/* the paths, in order */
	void (*before_write)(struct fake_kernel *kernel, const char *path);
	void (*after_write)(struct fake_kernel *kernel, const char *path);
	void (*before_read)(struct fake_kernel *kernel, const char *path);
	const char *unreadable;		/* reading this path fails with EIO */
};

/* Makes the root with a few keys, named in fake_kernel.c. */
void fake_kernel_make(struct fake_kernel *kernel);
void fake_kernel_remove(struct fake_kernel *kernel);

void fake_kernel_set_rules(struct fake_kernel *kernel, const struct fake_rule rules[], size_t count);
void fake_kernel_set(const struct fake_kernel *kernel, const char *path, const char *text);
void fake_kernel_assert(const struct fake_kernel *kernel, const char *path, const char *text);
size_t fake_kernel_writes_of(const struct fake_kernel *kernel, const char *path);

/* Every key with its bytes, to be compared with another one. */
void fake_kernel_snapshot(struct fake_kernel *kernel, struct strbuf *text);

/* ---- rules ---- */

/* Fails with EINVAL, changing nothing. */
ssize_t fake_refuse(struct fake_kernel *kernel, const struct fake_rule *rule, int fd, const char *bytes,
	size_t size);
/* The same for the value `argument` only. */
ssize_t fake_refuse_value(struct fake_kernel *kernel, const struct fake_rule *rule, int fd,
	const char *bytes, size_t size);
/* Stores `other` and fails with EINVAL when the value is `argument`, as a vector with a bad last field. */
ssize_t fake_half_apply(struct fake_kernel *kernel, const struct fake_rule *rule, int fd,
	const char *bytes, size_t size);
/* Stores `other` instead when the value is `argument`. */
ssize_t fake_store_other(struct fake_kernel *kernel, const struct fake_rule *rule, int fd,
	const char *bytes, size_t size);
/* Stores it, and sets the key `argument` to `other`. */
ssize_t fake_move_other(struct fake_kernel *kernel, const struct fake_rule *rule, int fd,
	const char *bytes, size_t size);
/* Stores it in this key and in every conf/X/forwarding, and its opposite in conf/all/accept_redirects. */
ssize_t fake_forward(struct fake_kernel *kernel, const struct fake_rule *rule, int fd, const char *bytes,
	size_t size);
/* Refuses 0; else stores it and sets the key `argument` to 0. */
ssize_t fake_zero_sibling(struct fake_kernel *kernel, const struct fake_rule *rule, int fd,
	const char *bytes, size_t size);
