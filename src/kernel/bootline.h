/* SPDX-License-Identifier: MIT */
/* bootline.h - what the kernel was told on its command line.
 *
 * Parsed as the kernel does it (lib/cmdline.c next_arg(), kernel/params.c parse_args()): blanks separate, double quotes
 * keep blanks together and are not part of the value, and what follows a lone "--" is for init. */
#pragma once

#include "base/arena.h"
#include "base/rootdir.h"

struct bootline_word {
	const char *name;
	const char *value;	/* behind the first "="; NULL without one */
	const char *text;	/* the whole, as it stands there */
};

struct bootline {
	struct bootline_word *words;
	size_t count, capacity;
};

/* proc/cmdline below the root; without the file, or where it cannot be read, there are no words. 0 or -ENOMEM. */
MUST_CHECK int bootline_read(const struct rootdir *root, struct arena *arena, struct bootline *ret_bootline);

/* The same from a text. 0 or -ENOMEM. */
MUST_CHECK int bootline_parse(struct arena *arena, const char *text, struct bootline *ret_bootline);
