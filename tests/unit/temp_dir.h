/* SPDX-License-Identifier: MIT */
/* temp_dir.h - a directory of its own for a test, removed with everything in it.
 *
 * Paths are relative to the directory. Whatever goes wrong here ends the test. */
#pragma once

#include "base/strbuf.h"

#include <stdbool.h>
#include <sys/types.h>

struct temp_dir {
	char path[256];
	int fd;
};

void temp_dir_make(struct temp_dir *dir);
void temp_dir_remove(struct temp_dir *dir);

/* Each makes the directories above it as well. */
void temp_dir_add_dir(const struct temp_dir *dir, const char *path, mode_t mode);
void temp_dir_write(const struct temp_dir *dir, const char *path, const char *text);
void temp_dir_write_bytes(const struct temp_dir *dir, const char *path, const char *bytes, size_t length);
void temp_dir_add_link(const struct temp_dir *dir, const char *path, const char *target);
void temp_dir_add_fifo(const struct temp_dir *dir, const char *path);

void temp_dir_set_mode(const struct temp_dir *dir, const char *path, mode_t mode);
bool temp_dir_has(const struct temp_dir *dir, const char *path);
void temp_dir_read(const struct temp_dir *dir, const char *path, struct strbuf *text);
void temp_dir_assert_file(const struct temp_dir *dir, const char *path, const char *expected);
