/* SPDX-License-Identifier: MIT */
/* arena.h - a bump allocator for everything that lives as long as one command.
 *
 * Calling sequence: arena_init() -> arena_alloc() and friends -> arena_release(), which frees all of it
 * at once. Profiles, plans and changes live in the arena of their command; nothing in it is freed
 * alone. Memory is zeroed and aligned for any type. Every function returns NULL when memory is short. */
#pragma once

#include "base/cleanup.h"

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *blocks;	/* newest first */
};

void arena_init(struct arena *arena);
void arena_release(struct arena *arena);
#define CLEANUP_ARENA CLEANUP(arena_release)

MUST_CHECK void *arena_alloc(struct arena *arena, size_t size);

/* Makes sure that allocations of `size` bytes in all will succeed: for work that must be finished whatever
 * happens. 0 or -ENOMEM. */
MUST_CHECK int arena_reserve(struct arena *arena, size_t size);

/* Room for one more element: returns the array, moved if it had to grow, with *capacity updated. */
MUST_CHECK void *arena_grow(struct arena *arena, void *array, size_t count, size_t *capacity,
	size_t element_size);

/* A copy of length bytes, with a NUL added. */
MUST_CHECK char *arena_copy(struct arena *arena, const char *bytes, size_t length);
MUST_CHECK char *arena_strdup(struct arena *arena, const char *text);
MUST_CHECK char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_FORMAT(2, 3);
MUST_CHECK char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
	PRINTF_FORMAT(2, 0);
