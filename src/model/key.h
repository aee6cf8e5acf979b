/* SPDX-License-Identifier: MIT */
/* key.h - the names of kernel parameters.
 *
 * Inside the program a key is its path below /proc/sys, with slashes ("net/ipv4/tcp_rmem"): interface
 * names hold dots but never slashes, so this form is unambiguous. People write and read the dotted form.
 * As in sysctl.d(5), the first separator decides: where it is a dot, dots and slashes change places
 * (net.ipv4.conf.eth0/100.forwarding is net/ipv4/conf/eth0.100/forwarding); where it is a slash, the text
 * is the path. A glob may hold * ? and [...], each within one component.
 *
 * Keys live in the arena that they were parsed into. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* Twice as long as any in the kernel; and YAML ends a simple key, quoted and escaped, at 1024 characters. */
enum { KEY_LENGTH_MAX = 500 };

enum key_problem {
	KEY_EMPTY = 1,
	KEY_TOO_LONG,
	KEY_BAD_CHARACTER,	/* blank, control character or broken UTF-8 */
	KEY_ABSOLUTE,		/* begins with a slash */
	KEY_BAD_COMPONENT,	/* an empty, "." or ".." component */
};

/* 0, a key_problem, or -ENOMEM. */
MUST_CHECK int key_parse(struct arena *arena, const char *text, size_t length, const char **ret_path);

/* Whether the text is the path of one key: no empty, "." or ".." component, no leading slash. Unlike in
 * key_parse(), any byte may stand in it: interfaces are called what their makers like. */
bool key_path_is_sound(const char *path);

/* What is wrong, as the end of a sentence that begins with the key; and what to do about it. */
const char *key_problem_text(enum key_problem problem);
const char *key_problem_hint(enum key_problem problem);

/* The dotted form, which key_parse() turns back into the same path. NULL when memory is short. */
MUST_CHECK const char *key_display(struct arena *arena, const char *path);

bool key_is_glob(const char *path);

/* Whether the path matches the glob, component by component. */
bool key_matches(const char *glob, const char *path);

/* Whether a --only or --skip pattern selects the path: here * crosses components, and both the dotted
 * and the slash form may match, so that 'net.*' means everything below net. */
bool key_selected(const char *pattern, const char *path);

/* Which keys a command is about: those that match one of `only` (all, when there is none), but none of
 * `skip`. All zero selects everything. */
struct key_filter {
	const char *const *only, *const *skip;
	size_t only_count, skip_count;
};

bool key_filter_selects(const struct key_filter *filter, const char *path);
