/* SPDX-License-Identifier: MIT */
/* memory.h - the one door through which kerntune's own code gets heap memory.
 *
 * It exists as a seam: a test calls memory_fail_at(n) and the n-th allocation from then on fails, which
 * makes every out-of-memory path reachable on purpose. cJSON allocates through here as well
 * (format/json.c installs the hooks). libyaml and libsmartcols have no hooks; they are covered by a
 * test that runs the whole program with a failing allocator.
 *
 * Memory from here is released with memory_free(). Failure is NULL; nothing ever aborts, because a
 * change of kernel parameters may be half-way through. */
#pragma once

#include <stddef.h>

void *memory_alloc(size_t size);
void *memory_resize(void *memory, size_t size);
void memory_free(void *memory);

/* How many allocations have failed so far: where a library answers a bare NULL, whether it was for memory. */
unsigned long memory_failures(void);

/* For tests: the countdown-th allocation from now fails, and every later one too; 0 switches it off. Resets
 * memory_failures(). */
void memory_fail_at(unsigned long countdown);
